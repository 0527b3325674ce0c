"""Tables of what backup programs say."""

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

TABLES = (BACKUP_JOB,)
