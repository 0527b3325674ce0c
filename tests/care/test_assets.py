"""Roles are told from what hosts say of themselves; the site file has the last word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from wardround.care import application_entities, assets
from wardround.detect.tables import Tables
from wardround.detect.testing import rows_of
from wardround.model import Asset
from wardround.site import Site

FIND, STORE_CT, WORKLIST = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.31"
PACS, CT, WS, RIS, HIS = "10.2.0.5", "10.3.0.1", "10.2.0.51", "10.2.0.6", "10.4.0.9"


def _association(uid: str, client: str, host: str, calling: str, called: str, *accepted: str) -> dict[str, Any]:
    return {
        "ts": "2026-03-02T08:00:00Z", "uid": uid, "id.orig_h": client, "id.resp_h": host, "id.resp_p": 104,
        "calling_ae": calling, "called_ae": called, "result": "accepted",
        "proposed": list(accepted), "accepted": list(accepted),
    }  # fmt: skip


def _operation(uid: str, client: str, host: str, operation: str, **more: Any) -> dict[str, Any]:
    return {
        "ts": "2026-03-02T08:00:01Z", "uid": uid, "id.orig_h": client, "id.resp_h": host, "transport": "dimse",
        "operation": operation, "is_orig": True, **more,
    }  # fmt: skip


def _message(client: str, host: str, kind: str, sender: str, receiver: str) -> dict[str, Any]:
    return {
        "ts": "2026-03-02T08:00:00Z", "id.orig_h": client, "id.resp_h": host, "id.resp_p": 2575, "is_orig": True,
        "message_type": kind, "sending_application": sender, "receiving_application": receiver,
    }  # fmt: skip


ROWS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "dicom_association": [
        {
            **_association("C1", CT, PACS, "CT1", "PACS", STORE_CT),
            "calling_implementation": "1.2.840.113619.6.55",
            "calling_version": "CT_REV_2",
        },
        _association("C2", CT, RIS, "CT1", "WORKLIST", WORKLIST),
        _association("C3", WS, PACS, "WS1", "PACS", FIND),
        _association("C4", PACS, WS, "PACS", "WS1", STORE_CT),
        {**_association("C5", "10.9.9.9", PACS, "EVIL", "GUESS"), "result": "rejected"},
        _association("C6", "203.0.113.9", PACS, "OUTSIDE", "PACS", FIND),
    ],
    "dicom_operation": [
        *(_operation("C1", CT, PACS, "C-STORE", modality="CT") for _ in range(3)),
        _operation("C2", CT, RIS, "C-FIND", query_level="WORKLIST"),
        _operation("C3", WS, PACS, "C-FIND", calling_ae="WS1", query_level="STUDY"),
        _operation("C3", WS, PACS, "C-MOVE", calling_ae="WS1", query_level="STUDY", move_destination="WS1"),
        _operation("C4", PACS, WS, "C-STORE", modality="CT", move_originator="WS1"),
    ],
    "hl7_message": [_message(HIS, RIS, "ADT", "SIH", "RIS"), _message(HIS, RIS, "ORM", "SIH", "RIS")],
    "dhcp": [{"ts": "2026-03-02T07:00:00Z", "assigned_addr": WS, "host_name": "LECT1", "server_addr": "10.2.0.1"}],
}  # fmt: skip


def _assets(site: Site) -> dict[str, Asset]:
    with Tables.of_arrow({name: rows_of(name, rows, name) for name, rows in ROWS.items()}, site) as tables:
        entities = application_entities.seen(tables, site)
        titles = [(entity.address, entity.title) for entity in entities]
        found = assets.inferred(tables, site, titles, {"e1": "capture.pcap"})
    return {asset.name: asset for asset in found}


@pytest.fixture(scope="module")
def found() -> dict[str, Asset]:
    return _assets(Site())


@pytest.mark.parametrize(
    ("name", "role", "confidence"),
    [
        (PACS, "pacs", "high"),
        (CT, "ct", "high"),
        ("LECT1", "workstation", "high"),
        (RIS, "ris", "high"),
        (HIS, "his", "high"),
        ("10.2.0.1", "dhcp_server", "high"),
    ],
)
def test_roles_are_inferred(found: dict[str, Asset], name: str, role: str, confidence: str) -> None:
    first = found[name].roles[0]
    assert (first.name, first.confidence, first.stated) == (role, confidence, False)
    assert all(reason["en"] and reason["fr"] for reason in first.reasons)
    assert {pointer.path for pointer in first.evidence} == {"capture.pcap"}


def test_what_a_host_says_of_itself_is_kept(found: dict[str, Asset]) -> None:
    assert found[CT].details == {"implementation": "GE CT_REV_2"}
    assert found["LECT1"].addresses == (WS,)
    assert found["LECT1"].ae_titles == ("WS1",)


def test_strangers_outside_and_refused_ones_are_no_assets(found: dict[str, Asset]) -> None:
    assert not {"203.0.113.9", "10.9.9.9"} & set(found)


def test_the_site_file_has_the_last_word() -> None:
    gate = {"name": "GATE", "role": "vna", "addresses": [PACS], "ae_titles": ["PACS"], "critical": True}
    site = Site.model_validate({"assets": [gate, {"name": "MR9", "role": "mr"}]})
    found = _assets(site)
    assert [(role.name, role.stated) for role in found["GATE"].roles] == [("vna", True), ("pacs", False)]
    assert found["GATE"].critical
    assert found["MR9"].roles[0].stated


def test_the_registry_tells_where_each_title_answers_what_it_asks_and_where_it_sends() -> None:
    with Tables.of_arrow({name: rows_of(name, rows, name) for name, rows in ROWS.items()}) as tables:
        seen = {entity.title: entity for entity in application_entities.seen(tables, Site())}
    assert set(seen) == {"PACS", "CT1", "WORKLIST", "WS1", "OUTSIDE"}
    assert (seen["PACS"].port, seen["CT1"].port) == (104, None)
    assert seen["WS1"].operations == ("C-FIND", "C-MOVE")
    assert seen["WS1"].destinations == ("WS1",)
    assert not seen["WS1"].stated
