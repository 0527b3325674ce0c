"""The site file: what the hospital tells about itself. Optional; what is missing is inferred, and the report says so.

Not for judging anything: it answers "which zone is this address in", "what is this host" and "is this a declared
exception", and nothing else.
"""

from __future__ import annotations

import bisect
import datetime
import difflib
import ipaddress
import zoneinfo
from functools import cache, cached_property, lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress, IPvAnyNetwork, ValidationError

from wardround import settings
from wardround.errors import UserError
from wardround.model import Mail

#: A site file larger than this is not one.
MAX_BYTES = 4 * 1024 * 1024

#: Zones that a site may name; an address in none of its networks is `internal` or `internet` by its kind.
ZONES = ("internal", "imaging", "modality", "clinical", "management", "guest", "vpn_pool", "dmz", "partner", "internet")

# Addresses that are not routed on the Internet although they are not private either (RFC 6598 shared address space), and
# the documentation prefixes (RFC 5737, RFC 3849), which stand for the Internet wherever they appear.
_SHARED = ipaddress.ip_network("100.64.0.0/10")
_DOCUMENTATION = tuple(ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))

#: Blocks of IPv4 with a meaning of their own: IANA's special-purpose registry (RFC 6890), multicast, the rest of class E.
_SPECIAL_IPV4 = (
    "0.0.0.0/32", "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
)  # fmt: skip


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hospital(_Model):
    """Who this is: shown in the report."""

    name: str = ""
    country: str = ""
    timezone: str = "UTC"


class Asset(_Model):
    """A host the site knows: ``role`` is ct, mr, pacs, ris, workstation, domain_controller, backup, vpn_gateway and so on."""

    name: str
    role: str = ""
    addresses: tuple[IPvAnyAddress, ...] = ()
    ae_titles: tuple[str, ...] = ()
    critical: bool = False
    buffer_hours: float | None = Field(default=None, ge=0, description="How long it works on its own, images kept on it")


class ApplicationEntity(_Model):
    """A DICOM application entity the site knows: its AE title, where it answers, what it may ask and whom it may send to.

    ``operations`` and ``destinations`` left empty mean that the site said nothing about them, not that nothing is allowed.
    """

    title: str
    addresses: tuple[IPvAnyAddress, ...] = ()
    port: int | None = None
    operations: tuple[str, ...] = Field(default=(), description="What it may ask for: C-ECHO, C-STORE, C-FIND, C-MOVE …")
    destinations: tuple[str, ...] = Field(default=(), description="AE titles it may have images sent to (C-MOVE)")


class ExceptionRule(_Model):
    """A declared exception: what is allowed, for whom, by whom, until when. An expired exception excepts nothing."""

    reason: str
    owner: str
    expires: datetime.date
    detections: tuple[str, ...] = Field(default=(), description="Catalogue names; empty means every detection")
    hosts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    addresses: tuple[IPvAnyNetwork, ...] = ()

    def covers(self, detection: str, subjects: list[tuple[str, str]], day: datetime.date) -> bool:
        """Whether it excepts a finding of ``detection`` about ``subjects`` (kind, name) seen on ``day`` (UTC).

        Every attribute that the exception states must be met by one of the subjects.
        """
        if day > self.expires or (self.detections and detection not in self.detections):
            return False
        if not (self.hosts or self.users or self.addresses):
            return bool(self.detections)
        names = {(kind, name.casefold()) for kind, name in subjects}
        stated = [
            not self.hosts or any(("host", host.casefold()) in names for host in self.hosts),
            not self.users or any(("user", user.casefold()) in names for user in self.users),
            not self.addresses or any(self._has_address(name) for kind, name in subjects if kind == "address"),
        ]
        return all(stated)

    def _has_address(self, name: str) -> bool:
        address = parse_address(name)
        return address is not None and any(address in network for network in self.addresses)


class CareService(_Model):
    """A service of care as the site knows it; what is stated here replaces what was inferred.

    ``needs`` is a list of alternatives: of every inner list one asset, by its name or address, must work. ``name`` is ct, mr,
    x_ray, mammography, reading, remote_reading, teleradiology, results or a name of the site's own.
    """

    name: str = Field(min_length=1)
    title: str = ""
    absent: bool = Field(default=False, description="There is no such service here")
    needs: tuple[tuple[str, ...], ...] = ()
    exams_per_day: float | None = Field(default=None, ge=0)
    emergency: bool | None = Field(default=None, description="Whether emergencies depend on it")
    emergencies_per_day: float | None = Field(default=None, ge=0, description="Strokes, traumas, heart attacks … a day")


class Readiness(_Model):
    """What the site says of its readiness for a failure of its systems: dates of the last time, and who answers at night."""

    restore_test: datetime.date | None = None
    downtime_procedure: datetime.date | None = None
    downtime_exercise: datetime.date | None = None
    on_call_list: bool | None = None


class ControlTerms(_Model):
    """What a control (C01 to C24) costs this site, in any one unit, or that it is already in place."""

    cost: float | None = Field(default=None, gt=0)
    effort_days: float | None = Field(default=None, gt=0)
    in_place: bool = False


class Site(_Model):
    """The hospital as its site file tells it (all parts optional); ``Site()`` is a hospital that told nothing."""

    hospital: Hospital = Hospital()
    zones: dict[str, tuple[IPvAnyNetwork, ...]] = {}
    assets: tuple[Asset, ...] = ()
    application_entities: tuple[ApplicationEntity, ...] = ()
    resolvers: tuple[IPvAnyAddress, ...] = ()
    sensitive_names: dict[str, tuple[IPvAnyNetwork, ...]] = {}
    mail: Mail = Mail()
    exceptions: tuple[ExceptionRule, ...] = ()
    services: tuple[CareService, ...] = ()
    readiness: Readiness = Readiness()
    controls: dict[str, ControlTerms] = {}

    @cached_property
    def _networks(self) -> list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]]:
        """All networks with their zone, the longest prefix first so that the most specific one wins."""
        pairs = [(network, zone) for zone, networks in self.zones.items() for network in networks]
        return sorted(pairs, key=lambda pair: (-pair[0].prefixlen, str(pair[0])))

    @cached_property
    def _by_name(self) -> dict[str, Asset]:
        found: dict[str, Asset] = {}
        for asset in self.assets:
            for name in (asset.name, *map(str, asset.addresses)):
                found[name.casefold()] = asset
        return found

    def zone_of(self, address: str) -> str:
        """The zone of an address; `unknown` when the text is not an address, else inferred where no network is stated."""
        parsed = parse_address(address)
        if parsed is None:
            return "unknown"
        for network, zone in self._networks:
            if parsed in network:
                return zone
        return inferred_zone(parsed)

    def asset_of(self, name: str) -> Asset | None:
        """The asset of that host name (with or without its domain) or address."""
        key = name.casefold()
        return self._by_name.get(key) or self._by_name.get(key.partition(".")[0])

    @cached_property
    def registry(self) -> tuple[ApplicationEntity, ...]:
        """The application entities stated, and those that follow from the AE titles of the assets."""
        stated = {entity.title.strip() for entity in self.application_entities}
        inherited = (
            ApplicationEntity(title=title.strip(), addresses=asset.addresses)
            for asset in self.assets
            for title in asset.ae_titles
            if title.strip() not in stated
        )
        return (*self.application_entities, *inherited)

    def exception_for(self, detection: str, subjects: list[tuple[str, str]], day: datetime.date) -> ExceptionRule | None:
        """The first declared exception that covers a finding, None when there is none in force."""
        return next((e for e in self.exceptions if e.covers(detection, subjects, day)), None)


@lru_cache(maxsize=65536)
def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in a text (IPv4-mapped IPv6 becomes IPv4, a zone index is dropped); None when there is none."""
    try:
        parsed = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


def inferred_zone(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """`internet` for an address that is routed there, `multicast`, `local` (loopback, unspecified), else `internal`."""
    if isinstance(address, ipaddress.IPv4Address):
        edges, zones = _ipv4_zones()
        return zones[bisect.bisect_right(edges, int(address)) - 1]
    return _zone_by_class(address)


@cache
def _ipv4_zones() -> tuple[list[int], list[str]]:
    """Where in IPv4 the zone may change, and the zone from there on: a round looks up hundreds of thousands of addresses."""
    networks = [ipaddress.IPv4Network(text) for text in _SPECIAL_IPV4]
    edges = {edge for network in networks for edge in (int(network[0]), int(network[-1]) + 1)}
    # Within this block single addresses are special (RFC 6890 and its registry).
    edges |= set(range(int(ipaddress.IPv4Address("192.0.0.0")), int(ipaddress.IPv4Address("192.0.1.0"))))
    ordered = sorted(edge for edge in edges if edge < 1 << 32)
    return ordered, [_zone_by_class(ipaddress.IPv4Address(edge)) for edge in ordered]


def _zone_by_class(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if address.is_multicast or str(address) == "255.255.255.255":
        return "multicast"
    if address.is_loopback or address.is_unspecified:
        return "local"
    if any(address in network for network in _DOCUMENTATION):
        return "internet"
    if isinstance(address, ipaddress.IPv4Address) and address in _SHARED:
        return "internal"
    return "internet" if address.is_global else "internal"


def load(path: Path | None) -> Site:
    """Read a site file; without one, a site that told nothing. Raises UserError with the place of the mistake."""
    if path is None:
        return Site()
    content = settings.content(path, MAX_BYTES, ("a site file", "un fichier de site"))
    try:
        site = Site.model_validate(content)
    except ValidationError as error:
        raise settings.refused(path, error, Site) from error
    zone_name = site.hospital.timezone
    if zone_name not in zoneinfo.available_timezones():
        raise UserError(
            f"{path}: hospital.timezone: {zone_name}: no such time zone; write it like Europe/Paris",
            f"{path}\u00a0: hospital.timezone\u00a0: {zone_name}\u00a0: fuseau horaire inconnu\u202f; "
            "écrivez par exemple Europe/Paris",
        )
    unknown = sorted(set(site.zones) - set(ZONES))
    if unknown:
        near = difflib.get_close_matches(unknown[0], ZONES, n=1)
        raise UserError(
            f"{path}: zones.{unknown[0]}: unknown zone; "
            + (f"did you mean {near[0]}?" if near else f"known zones are {', '.join(ZONES)}"),
            f"{path}\u00a0: zones.{unknown[0]}\u00a0: zone inconnue\u202f; "
            + (f"vouliez-vous dire {near[0]}\u202f?" if near else f"zones possibles\u00a0: {', '.join(ZONES)}"),
        )
    return site
