"""A program on every machine: the deed that the day's attack and the replays of public attacks have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from demo.generate import hospital as h
from demo.generate.chance import Chance
from demo.generate.happenings import SECOND, FileAction, Happening, Logon, Process, ServiceInstalled, ServiceState

_SERVICES = ("PACS Archive", "RIS Interface", "SQL Server (RIS)", "Sauvegarde Agent", "Volume Shadow Copy", "SQL Server Agent")
_COMMANDS = (
    ("vssadmin.exe", "vssadmin.exe delete shadows /all /quiet"),
    ("bcdedit.exe", "bcdedit.exe /set {default} recoveryenabled no"),
    ("wbadmin.exe", "wbadmin.exe delete catalog -quiet"),
)


def deploy(
    at: int, source: h.Host, targets: Sequence[h.Host], user: h.Account, chance: Chance, label: str = ""
) -> Iterator[Happening]:
    """A service on every machine stops what protects them and deletes what could restore them; ``label``: of its sessions."""
    for number, host in enumerate(targets):
        moment = at + number * 70 * SECOND
        name, program = chance.name(4), f"{chance.name(8)}.exe"
        yield Logon(moment, source, host, user, package="NTLM", seconds=200)
        session = f"deploying {host.name}{label}"
        yield FileAction(moment + SECOND, source, host, user, "ADMIN$", program, session, size=412_160, audited=True)
        yield FileAction(moment + SECOND, source, host, user, "IPC$", "svcctl", session, audited=True)
        yield ServiceInstalled(moment + 2 * SECOND, host, user, name, rf"%systemroot%\{program}")
        yield from destroy(moment + 5 * SECOND, host, rf"C:\Windows\{program}")


def destroy(at: int, host: h.Host, parent: str) -> Iterator[Happening]:
    """Services are stopped, shadow copies, repair mode and catalogue of backups removed."""
    system = h.machine_account(host)
    for order, service in enumerate(_SERVICES):
        moment = at + 2 * order * SECOND
        yield Process(moment, host, system, r"C:\Windows\System32\net.exe", f'net stop "{service}" /y', parent)
        yield ServiceState(moment + SECOND, host, service, "stopped")
    for order, (image, command) in enumerate(_COMMANDS):
        yield Process(at + (20 + 3 * order) * SECOND, host, system, rf"C:\Windows\System32\{image}", command, parent)
