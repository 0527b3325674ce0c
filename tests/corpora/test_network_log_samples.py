"""Real logs of network sensors: what the detections must see in them, and what they must leave alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wardround.model import Finding

FindingsOf = Callable[[str, str], tuple[Finding, ...]]

pytestmark = pytest.mark.corpus

_LOGS = "evidence/zeek_logs"

#: sample, detection, hosts or addresses that findings must be about.
FOUND = [
    (f"{_LOGS}/wrccdc_rdp_open.log", "RDP-E02", {"10.47.8.208", "10.47.3.155", "10.47.26.160"}),
    (f"{_LOGS}/wrccdc_rdp_open.log", "RDP-E03", {"10.47.8.208", "10.47.3.155"}),
    (f"{_LOGS}/wrccdc_rdp_open.log", "RDP-A05", {"10.164.94.120"}),
    (f"{_LOGS}/wrccdc_rfb.log", "RDP-E06", {"10.47.3.142", "10.47.8.19", "10.47.8.151"}),
    (f"{_LOGS}/wrccdc_snmp.log", "INT-E01", {"10.0.0.85"}),
    (f"{_LOGS}/StratosphereLinuxIPS__test14-malicious-zeek-dir_http.log", "VPN-A05", {"195.113.232.72"}),
]

#: sample, detection that must stay silent.
SILENT = [
    # A port scan: nothing behind the ports answered with data.
    (f"{_LOGS}/StratosphereLinuxIPS__vertical_conn.log", "TEL-E04"),
    (f"{_LOGS}/StratosphereLinuxIPS__vertical_conn.log", "VC-A02"),
    # One device that walks through addresses is no flood, and there is one server.
    (f"{_LOGS}/StratosphereLinuxIPS__test13-malicious-dhcpscan-zeek-dir_dhcp.log", "RT-A03"),
    (f"{_LOGS}/zat__data_dns.log", "RT-A05"),
    (f"{_LOGS}/zat__data_dns.log", "RT-A06"),
    (f"{_LOGS}/zat__data_dns.log", "RT-A07"),
    (f"{_LOGS}/Security-Datasets__LSASS_campaign_01__dns.log", "RT-A05"),
    (f"{_LOGS}/wrccdc_rdp_open.log", "RDP-E01"),
    (f"{_LOGS}/wrccdc_rdp_open.log", "RDP-A11"),
    (f"{_LOGS}/wrccdc_ntlm.log", "VC-A02"),
]


def _name(value: object) -> str:
    """A name for a case; sets come in another order in every process, and parallel runs compare names."""
    return ",".join(sorted(value)) if isinstance(value, set) else str(value).rsplit("/", 1)[-1]


@pytest.mark.parametrize(("sample", "name", "hosts"), FOUND, ids=_name)
def test_a_log_shows_what_happened(findings_of: FindingsOf, sample: str, name: str, hosts: set[str]) -> None:
    """Findings about those concerned, each with pointers to lines of the log."""
    findings = findings_of(sample, name)
    named = {subject.name for finding in findings for subject in finding.subjects if subject.kind in ("host", "address")}
    assert hosts <= named
    assert all(finding.evidence for finding in findings)


@pytest.mark.parametrize(("sample", "name"), SILENT, ids=_name)
def test_an_ordinary_log_stays_silent(findings_of: FindingsOf, sample: str, name: str) -> None:
    """What looks like an attack and is none raises nothing."""
    assert findings_of(sample, name) == ()
