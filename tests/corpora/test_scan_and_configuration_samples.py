"""Real scans, configurations, bills of materials and advisories: what is read from them, and what they must show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wardround import readers
from wardround.evidence import FileSource
from wardround.model import Finding

FindingsOf = Callable[[str, str], tuple[Finding, ...]]

pytestmark = pytest.mark.corpus

_CONFIGURATIONS = "evidence/router_config"
_SCANS = "evidence/nmap_xml"

#: sample, detection, what a finding must be about.
FOUND = [
    (f"{_CONFIGURATIONS}/batfish__configs_cisco_line", "RT-E02", "cisco_line"),
    (f"{_CONFIGURATIONS}/batfish__configs_lhr-border-02.cfg", "RT-E02", "lhr-border-02"),
    (f"{_CONFIGURATIONS}/batfish__configs_lhr-border-02.cfg", "VPN-E03", "lhr-border-02"),
    (f"{_CONFIGURATIONS}/ciscoconfparse2__configs_sample_01.ios", "RT-E02", "Foo"),
    (f"{_CONFIGURATIONS}/ciscoconfparse2__configs_sample_01.ios", "TEL-E07", "22"),
    (f"{_CONFIGURATIONS}/ciscoconfparse2__configs_sample_01.asa", "VPN-E01", "Cisco ASA"),
    (f"{_CONFIGURATIONS}/ciscoconfparse2__configs_HP_Procurve.conf", "RT-E02", "HP V1910 Switch"),
    (f"{_CONFIGURATIONS}/core__fixtures_pfsense_setup_config.xml", "TEL-E07", "22"),
    (f"{_SCANS}/python-libnmap__dionaea_scan.xml", "RT-E02", "172.28.1.3"),
    ("evidence/sbom/django-DefectDojo__log4j.json", "BR-E06", "CVE-2021-44228"),
]

#: sample, detections that must stay silent.
_ALL = ("RT-E01", "RT-E02", "RT-E03", "RT-E04", "TEL-E07", "VPN-E01", "VPN-E02", "VPN-E08")
SILENT = [
    (f"{_CONFIGURATIONS}/batfish__testconfigs_ios-snmp-community-string", _ALL),
    (f"{_CONFIGURATIONS}/oxidized__data_ios_asr920_16.8.1b_output.txt", _ALL),
    (f"{_CONFIGURATIONS}/oxidized__data_opnsense_nano_23.7_output.txt", _ALL),
    (f"{_CONFIGURATIONS}/oxidized__data_routeros_RB5009UPr+S+_7.18.2_output.txt", _ALL),
    (f"{_CONFIGURATIONS}/oxidized__data_tplink_DS-P7001-08_1.0.0_output.txt", _ALL),
    (f"{_CONFIGURATIONS}/core__etc_config.xml.sample", _ALL),
    # Here the text ``ip http server`` stands after ``no``.
    (f"{_CONFIGURATIONS}/batfish__configs_as1border1.cfg", _ALL),
    (f"{_SCANS}/nmap__xml_test9.xml", ("RT-E02", "BR-E03", "RDP-E01", "RW-E05", "VC-E07")),
    (f"{_SCANS}/nmap__nmap_example.xml", ("RT-E02", "BR-E03", "RDP-E01", "RW-E05", "VC-E07")),
    ("evidence/sbom/bom-examples__bom-2.json", ("BR-E06", "VC-E01", "VC-E07")),
]


@pytest.mark.parametrize(("sample", "name", "about"), FOUND, ids=lambda value: str(value).rsplit("/", 1)[-1])
def test_a_sample_shows_its_exposure(findings_of: FindingsOf, sample: str, name: str, about: str) -> None:
    findings = findings_of(sample, name)
    assert about in {subject.name for finding in findings for subject in finding.subjects}
    assert all(finding.evidence for finding in findings)


@pytest.mark.parametrize(("sample", "names"), SILENT, ids=lambda value: str(value).rsplit("/", 1)[-1])
def test_an_ordinary_sample_stays_silent(findings_of: FindingsOf, sample: str, names: tuple[str, ...]) -> None:
    assert [finding.detection for name in names for finding in findings_of(sample, name)] == []


class _Sink:
    def __init__(self) -> None:
        self.rows = 0
        self.codes: list[str] = []

    def write(self, table: str, rows: Any) -> None:
        self.rows += rows.num_rows

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        self.codes.append(code)


@pytest.mark.parametrize("folder", ["router_config", "nmap_xml", "sbom", "csaf_medical"])
def test_every_sample_is_read_without_a_problem(corpora: Path, folder: str) -> None:
    for path in sorted((corpora / "evidence" / folder).iterdir()):
        source = FileSource("e1", str(path), path, stored_bytes=path.stat().st_size)
        known = readers.identify(source.head())
        if "show_ip_arp" in path.name:
            assert known is None  # what a command printed is no configuration
            continue
        assert known is not None, path.name
        sink = _Sink()
        for span in known[1].split(source):
            known[1].read(source, span, sink)
        assert sink.rows > 0 and sink.codes == [], path.name
