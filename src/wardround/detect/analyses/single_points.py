"""Machines without which emergency imaging stops (PS-E01)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from wardround.care import application_entities, assets, inputs, services, trees
from wardround.detect.tables import Tables
from wardround.model import Asset, Service
from wardround.site import Site

#: Rows of every kind, because each shows another dependency: a later round without one of them has not looked again.
_EVIDENCE = """
    WITH shown AS (
      SELECT *, row_number() OVER (PARTITION BY source ORDER BY ts, evidence_id, record) AS place FROM (
        SELECT 'dicom_association' AS source, evidence_id, record, ts, "id.resp_h" AS host FROM dicom_association
        UNION ALL SELECT 'dicom_operation', evidence_id, record, ts, "id.resp_h" FROM dicom_operation
        UNION ALL SELECT 'hl7_message', evidence_id, record, ts, "id.resp_h" FROM hl7_message
        UNION ALL SELECT 'kerberos', evidence_id, record, ts, "id.resp_h" FROM kerberos
        UNION ALL SELECT 'dns', evidence_id, record, ts, "id.resp_h" FROM dns
        UNION ALL SELECT 'conn', evidence_id, record, ts, "id.resp_h" FROM conn
      ) WHERE list_contains(?, host)
    )
    SELECT
      (SELECT pointers(source, evidence_id, record, ts) FROM (SELECT * FROM shown ORDER BY place, ts LIMIT 10)) AS evidence,
      min(ts) AS first_ts, max(ts) AS last_ts, count(*) AS events FROM shown
"""

#: What a device is for is no hidden dependency; its own failure is seen by everybody at once.
_OWN = ("imaging",)


def analyse(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """One row per machine that all of an emergency service hangs on, with the services that stop without it."""
    who = told(tables, site)
    known = {asset.name: asset for asset in who}
    found: dict[str, list[Service]] = {}
    for service in services.inferred(tables, site, who, inputs.shipped().rhythm.week):
        if service.emergency and service.name in services.IMAGING:
            for name in service.single_points:
                if name in hidden(service):
                    found.setdefault(name, []).append(service)
    for name, hit in sorted(found.items()):
        evidence = tables.query(_EVIDENCE, (_addresses(name, known),))[0]
        yield {
            "host": name,
            "services": len(hit),
            "devices": len({part for service in hit for part in _devices(service)}),
            "level": "medium" if all(waits(service, known, site) for service in hit) else "high",
            **evidence,
        }


_TOLD: WeakKeyDictionary[Tables, tuple[Asset, ...]] = WeakKeyDictionary()


def told(tables: Tables, site: Site) -> tuple[Asset, ...]:
    """The assets of the round, asked once for all detections that need them."""
    if tables not in _TOLD:
        _TOLD[tables] = _asked(tables, site)
    return _TOLD[tables]


def _asked(tables: Tables, site: Site) -> tuple[Asset, ...]:
    entities = application_entities.seen(tables, site)
    return assets.inferred(tables, site, [(entity.address, entity.title) for entity in entities], {})


def hidden(service: Service) -> set[str]:
    """The machines of a service that are not its own devices."""
    return set(trees.assets_of(service.needs)) - _devices(service)


def waits(service: Service, known: Mapping[str, Asset], site: Site) -> bool:
    """Whether all devices of a service keep images for some hours when the rest is away, as seen or as the site says."""
    buffers = {asset.name for asset in site.assets if asset.buffer_hours is not None and asset.buffer_hours >= 4}
    return all(device in service.autonomous or device in buffers for device in _devices(service))


def _devices(service: Service) -> set[str]:
    return set(trees.assets_of(service.local)) if service.local else set()


def _addresses(name: str, known: Mapping[str, Asset]) -> Sequence[str]:
    return [name, *(known[name].addresses if name in known else ())]
