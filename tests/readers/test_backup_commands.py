"""What backup programs of the command line print: restic, Borg, Proxmox, wbadmin, duplicity. Their own runs, told in invented names."""

# Lines of evidence are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.readers.conftest import Bytes, Found, damaged

from wardround.readers import identify
from wardround.readers.backup import borg, duplicity, jobs, proxmox, restic, wbadmin

Read = Callable[..., Found]

SNAPSHOTS = """ID        Time                 Host        Tags        Paths
---------------------------------------------------------------------
c66cf6b5  2026-03-14 22:00:59  pacs1                   /srv/images
---------------------------------------------------------------------
1 snapshots
"""

RESTIC = """repository 5a3f2b11 opened (version 2, compression level auto)

Files:           1 new,     0 changed,     0 unmodified
Added to the repository: 706 B (665 B stored)

processed 14 files, 2.500 KiB in 0:00
snapshot e0a2427c saved
using temporary cache in /tmp/restic-check-cache-175299813
load indexes
no errors were found
repository 5a3f2b11 opened (version 2, compression level auto)
Applying Policy: keep 1 latest snapshots
snapshots for (host [pacs1], paths [/srv/Dupont Jean]):
keep 1 snapshots:
ID        Time                 Host        Tags        Reasons        Paths
-----------------------------------------------------------------------------------
ecf1183b  2026-03-14 22:00:45  pacs1                   last snapshot  /srv/Dupont Jean
-----------------------------------------------------------------------------------
1 snapshots

remove 2 snapshots:
ID        Time                 Host        Tags        Paths
--------------------------------------------------------------------
0f8c6be8  2026-03-12 22:00:43  pacs1                   /srv/Dupont Jean
eb8e2534  2026-03-13 22:00:45  pacs1                   /srv/Dupont Jean
--------------------------------------------------------------------
2 snapshots

snapshots for (host [ris1], paths [/srv/db]):
remove 3 snapshots:
ID        Time                 Host        Tags        Paths
--------------------------------------------------------------------
1f8c6be8  2026-03-12 22:00:43  ris1                    /srv/db
--------------------------------------------------------------------
3 snapshots

[0:00] 100.00%  5 / 5 files deleted
5 snapshots have been removed, running prune
loading indexes...
removing 2 old packs
[0:00] 100.00%  9 / 9 files deleted
"""
DRY = """Applying Policy: keep 1 latest snapshots
keep 1 snapshots:
ID        Time                 Host        Tags        Reasons        Paths
ecf1183b  2026-03-14 22:00:45  pacs1                   last snapshot  /srv
1 snapshots

remove 2 snapshots:
ID        Time                 Host        Tags        Paths
0f8c6be8  2026-03-12 22:00:43  pacs1                   /srv
2 snapshots

Would have removed the following snapshots:
{0f8c6be8 eb8e2534}

2 snapshots have been removed, running prune
"""
FORGET = json.dumps(
    [
        {
            "tags": None,
            "host": "pacs1",
            "paths": ["/srv"],
            "keep": [
                {"time": "2026-03-14T22:00:00Z", "tree": "4c", "paths": ["/srv"], "hostname": "pacs1", "short_id": "0f8c6be8"}
            ],
            "remove": [
                {"time": "2026-03-13T22:00:00Z", "tree": "4c", "paths": ["/srv"], "hostname": "pacs1", "short_id": "2d64d595"}
            ]
            * 2,
            "reasons": [],
        }
    ],
    separators=(",", ":"),
)

CREATED = """------------------------------------------------------------------------------
Repository: ssh://backup1/./ris
Archive name: ris1-2026-03-14T22:00
Archive fingerprint: ee711b917bf346b49dba4cd0edbf7370c35c051ddc3d562f0d1679f63216367c
Time (start): Sat, 2026-03-14 22:00:00
Time (end):   Sat, 2026-03-14 22:05:10
Duration: 5 minutes 10.00 seconds
Number of files: 1234
Utilization of max. archive size: 0%
------------------------------------------------------------------------------
                       Original size      Compressed size    Deduplicated size
This archive:               12.50 GB              9.00 GB              1.00 MB
All archives:                2.00 TB              1.00 TB             806.00 GB
------------------------------------------------------------------------------
terminating with warning status, rc 1
"""
PRUNED = """Keeping archive (rule: daily #1):        ris1-2026-03-14    Sat, 2026-03-14 22:00:00 [415bee15]
Pruning archive (1/2):                   ris1-2026-03-13    Fri, 2026-03-13 22:00:00 [59b681e1]
Pruning archive (2/2):                   ris1-2026-03-12    Thu, 2026-03-12 22:00:00 [742be746]
terminating with success status, rc 0
2026-03-15 01:00:00,123 INFO Deleting archive: ris1-2026-03-11    Wed, 2026-03-11 22:00:00 [742be747] (1/1)
terminating with success status, rc 0
Finished full repository check, no problems found.
Archive consistency check complete, problems found.
"""
DELETED = """You requested to completely DELETE the following repository *including* 40 archives it contains:
------------------------------------------------------------------------------
Repository ID: 0ed4b56144013fdc120246faad71cade7af66dd33e3b586c23fe2c520482e609
Location: ssh://backup1/./ris
------------------------------------------------------------------------------
Type 'YES' if you understand this and want to continue: YES
"""
ARCHIVES = """{
    "archives": [
        {
            "archive": "ris1-2026-03-14",
            "barchive": "ris1-2026-03-14",
            "hostname": "ris1",
            "id": "ee711b917bf346b49dba4cd0edbf7370c35c051ddc3d562f0d1679f63216367c",
            "name": "ris1-2026-03-14",
            "start": "2026-03-14T22:00:00.000000",
            "time": "2026-03-14T22:00:00.000000"
        }
    ],
    "encryption": {
        "mode": "authenticated"
    },
    "repository": {
        "id": "0ed4b56144013fdc120246faad71cade7af66dd33e3b586c23fe2c520482e609",
        "last_modified": "2026-03-14T22:05:00.000000",
        "location": "/mnt/usb/ris"
    }
}
"""
BORG_LOG = (
    '{"type": "log_message", "time": 1773525600.5, "message": "Pruning archive (1/1):                   a-1      Fri, 2026-03-13 22:00:00 [59b681e1]", "levelname": "INFO", "name": "borg.output.list"}\n'
    '{"type": "log_message", "time": 1773525600.6, "message": "terminating with success status, rc 0", "levelname": "INFO", "name": "borg.output.show-rc"}\n'
)

VZDUMP = """INFO: starting new backup job: vzdump 100 101 102 --mode snapshot --storage tape-lto8 --quiet 1
INFO: Starting Backup of VM 100 (qemu)
INFO: Backup started at 2026-03-14 22:00:03
INFO: VM Name: pacs1
INFO: transferred 8.00 GiB in 30 seconds (273.1 MiB/s)
INFO: prune older backups with retention: keep-last=3
INFO: pruned 2 backup(s) not covered by keep-retention policy
INFO: Finished Backup of VM 100 (00:00:35)
INFO: Backup finished at 2026-03-14 22:00:38
INFO: Starting Backup of VM 101 (lxc)
INFO: Backup started at 2026-03-14 22:00:38
INFO: CT Name: ris1
ERROR: Backup of VM 101 failed - unable to activate storage
INFO: Failed at 2026-03-14 22:00:41
INFO: Starting Backup of VM 102 (qemu)
TASK ERROR: interrupted by signal
"""
SERVER = """2026-03-14T22:00:03+01:00: starting new backup on datastore 'store1' from ::ffff:10.1.0.5: "ns/imaging/vm/100/2026-03-14T21:00:03Z"
2026-03-14T22:01:03+01:00: successfully closed fixed index 1
2026-03-14T22:01:03+01:00: TASK WARNINGS: 1
"""
PRUNE_JOB = """2026-03-15T03:00:00+01:00: Starting datastore prune on store "store1"
2026-03-15T03:00:00+01:00: retention options: --keep-last 1
2026-03-15T03:00:00+01:00: Starting prune on store "store1" group "vm/100"
2026-03-15T03:00:00+01:00: remove vm/100/2026-03-13T21:00:03Z
2026-03-15T03:00:00+01:00: keep vm/100/2026-03-14T21:00:03Z
2026-03-15T03:00:00+01:00: remove vm/7/2026-03-13T21:00:03Z
2026-03-15T03:00:00+01:00: TASK OK
"""
VERIFY = """2026-03-15T04:00:00+01:00: verify datastore store1
2026-03-15T04:10:00+01:00: TASK ERROR: verification failed - please check the log for details
"""
IMAGE_DELETED = "Removed volume 'store1:backup/vm/100/2026-03-14T21:00:03Z'\nTASK OK\n"

WBADMIN = (
    "wbadmin 1.0 - Outil en ligne de commande de sauvegarde\r\n(C) Copyright Microsoft Corporation. Tous droits réservés.\r\n\r\n"
    "Heure de sauvegarde : 14/03/2026 22:00\r\nCible de sauvegarde : 1394/Disque USB nommé Sauve(E:)\r\n"
    "Identificateur de version : 03/14/2026-21:00\r\nPeut récupérer : Volume(s), Fichier(s)\r\n\r\n"
    "Heure de sauvegarde : 15/03/2026 22:00\r\nCible de sauvegarde : \\\\nas1\\sauve\r\nIdentificateur de version : 03/15/2026-21:00\r\n"
)
DUPLICITY = """Local and Remote metadata are synchronized, no sync needed.
--------------[ Backup Statistics ]--------------
StartTime 1773525600.08 (Sat Mar 14 22:00:00 2026)
EndTime 1773525722.88 (Sat Mar 14 22:02:02 2026)
ElapsedTime 122.80 (2 minutes 2.80 seconds)
SourceFiles 588
SourceFileSize 269671106 (257 MB)
Errors 2
-------------------------------------------------
"""


def nanos(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 10**9


def told(found: Found, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in found.rows.get("backup_job", [])]


@pytest.mark.parametrize(
    ("text", "name"),
    [(RESTIC, "restic"), (DRY, "restic"), (FORGET, "restic"), (CREATED, "borg"), (PRUNED, "borg"), (DELETED, "borg"), (ARCHIVES, "borg"), (BORG_LOG, "borg"),
     (VZDUMP, "proxmox_backup"), (SERVER, "proxmox_backup"), (PRUNE_JOB, "proxmox_backup"), (VERIFY, "proxmox_backup"), (IMAGE_DELETED, "proxmox_backup"),
     (WBADMIN, "wbadmin"), (DUPLICITY, "duplicity")],
)  # fmt: skip
def test_each_is_known_by_its_words(text: str, name: str) -> None:
    known = identify(text.encode())
    assert known is not None
    assert known[1].name == name


def test_restic_backs_up_checks_and_forgets(read_bytes: Read) -> None:
    found = read_bytes(restic.READER, RESTIC.encode())
    assert told(found, "kind", "result", "client", "level", "removed", "kept", "files", "bytes") == [
        ("backup", "success", None, None, None, None, 14, 2560),
        ("verify", "success", None, None, None, None, None, None),
        ("backup", "success", "pacs1", None, None, None, None, None),
        ("delete", "success", "pacs1", "retention", 2, 1, None, None),
        ("delete", "success", "ris1", "retention", 3, 0, None, None),
    ]
    assert found.rows["backup_job"][2]["ts"] == nanos(2026, 3, 14, 22, 0, 45)
    assert "Dupont" not in str(found.rows)


def test_a_dry_run_of_restic_deletes_nothing(read_bytes: Read) -> None:
    assert told(read_bytes(restic.READER, DRY.encode()), "kind") == [("backup",)]


def test_snapshots_named_one_by_one(read_bytes: Read) -> None:
    lines = "repository 5a3f2b11 opened (version 2)\n[0:01] 100.00%  7 / 7 files deleted\n"
    assert told(read_bytes(restic.READER, lines.encode()), "kind", "level", "removed", "kept") == [
        ("delete", "chosen", 7, None)
    ]


@pytest.mark.parametrize(
    "head", ["", '{"message_type":"summary","total_files_processed":3,"backup_end":"2026-03-14T22:00:00Z"}\n']
)
def test_groups_of_forget_are_no_backups(read_bytes: Read, head: str) -> None:
    found = read_bytes(restic.READER, (head + FORGET + "\n").encode())
    assert told(found, "kind", "client", "removed", "kept")[-2:] == [("backup", "pacs1", None, None), ("delete", "pacs1", 2, 1)]


def test_borg_creates(read_bytes: Read) -> None:
    (row,) = read_bytes(borg.READER, CREATED.encode()).rows["backup_job"]
    assert (row["job"], row["repository"], row["kind"], row["result"]) == ("ris1", "ssh://backup1/./ris", "backup", "warning")
    assert (row["start"], row["ts"]) == (nanos(2026, 3, 14, 22), nanos(2026, 3, 14, 22, 5, 10))
    assert (row["files"], row["bytes"]) == (1234, int(12.5 * 1024**3))


def test_borg_prunes_deletes_and_checks(read_bytes: Read) -> None:
    found = read_bytes(borg.READER, PRUNED.encode())
    assert told(found, "kind", "result", "level", "removed", "kept") == [
        ("delete", "success", "retention", 2, 1),
        ("delete", "success", "chosen", 1, None),
        ("verify", "success", None, None, None),
        ("verify", "failed", None, None, None),
    ]
    assert found.rows["backup_job"][1]["ts"] == nanos(2026, 3, 15, 1) + 123_000_000


def test_a_repository_is_deleted_when_borg_says_so(read_bytes: Read) -> None:
    assert told(read_bytes(borg.READER, (DELETED + "Aborting.\n").encode()), "kind") == []
    found = read_bytes(borg.READER, (DELETED + "Repository deleted.\nCache deleted.\n").encode())
    assert told(found, "kind", "level", "removed", "kept", "repository") == [
        ("delete", "repository", 40, 0, "ssh://backup1/./ris")
    ]


def test_archives_of_borg(read_bytes: Read) -> None:
    found = read_bytes(borg.READER, ARCHIVES.encode())
    assert told(found, "job", "client", "ts", "encrypted", "offline") == [("ris1", "ris1", nanos(2026, 3, 14, 22), False, True)]
    assert read_bytes(borg.READER, ARCHIVES[:500].encode()).codes() == ["bad_json"]


def test_the_log_of_borg_has_times(read_bytes: Read) -> None:
    assert told(read_bytes(borg.READER, BORG_LOG.encode()), "kind", "ts", "ts_zone") == [
        ("delete", 1773525600_500_000_000, "utc")
    ]


def test_vzdump(read_bytes: Read) -> None:
    found = read_bytes(proxmox.READER, VZDUMP.encode())
    assert told(found, "kind", "client", "result", "repository", "offline", "removed", "kept", "message") == [
        ("backup", "pacs1", "success", "tape-lto8", True, None, None, None),
        ("backup", "ris1", "failed", "tape-lto8", True, None, None, "unable to activate storage"),
        ("backup", "vm/102", "running", "tape-lto8", True, None, None, None),
        ("delete", "pacs1", "success", "tape-lto8", True, 2, None, None),
    ]
    assert found.rows["backup_job"][0]["bytes"] == 8 << 30
    assert (found.rows["backup_job"][0]["start"], found.rows["backup_job"][0]["ts"]) == (
        nanos(2026, 3, 14, 22, 0, 3),
        nanos(2026, 3, 14, 22, 0, 38),
    )


def test_tasks_of_proxmox_backup_server(read_bytes: Read) -> None:
    found = read_bytes(proxmox.READER, SERVER.encode())
    assert told(found, "client", "repository", "result", "ts") == [
        ("vm/100", "store1", "warning", nanos(2026, 3, 14, 21, 1, 3))
    ]
    found = read_bytes(proxmox.READER, PRUNE_JOB.encode())
    assert told(found, "kind", "client", "removed", "kept") == [("delete", "vm/100", 1, 1), ("delete", "vm/7", 1, 0)]
    assert told(read_bytes(proxmox.READER, PRUNE_JOB.replace("retention", "(dry test run)\nretention").encode()), "kind") == []
    (row,) = read_bytes(proxmox.READER, VERIFY.encode()).rows["backup_job"]
    assert (row["kind"], row["result"]) == ("verify", "failed")


def test_protected_backups_stay_and_namespaces_are_told_apart(read_bytes: Read) -> None:
    lines = """2026-03-15T03:00:00+01:00: prune job 'daily'
2026-03-15T03:00:00+01:00: Starting datastore prune on store 'store1', down to full depth
2026-03-15T03:00:00+01:00: retention options: --keep-last 1
2026-03-15T03:00:00+01:00: Pruning group :"vm/100"
2026-03-15T03:00:00+01:00: remove vm/100/2026-03-12T21:00:03Z
2026-03-15T03:00:00+01:00: remove vm/100/2026-03-13T21:00:03Z
2026-03-15T03:00:00+01:00: protected vm/100/2026-03-14T21:00:03Z
2026-03-15T03:00:00+01:00: Pruning group imaging:"vm/100"
2026-03-15T03:00:00+01:00: remove vm/100/2026-03-13T21:00:03Z
2026-03-15T03:00:00+01:00: keep-partial vm/100/2026-03-14T21:00:03Z
2026-03-15T03:00:00+01:00: would remove vm/100/2026-03-14T21:00:04Z
2026-03-15T03:00:00+01:00: TASK OK
"""
    assert proxmox.READER.sniff(lines.encode()) == "proxmox_backup"
    found = read_bytes(proxmox.READER, lines.encode())
    assert told(found, "client", "removed", "kept", "repository") == [
        ("vm/100", 2, 1, "store1"),
        ("imaging:vm/100", 1, 1, "store1"),
    ]


def test_the_name_of_a_task_tells_its_start() -> None:
    data = IMAGE_DELETED.encode()
    source = replace(Bytes(data, len(data)), path="tasks/0/UPID:pve1:000029DD:1599528B:69B5D7E0:imgdel:100@store1:root@pam:")
    found = Found()
    proxmox.READER.read(source, next(iter(proxmox.READER.split(source))), found)
    assert told(found, "kind", "level", "removed", "ts") == [("delete", "chosen", 1, 0x69B5D7E0 * 10**9)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_versions_of_windows_backup_in_any_language(encoding: str) -> None:
    data = WBADMIN.encode(encoding)
    assert identify(data) is not None
    source = replace(Bytes(data, len(data)), path="exports/RIS1-wbadmin.txt")
    found = Found()
    wbadmin.READER.read(source, next(iter(wbadmin.READER.split(source))), found)
    assert told(found, "client", "ts", "ts_zone", "offline") == [
        ("RIS1", nanos(2026, 3, 14, 21), "utc", True),
        ("RIS1", nanos(2026, 3, 15, 21), "utc", None),
    ]
    assert found.codes() == []


def test_a_list_that_names_no_computer_is_told(read_bytes: Read) -> None:
    assert read_bytes(wbadmin.READER, WBADMIN.encode()).codes() == ["host_not_named"]


def test_duplicity(read_bytes: Read) -> None:
    (row,) = read_bytes(duplicity.READER, DUPLICITY.encode()).rows["backup_job"]
    assert (row["ts"], row["result"], row["files"], row["bytes"]) == (1773525722_880_000_000, "warning", 588, 269671106)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0 errors", "success"), ("no errors were found", "success"), ("Completed with 0 errors", "success"), ("Errors: 0, warnings: 0", "success"),
     ("Terminé sans erreur", "success"), ("0 erreurs, 3 avertissements", "warning"), ("10 errors", "failed"), ("Errors: 05", "failed"), ("1.0 errors", "failed"),
     ("Completed with 3 errors", "warning"), ("failed: 0", "success")],
)  # fmt: skip
def test_none_of_something_is_no_trouble(text: str, expected: str) -> None:
    assert jobs.result_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Forget snapshots", "delete"), ("Prune", "delete"), ("Suppression de sauvegardes", "delete"), ("Backup", "backup"), ("Snapshot", "backup"), ("Catalog maintenance", "other")],
)  # fmt: skip
def test_what_removes_backups_is_no_backup(text: str, expected: str) -> None:
    assert jobs.kind_of(text) == expected


def test_the_snapshots_that_restic_lists_for_people(read_bytes: Read) -> None:
    assert told(read_bytes(restic.READER, SNAPSHOTS.encode()), "kind", "result", "client") == [("backup", "success", "pacs1")]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_happens_to_the_bytes_only_rows_and_diagnostics_come_out(read_bytes: Read, data: st.DataObject) -> None:
    for reader, texts in (
        (restic.READER, (RESTIC, DRY, FORGET)),
        (borg.READER, (CREATED + PRUNED + DELETED, ARCHIVES, BORG_LOG)),
        (proxmox.READER, (VZDUMP, SERVER + PRUNE_JOB + VERIFY)),
        (wbadmin.READER, (WBADMIN,)),
        (duplicity.READER, (DUPLICITY,)),
    ):
        found = read_bytes(reader, damaged(data, data.draw(st.sampled_from(texts)).encode()))
        for row in found.rows.get("backup_job", []):
            assert row["kind"] in ("backup", "restore", "verify", "delete")
        reader.sniff(damaged(data, data.draw(st.sampled_from(texts)).encode()))
