"""An ordinary day: what a department of medical imaging does whether or not somebody attacks it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from demo.generate import hospital as h
from demo.generate.chance import Chance
from demo.generate.happenings import (
    CLOSING,
    HOUR,
    MINUTE,
    OPENING,
    SECOND,
    FileAction,
    Flow,
    Happening,
    Lease,
    Logon,
    Lookup,
    PortalRequest,
    Process,
    RemoteDesktop,
    Script,
    ServiceState,
    Ticket,
    Visit,
    VpnSession,
    clock,
)

_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36"
_DESK_PEOPLE = ((h.LECT1, h.MARTEL), (h.LECT2, h.NIVELLE), (h.ADM1, h.PERRIN))
_INSIDE_NAMES = ("DC1", "FS1", "PACS1", "RIS1")
_SERVICES = ("Windows Update", "Background Intelligent Transfer Service", "Windows Modules Installer", "Software Protection")
_PROGRAMS = (
    (r"C:\Program Files\Lecture\Lecture.exe", '"C:\\Program Files\\Lecture\\Lecture.exe" --worklist'),
    (r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE", '"OUTLOOK.EXE" /recycle'),
    (r"C:\Windows\System32\notepad.exe", r"C:\Windows\System32\notepad.exe"),
    (r"C:\Program Files\Navigateur\navigateur.exe", '"C:\\Program Files\\Navigateur\\navigateur.exe"'),
    (r"C:\Windows\explorer.exe", r"C:\Windows\explorer.exe /factory"),
)


def ordinary_day() -> Iterator[Happening]:
    """Everything that happens on any working day."""
    yield from _arrivals()
    yield from _machine_chatter()
    yield from _browsing()
    yield from _examinations()
    yield from _orders()
    yield from _desk_work()
    yield from _server_work()
    yield from _reading_from_home()
    yield from _internet_noise()


def _moments(chance: Chance, number: int, start: int = OPENING, end: int = CLOSING) -> list[int]:
    """So many moments of a period, in order."""
    return sorted(start + int(chance.share() * (end - start)) for _ in range(number))


def _arrivals() -> Iterator[Happening]:
    """Machines renew their addresses, people sit down and log on."""
    chance = Chance("arrivals")
    for number, host in enumerate((*h.WORKSTATIONS, *h.PHONES)):
        hardware = f"02:00:5e:10:00:{number + 1:02x}"
        for at in _moments(chance, 2):
            yield Lease(at, host, hardware)
    for (host, user), arrival in zip(_DESK_PEOPLE, ("07:52", "08:24", "08:41"), strict=True):
        at = clock(arrival)
        yield Ticket(at, host, user)
        yield Logon(at + SECOND, host, host, user, kind=2, seconds=9 * 3600)
        for unlock in _moments(chance, 5, at + HOUR, at + 9 * HOUR):
            yield Logon(unlock, host, host, user, kind=7, seconds=1)


def _machine_chatter() -> Iterator[Happening]:
    """Domain members talk to the domain controller, machines keep time, supervision looks at everything."""
    chance = Chance("machine chatter")
    for host in (*h.SERVERS[1:], *h.WORKSTATIONS):
        account = h.machine_account(host)
        for at in _moments(chance, 28):
            yield Lookup(at, host, f"_ldap._tcp.dc._msdcs.{h.DOMAIN}", (f"0 100 389 {h.DC1.fqdn}",))
            yield Ticket(at + SECOND // 5, host, account)
            yield Ticket(at + SECOND // 4, host, account, f"ldap/{h.DC1.fqdn}")
            yield Logon(at + SECOND // 2, host, h.DC1, account, seconds=12)
            yield Flow(at + SECOND // 2, host, h.DC1, 389, "ldap_tcp", seconds=11.8, sent=4100, received=9800)
    for host in h.HOSTS:
        for at in _moments(chance, 12):
            yield Flow(at, host, h.DC1, 123, "ntp", protocol="udp", seconds=0.001, sent=48, received=48)
    for step in range((CLOSING - OPENING) // (5 * MINUTE)):
        at = OPENING + step * 5 * MINUTE + chance.whole(0, 2 * SECOND)
        yield Flow(at, h.SUP1, h.PORTAL, 443, "ssl", seconds=0.08, sent=820, received=4300)


def _browsing() -> Iterator[Happening]:
    """People, and programs on their behalf, visit web sites."""
    chance = Chance("browsing")
    clients = (*h.WORKSTATIONS, h.LECT1, h.LECT2, h.RIS1)
    for at in _moments(chance, 420, clock("07:50"), clock("20:30")):
        client, (name, address) = chance.pick(clients), chance.pick(h.WEB)
        yield Lookup(at, client, name, (address,))
        seconds = 1 + chance.skewed(0, 240)
        received = 4000 + chance.skewed(0, 2_000_000)
        yield Visit(at + SECOND // 10, client, h.Host("", address), name, 900 + received // 60, received, seconds)
    for at in _moments(chance, 60, clock("07:50"), clock("19:30")):
        yield Lookup(at, chance.pick(h.WORKSTATIONS), f"{chance.pick(('wpad', 'imprimante', 'isatap'))}.{h.DOMAIN}")
    for at in _moments(chance, 130):
        phone, (name, address) = chance.pick(h.PHONES), chance.pick(h.WEB)
        yield Lookup(at, phone, name, (address,), h.RESOLVER)
        yield Visit(at + SECOND // 8, phone, h.Host("", address), name, 1500, 20_000 + chance.skewed(0, 900_000), 9)
    for at in _moments(chance, 40):
        name, address = chance.pick(h.WEB)
        yield Lookup(at, h.DC1, name, (address,), h.RESOLVER)


def _examinations() -> Iterator[Happening]:
    """Patients are examined: worklist, images to the PACS, the PACS files them on the image share, doctors read them."""
    chance = Chance("examinations")
    numbers = count(1)
    plan = ((h.CT1, 9, 90), (h.MR1, 6, 60), (h.XR1, 16, 2), (h.XR2, 14, 2))
    for modality, studies, images in plan:
        for at in _moments(chance, studies, clock("08:10"), clock("18:30")):
            yield Flow(at, modality, h.PACS1, 11112, seconds=0.4, sent=1400, received=6200)
            finished = at + chance.whole(6, 18) * MINUTE
            amount = images + chance.whole(0, max(2, images // 4))
            seconds = amount * 0.4
            size = amount * 524_288
            yield Flow(finished, modality, h.PACS1, 11112, seconds=seconds, sent=size, received=amount * 280)
            yield from _filing(finished + 3 * SECOND, f"2026{next(numbers):05d}", amount)
            yield from _reading(chance, finished + 9 * MINUTE, size)


def _filing(at: int, study: str, images: int) -> Iterator[Happening]:
    """The PACS writes every image under a provisional name and takes the suffix off once it is complete."""
    session = f"filing {study}"
    for number in range(images):
        final = f"2026\\03\\10\\{study}\\IM{number:04d}.dcm"
        provisional = final.removesuffix(".dcm") + ".tmp"
        moment = at + number * 400_000
        common = (h.PACS1, h.FS1, h.PACS_SERVICE, "images$")
        yield FileAction(moment, *common, provisional, session, "OPEN", size=0)
        yield FileAction(moment + 250_000, *common, final, session, "RENAME", previous=provisional, size=524_702)


def _reading(chance: Chance, at: int, size: int) -> Iterator[Happening]:
    """A radiologist opens the examination on a workstation."""
    workstation, user = chance.pick(_DESK_PEOPLE[:2])
    yield Lookup(at, workstation, h.PACS1.fqdn, (h.PACS1.address,))
    yield Ticket(at + SECOND // 9, workstation, user, f"HTTP/{h.PACS1.fqdn}")
    yield Flow(at + SECOND // 3, workstation, h.PACS1, 11112, seconds=0.9, sent=1800, received=5400)
    yield Flow(at + SECOND, h.PACS1, workstation, 11112, seconds=size / 80_000_000 + 0.5, sent=size, received=9000)


def _orders() -> Iterator[Happening]:
    """The RIS tells the PACS about orders and reports (HL7)."""
    chance = Chance("orders")
    for at in _moments(chance, 150, clock("06:20"), clock("21:00")):
        sent = 700 + chance.skewed(0, 3000)
        yield Flow(at, h.RIS1, h.PACS1, 2575, seconds=0.06, sent=sent, received=140)


def _desk_work() -> Iterator[Happening]:
    """Programs are started and documents of the department are opened."""
    chance = Chance("desk work")
    for host, user in _DESK_PEOPLE:
        for at in _moments(chance, 45, clock("08:45"), clock("17:20")):
            image, command = chance.pick(_PROGRAMS)
            yield Process(at, host, user, image, command)
        for visit, at in enumerate(_moments(chance, 14, clock("08:45"), clock("17:20"))):
            name = chance.pick(_INSIDE_NAMES)
            yield Lookup(at, host, f"{name.lower()}.{h.DOMAIN}", (next(s.address for s in h.SERVERS if s.name == name),))
            yield Ticket(at + SECOND // 8, host, user, f"cifs/{h.FS1.fqdn}")
            yield Logon(at + SECOND // 4, host, h.FS1, user, seconds=40)
            session = f"documents {host.name} {visit}"
            for number in range(chance.whole(1, 4)):
                document = f"Service\\Protocoles\\protocole-{chance.whole(1, 40):02d}.docx"
                yield FileAction(
                    at + (2 + number) * SECOND, host, h.FS1, user, "commun", document, session, size=41_000, audited=True
                )


def _server_work() -> Iterator[Happening]:
    """Services come and go, scheduled programs run, applications use their database."""
    chance = Chance("server work")
    for host in (*h.SERVERS, *h.WORKSTATIONS):
        for at in _moments(chance, 7):
            name = chance.pick(_SERVICES)
            yield ServiceState(at, host, name, "running")
            yield ServiceState(at + chance.whole(3, 9) * MINUTE, host, name, "stopped")
        for at in _moments(chance, 12):
            image = r"C:\Windows\System32\taskhostw.exe"
            parent = r"C:\Windows\System32\svchost.exe"
            yield Process(at, host, h.machine_account(host), image, "taskhostw.exe", parent)
        for at in _moments(chance, 3):
            yield Script(at, host, h.machine_account(host), "Get-ScheduledTask | Measure-Object")
    for at in _moments(chance, 120):
        yield Logon(at, h.PACS1, h.FS1, h.PACS_SERVICE, seconds=60)
    for at in _moments(chance, 90):
        yield Logon(at, h.RIS1, h.PACS1, h.RIS_SERVICE, seconds=5)
    for at in _moments(chance, 30):
        yield Logon(at, h.PACS1, h.PACS1, h.PACS_SERVICE, kind=5, seconds=300)


def _reading_from_home() -> Iterator[Happening]:
    """A radiologist reads from home early in the morning: VPN, then the PACS and nothing else."""
    at = clock("07:05")
    yield PortalRequest(at, h.HOME, "GET", "/remote/login?lang=fr", 200, _BROWSER)
    yield PortalRequest(at + 20 * SECOND, h.HOME, "POST", "/remote/logincheck", 200, _BROWSER, 430)
    yield VpnSession(at + 21 * SECOND, h.NIVELLE, h.HOME, h.POOL_RADIOLOGIST, 3400)
    chance = Chance("reading from home")
    for moment in _moments(chance, 9, at + 2 * MINUTE, at + 50 * MINUTE):
        yield Flow(moment, h.POOL_RADIOLOGIST, h.PACS1, 443, "ssl", seconds=40, sent=30_000, received=18_000_000)
    yield PortalRequest(at + 57 * MINUTE, h.HOME, "GET", "/remote/logout", 200, _BROWSER, 300)
    for moment in _moments(chance, 25, clock("07:00"), clock("21:00")):
        yield PortalRequest(moment, h.HOME, "GET", chance.pick(("/", "/remote/login?lang=fr", "/favicon.ico")), 200, _BROWSER)
    yield RemoteDesktop(clock("10:10"), h.ADM1, h.JUMP1, h.PERRIN, seconds=1500, client_name=h.ADM1.name)


def _internet_noise() -> Iterator[Happening]:
    """What any public address gets all day: knocks on closed doors, which nobody answers."""
    chance = Chance("internet noise")
    for at in _moments(chance, 360):
        stranger = h.Host("", f"203.0.113.{chance.whole(100, 250)}")
        target = chance.pick((h.PORTAL, h.WEBSITE))
        port = chance.pick((22, 23, 445, 3389, 5900, 8080, 8443, 11112))
        yield Flow(at, stranger, target, port, seconds=0, sent=0, received=0, state="S0")
