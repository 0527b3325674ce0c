"""Who is meant: host names and addresses of one machine, accounts in their several spellings, addresses lent for a time.

A name and an address are one machine when the site file says so, when the machine itself says so (DHCP, NTLM, Sysmon), or
when the VPN gave the address to somebody for as long as the session lasted.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wardround.care.application_entities import Asking
from wardround.model import Asset
from wardround.site import Site, parse_address

#: A VPN session whose end nobody logged is taken to last so long.
_LONGEST_SESSION = 12 * 3_600_000_000_000

#: So many rows of leases and sessions are looked at.
_MOST = 200_000

#: Accounts that are the machine itself or nobody, in the languages of Windows that hospitals here use.
_NOBODY = frozenset(
    (
        "system",
        "système",
        "systeme",
        "anonymous logon",
        "local service",
        "network service",
        "service local",
        "service réseau",
        "iusr",
        "nobody",
        "unknown",
        "n/a",
        "none",
        "-",
        "",
    )
)
_NOBODY_PREFIXES = ("dwm-", "umfd-", "s-1-", "font driver host", "window manager")

#: Names that every machine has its own account of: the name alone says nothing.
EVERYWHERE = frozenset(("administrator", "administrateur", "admin", "root", "guest", "invité", "invite", "user", "test"))

_SESSIONS = """
    SELECT assigned_address AS address, present("user") AS person, present(source) AS source, device, min(ts) AS up,
      max(CASE WHEN action IN ('tunnel_down', 'logout') THEN ts END) AS down
    FROM vpn_session WHERE assigned_address IS NOT NULL AND ts IS NOT NULL
      AND action IN ('tunnel_up', 'login', 'authenticated')
    GROUP BY assigned_address, person, source, device, ts // minutes(1)
    ORDER BY address, up
"""
_ENDS = """
    SELECT assigned_address AS address, ts FROM vpn_session
    WHERE assigned_address IS NOT NULL AND ts IS NOT NULL AND action IN ('tunnel_down', 'logout') ORDER BY address, ts
"""
_NAMES = """
    SELECT address, name, min(ts) AS first_ts FROM (
      SELECT "id.resp_h" AS address, coalesce(present(server_nb_computer_name), present(server_dns_computer_name)) AS name, ts
        FROM ntlm
      UNION ALL SELECT assigned_addr, present(host_name), ts FROM dhcp
      UNION ALL SELECT SourceIp, Computer, ts FROM windows_event
        WHERE Channel = 'Microsoft-Windows-Sysmon/Operational' AND EventID = 3 AND lower(Initiated) = 'true'
      UNION ALL SELECT present(host), present(hostname), ts FROM service
    ) WHERE address IS NOT NULL AND name IS NOT NULL AND ts IS NOT NULL GROUP BY address, name ORDER BY address, first_ts
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A VPN session: from ``up`` to ``down`` (ns UTC) the address stood for that person behind that source."""

    address: str
    person: str
    source: str
    device: str
    up: int
    down: int

    @property
    def key(self) -> str:
        """What the address was called in that time."""
        return f"{self.address}@{self.up}"


@dataclass(slots=True)
class Identities:
    """Names to machines and persons; :meth:`host` and :meth:`person` are the questions."""

    site: Site
    names: dict[str, str] = field(default_factory=dict)
    lent: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    sessions: dict[str, list[Session]] = field(default_factory=dict)
    known_as: dict[str, set[str]] = field(default_factory=dict)
    _cache: dict[str, str] = field(default_factory=dict)

    def host(self, name: str, ts: int | None = None) -> str:
        """The machine of a host name or address at a time: its name in lower case without domain, else its address."""
        if name in self.lent and ts is not None:
            since = self.lent[name]
            return since[max(0, bisect.bisect_right(since, (ts, "\uffff")) - 1)][1]
        known = self._cache.get(name)
        if known is None:
            asset = self.site.asset_of(name)
            plain = name.strip().casefold()
            address = parse_address(plain)
            short = str(address) if address is not None else plain.partition(".")[0]
            known = asset.name.casefold() if asset else self.names.get(short, short)
            self._cache[name] = known
            self.known_as.setdefault(known, set()).add(short)
        return known

    def session(self, address: str, ts: int | None) -> Session | None:
        """The VPN session in which an address was lent at that time."""
        if ts is None or address not in self.sessions:
            return None
        found = self.sessions[address]
        place = bisect.bisect_right(found, ts + 5_000_000_000, key=lambda session: session.up) - 1
        return found[place] if place >= 0 and ts <= found[place].down + 60_000_000_000 else None

    @staticmethod
    def person(name: str) -> str:
        """An account without its domain, in lower case; empty for machines, services of Windows and nobody."""
        plain = name.strip().casefold()
        plain = plain.rpartition("\\")[2].rpartition("/")[2]
        plain = plain.partition("@")[0]
        if plain in _NOBODY or plain.endswith("$") or plain.startswith(_NOBODY_PREFIXES):
            return ""
        return plain

    def is_lent(self, address: str) -> bool:
        """Whether an address belongs to whoever holds it at the time: those of the VPN and of guests."""
        return self.site.zone_of(address) in ("vpn_pool", "guest")

    def aliases(self, hosts: Iterable[str]) -> list[str]:
        """Every spelling under which these machines appear in tables."""
        wanted = set(hosts)
        found = set(wanted)
        for host in wanted:
            found |= self.known_as.get(host, set())
        return sorted(found)


def identities(tables: Asking, site: Site, assets: Iterable[Asset]) -> Identities:
    """What the evidence and the site file say of who is who. Raises WardroundError."""
    found = Identities(site)
    for asset in assets:
        for address in asset.addresses:
            _call(found, address, asset.name)
    for stated in site.assets:
        for parsed in stated.addresses:
            _call(found, str(parsed), stated.name)
    for address, names in _by_address(tables.query(_NAMES, most=_MOST)).items():
        if site.asset_of(address) or site.zone_of(address) in ("internet", "multicast", "local"):
            continue
        canonical = [(ts, name) for ts, name in names]
        if len({name for _, name in canonical}) == 1:
            _call(found, address, canonical[0][1])
        else:
            found.lent[address] = sorted(canonical)
    ends = _by_address_times(tables.query(_ENDS, most=_MOST))
    for row in tables.query(_SESSIONS, most=_MOST):
        times = ends.get(row["address"], [])
        place = bisect.bisect_left(times, row["up"])
        down = times[place] if place < len(times) else row["up"] + _LONGEST_SESSION
        session = Session(row["address"], row["person"] or "", row["source"] or "", row["device"] or "", row["up"], down)
        earlier = found.sessions.setdefault(row["address"], [])
        if earlier and earlier[-1].down == down and earlier[-1].person == session.person:
            continue  # another message about the same session
        earlier.append(session)
    return found


def _call(found: Identities, address: str, name: str) -> None:
    plain = name.casefold().partition(".")[0] if parse_address(name) is None else name
    found.names[address] = plain
    found.known_as.setdefault(plain, set()).update((address, plain))


def _by_address(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[int, str]]]:
    grouped: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        name = row["name"].casefold().partition(".")[0]
        grouped.setdefault(row["address"], []).append((row["first_ts"], name))
    return grouped


def _by_address_times(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    grouped: dict[str, list[int]] = {}
    for row in rows:
        grouped.setdefault(row["address"], []).append(row["ts"])
    return grouped
