"""Assets and their roles: inferred from what hosts say of themselves, corrected by the site file.

Nothing here judges. A role that the site file states comes first; what was inferred beside it is kept, since a host that
behaves like something else than its record says is worth knowing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from wardround.care import roles
from wardround.care.application_entities import Asking
from wardround.model import Asset, Confidence, Pointer, Role
from wardround.site import Site, parse_address

#: So many assets are told at most, and so many pointers and reasons per role.
MOST, POINTERS, REASONS = 5000, 5, 4

#: A detail that a host makes up is cut here.
_CHARACTERS = 120

_ORDER: tuple[Confidence, ...] = ("high", "medium", "low")
#: Services that a host of another role often gives beside its own.
_BESIDE = ("dhcp_server", "resolver", "file_server")
_ELSEWHERE = ("internet", "multicast", "local", "unknown")


@dataclass(slots=True)
class _Host:
    """What is gathered about one host before it is told."""

    name: str = ""
    addresses: set[str] = field(default_factory=set)
    titles: set[str] = field(default_factory=set)
    signs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)


def inferred(tables: Asking, site: Site, titles: Iterable[tuple[str, str]], paths: Mapping[str, str]) -> tuple[Asset, ...]:
    """The assets of a round: those with a role that shows and those of the site file.

    ``titles`` are pairs of address and AE title, ``paths`` tells the path of evidence by its id. Raises WardroundError.
    """
    names = {row["address"]: row["name"] for row in tables.query(roles.NAMES) if _inside(row["address"], site)}
    hosts: dict[str, _Host] = {}
    for query in roles.SIGNS:
        for row in tables.query(query, most=MOST):
            if row["role"] and _here(row["address"], site):
                host = _host(hosts, row["address"], names, site)
                host.signs.setdefault(row["role"], []).append(row)
    for row in tables.query(roles.DETAILS, most=MOST):
        if _inside(row["address"], site):
            host = _host(hosts, row["address"], names, site)
            host.details[row["name"]] = _told_detail(row["name"], row["value"])
    for address, title in titles:
        if _inside(address, site):
            _host(hosts, address, names, site).titles.add(title)
    for asset in site.assets:
        host = hosts.setdefault(asset.name.casefold(), _Host(asset.name))
        host.addresses |= {str(address) for address in asset.addresses}
        host.titles |= set(asset.ae_titles)
    told = (_asset(host, site, paths) for host in hosts.values())
    return tuple(sorted((a for a in told if a.roles or a.ae_titles), key=_order)[:MOST])


def _host(hosts: dict[str, _Host], named: str, names: Mapping[str, str], site: Site) -> _Host:
    """The host of an address or name: what the site file calls it, else what it calls itself, else its address."""
    asset = site.asset_of(named) or site.asset_of(names.get(named, ""))
    name = asset.name if asset else names.get(named, named)
    name = name if parse_address(name) else name.partition(".")[0]
    host = hosts.setdefault(name.casefold(), _Host(name[:_CHARACTERS]))
    if parse_address(named):
        host.addresses.add(named)
    return host


def _here(named: str | None, site: Site) -> bool:
    """Whether it may be a host of the hospital: a name, or an address inside."""
    return bool(named) and (parse_address(named or "") is None or _inside(named, site))


def _inside(address: str | None, site: Site) -> bool:
    return bool(address) and site.zone_of(address or "") not in _ELSEWHERE


def _asset(host: _Host, site: Site, paths: Mapping[str, str]) -> Asset:
    stated = site.asset_of(host.name)
    found = [_role(name, rows, paths) for name, rows in host.signs.items()]
    found.sort(key=lambda role: (_ORDER.index(role.confidence), role.name in _BESIDE, role.name))
    if stated and stated.role:
        same = next((role for role in found if role.name == stated.role), None)
        first = Role(stated.role, "high", True, same.reasons if same else (), same.evidence if same else ())
        found = [first, *(role for role in found if role is not same)]
    addresses = sorted(host.addresses, key=lambda address: (":" in address, address))
    return Asset(
        name=host.name,
        addresses=tuple(addresses),
        zone=site.zone_of(addresses[0]) if addresses else "",
        critical=bool(stated and stated.critical),
        ae_titles=tuple(sorted(host.titles)),
        roles=tuple(found),
        details=dict(sorted(host.details.items())),
    )


def _role(name: str, rows: list[dict[str, Any]], paths: Mapping[str, str]) -> Role:
    """A role from its signs: as sure as the best of them; two of different kinds that are fairly sure make it sure."""
    confidence = min((row["confidence"] for row in rows), key=_ORDER.index)
    if confidence == "medium" and len({row["sign"] for row in rows if row["confidence"] == "medium"}) >= 2:
        confidence = "high"
    reasons = {}
    for row in rows:
        detail = str(row["detail"] or "")[:_CHARACTERS]
        sentences = roles.SENTENCES[row["sign"]]
        reasons[row["sign"], detail] = {language: text.format(detail=detail) for language, text in sentences.items()}
    pointers = sorted(
        (item for row in rows for item in row["evidence"] or ()),
        key=lambda item: (item["ts"] is None, item["ts"], item["evidence_id"], item["record"]),
    )
    evidence = tuple(
        Pointer(item["evidence_id"], paths.get(item["evidence_id"], ""), item["table"], item["record"], item["ts"])
        for item in pointers[:POINTERS]
    )
    return Role(name, confidence, False, tuple(reasons.values())[:REASONS], evidence)


def _told_detail(name: str, value: str) -> str:
    """A detail as it is shown; of an implementation class UID, who makes it when that is known."""
    value = value.strip()[:_CHARACTERS]
    if name != "implementation":
        return value
    uid, _, version = value.partition(" ")
    maker = next((maker for root, maker in _makers() if uid == root or uid.startswith(f"{root}.")), "")
    return " ".join(part for part in (maker, version or uid) if part)


@cache
def _makers() -> tuple[tuple[str, str], ...]:
    """Roots of implementation class UIDs with their makers, the longest first."""
    text = (resources.files(__package__ or "") / "implementations.tsv").read_text(encoding="utf-8")
    pairs = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(sorted(((root, maker) for root, maker in pairs), key=lambda pair: -len(pair[0])))


def _order(asset: Asset) -> tuple[str, int, str]:
    first = asset.roles[0] if asset.roles else None
    return (first.name if first else "~", _ORDER.index(first.confidence) if first else 3, asset.name.casefold())
