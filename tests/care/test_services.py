"""Services are told from who uses whom; the site file has the last word; nothing is claimed that was not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardround.care import application_entities, assets, inputs, services, trees
from wardround.detect.analyses import single_points
from wardround.detect.tables import Tables
from wardround.detect.testing import rows_of
from wardround.model import Part, Service
from wardround.site import Site

CT, CT2, MR, PACS, ROUTER, RIS, VIEWER, DC, HIS, HOME, PARTNER = (
    *("10.3.0.1", "10.3.0.2", "10.3.0.3", "10.2.0.5", "10.2.0.9", "10.2.0.6", "10.2.0.51", "10.1.0.10", "10.4.0.9"),
    *("10.250.0.7", "203.0.113.60"),
)
FIND = "1.2.840.10008.5.1.4.1.2.2.1"


def _operation(client: str, host: str, operation: str, at: str = "2026-03-02T08:00:01Z", **more: Any) -> dict[str, Any]:
    return {
        "ts": at, "id.orig_h": client, "id.resp_h": host, "transport": "dimse", "operation": operation, "is_orig": True,
        "status_class": "success", **more,
    }  # fmt: skip


def _images(client: str, host: str, modality: str, studies: int, start: str = "2026-03-02T08:00:01Z") -> dict[str, Any]:
    row = _operation(client, host, "C-STORE", start, modality=modality, study_token=f"{client}-{{i}}", instance_token="{i}")
    return {**row, "repeat": {"times": studies, "every": "20m"}}


ROWS: dict[str, Sequence[Mapping[str, Any]]] = {
    "dicom_association": [
        {"ts": "2026-03-02T08:00:00Z", "id.orig_h": VIEWER, "id.resp_h": PACS, "id.resp_p": 104, "calling_ae": "WS1",
         "called_ae": "PACS", "result": "accepted", "accepted": [FIND]},
    ],
    "dicom_operation": [
        _images(CT, PACS, "CT", 30),
        _images(CT2, PACS, "CT", 30),
        _images(MR, ROUTER, "MR", 12),
        _operation(ROUTER, PACS, "C-STORE", modality="MR", study_token=f"{MR}-0"),
        _operation(CT, RIS, "C-FIND", query_level="WORKLIST"),
        _operation(CT2, RIS, "C-FIND", query_level="WORKLIST"),
        _operation(MR, RIS, "C-FIND", query_level="WORKLIST"),
        _operation(VIEWER, PACS, "C-FIND", query_level="STUDY"),
        _operation(PACS, VIEWER, "C-STORE", modality="CT", study_token=f"{CT}-0", move_originator="WS1"),
        _operation(HOME, PACS, "C-FIND", query_level="STUDY"),
        _operation(PACS, PARTNER, "C-STORE", modality="CT", study_token=f"{CT}-1", move_originator="TELE"),
    ],
    "kerberos": [{"ts": "2026-03-02T08:00:00Z", "id.orig_h": VIEWER, "id.resp_h": DC, "success": True}],
    "hl7_message": [
        {"ts": "2026-03-02T08:00:00Z", "id.orig_h": RIS, "id.resp_h": HIS, "message_type": "ORU", "is_orig": True},
        {"ts": "2026-03-02T08:00:00Z", "id.orig_h": HIS, "id.resp_h": RIS, "message_type": "ORM", "is_orig": True},
    ],
}  # fmt: skip

SITE: dict[str, Any] = {
    "zones": {"vpn_pool": ["10.250.0.0/16"]},
    "assets": [
        *({"name": name, "role": role, "addresses": [address]} for name, role, address in (
            ("CT1", "ct", CT), ("CT2", "ct", CT2), ("MR1", "mr", MR), ("PACS1", "pacs", PACS), ("RIS1", "ris", RIS),
            ("VIEW1", "workstation", VIEWER), ("DC1", "domain_controller", DC), ("VPN1", "vpn_gateway", "10.9.0.1"))),
    ],
}  # fmt: skip


def told(rows: Mapping[str, Sequence[Mapping[str, Any]]] = ROWS, site: Mapping[str, Any] = SITE) -> dict[str, Service]:
    stated = Site.model_validate(site)
    with Tables.of_arrow({name: rows_of(name, listed, name) for name, listed in rows.items()}, stated) as tables:
        entities = application_entities.seen(tables, stated)
        found = assets.inferred(tables, stated, [(entity.address, entity.title) for entity in entities], {})
        return {s.name: s for s in services.inferred(tables, stated, found, inputs.shipped().rhythm.week)}


def test_the_services_of_a_department() -> None:
    found = told()
    assert list(found) == ["ct", "mr", "reading", "remote_reading", "teleradiology", "results"]
    assert set(found["ct"].single_points) == {"PACS1", "RIS1", "VIEW1", "DC1"}, (
        "two CTs replace each other, nothing else is double"
    )
    assert set(found["mr"].single_points) == {"MR1", ROUTER, "PACS1", "RIS1", "VIEW1", "DC1"}, "what passes images on counts"
    assert set(found["remote_reading"].single_points) == {"VPN1", "PACS1"}
    assert set(found["teleradiology"].single_points) == {"PACS1", PARTNER}
    assert set(found["results"].single_points) == {"RIS1", HIS}
    assert found["ct"].emergency
    assert not found["mr"].emergency


def test_roles_need_no_site_file() -> None:
    found = told(site={"zones": {"vpn_pool": ["10.250.0.0/16"]}})
    assert set(found["ct"].single_points) == {PACS, RIS, VIEWER, DC}


def test_a_tree_stands_as_long_as_one_alternative_does() -> None:
    tree = told()["ct"].needs
    assert trees.stands(tree, lambda name: name != "CT1")
    assert not trees.stands(tree, lambda name: name not in ("CT1", "CT2"))
    down = {
        "CT1": np.array([True, True, False]),
        "CT2": np.array([False, True, False]),
        "PACS1": np.array([False, False, True]),
    }
    assert trees.fails(tree, down, 3).tolist() == [False, True, True]


def test_activity_is_counted_and_told_with_an_interval() -> None:
    done = told()["ct"].activity
    assert (done.basis, done.exams) == ("studies", 60)
    assert done.per_day is not None
    assert done.low is not None
    assert done.high is not None
    assert done.low < done.per_day < done.high
    assert sum(cell[2] for cell in done.by_hour) == 60
    assert {cell[0] for cell in done.by_hour} == {0}, "2 March 2026 is a Monday"


def test_hours_are_those_of_the_hospital() -> None:
    site = {**SITE, "hospital": {"timezone": "Europe/Paris"}}
    assert min(cell[1] for cell in told(site=site)["ct"].activity.by_hour) == 9


def test_little_evidence_supports_no_rate() -> None:
    rows = {**ROWS, "dicom_operation": [_images(CT, PACS, "CT", 3)]}
    done = told(rows)["ct"].activity
    assert (done.exams, done.per_day, done.low) == (3, None, None)


def test_a_device_that_repeats_what_was_not_taken_can_wait() -> None:
    again = [
        _operation(CT, PACS, "C-STORE", modality="CT", instance_token="x1", status_class="failure"),
        _operation(CT, PACS, "C-STORE", "2026-03-02T08:30:00Z", modality="CT", instance_token="x1"),
    ]
    assert told({**ROWS, "dicom_operation": [*ROWS["dicom_operation"], *again]})["ct"].autonomous == ("CT1",)
    assert told()["ct"].autonomous == ()
    stated = [{**asset, "buffer_hours": 8} if asset["name"] == "CT2" else asset for asset in SITE["assets"]]
    assert told(site={**SITE, "assets": stated})["ct"].autonomous == ("CT2",)


def test_a_viewer_that_never_asks_the_directory_is_told() -> None:
    second = _operation("10.2.0.52", PACS, "C-FIND", query_level="STUDY")
    found = told({**ROWS, "dicom_operation": [*ROWS["dicom_operation"], second]})
    assert found["reading"].independent == ("10.2.0.52",)
    assert found["reading"].single_points == ("PACS1",)
    without = {name: rows for name, rows in ROWS.items() if name != "kerberos"}
    assert told(without)["reading"].independent == (), "silence means nothing where the directory was not seen"


def test_failed_traffic_is_no_use() -> None:
    rows = {
        **ROWS,
        "conn": [{"ts": "2026-03-02T08:00:00Z", "proto": "tcp", "id.orig_h": CT, "id.resp_h": "10.2.0.99", "id.resp_p": 104,
                  "conn_state": "REJ"}],
    }  # fmt: skip
    assert told(rows)["ct"].single_points == told()["ct"].single_points


def test_connections_tell_what_words_do_not() -> None:
    conn = {"ts": "2026-03-02T08:00:00Z", "proto": "tcp", "id.resp_p": 11112, "conn_state": "SF"}
    rows = {"conn": [{**conn, "id.orig_h": CT, "id.resp_h": PACS}, {**conn, "id.orig_h": VIEWER, "id.resp_h": PACS}]}
    site = {**SITE, "assets": [{**asset, "ae_titles": [asset["name"]]} for asset in SITE["assets"]]}
    found = told(rows, site)
    assert set(found["ct"].single_points) == {"PACS1", "VIEW1"}
    assert found["ct"].activity.basis == "none"


def test_what_shows_a_single_point_is_of_every_kind() -> None:
    """Else a later round without captures would seem to have looked again, and call the weakness closed."""
    conn = {"ts": "2026-03-01T05:00:00Z", "proto": "tcp", "id.orig_h": CT, "id.resp_h": RIS, "id.resp_p": 104,
            "conn_state": "SF", "repeat": {"times": 60, "every": "1m"}}  # fmt: skip
    stated = Site.model_validate(SITE)
    rows = {**ROWS, "conn": [conn]}
    with Tables.of_arrow({name: rows_of(name, listed, name) for name, listed in rows.items()}, stated) as tables:
        found = {row["host"]: row for row in single_points.analyse(tables, stated)}
    shown = [pointer["table"] for pointer in found["RIS1"]["evidence"]]
    assert len(shown) <= 10
    assert set(shown) == {"conn", "dicom_operation", "hl7_message"}


def test_the_site_file_has_the_last_word() -> None:
    stated = [
        {"name": "ct", "needs": [["CT1", "CT2"], [PACS]], "exams_per_day": 80, "emergencies_per_day": 4},
        {"name": "mr", "absent": True},
        {"name": "stroke", "title": "Stroke unit", "needs": [["CT1"]], "emergency": True},
    ]
    found = told(site={**SITE, "services": stated})
    assert found["ct"].single_points == ("PACS1",)
    assert found["ct"].stated
    assert (found["ct"].activity.basis, found["ct"].activity.per_day) == ("stated", 80)
    assert found["ct"].emergencies_per_day == 4
    assert "mr" not in found
    assert found["stroke"].title == {"en": "Stroke unit", "fr": "Stroke unit"}
    assert found["stroke"].single_points == ("CT1",)


def test_nothing_seen_makes_no_service() -> None:
    assert told({"dns": [{"ts": "2026-03-02T08:00:00Z", "query": "a.example"}]}, {}) == {}


@pytest.mark.parametrize("kind", ["all", "any"])
def test_trees_of_nothing_and_of_one(kind: str) -> None:
    build = trees.every if kind == "all" else trees.either
    assert build([trees.asset("A")]) == trees.asset("A")
    assert trees.stands(build([]), lambda _: True) is (kind == "all")
    assert trees.fails(build([]), {}, 2).tolist() == [kind == "any"] * 2
    assert trees.single_points(build([])) == ()


_LEAF = st.sampled_from("ABCDE").map(trees.asset)
_TREE = st.recursive(
    _LEAF,
    lambda parts: st.builds(
        lambda kind, found: Part(kind, parts=tuple(found)), st.sampled_from(("all", "any")), st.lists(parts, max_size=3)
    ),
    max_leaves=12,
)


@given(_TREE)
def test_single_points_are_those_whose_loss_alone_brings_it_down(tree: Part) -> None:
    expected = (
        {name for name in "ABCDE" if not trees.stands(tree, lambda asked: asked != name)}  # noqa: B023 - used at once
        if trees.stands(tree, lambda _: True)
        else set()
    )
    assert set(trees.single_points(tree)) == expected


@given(_TREE, st.sets(st.sampled_from("ABCDE")))
def test_one_run_fails_where_the_tree_does_not_stand(tree: Part, gone: set[str]) -> None:
    down = {name: np.array([name in gone]) for name in "ABCDE"}
    assert bool(trees.fails(tree, down, 1)[0]) is not trees.stands(tree, lambda name: name not in gone)
