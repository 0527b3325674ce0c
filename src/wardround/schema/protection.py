"""Tables of what backup programs and the protection of computers say."""

from __future__ import annotations

from wardround.schema import table

BACKUP_JOB = table(
    "backup_job",
    "One row per run of a backup, restore, verification or copy. ts is its end, or its start when it has none.",
    """
product     label  veeam, commvault, windows_backup, bareos, bacula, restic, unset when the table does not say
job         text   Name of the job
client      text   What is protected: host, virtual machine or subclient
repository  text   Where it is written to: repository, pool, storage or library
kind        label  backup, copy, restore, verify, other
level       label  full, incremental, differential, as told
start       time   When it started
end         time   When it ended
result      label  success, warning, failed, running, unset when it does not say
bytes       count  Bytes written or read
files       count  Files
encrypted   flag   Whether the backup is encrypted
immutable   flag   Whether the repository cannot be changed for a time (immutability, object lock, WORM, hardened repository)
offline     flag   Whether the repository is away from the network: tape, removable disk, rotated drive
message     text   Reason of a failure, shortened
""",
)

SECURITY_ALERT = table(
    "security_alert",
    "One row per alert of the protection of computers (antivirus, EDR, host intrusion detection).",
    """
product    label  defender, crowdstrike, sentinelone, wazuh, sophos, trellix …, unset when it does not say
host       text   Computer
user       text   Account
address    address Address of the computer
title      text   Name of the alert, threat or rule
category   label  As the product says: ransomware, malware, credential access …
severity   label  informational, low, medium, high, critical
status     label  As the product says: new, resolved, blocked, quarantined …
blocked    flag   Whether the product says that it stopped or removed it
tactic     text   ATT&CK tactics
technique  text   ATT&CK techniques
process    text   Program
command    text   Command line
file       text   File concerned, without its folders
sha256     label  Its hash
alert      label  Identifier that the product gives
""",
)

TABLES = (BACKUP_JOB, SECURITY_ALERT)
