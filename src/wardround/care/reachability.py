"""Who can reach whom: the graph along which an attack spreads, from the connections seen and the findings made.

Nodes are hosts (by the name of their asset), one node per network segment, and one for "the computer of somebody of the
staff". Edges are connections that were accepted, the neighbourhood within a segment, traffic between segments, the power of
the directory over its members, and weaknesses found. Entries are the ways in that findings show, and the one that no
evidence shows.
"""

from __future__ import annotations

import heapq
import ipaddress
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import numpy as np

from wardround.care import percolation
from wardround.care.application_entities import Asking
from wardround.care.draws import KIND
from wardround.model import Asset, Finding, Incident
from wardround.site import Site, parse_address

#: So many hosts and pairs of hosts are looked at; larger networks are cut, and the report says so.
MOST_HOSTS, MOST_PAIRS = 20_000, 200_000

_OUTSIDE = ("internet", "partner", "multicast", "local", "unknown")
STAFF = "staff"

_ADMINISTRATION = "(22, 23, 135, 3389, 4899, 5900, 5901, 5902, 5938, 5985, 5986)"
_SHARES = "(139, 445, 548, 2049)"

_PAIRS = f"""
    -- where there are too many, steps by which machines are taken are kept before mere applications
    SELECT CAST(kind = 'application' AS INTEGER) AS place, orig, resp, kind, min(first_ts) AS first_ts FROM (
      SELECT "id.orig_h" AS orig, "id.resp_h" AS resp, CASE
          WHEN "id.resp_p" IN {_ADMINISTRATION} OR regexp_matches(coalesce(service, ''), '\\b(rdp|ssh|rfb|dce_rpc|winrm)\\b')
            THEN 'remote_administration'
          WHEN "id.resp_p" IN {_SHARES} OR regexp_matches(coalesce(service, ''), '\\bsmb\\b') THEN 'file_sharing'
          ELSE 'application' END AS kind, min(ts) AS first_ts
      FROM conn
      WHERE proto = 'tcp' AND conn_state NOT IN ('S0', 'REJ', 'RSTRH', 'SH', 'RSTOS0', 'OTH')
        AND "id.orig_h" IS NOT NULL AND "id.resp_h" IS NOT NULL
      GROUP BY ALL
      UNION ALL
      SELECT "id.orig_h", "id.resp_h", 'application', min(ts) FROM dicom_association WHERE result = 'accepted' GROUP BY ALL
    )
    WHERE orig <> resp GROUP BY ALL
"""  # noqa: S608 - constants of this module


@dataclass(frozen=True, slots=True)
class Entry:
    """A way in: the node it leads to, how sure it is (a kind of probability), and the findings it comes from.

    ``entrance`` marks the probable way in of an incident, which no finding shows.
    """

    node: str
    kind: str
    threat: str
    controls: tuple[str, ...]
    findings: tuple[str, ...] = ()
    entrance: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """A step from one node to the next; ``across`` when it leaves its segment, ``controls`` are those of a finding on it."""

    start: str
    end: str
    kind: str
    across: bool = False
    share: float = 1.0
    controls: tuple[str, ...] = ()


@dataclass(slots=True)
class Network:
    """The graph before it is put into numbers. ``hosts`` are the hosts among the nodes; ``seen`` counts observed pairs."""

    nodes: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    directory: list[str] = field(default_factory=list)
    seen: int = 0
    cut: bool = False

    def place(self) -> dict[str, int]:
        """The number of each node."""
        return {name: number for number, name in enumerate(self.nodes)}

    def graph(self) -> tuple[percolation.Graph, list[Edge]]:
        """The graph in numbers, and its edges in the order in which they are numbered there."""
        place = self.place()
        ordered = sorted(self.edges, key=lambda edge: place[edge.start])
        rows = [(place[edge.start], place[edge.end], KIND[edge.kind], edge.share) for edge in ordered]
        ways = [(place[entry.node], KIND[entry.kind], 1.0) for entry in self.entries]
        return percolation.build(len(self.nodes), rows, ways), ordered


def observed(
    tables: Asking, site: Site, assets: Sequence[Asset], names: Mapping[str, str], findings: Sequence[Finding],
    directory: Mapping[str, Sequence[str]],
) -> Network:  # fmt: skip
    """The network of a round. ``directory`` gives per client the servers it signs in with. Raises WardroundError."""
    rows = tables.query(_PAIRS, most=MOST_PAIRS)
    pool = next((asset.name for asset in assets if asset.roles and asset.roles[0].name == "vpn_gateway"), "")
    segments: dict[str, str] = {}
    pairs: dict[tuple[str, str, str], None] = {}

    names = dict(names)
    zone_of = cache(site.zone_of)
    if pool:  # those who come through the VPN stand where its gateway does
        pooled = [row[side] for row in rows for side in ("orig", "resp") if zone_of(row[side]) == "vpn_pool"]
        pooled += [address for asset in assets for address in asset.addresses if zone_of(address) == "vpn_pool"]
        names.update(dict.fromkeys(pooled, pool))

    def host(address: str) -> str | None:
        """The node of an address inside; a public one counts when it is the gateway's."""
        name = names.get(address, address)
        if zone_of(address) in _OUTSIDE and name != pool:
            return None
        segments.setdefault(name, segment(address, site))
        return name if len(segments) <= MOST_HOSTS else None

    for asset in assets:
        if inside := [address for address in asset.addresses if zone_of(address) not in _OUTSIDE]:
            segments.setdefault(names.get(inside[0], asset.name), segment(inside[0], site))
    for row in rows:
        start, end = host(row["orig"]), host(row["resp"])
        if start and end and start != end and start in segments and end in segments:
            pairs.setdefault((start, end, row["kind"]))
    network = assembled(segments, pairs, directory, _staff(assets, segments, pairs))
    network.cut = len(rows) >= MOST_PAIRS or len(segments) >= MOST_HOSTS
    place = {**names, **{name.casefold(): name for name in segments}}
    place.update((name.casefold().partition(".")[0], name) for name in segments if not _is_address(name))
    add_findings(network, findings, place)
    return network


def assembled(
    segments: Mapping[str, str],
    pairs: Iterable[tuple[str, str, str]],
    directory: Mapping[str, Sequence[str]],
    staff: Sequence[str],
) -> Network:
    """A network from the segment of each host, pairs (from, to, kind), directory servers per client, and staff's computers."""
    network = Network(hosts=sorted(segments))
    hubs = {name: f"segment {name}" for name in sorted(set(segments.values()))}
    network.nodes = [STAFF, *network.hosts, *hubs.values()]
    for name in network.hosts:
        network.edges.append(Edge(name, hubs[segments[name]], "fixed"))
        network.edges.append(Edge(hubs[segments[name]], name, "neighbour"))
    between: dict[tuple[str, str], None] = {}
    for start, end, kind in sorted(set(pairs)):
        across = segments[start] != segments[end]
        network.edges.append(Edge(start, end, kind, across))
        network.seen += 1
        if across and kind != "application":
            between.setdefault((segments[start], segments[end]))
    network.edges += [Edge(hubs[a], hubs[b], "segment", across=True) for a, b in between]
    servers = sorted({server for found in directory.values() for server in found if server in segments})
    network.directory = servers
    for client in sorted(directory):
        for server in directory[client]:
            if client in segments and server in segments:
                network.edges.append(Edge(server, client, "directory", segments[server] != segments[client]))
    network.edges += [Edge(STAFF, name, "fixed", share=1 / len(staff)) for name in staff]
    return network


def add_findings(network: Network, findings: Sequence[Finding], place: Mapping[str, str]) -> None:
    """Put in what findings show: ways in, and easier steps to the machines they name. ``place`` gives the node of a name."""
    hosts = set(network.hosts)
    ways: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = {}
    weak: dict[tuple[str, tuple[str, ...]], None] = {}
    for finding in findings:
        how = opening(finding)
        if how == "none" or finding.severity == "info":
            continue
        named = [place.get(s.name) or place.get(s.name.casefold()) or place.get(s.name.casefold().partition(".")[0])
                 for s in finding.subjects if s.kind in ("host", "device", "address")]  # fmt: skip
        nodes = list(dict.fromkeys(name for name in named if name in hosts and name is not None))
        if how == "weak":
            weak |= dict.fromkeys((node, finding.controls) for node in nodes[:1])
            continue
        kind = "entry_under_way" if how == "inside" else f"entry_{finding.severity}"
        key = (nodes[0] if nodes else STAFF, kind, finding.threat, finding.controls)
        ways.setdefault(key, []).append(finding.id)
    # the same hole found twice is one hole: findings that say the same of one machine make one way in
    network.entries = [Entry(*key, tuple(ids)) for key, ids in ways.items()]
    network.entries.append(Entry(STAFF, "entry_unknown", "unknown", ()))
    network.edges += list(_weaker(network, weak))


def add_entrances(network: Network, incidents: Sequence[Incident], place: Mapping[str, str]) -> None:
    """Put in the probable ways in of incidents: a session at a gateway with a stolen password, which a second factor stops."""
    named = {entrance.device for incident in incidents for entrance in incident.entrances}
    hosts = {name.casefold().partition(".")[0]: name for name in network.hosts}
    for device in sorted(named):
        node = place.get(device) or hosts.get(device.casefold().partition(".")[0], "")
        node = node if node in set(network.hosts) else STAFF
        network.entries.append(Entry(node, "entry_under_way", "vpn", ("C01",), entrance=True))


def _weaker(network: Network, weak: Mapping[tuple[str, tuple[str, ...]], None]) -> Iterator[Edge]:
    """Beside every step to a machine on which a weakness was found, an easier one that the finding's controls close."""
    into: dict[str, list[Edge]] = {}
    for edge in network.edges:
        if edge.kind in ("remote_administration", "file_sharing", "neighbour", "application"):
            into.setdefault(edge.end, []).append(edge)
    for node, controls in weak:
        done = set()
        for edge in into.get(node, ()):
            if edge.start not in done:
                done.add(edge.start)
                yield Edge(edge.start, node, "weak", edge.across, 0.5 if edge.kind == "application" else 1.0, controls)


def opening(finding: Finding) -> str:
    """What a finding means for an attacker: inside, entry, weak or none."""
    known, threats = _openings()
    return known.get(finding.detection) or threats.get(finding.threat, {}).get(finding.kind, "none")


@cache
def _openings() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    text = resources.files(__package__ or "").joinpath("openings.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    return content["detections"], content["threats"]


def segment(address: str, site: Site) -> str:
    """The segment of an address: the network that the site file names, else its /24 (IPv4) or /64 (IPv6)."""
    parsed = parse_address(address)
    if parsed is None:
        return "unknown"
    for networks in site.zones.values():
        for network in networks:
            if parsed in network:
                return str(network)
    return str(ipaddress.ip_network(f"{parsed}/{24 if parsed.version == 4 else 64}", strict=False))


_NOT_STAFF = (
    *("ct", "mr", "x_ray", "angiography", "mammography", "ultrasound", "nuclear_medicine", "radiotherapy", "modality"),
    *("pacs", "vna", "ris", "his", "laboratory", "interface_engine", "printer", "domain_controller", "dhcp_server"),
    *("resolver", "file_server", "vpn_gateway", "backup", "monitoring", "scanner"),
)  # fmt: skip


def _staff(assets: Sequence[Asset], segments: Mapping[str, str], pairs: Iterable[tuple[str, str, str]]) -> list[str]:
    """Computers that people sit at: workstations, and hosts of no role that ask others and that nobody asks."""
    roles = {asset.name: asset.roles[0].name for asset in assets if asset.roles}
    asked, asking = {end for _s, end, _k in pairs}, {start for start, _e, _k in pairs}
    found = [name for name in sorted(segments) if roles.get(name) == "workstation"]
    found += [name for name in sorted(asking - asked) if name not in roles]
    return found or [name for name in sorted(segments) if roles.get(name) not in _NOT_STAFF] or sorted(segments)


def _is_address(name: str) -> bool:
    return parse_address(name) is not None


@dataclass(frozen=True, slots=True)
class Ways:
    """The likeliest way to each node from outside: its probability, and the node before it (-1 at an entry)."""

    nodes: Sequence[str]
    chance: np.ndarray
    before: np.ndarray

    def to(self, place: int) -> tuple[str, ...]:
        """The nodes on the way to a node, itself the last; nothing where no way leads there."""
        path: list[str] = []
        while place >= 0 and self.chance[place] > 0 and len(path) <= len(self.nodes):
            path.append(self.nodes[place])
            place = int(self.before[place])
        return tuple(reversed(path))


def likeliest(network: Network, graph: percolation.Graph, probabilities: np.ndarray) -> Ways:
    """The likeliest ways: shortest paths for the sum of -log p (Dijkstra), ``probabilities`` per kind."""
    chance, before = np.zeros(graph.size), np.full(graph.size, -1)
    heap: list[tuple[float, int]] = []
    for node, kind, factor in zip(graph.entry_nodes, graph.entry_kinds, graph.entry_factors, strict=True):
        if probabilities[kind] * factor > chance[node]:
            chance[node] = probabilities[kind] * factor
            heapq.heappush(heap, (-float(chance[node]), int(node)))
    steps = probabilities[graph.kinds] * graph.factors
    while heap:
        reached, node = heapq.heappop(heap)
        if -reached < chance[node]:
            continue
        row = slice(graph.starts[node], graph.starts[node + 1])
        for end, step in zip(graph.targets[row].tolist(), (-reached * steps[row]).tolist(), strict=True):
            if step > chance[end]:
                chance[end], before[end] = step, node
                heapq.heappush(heap, (-step, end))
    return Ways(network.nodes, chance, before)
