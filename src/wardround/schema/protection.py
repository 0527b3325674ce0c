"""Tables of what backup programs and products that protect computers say."""

from __future__ import annotations

from wardround.schema import table

BACKUP_JOB = table(
    "backup_job",
    "One row per run of a backup, restore, verification or copy, and per deletion of backups. ts is its end, or its start when "
    "it has none.",
    """
product     label  veeam, commvault, windows_backup, bareos, bacula, restic, borg, proxmox, duplicity, unset when it is not told
job         text   Name of the job
client      text   What is protected: host, virtual machine or subclient
repository  text   Where it is written to: repository, pool, storage or library
kind        label  backup, copy, restore, verify, delete, other
level       label  full, incremental …, as told; of a deletion: retention (by a rule), chosen (one by one), repository (all)
start       time   When it started
end         time   When it ended
result      label  success, warning, failed, running, unset when it does not say
bytes       count  Bytes written or read
files       count  Files
removed     count  Backups deleted, in a deletion
kept        count  Backups that a rule of retention kept of the same group, where it tells
encrypted   flag   Whether the backup is encrypted
immutable   flag   Whether the repository cannot be changed for a time (immutability, object lock, WORM, hardened repository)
offline     flag   Whether the repository is away from the network: tape, removable disk, rotated drive
message     text   Reason of a failure, shortened
""",
)

EDR_ALERT = table(
    "edr_alert",
    "One row per alert of a product that protects computers (EDR, antivirus), and one per machine or account of it where the "
    "product tells them apart: rows of one alert_id belong together. ts is when the activity began, else when it was told.",
    """
product     label  defender_endpoint, defender_antivirus, crowdstrike, sentinelone, harfanglab, sophos, eset, trend_micro …
alert_id    text   The product's number of the alert
title       text   What the product calls it
threat      text   Name of the threat, as antivirus programs name them
category    text   Category or tactic, as told
description text   The product's explanation, shortened
severity    label  informational, low, medium, high, critical, as the product says; unset when it does not
action      label  What was done: prevented, remediated, detected (nothing was done), failed, allowed; unset when it is not told
status      label  new, in_progress, resolved, as told
verdict     label  What people decided: true_positive, false_positive, benign; unset when nobody did
techniques  texts  ATT&CK techniques that the product names
host        text   Machine
address     address Its address, as told
user        text   Account
file        text   File or program
command     text   Command line
remote      address Address at the other end
""",
)

TABLES = (BACKUP_JOB, EDR_ALERT)
