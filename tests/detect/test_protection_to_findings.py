"""From exports of Microsoft Defender to findings and one incident: what one product saw is one story."""

from __future__ import annotations

import json

import pytest
from tests.readers.test_edr import ALERT, HUNTING, PREFERENCE, lines

from wardround.pipeline import Request, examine
from wardround.report.document import ResultDocument


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> ResultDocument:
    base = tmp_path_factory.mktemp("protection")
    given = base / "given"
    given.mkdir()
    stolen = ALERT | {"computerDnsName": "ws7.chu.example", "firstEventTime": "2026-03-02T07:40:00Z"}
    (given / "hunting.json").write_bytes(lines(HUNTING))
    (given / "alerts.json").write_bytes(json.dumps({"value": [stolen]}).encode())
    (given / "preferences.json").write_bytes(json.dumps(PREFERENCE).encode("utf-16"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARDROUND_STATE", str(base / "state"))
        return examine(Request((str(given),), base / "round"))


def test_telemetry_runs_through_the_detections_for_windows(told: ResultDocument) -> None:
    found = {(finding.detection, finding.severity) for finding in told.findings}
    assert ("RW-A01", "critical") in found
    assert ("RW-E03", "high") in found


def test_alerts_and_settings_become_findings(told: ResultDocument) -> None:
    hosts = {
        finding.detection: {subject.name.lower() for subject in finding.subjects if subject.kind == "host"}
        for finding in told.findings
    }
    assert hosts["RW-A22"] == {"ws7.chu.example"}
    assert hosts["RW-A23"] == {"ws7.chu.example"}
    assert hosts["RW-E12"] == {"pacs1"}


def test_what_happened_on_one_machine_is_one_incident(told: ResultDocument) -> None:
    (incident,) = told.incidents
    names = {finding.id: finding.detection for finding in told.findings}
    stages = {stage.name: {names[finding] for finding in stage.findings} for stage in incident.stages}
    assert stages["credentials"] == {"RW-A23"}
    assert stages["recovery"] == {"RW-A01"}
    assert stages["encryption"] == {"RW-A22"}
