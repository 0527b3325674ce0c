"""Readers of what backup programs write: tables of consoles, reports of Bacula and Bareos, restic's JSON (of a real restic)."""

# Lines of evidence are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.readers import delimited, identify
from wardround.readers.backup import bacula, jobs, restic, table, veeam_log

VEEAM = """#TYPE Veeam.Backup.Core.CBackupSession
"JobName","JobTypeString","CreationTime","EndTime","Result","State","RepositoryName","BackupSize"
"PACS nightly","VMware Backup","3/14/2026 10:00:05 PM","3/14/2026 11:30:00 PM","Success","Stopped","Default Backup Repository","1,234,567,890"
"PACS nightly","VMware Backup","3/15/2026 10:00:05 PM","3/15/2026 10:01:00 PM","Failed","Stopped","Default Backup Repository","0"
"PACS copy","Backup Copy","3/15/2026 11:00:05 PM","3/15/2026 11:31:00 PM","Warning","Stopped","Hardened repo","12.5 GB"
"PACS test","SureBackup","3/15/2026 11:00:05 PM","","None","Working","",""
"""
COMMVAULT = (
    "Job ID;Status;Operation;Client;Subclient;Backup Type;Start Time;End Time;Size of Application;Storage Policy;Failure Reason\n"
    "12;Completed;Backup;ris1;default;Full;14/03/2026 22:00:00;14/03/2026 23:00:00;12,5 Go;Tape_LTO8;\n"
    "13;Completed w/ one or more errors;Backup;ris1;default;Incremental;15/03/2026 22:00:00;15/03/2026 22:10:00;1 Go;Tape_LTO8;open files\n"
    "14;Failed;Restore;ris1;default;;16/03/2026 22:00:00;16/03/2026 22:10:00;;Tape_LTO8;no media\n"
)
FRENCH = (
    "Nom du job;Type de sauvegarde;Date début;Date fin;Résultat;Dépôt\n"
    "Archive images;Complète;14 mars 2026 22:00;15/03/2026 01:00:00;Réussite;Bande\n"
    "Archive images;Incrémentielle;15/03/2026 22:00:00;15/03/2026 22:20:00;Échec;Bande\n"
).replace("14 mars 2026 22:00", "14/03/2026 22:00:00")
BAREOS = """14-Mar 22:00 bareos-dir JobId 7: Start Backup JobId 7, Job=pacs.2026-03-14_22.00.00_03
14-Mar 22:05 bareos-dir JobId 7: Bareos bareos-dir 22.1.0 (13Jun23):
  Build OS:               Debian GNU/Linux 12 (bookworm)
  JobId:                  7
  Job:                    pacs.2026-03-14_22.00.00_03
  Backup Level:           Full (upgraded from Incremental)
  Client:                 "pacs1-fd" 22.1.0 (13Jun23) Debian,debian
  FileSet:                "Images" 2026-03-01 22:00:00
  Pool:                   "Full" (From command line)
  Storage:                "Tape-LTO" (From Job resource)
  Start time:             14-Mar-2026 22:00:03
  End time:               14-Mar-2026 22:05:03
  SD Files Written:       1,234
  SD Bytes Written:       5,678,901 (5.678 MB)
  Encryption:             no
  Termination:            Backup OK -- with warnings

15-Mar 22:05 bareos-dir JobId 8: Bareos bareos-dir 22.1.0 (13Jun23):
  JobId:                  8
  Job:                    ris.2026-03-15_22.00.00_04
  Client:                 "ris1-fd" 22.1.0
  Start time:             15-Mar-2026 22:00:03
  End time:               15-Mar-2026 22:00:09
  Termination:            *** Backup Error ***
16-Mar 09:05 bareos-dir JobId 9: Bareos bareos-dir 22.1.0 (13Jun23):
  JobId:                  9
  Job:                    RestoreFiles.2026-03-16_09.00.00_05
  Restore Client:         "pacs1-fd"
  Start time:             16-Mar-2026 09:00:03
  End time:               16-Mar-2026 09:05:03
  Files Restored:         12
  Bytes Restored:         4,096
  Termination:            Restore OK
"""
VEEAM_LOG = """[14.03.2026 22:00:05] <01> Info     Job Name: [PACS nightly], JobId: [6a]
[14.03.2026 22:00:06] <01> Info     Starting job mode: 'FullBackup'
[14.03.2026 22:00:07] <11> Info     [Session] Id '6a', State 'Working'.
[14.03.2026 23:10:00.250] <01> Info (3)    Job session '0f8ad58b-4183-4500-9e49-cc94f0674d87' has been completed, status: 'Success', '100 GB' of '100 GB' bytes, '1' of '1' tasks, '1' successful, '0' failed, details: '', PointId: [d3]
[15.03.2026 22:00:06] <01> Info     Starting job mode: 'IncrementalBackup'
[15.03.2026 22:00:09] <14> Error    Task session [7b] has been completed, status: 'Failed'
    at Veeam.Backup.Core.SomeWhere()
[15.03.2026 22:01:00] <01> Error    Job session '16a6046b-eac7-4f4f-909e-3830ee2815d7' has been completed, status: 'Failed', '1,5 TB' of '2 TB' bytes, '0' of '1' tasks, '0' successful, '1' failed, details: 'Repository cannot be reached', PointId: []
[16.03.2026 22:01:00.123]   <01>   Warning (3)   Job session '26a6046b-eac7-4f4f-909e-3830ee2815d7' has been completed, status: 'Warning'
"""


def nanos(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1_000_000_000


def test_veeam(read_bytes: Any) -> None:
    known = identify(VEEAM.encode())
    assert known is not None
    assert known[1].name == "backup_table"
    found = read_bytes(table.READER, VEEAM.encode("utf-16"))
    rows = found.rows["backup_job"]
    assert [(row["product"], row["kind"], row["result"], row["bytes"], row["immutable"]) for row in rows] == [
        ("veeam", "backup", "success", 1_234_567_890, None),
        ("veeam", "backup", "failed", 0, None),
        ("veeam", "copy", "warning", int(12.5 * 2**30), True),
        ("veeam", "verify", None, None, None),
    ]
    assert rows[0]["end"] == rows[0]["ts"] == nanos(2026, 3, 14, 23, 30)
    assert rows[3]["ts"] == nanos(2026, 3, 15, 23, 0, 5)


def test_veeams_log_of_a_job(read_bytes: Any) -> None:
    known = identify(VEEAM_LOG.encode())
    assert known is not None
    assert known[1].name == "veeam_log"
    found = read_bytes(veeam_log.READER, b"\xef\xbb\xbf" + VEEAM_LOG.replace("\n", "\r\n").encode())
    rows = found.rows["backup_job"]
    assert [(row["job"], row["kind"], row["result"], row["bytes"], row["message"]) for row in rows] == [
        ("PACS nightly", "backup", "success", 100 * 2**30, None),
        ("PACS nightly", "backup", "failed", int(1.5 * 2**40), "Repository cannot be reached"),
        ("PACS nightly", "backup", "warning", None, None),
    ]
    assert rows[0]["start"] == nanos(2026, 3, 14, 22, 0, 6)
    assert rows[1]["ts"] == rows[1]["end"] == nanos(2026, 3, 15, 22, 1)
    assert rows[2]["start"] is None
    assert {row["ts_zone"] for row in rows} == {"assumed"}
    assert found.codes() == []


def test_a_log_of_veeam_without_an_ended_job_is_told(read_bytes: Any) -> None:
    found = read_bytes(veeam_log.READER, VEEAM_LOG[:150].encode())
    assert found.codes() == ["not_read"]
    assert "backup_job" not in found.rows


@pytest.mark.parametrize(
    "line",
    [
        "[14.03.2026 22:00:05] <01> Info     The service of the scanner was started\n",
        "14.03.2026 22:00:05 Job session '1' has been completed, status: 'Success'\n",
        "[2026-03-14 22:00:05] Info Veeam\n",
    ],
)
def test_other_logs_with_times_in_brackets_are_not_veeams(line: str) -> None:
    assert veeam_log.READER.sniff(line.encode() * 5) is None


def test_commvault_with_days_first(read_bytes: Any) -> None:
    rows = read_bytes(table.READER, COMMVAULT.encode()).rows["backup_job"]
    assert [(row["client"], row["kind"], row["level"], row["result"], row["offline"]) for row in rows] == [
        ("ris1", "backup", "full", "success", True),
        ("ris1", "backup", "incremental", "warning", True),
        ("ris1", "restore", None, "failed", True),
    ]
    assert rows[0]["ts"] == nanos(2026, 3, 14, 23)
    assert rows[2]["message"] == "no media"


def test_a_french_list_in_an_old_encoding(read_bytes: Any) -> None:
    rows = read_bytes(table.READER, FRENCH.encode("cp1252")).rows["backup_job"]
    assert [(row["job"], row["result"], row["offline"]) for row in rows] == [
        ("Archive images", "success", True),
        ("Archive images", "failed", True),
    ]


def test_bareos(read_bytes: Any) -> None:
    assert identify(BAREOS.encode())[1].name == "bacula"  # type: ignore[index]
    rows = read_bytes(bacula.READER, BAREOS.encode()).rows["backup_job"]
    assert [(r["product"], r["job"], r["client"], r["kind"], r["result"], r["bytes"]) for r in rows] == [
        ("bareos", "pacs", "pacs1-fd", "backup", "warning", 5_678_901),
        ("bareos", "ris", "ris1-fd", "backup", "failed", None),
        ("bareos", "RestoreFiles", "pacs1-fd", "restore", "success", 4096),
    ]
    assert rows[0]["offline"] is True
    assert rows[0]["encrypted"] is False
    assert rows[1]["ts"] == nanos(2026, 3, 15, 22, 0, 9)


def test_a_report_that_breaks_off_is_told(read_bytes: Any) -> None:
    found = read_bytes(bacula.READER, BAREOS[:700].encode())
    assert found.codes() == ["report_unfinished"]
    assert found.rows["backup_job"][0]["result"] is None


@pytest.mark.skipif(shutil.which("restic") is None, reason="restic is not installed")
def test_a_real_restic(read_bytes: Any, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "RESTIC_PASSWORD": "x",
        "RESTIC_REPOSITORY": str(tmp_path / "repository"),
    }

    def run(*arguments: str) -> bytes:
        return subprocess.run(["restic", *arguments], env=environment, capture_output=True, check=True, timeout=120).stdout

    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a").write_bytes(bytes(9000))
    run("init")
    backup = run("backup", "--json", str(tmp_path / "images"))
    snapshots = run("snapshots", "--json")
    assert identify(backup)[1].name == identify(snapshots)[1].name == "restic"  # type: ignore[index]
    (row,) = read_bytes(restic.READER, backup).rows["backup_job"]
    assert (row["kind"], row["result"], row["bytes"], row["files"]) == ("backup", "success", 9000, 1)
    (row,) = read_bytes(restic.READER, snapshots).rows["backup_job"]
    assert row["result"] == "success"
    assert row["client"]
    assert abs(row["ts"] / 1e9 - datetime.now(UTC).timestamp()) < 3600


def test_restic_errors_and_restores(read_bytes: Any) -> None:
    lines = (
        b'{"message_type":"error","error":{"message":"x"},"item":"/secret/Dupont.pdf"}\n'
        b'{"message_type":"summary","total_files_processed":3,"total_bytes_processed":10,"backup_end":"2026-03-14T22:00:00Z"}\n'
        b'{"message_type":"summary","total_files":3,"files_restored":3,"bytes_restored":10}\n'
        b'{"message_type":"exit_error","code":1,"message":"Fatal: /secret/Dupont"}\nnot json\n{"message_type":\n'
    )
    found = read_bytes(restic.READER, lines)
    assert [(r["kind"], r["result"]) for r in found.rows["backup_job"]] == [
        ("backup", "warning"),
        ("restore", "success"),
        ("backup", "failed"),
    ]
    assert "Dupont" not in str(found.rows) + str(found.diagnostics)
    assert found.codes() == ["bad_record"]


@pytest.mark.parametrize(
    "header",
    ["Name,Status,Start,End", "DisplayName,Version,Publisher", "Date,Host,Message", "id;statut;date", "Task,Result,End Time"],
)
def test_other_tables_are_left_alone(header: str) -> None:
    assert table.READER.sniff(f"{header}\na,b,c,d\n".encode()) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234", 1234),
        ("12,5 Go", int(12.5 * 2**30)),
        ("1.5 KB", 1536),
        ("12", 12),
        ("", None),
        ("abc", None),
        ("1 234 567", 1234567),
    ],
)
def test_sizes(text: str, expected: int | None) -> None:
    assert delimited.count_of_bytes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-14T22:00:00+01:00", nanos(2026, 3, 14, 21)),
        ("2026-03-14 22:00:00.5", nanos(2026, 3, 14, 22) + 500_000_000),
        ("3/14/2026 10:00:00 PM", nanos(2026, 3, 14, 22)),
        ("3/4/2026 10:00:00 AM", nanos(2026, 3, 4, 10)),
        ("03/04/2026 10:00:00", nanos(2026, 4, 3, 10)),
        ("14.03.2026 22:00", nanos(2026, 3, 14, 22)),
        ("14-Mar-2026 22:00:03", nanos(2026, 3, 14, 22, 0, 3)),
        ("14-févr.-2026 22:00:03", nanos(2026, 2, 14, 22, 0, 3)),
        ("99/99/2026 10:00", None),
        ("yesterday", None),
    ],
)
def test_dates(text: str, expected: int | None) -> None:
    assert delimited.Clock().instant(text)[0] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Success", "success"), ("Completed with warnings", "warning"), ("Échec", "failed"), ("Terminé", "success"), ("0", "success"),
     ("En cours", "running"), ("", None)],
)  # fmt: skip
def test_results(text: str, expected: str | None) -> None:
    assert jobs.result_of(text) == expected


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_happens_to_the_bytes_only_rows_and_diagnostics_come_out(read_bytes: Any, data: st.DataObject) -> None:
    for reader, text in (
        (table.READER, VEEAM),
        (table.READER, COMMVAULT),
        (bacula.READER, BAREOS),
        (veeam_log.READER, VEEAM_LOG),
    ):
        whole = bytearray(text.encode())
        for _ in range(data.draw(st.integers(0, 6))):
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
        read_bytes(reader, bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    read_bytes(restic.READER, data.draw(st.binary(max_size=200)))
    read_bytes(restic.READER, b'{"message_type":"summary",' + data.draw(st.binary(max_size=100)))
    read_bytes(restic.READER, b"[" + data.draw(st.binary(max_size=100)))
