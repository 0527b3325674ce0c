"""Short ways from outside to the devices that emergencies depend on (PS-E03)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wardround.detect.analyses.single_points import told
from wardround.detect.tables import Tables
from wardround.model import Asset
from wardround.site import Site

#: Devices on which emergencies depend, and hosts whose trade it is to stand between.
_URGENT = ("ct", "angiography", "x_ray")
_BETWEEN = ("jump_host", "vpn_gateway")
_OUTSIDE = ("internet", "guest", "partner", "vpn_pool")

# Steps by which a person or a program takes the next machine, accepted by it.
_STEPS = """
    SELECT "id.orig_h" AS orig, "id.resp_h" AS resp, "id.resp_p" AS port, count(*) AS events, min(ts) AS first_ts,
      max(ts) AS last_ts, pointers('conn', evidence_id, record, ts) AS evidence
    FROM conn
    WHERE proto = 'tcp' AND conn_state NOT IN ('S0', 'REJ', 'RSTRH', 'SH', 'RSTOS0', 'OTH')
      AND ("id.resp_p" IN (22, 23, 135, 139, 445, 3389, 4899, 5900, 5901, 5938, 5985, 5986)
        OR regexp_matches(coalesce(service, ''), '\\b(rdp|ssh|rfb|smb|winrm|dce_rpc)\\b'))
    GROUP BY ALL
"""
_MOST = 100_000


def analyse(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """One row per device and machine that someone outside reached and that itself reaches the device."""
    known = told(tables, site)
    by_address = {address: asset for asset in known for address in asset.addresses}
    steps = tables.query(_STEPS, most=_MOST)
    entered: dict[str, dict[str, Any]] = {}
    for step in steps:
        zone = site.zone_of(step["orig"])
        if zone in _OUTSIDE and site.zone_of(step["resp"]) not in _OUTSIDE:
            before = entered.get(step["resp"])
            if before is None or _OUTSIDE.index(zone) < _OUTSIDE.index(before["zone"]):
                entered[step["resp"]] = {**step, "zone": zone}
    for step in steps:
        device, between = by_address.get(step["resp"]), by_address.get(step["orig"])
        first = entered.get(step["orig"])
        if first is None or device is None or not urgent(device) or (between and role(between) in _BETWEEN):
            continue
        yield {
            "host": device.name,
            "through": between.name if between else step["orig"],
            "source": first["orig"],
            "zone": first["zone"],
            "port": step["port"],
            "first_ts": _earliest(first["first_ts"], step["first_ts"]),
            "last_ts": step["last_ts"],
            "events": step["events"] + first["events"],
            "evidence": [*(first["evidence"] or [])[:5], *(step["evidence"] or [])[:5]],
            "level": "critical" if first["zone"] == "internet" else "high",
        }


def urgent(asset: Asset) -> bool:
    """Whether emergencies depend on a device: a CT, an angiography or X-ray room, or what the site calls critical."""
    return role(asset) in _URGENT or (asset.critical and role(asset) in ("mr", "ultrasound", "modality"))


def role(asset: Asset) -> str:
    """The first role of an asset."""
    return asset.roles[0].name if asset.roles else ""


def _earliest(one: int | None, other: int | None) -> int | None:
    times = [ts for ts in (one, other) if ts is not None]
    return min(times, default=None)
