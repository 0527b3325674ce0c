"""Real samples of attacks on remote desktop and of their neighbours: what must be found in them, and what must not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wardround.model import Finding

FindingsOf = Callable[[str, str], tuple[Finding, ...]]

pytestmark = pytest.mark.corpus

_ATTACK_SAMPLES = "evtx/EVTX-ATTACK-SAMPLES"
_MITRE = "evtx/hayabusa-sample-evtx/EVTX-to-MITRE-Attack"
_YAMATO = "evtx/hayabusa-sample-evtx/YamatoSecurity"
_BRUTE = f"{_MITRE}/TA0006-Credential Access/T1110.xxx-Brut force"
_RDP = "evidence/evtx_rdp"

#: sample, detection, a subject of the finding, events that it must count.
FOUND = [
    (f"{_BRUTE}/ID4771-Kerberos brutforce with valid user.evtx", "RDP-A01", ("user", "admin-hacker"), 54),
    (
        "evidence/evtx_brute/hayabusa-sample-evtx__smb-password-guessing-security.evtx",
        "RDP-A01",
        ("address", "192.168.198.149"),
        3558,
    ),
    (f"{_BRUTE}/ID4768-4771-Kerberos brutforce with non existing users.evtx", "RDP-A02", ("address", "10.23.123.11"), None),
    (
        f"{_MITRE}/TA0007-Discovery/T1046-Network Service Scanning/ID131-RDP brutforce (no user info).evtx",
        "RDP-A03",
        ("address", "10.23.123.11"),
        154,
    ),
    (f"{_ATTACK_SAMPLES}/Command and Control/DE_RDP_Tunnel_5156.evtx", "RDP-A07", ("host", "PC01.example.corp"), None),
    (f"{_ATTACK_SAMPLES}/Command and Control/DE_sysmon-3-rdp-tun.evtx", "RDP-A07", ("host", "PC01.example.corp"), None),
    (f"{_ATTACK_SAMPLES}/Defense Evasion/de_portforward_netsh_rdp_sysmon_13_1.evtx", "RDP-A07", ("host", "IEWIN7"), 2),
    (
        f"{_MITRE}/TA0008-Lateral Movement/T1021.001-Remote Desktop Protocol/ID4688,4778,4779 RDP hijack direct.evtx",
        "RDP-A10",
        ("host", "fs01.offsec.lan"),
        1,
    ),
    (
        f"{_RDP}/evtx__2-vss_0-Microsoft-Windows-RemoteDesktopServices-RdpCoreTS_4Operational.evtx",
        "RDP-E01",
        ("host", "DESKTOP-1N4R894"),
        None,
    ),
    (f"{_RDP}/sigma__509e84b9-a71a-40e0-834f-05470369bd1e.evtx", "RDP-E05", ("host", "ar-win-dc.attackrange.local"), 1),
    (
        f"{_YAMATO}/IntialAccess/ValidAccounts/ID302 RDS Gateway Logon Logoff.evtx",
        "RDP-E08",
        ("host", "EC2AMAZ-6C3C9U6"),
        None,
    ),
    (
        f"{_MITRE}/TA0006-Credential Access/T1040-Traffic sniffing/ID-4688 Native Windows sniffer Pktmon usage.evtx",
        "INT-A07",
        ("host", "FX-BS7"),
        1,
    ),
    (
        f"{_MITRE}/TA0011-Command and Control/T1090-Proxy/ID5600-proxy configuration changed.evtx",
        "RT-A11",
        ("host", "WIN"),
        None,
    ),
    (
        "evidence/evtx_lateral/sigma__0b9ad457-2554-44c1-82c2-d56a99c42377.evtx",
        "TEL-E05",
        ("service", "AnyDesk"),
        None,
    ),
]

#: sample, detection that must stay silent.
SILENT = [
    # Twenty-two connections over many minutes are one person who works.
    (f"{_RDP}/EVTX-ATTACK-SAMPLES__dfir_rdpsharp_target_RdpCoreTs_168_68_131.evtx", "RDP-A03"),
    # One account tried often is no spray; a spray of names that do not exist opens none.
    (f"{_BRUTE}/ID4771-Kerberos brutforce with valid user.evtx", "RDP-A02"),
    (f"{_BRUTE}/ID4771-Kerberos brutforce with valid user.evtx", "RDP-A04"),
    # All these logons come from inside.
    (f"{_ATTACK_SAMPLES}/Command and Control/DE_RDP_Tunnel_5156.evtx", "RDP-E01"),
    # Ordinary channels of a session.
    (f"{_RDP}/EVTX-ATTACK-SAMPLES__dfir_rdpsharp_target_RdpCoreTs_168_68_131.evtx", "RDP-A06"),
]


def _name(value: object) -> str:
    return str(value).rsplit("/", 1)[-1]


@pytest.mark.parametrize(("sample", "name", "subject", "events"), FOUND, ids=_name)
def test_a_sample_shows_what_it_was_recorded_for(
    findings_of: FindingsOf, sample: str, name: str, subject: tuple[str, str], events: int | None
) -> None:
    """A finding about the subject of the sample, with pointers to its records."""
    findings = findings_of(sample, name)
    (finding,) = (found for found in findings if subject in {(item.kind, item.name) for item in found.subjects})
    assert finding.evidence
    assert finding.first_ts is not None
    if events is not None:
        assert finding.events == events


@pytest.mark.parametrize(("sample", "name"), SILENT, ids=_name)
def test_a_look_alike_stays_silent(findings_of: FindingsOf, sample: str, name: str) -> None:
    """What looks like an attack and is none raises nothing."""
    assert findings_of(sample, name) == ()
