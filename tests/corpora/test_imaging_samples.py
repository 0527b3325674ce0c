"""Real recordings of DICOM, HL7 and web archives: attacks are named, ordinary work is not accused, clear text is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wardround.detect.detection import shipped
from wardround.model import Finding

FindingsOf = Callable[[str, str], tuple[Finding, ...]]

pytestmark = pytest.mark.corpus

_FOLDER = "evidence/pcap_dicom_hl7"

#: Detections of attacks on what imaging says, in images, messages and requests.
ATTACKS = sorted(
    item.name
    for item in shipped()
    if item.kind == "attack"
    and any(need.table in ("dicom_association", "dicom_operation", "hl7_message") for need in item.needs)
)

#: sample, detection, a subject of the finding.
FOUND = [
    ("lab__dicom_aet_guess_mass_move", "BR-A02", ("address", "10.77.0.30")),
    ("lab__dicom_aet_guess_mass_move", "BR-A03", ("address", "10.77.0.30")),
    ("lab__dicom_aet_guess_mass_move", "BR-A04", ("address", "10.77.0.30")),
    ("lab__pacs_http_mass_export", "BR-A06", ("address", "10.77.0.30")),
    ("lab__pacs_http_mass_export", "TEL-E03", ("host", "10.77.0.10")),
    ("lab__dicom_routine_clear", "INT-E02", ("host", "10.77.0.10")),
    ("lab__dicom_routine_clear", "BR-E02", ("service", "DICOM")),
    ("tapirx__HL7-ADT", "INT-E02", ("protocol", "HL7")),
    ("tapirx__HL7-ADT-UDI-OBX", "INT-E02", ("protocol", "HL7")),
    ("tapirx__HL7-ORU", "INT-E02", ("protocol", "HL7")),
]

ORDINARY = [
    "lab__dicom_routine_clear",
    "tapirx__HL7-ADT",
    "tapirx__HL7-ADT-UDI-OBX",
    "tapirx__HL7-ORU",
    "tapirx__dicom_arq_1_find_testclient",
    "tapirx__dicom_arq_2_get_testclient",
]


@pytest.mark.parametrize(("sample", "name", "subject"), FOUND)
def test_found(findings_of: FindingsOf, sample: str, name: str, subject: tuple[str, str]) -> None:
    findings = findings_of(f"{_FOLDER}/{sample}.pcap", name)
    assert any(subject in {(s.kind, s.name) for s in finding.subjects} for finding in findings)


@pytest.mark.parametrize("sample", ORDINARY)
def test_ordinary_work_is_not_accused(findings_of: FindingsOf, sample: str) -> None:
    assert len(ATTACKS) >= 10
    assert {name: found for name in ATTACKS if (found := findings_of(f"{_FOLDER}/{sample}.pcap", name))} == {}


def test_an_attack_is_told_once_per_kind(findings_of: FindingsOf) -> None:
    found = {name: len(findings_of(f"{_FOLDER}/lab__dicom_aet_guess_mass_move.pcap", name)) for name in ATTACKS}
    assert {name: count for name, count in found.items() if count} == {"BR-A02": 1, "BR-A03": 1, "BR-A04": 1}
