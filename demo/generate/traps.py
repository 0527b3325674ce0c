"""What looks like an attack and is none. Each of these must stay silent in the demonstration round."""

from __future__ import annotations

from collections.abc import Iterator

from demo.generate import hospital as h
from demo.generate.chance import Chance
from demo.generate.happenings import (
    CLOSING,
    MINUTE,
    OPENING,
    SECOND,
    FileAction,
    Flow,
    Happening,
    Logon,
    Lookup,
    PortalRequest,
    Process,
    RemoteDesktop,
    Restart,
    ServiceState,
    VpnSession,
    clock,
)

_PATCHED = (h.FS1, h.RIS1, h.PACS1, h.LECT1, h.LECT2, h.ADM1)
_AUDIT_AGENT = "AuditExterne/4.2 (contrat 2026-017)"


def traps() -> Iterator[Happening]:
    """Every trap of the day."""
    yield from stale_password()
    yield from mistyping_doctor()
    yield from monitoring_probe()
    yield from patch_round()
    yield from licensed_scanner()
    yield from contracted_audit()
    yield from backup_job()
    yield from split_dns()
    yield from vendor_session()


def stale_password() -> Iterator[Happening]:
    """The CT's DICOM service still uses last month's password: one failure every ten minutes, all day."""
    for at in range(OPENING + 4 * MINUTE, CLOSING, 10 * MINUTE):
        yield Logon(at, h.CT1, h.FS1, h.CT_SERVICE, package="NTLM", granted=False)


def mistyping_doctor() -> Iterator[Happening]:
    """A radiologist in a hurry mistypes the password four times, then remembers that Caps Lock is on."""
    at = clock("13:58")
    for attempt in range(4):
        yield Logon(at + attempt * 9 * SECOND, h.LECT1, h.LECT1, h.MARTEL, kind=2, package="Negotiate", granted=False)
    yield Logon(at + 51 * SECOND, h.LECT1, h.LECT1, h.MARTEL, kind=2, package="Negotiate", seconds=3 * 3600)


def monitoring_probe() -> Iterator[Happening]:
    """Supervision opens remote desktop on two servers every minute, and says nothing more than hello."""
    for at in range(OPENING + 7 * SECOND, CLOSING, MINUTE):
        yield RemoteDesktop(at, h.SUP1, h.RIS1, None, seconds=0.06)
        yield RemoteDesktop(at + 2 * SECOND, h.SUP1, h.PACS1, None, seconds=0.06)


def patch_round() -> Iterator[Happening]:
    """At lunch the administrator patches six machines from the jump host; services stop as they restart."""
    at = clock("12:20")
    for host in _PATCHED:
        yield RemoteDesktop(at, h.JUMP1, host, h.PERRIN, seconds=240, client_name=h.JUMP1.name)
        yield Process(at + 30 * SECOND, host, h.PERRIN, r"C:\Windows\System32\wuauclt.exe", "wuauclt.exe /updatenow")
        restart = at + 200 * SECOND
        yield Restart(restart, host, h.PERRIN, "Operating System: Service pack (Planned)")
        for number, service in enumerate(("Windows Update", "Print Spooler", "Windows Search", "Windows Time", "DHCP Client")):
            yield ServiceState(restart + (2 + number) * SECOND, host, service, "stopped")
            yield ServiceState(restart + (70 + number) * SECOND, host, service, "running")
        at += 7 * MINUTE


def licensed_scanner() -> Iterator[Happening]:
    """The hospital's own scanner knocks on many doors and tries the passwords that manufacturers ship."""
    chance = Chance("licensed scanner")
    at = clock("13:05")
    for host in (h.FS1, h.RIS1, h.PACS1, h.LECT1, h.LECT2, h.CT1, h.MR1, h.XR1, h.XR2, h.BKP1):
        for port in (22, 80, 104, 135, 139, 443, 445, 1433, 3306, 3389, 5432, 5900, 5985, 8080, 11112):
            at += chance.whole(100, 400) * 1000
            answered = port in {135, 445} and host.logs
            state = "SF" if answered else "REJ"
            sent = 300 if answered else 0
            yield Flow(at, h.SCAN1, host, port, seconds=0.02, sent=sent, received=sent, state=state)
    for number, name in enumerate(("admin", "root", "guest", "service", "field", "radiology", "dicom", "pacsadmin", "test")):
        stranger = h.Account(name, 0)
        moment = at + (5 + 6 * number) * SECOND
        yield Logon(moment, h.SCAN1, h.FS1, stranger, package="NTLM", granted=False, unknown_user=True)
    yield Logon(at + 70 * SECOND, h.SCAN1, h.FS1, h.SCAN_SERVICE, package="NTLM", seconds=90)


def contracted_audit() -> Iterator[Happening]:
    """The company that tests the portal each month asks for well-known flaws and is refused."""
    paths = (
        "/remote/fgt_lang?lang=/../../../..//////////dev/cmdb/sslvpn_websession",
        "/vpns/../vpns/cfg/smb.conf",
        "/dana-na/../etc/passwd",
    )
    for number, path in enumerate(paths):
        yield PortalRequest(clock("10:30") + number * 4 * SECOND, h.AUDITOR, "GET", path, 404, _AUDIT_AGENT, 210)


def backup_job() -> Iterator[Happening]:
    """Backup reads the whole common share, then drops the one snapshot that it made for the purpose."""
    at = clock("06:10")
    yield Logon(at, h.BKP1, h.FS1, h.BACKUP_SERVICE, seconds=1500)
    for number in range(620):
        name = f"Service\\Archives\\{number // 50:02d}\\compte-rendu-{number:04d}.docx"
        moment = at + SECOND + number * 2 * SECOND
        yield FileAction(moment, h.BKP1, h.FS1, h.BACKUP_SERVICE, "commun", name, "backup", size=38_000, audited=True)
    yield Flow(at, h.FS1, h.BKP1, 9419, "ssl", seconds=1400, sent=24_000_000, received=90_000)
    yield Process(
        at + 25 * MINUTE,
        h.FS1,
        h.machine_account(h.FS1),
        r"C:\Windows\System32\vssadmin.exe",
        "vssadmin delete shadows /shadow={3f1b6a52-7a0d-4b59-9f5e-0c5c1f0c9d11} /quiet",
        r"C:\Program Files\Sauvegarde\agent.exe",
    )


def split_dns() -> Iterator[Happening]:
    """The image portal has one address inside and another for the guests' telephones, on purpose."""
    name = f"images.{h.PUBLIC_NAME}"
    for number in range(24):
        at = clock("08:20") + number * 23 * MINUTE
        yield Lookup(at, (h.LECT1, h.LECT2, h.ADM1)[number % 3], name, (h.PACS1.address,))
        yield Lookup(at + 90 * SECOND, h.PHONES[number % 4], name, (h.WEBSITE.address,), h.RESOLVER)


def vendor_session() -> Iterator[Happening]:
    """The manufacturer's engineer comes in for an announced hour: VPN, jump host, the console of the CT."""
    at = clock("14:02")
    yield PortalRequest(at, h.VENDOR, "POST", "/remote/logincheck", 200, "TelemaintenanceScanner/8.1", 430)
    yield VpnSession(at + 3 * SECOND, h.ENGINEER, h.VENDOR, h.POOL_VENDOR, 2900)
    yield RemoteDesktop(at + 2 * MINUTE, h.POOL_VENDOR, h.JUMP1, h.ENGINEER, seconds=2600, client_name="ATELIER-07")
    yield Flow(at + 4 * MINUTE, h.JUMP1, h.CT1, 3389, "ssl,rdp", seconds=2300, sent=900_000, received=31_000_000)
