"""What can happen in the demonstration day. A happening says what took place; evidence modules say who noticed.

Times (``at``) are microseconds since 1970-01-01T00:00:00Z, durations are seconds, sizes are bytes.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from demo.generate.hospital import DC1, Account, Host

#: The day that the demonstration tells, and how far its clocks are ahead of UTC (France in winter).
DAY = datetime.date(2026, 3, 10)
ZONE = datetime.timezone(datetime.timedelta(hours=1))

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def clock(text: str) -> int:
    """The time of day ``HH:MM`` or ``HH:MM:SS`` on the hospital's clocks."""
    moment = datetime.datetime.combine(DAY, datetime.time.fromisoformat(text), ZONE)
    return int(moment.timestamp()) * SECOND


OPENING = clock("06:00")
CLOSING = clock("22:00")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something took place."""

    at: int


@dataclass(frozen=True, slots=True)
class Flow(Happening):
    """Two machines exchanged bytes, or one tried to. ``state`` is Zeek's conn_state."""

    source: Host
    target: Host
    port: int
    service: str = ""
    protocol: str = "tcp"
    seconds: float = 0.2
    sent: int = 600
    received: int = 2000
    state: str = "SF"


@dataclass(frozen=True, slots=True)
class Lookup(Happening):
    """A name was looked up; no answers means that it does not exist."""

    client: Host
    name: str
    answers: tuple[str, ...] = ()
    resolver: Host = DC1


@dataclass(frozen=True, slots=True)
class Visit(Happening):
    """A web page was opened over TLS."""

    client: Host
    server: Host
    name: str
    sent: int
    received: int
    seconds: float


@dataclass(frozen=True, slots=True)
class PortalRequest(Happening):
    """A request to the web portal of the VPN, seen behind its TLS accelerator; ``alert`` if the sensor knew it as bad."""

    source: Host
    method: str
    uri: str
    status: int
    agent: str
    length: int = 1200
    alert: str = ""


@dataclass(frozen=True, slots=True)
class VpnSession(Happening):
    """A user was let into the VPN and given a pool address."""

    user: Account
    source: Host
    pool: Host
    seconds: float


@dataclass(frozen=True, slots=True)
class Logon(Happening):
    """Somebody tried to log on to a Windows host. ``kind`` is the logon type: 2 screen, 3 network, 5 service, 7 unlock."""

    source: Host
    target: Host
    user: Account
    kind: int = 3
    package: str = "Kerberos"
    granted: bool = True
    unknown_user: bool = False
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class RemoteDesktop(Happening):
    """A remote desktop connection. Without a user it is a bare negotiation, as a monitoring probe makes."""

    source: Host
    target: Host
    user: Account | None
    granted: bool = True
    seconds: float = 600.0
    client_name: str = ""


@dataclass(frozen=True, slots=True)
class Ticket(Happening):
    """Kerberos gave a ticket: to log on (``service`` krbtgt) or for a service."""

    client: Host
    user: Account
    service: str = "krbtgt"


@dataclass(frozen=True, slots=True)
class Lease(Happening):
    """A host renewed its address."""

    client: Host
    hardware: str


@dataclass(frozen=True, slots=True)
class FileAction(Happening):
    """A file of a share was opened, renamed (from ``previous``) or deleted over SMB.

    ``session`` keeps the actions of one SMB connection together; ``audited`` when the server's audit policy covers it.
    """

    source: Host
    target: Host
    user: Account
    share: str
    name: str
    session: str
    action: str = "OPEN"
    previous: str = ""
    size: int = 0
    audited: bool = False


@dataclass(frozen=True, slots=True)
class Process(Happening):
    """A program was started."""

    host: Host
    user: Account
    image: str
    command: str
    parent: str = r"C:\Windows\explorer.exe"


@dataclass(frozen=True, slots=True)
class ServiceInstalled(Happening):
    """A service was added to a host."""

    host: Host
    user: Account
    name: str
    image: str


@dataclass(frozen=True, slots=True)
class ServiceState(Happening):
    """A service entered a state: ``running`` or ``stopped``."""

    host: Host
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class RegistrySet(Happening):
    """A registry value was written."""

    host: Host
    user: Account
    image: str
    target: str
    details: str


@dataclass(frozen=True, slots=True)
class FileCreated(Happening):
    """A file was created on a local disk."""

    host: Host
    user: Account
    image: str
    path: str


@dataclass(frozen=True, slots=True)
class Script(Happening):
    """PowerShell ran a script."""

    host: Host
    user: Account
    text: str


@dataclass(frozen=True, slots=True)
class DefenderSetting(Happening):
    """A setting of the antivirus was changed; ``event`` is 5007 (any setting) or 5001 (protection switched off)."""

    host: Host
    event: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class MalwareSeen(Happening):
    """The antivirus recognised a malicious file."""

    host: Host
    user: Account
    threat: str
    path: str


@dataclass(frozen=True, slots=True)
class Reconnected(Happening):
    """A remote desktop session that had been left open was taken up again."""

    source: Host
    target: Host
    user: Account


@dataclass(frozen=True, slots=True)
class LogCleared(Happening):
    """An event log was emptied."""

    host: Host
    user: Account
    channel: str


@dataclass(frozen=True, slots=True)
class AuditPolicyChanged(Happening):
    """Auditing of logons was switched off."""

    host: Host
    user: Account


@dataclass(frozen=True, slots=True)
class Replication(Happening):
    """Somebody asked a domain controller for its secrets, as another domain controller would."""

    host: Host
    source: Host
    user: Account


@dataclass(frozen=True, slots=True)
class Restart(Happening):
    """A person restarted a host."""

    host: Host
    user: Account
    reason: str
