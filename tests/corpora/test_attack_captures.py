"""Real captures of attacks on networks: what the detections must see in them, and the ordinary ones in which they must not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wardround.model import Finding

FindingsOf = Callable[[str, str], tuple[Finding, ...]]

pytestmark = pytest.mark.corpus

_SMB, _CLEAR = "evidence/pcap_smb_ransom", "evidence/pcap_cleartext"
_AGENT = "evidence/pcap_web/Malcolm-Test-Artifacts__CVE-2021-38647-exploit-craigmunsw-omigod-lab.pcap"

#: capture, detection, an address that a finding must be about, its severity.
FOUND = [
    (f"{_SMB}/zeek-EternalSafety__wannacry.pcap", "RW-A08", "192.168.116.172", "critical"),
    (f"{_SMB}/zeek-EternalSafety__wannacry.pcap", "RW-E06", "192.168.116.138", "critical"),
    (f"{_SMB}/zeek-EternalSafety__doublepulsar-backdoor-connect-win7.pcap", "RW-A08", "192.168.198.203", "critical"),
    (f"{_SMB}/PCAP-ATTACK__LM_smbexec_smb_dcerpc_svcctl_epm.pcapng", "RW-A07", "172.16.66.36", "high"),
    (f"{_SMB}/zeek__SMBGhost.pcap", "RW-A17", "10.0.0.133", "low"),
    (f"{_SMB}/zerologon__CVE-2020-1472_exploit_win2019.pcap", "RW-A09", "172.16.0.10", "critical"),
    (f"{_SMB}/suricata-verify__kerberoast.pcap", "INT-E07", "", "low"),
    (f"{_SMB}/PCAP-ATTACK__DCSync_krbtgt_dcerpc_smb.pcapng", "RW-A09", "172.16.66.1", "critical"),
    (f"{_SMB}/lab__smb_mass_encrypt_rename.pcap", "RW-A02", "", "critical"),
    (f"{_SMB}/packets__cryptowall4_c2.pcapng", "RW-A30", "192.168.122.145", "medium"),
    (f"{_CLEAR}/zeek__bruteforce.pcap", "RW-A13", "192.168.56.101", "medium"),
    (f"{_CLEAR}/zeek__sshguess.pcap", "RW-A13", "192.168.56.103", "medium"),
    (f"{_CLEAR}/pcaps__portscan.pcap", "RW-A14", "10.100.25.14", "medium"),
    ("evidence/pcap_tls/zeek__heartbleed-success.pcap", "RW-A17", "107.170.241.107", "critical"),
    (_AGENT, "RW-A17", "192.168.121.52", "critical"),
    ("evidence/pcap_l2_spoof/StratosphereLinuxIPS__test8-malicious.pcap", "RW-A14", "192.168.1.247", "medium"),
]  # fmt: skip

#: Ordinary captures of the same protocols, in which none of these speaks.
ORDINARY = [
    f"{_SMB}/zeek__smb2_100_small_files.pcap",
    f"{_SMB}/nDPI__smb_deletefile.pcap",
    f"{_SMB}/lab__smb_backup_copy_benign.pcap",
    "evidence/pcap_benign/zeek__aduser1.pcap",
    "evidence/pcap_tls/arkime__tls13.pcap",
    "evidence/pcap_l2_spoof/packets__arp_resolution.pcapng",
]
ATTACKS = ("RW-A02", "RW-A07", "RW-A08", "RW-A09", "RW-A13", "RW-A14", "RW-A15", "RW-A16", "RW-A17", "RW-A30")


@pytest.mark.parametrize(("capture", "name", "address", "severity"), FOUND)
def test_an_attack_is_seen(findings_of: FindingsOf, capture: str, name: str, address: str, severity: str) -> None:
    findings = findings_of(capture, name)
    about = [finding for finding in findings if not address or any(subject.name == address for subject in finding.subjects)]
    assert severity in {finding.severity for finding in about}
    assert all(finding.evidence for finding in findings)


@pytest.mark.parametrize("capture", ORDINARY)
def test_ordinary_work_is_not(findings_of: FindingsOf, capture: str) -> None:
    assert {name: findings_of(capture, name) for name in ATTACKS} == dict.fromkeys(ATTACKS, ())
