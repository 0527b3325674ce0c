"""Real samples of ransomware, stolen data and opened traps: what must be found in them, and the ordinary logs that must not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wardround.detect.detection import shipped
from wardround.model import Finding

FindingsOf = Callable[[str, str], tuple[Finding, ...]]

pytestmark = pytest.mark.corpus

_ATTACK_SAMPLES = "evtx/EVTX-ATTACK-SAMPLES"
_MITRE = "evtx/hayabusa-sample-evtx/EVTX-to-MITRE-Attack"
_DEEP_BLUE = "evtx/hayabusa-sample-evtx/DeepBlueCLI"
_RANSOM = "evidence/evtx_ransom"
_SET = "EVTX-to-MITRE-Attack"
_LATERAL = "evidence/evtx_lateral"
_EVASION = f"{_MITRE}/TA0005-Defense Evasion"
_MOVEMENT = f"{_ATTACK_SAMPLES}/Lateral Movement"
_DUMPING = f"{_MITRE}/TA0006-Credential Access/T1003-Credential dumping"
_GUESSING = f"{_MITRE}/TA0006-Credential Access/T1110.xxx-Brut force"
_TICKETS = "evtx/hayabusa-sample-evtx/YamatoSecurity/CredentialAccess"

#: sample, detection, host it must be about, events that the finding must count.
FOUND = [
    (f"{_ATTACK_SAMPLES}/AutomatedTestingTools/PanacheSysmon_vs_AtomicRedTeam01.evtx", "RW-A01", "MSEDGEWIN10", 8),
    (f"{_RANSOM}/EVTX-to-MITRE-Attack__ID4688-Delete_VSS_backup_WMI_.evtx", "RW-A01", "fs03.offsec.lan", 1),
    (f"{_RANSOM}/EVTX-to-MITRE-Attack__ID800-4103-4104-Delete_VSS_backup_PowerShell_.evtx", "RW-A01", "FS03.offsec.lan", 3),
    (f"{_LATERAL}/EVTX-ATTACK-SAMPLES__LM_5145_Remote_FileCopy.evtx", "BR-A12", "PC01.example.corp", None),
    (f"{_LATERAL}/EVTX-to-MITRE-Attack__ID5145-4624-DonPAPI_full_extraction.evtx", "RW-A09", "fs03vuln.offsec.lan", None),
    (f"{_RANSOM}/{_SET}__ID800-4103-4104_Defender_exclusion_added_PowerShell_.evtx", "RW-E03", "win10-02.offsec.lan", 2),
    (
        f"{_EVASION}/T1562.001-Impair Defenses-Disable or Modify tool/ID4688-Defender service deactivation attempt.evtx",
        "RW-A05",
        "win10-02.offsec.lan",
        3,
    ),
    (
        f"{_EVASION}/T1562.001-Impair Defenses-Disable or Modify tool/"
        "ID800-4103-4104 Defender critical features disabled (PowerShell).evtx",
        "RW-A05",
        "win10-02.offsec.lan",
        None,
    ),
    (f"{_DEEP_BLUE}/disablestop-eventlog.evtx", "RW-A06", "DESKTOP-JR78RLP", 1),
    (f"{_ATTACK_SAMPLES}/Command and Control/DE_RDP_Tunnel_5156.evtx", "RW-A06", "PC01.example.corp", 1),
    (f"{_DEEP_BLUE}/metasploit-psexec-native-target-system.evtx", "RW-A07", "IE10Win7", 2),
    (f"{_MOVEMENT}/LM_wmiexec_impacket_sysmon_whoami.evtx", "RW-A07", "IEWIN7", None),
    (
        f"{_EVASION}/T1027-Obfuscated Files or Information/ID1-CrackMapExec payload execution.evtx",
        "RW-A07",
        "win10-02.offsec.lan",
        None,
    ),
    (f"{_MOVEMENT}/LM_impacket_docmexec_mmc_sysmon_01.evtx", "RW-A07", "IEWIN7", None),
    (f"{_MOVEMENT}/LM_ScheduledTask_ATSVC_target_host.evtx", "RW-A07", "WIN-77LTAPHIQ1R.example.corp", 1),
    (
        f"{_MITRE}/EVTX_full_APT_attack_steps/"
        "ID5140-5145,4688,4697-Encrypted payload deployed with service over SMB (GLOBAL).evtx",
        "RW-A07",
        "srvdefender01.offsec.lan",
        2,  # the service made, and its hidden command started by the service manager
    ),
    (
        f"{_MITRE}/TA0003-Persistence/T1543.003-Create or Modify System Process-Windows Service/"
        "ID7045-4697-SMBexec service registration.evtx",
        "RW-A07",
        "rootdc1.offsec.lan",
        2,
    ),
    (f"{_DUMPING}/ID325-327-IFM created - ESENT.evtx", "RW-A09", "rootdc1.offsec.lan", 1),
    (f"{_DUMPING}/ID4656, 5145, 4674-Impacket secret dump via SMB.evtx", "RW-A09", "fs03vuln.offsec.lan", None),
    (f"{_DUMPING}/ID10-Mimikatz LSASS process dump.evtx", "RW-A09", "FS03.offsec.lan", 1),
    (f"{_ATTACK_SAMPLES}/Credential Access/sysmon_10_11_lsass_memdump.evtx", "RW-A09", "PC04.example.corp", None),
    (f"{_DUMPING}/ID4661-4658 Mimikatz sekurlsa password dump SAM.evtx", "RW-A09", "rootdc1.offsec.lan", None),
    (f"{_ATTACK_SAMPLES}/Execution/Sysmon_Exec_CompiledHTML.evtx", "PH-A11", "MSEDGEWIN10", 1),
    (f"{_GUESSING}/ID4625-OpenSSH brutforce with valid users.evtx", "RDP-A01", "fs01.offsec.lan", 5),
    ("evidence/evtx_rdp/sigma__509e84b9-a71a-40e0-834f-05470369bd1e.evtx", "RDP-A08", "ar-win-dc.attackrange.local", 1),
    (f"{_RANSOM}/sigma__da92713f-ca2d-4fab-8320-098013d3f43a.evtx", "RW-A05", "swachchhanda", 1),
    (
        f"{_EVASION}/T1027-Obfuscated Files or Information/ID4103-4104-CrackMapExec payload execution.evtx",
        "RW-A05",
        "win10-02.offsec.lan",
        None,
    ),
    (
        f"{_EVASION}/T1027-Obfuscated Files or Information/ID4688-Obfuscated payload transfer via service name - Tchopper.evtx",
        "RW-A07",
        "FS03.offsec.lan",
        None,
    ),
    (f"{_TICKETS}/T1558.003_StealOrForgeKerberosTicketsKerberoasting_Security.evtx", "RW-A15", "DC-Server-1.labcorp.local", 1),
    (
        f"{_TICKETS}/T1558.004_StealOrForgeKerberosTicketsAS-REP-Roasting_Security.evtx",
        "RW-A15",
        "DC-Server-1.labcorp.local",
        1,
    ),
]

#: sample, detection that must stay silent, and why.
SILENT = [
    # PsExec on one computer is what administrators do.
    ("evidence/evtx_benign/python-evtx__system.evtx", "RW-A07"),
    # One operational log cleared alone is how people look for a fault.
    ("evidence/evtx_benign/evtx__system.evtx", "RW-A06"),
    # One workstation with BitLocker switched on by its owner.
    (f"{_RANSOM}/EVTX-to-MITRE-Attack__ID_768_775_793_796_817_840-BitLocker_encryption_activated.evtx", "RW-A10"),
    # Defender sets the start of its own network driver to "on demand": nothing is disabled.
    (f"{_RANSOM}/EVTX-to-MITRE-Attack__ID13-Defender_service_configuration_disabled.evtx", "RW-A05"),
    # Event 104 of another provider than the event log says nothing of clearing.
    ("evidence/evtx_rdp/EVTX-ATTACK-SAMPLES__dfir_rdpsharp_target_RdpCoreTs_168_68_131.evtx", "RW-A06"),
    # One ticket under RC4 that Windows asked for as it always does, of a service never seen to give better.
    (
        f"{_MITRE}/TA0006-Credential Access/T1558-Steal or Forge Kerberos Tickets/"
        "ID4769-Kerberoast ticket with low encryption.evtx",
        "RW-A15",
    ),
    # The pipe of the print service opened, as everybody does who prints; what the server did next is not recorded.
    (f"{_MITRE}/TA0006-Credential Access/T1557-Man in the middle/ID5145-Print spooler bug abuse.evtx", "RW-A16"),
    # The domain controller opens its own store of accounts; nobody else does.
    (f"{_DUMPING}/ID4661-Suspicious SAM access to password attributes by LSASS (Dcshadow).evtx", "RW-A09"),
    # The task manager is started, and nothing is said to be done with it.
    (f"{_DUMPING}/ID4688-Task Manager access indicator for potential LSASS dump.evtx", "RW-A09"),
    # A read of the directory that is not replication.
    (f"{_MITRE}/TA0007-Discovery/T1087-Account discovery/ID4662-4624-Honeypot account property read.evtx", "RW-A09"),
]


@pytest.mark.parametrize(("sample", "name", "host", "events"), FOUND, ids=lambda value: str(value).rsplit("/", 1)[-1])
def test_a_sample_shows_what_it_was_recorded_for(
    findings_of: FindingsOf, sample: str, name: str, host: str, events: int | None
) -> None:
    """One finding about the host of the sample, with pointers to its records."""
    (finding,) = findings_of(sample, name)
    assert ("host", host.casefold()) in {(subject.kind, subject.name.casefold()) for subject in finding.subjects}
    assert finding.evidence
    assert finding.first_ts is not None
    if events is not None:
        assert finding.events == events


@pytest.mark.parametrize(("sample", "name"), SILENT, ids=lambda value: str(value).rsplit("/", 1)[-1])
def test_a_look_alike_stays_silent(findings_of: FindingsOf, sample: str, name: str) -> None:
    """What looks like an attack and is none raises nothing."""
    assert findings_of(sample, name) == ()


def test_ordinary_logs_give_no_attack(corpora: Path, findings_of: FindingsOf) -> None:
    """No attack detection at all says anything of ordinary System and Security logs."""
    attacks = [detection.name for detection in shipped() if detection.kind == "attack"]
    samples = sorted((corpora / "evidence" / "evtx_benign").glob("*.evtx"))
    assert samples
    found = {
        (sample.name, name) for sample in samples for name in attacks if findings_of(str(sample.relative_to(corpora)), name)
    }
    assert not found
