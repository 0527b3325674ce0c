"""Listings of files: real ones of ls, find and 7z, those of Windows as its documentation shows them, damage."""

# Lines of evidence are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.readers.conftest import damaged

from wardround.errors import ReaderError
from wardround.privacy import token
from wardround.readers import identify
from wardround.readers.listing import (
    bodyfile,
    dir_command,
    file_table,
    find_command,
    ls_command,
    powershell,
    rclone,
    robocopy,
    seven_zip,
)

MOMENT = int(datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp())
NANOS = MOMENT * 1_000_000_000

DIR = """ Volume in drive D is Data
 Volume Serial Number is 1A2B-3C4D

 Directory of D:\\share\\report

03/02/2026  08:00 AM    <DIR>          .
03/02/2026  08:00 AM    <DIR>          ..
03/02/2026  08:00 AM         1,234,567 IM0001.dcm.kraz9
03/02/2026  08:00 AM                 9 READ_ME.txt
               2 File(s)      1,234,576 bytes

     Total Files Listed:
               2 File(s)      1,234,576 bytes
"""
REPERTOIRE = """ Le volume dans le lecteur D s’appelle Données
 Le numéro de série du volume est 1A2B-3C4D

 Répertoire de D:\\partage\\comptes rendus

02/03/2026  08:00    <REP>          .
02/03/2026  08:00             1\xa0234 IM0001.dcm.kraz9
02/03/2026  08:00                 9 READ_ME.txt
               2 fichier(s)            1\xa0243 octets
"""
TEXT = """

    Directory: D:\\share\\report


Mode                 LastWriteTime         Length Name
----                 -------------         ------ ----
d-----        02/03/2026     08:00                inner
-a----        02/03/2026     08:00        1234567 IM0001.dcm.kraz9
-a----        02/03/2026     08:00              9 READ_ME.txt

"""
ROBOCOPY = """
-------------------------------------------------------------------------------
   ROBOCOPY     ::     Robust File Copy for Windows
-------------------------------------------------------------------------------

  Started : Monday, March 2, 2026 8:00:00 AM
   Source : D:\\share\\
     Dest : C:\\NULL\\

    Files : *.*

  Options : *.* /TS /L /S /E /DCOPY:DA /COPY:DAT /R:1000000 /W:30

------------------------------------------------------------------------------

\t                   2\tD:\\share\\report\\
\t    New File  \t\t 1234567\t2026/03/02 08:00:00\tIM0001.dcm.kraz9
\t    New File  \t\t       9\t2026/03/02 08:00:00\tREAD_ME.txt
\t  *EXTRA File \t\t      11\t2026/03/02 08:00:00\tother.txt
"""
SLT = """
7-Zip [64] 16.02 : Copyright (c) 1999-2016 Igor Pavlov : 2016-05-21

Listing archive: backup.7z

--
Path = backup.7z
Type = 7z
Physical Size = 146

----------
Path = share/report
Size = 0
Modified = 2026-03-02 08:00:00
Attributes = D_ drwxr-xr-x

Path = share/report/IM0001.dcm.kraz9
Size = 1234567
Modified = 2026-03-02 08:00:00
Attributes = A_ -rw-r--r--

Path = share/report/READ_ME.txt
Size = 9
Modified = 2026-03-02 08:00:00
Attributes = A_ -rw-r--r--

"""
TABLE = """

   Date      Time    Attr         Size   Compressed  Name
------------------- ----- ------------ ------------  ------------------------
2026-03-02 08:00:00 D....            0            0  share/report
2026-03-02 08:00:00 ....A      1234567          146  share/report/IM0001.dcm.kraz9
2026-03-02 08:00:00 ....A            9               share/report/READ_ME.txt
------------------- ----- ------------ ------------  ------------------------
2026-03-02 08:00:00               1234576          146  2 files, 1 folders
"""
BODYFILE = (
    "0|/share/report|41|d/drwxr-xr-x|0|0|4096|1772438400|1772438400|1772438400|0\n"
    "0|/share/report/IM0001.dcm.kraz9|42|r/rrwxr-xr-x|0|0|1234567|1772438400|1772438400|1772438500|0\n"
    "0|/share/report/READ_ME.txt|43|r/rrwxr-xr-x|0|0|9|1772438400|1772438400|1772438400|0\n"
    "0|/share/report/gone.txt (deleted)|44|r/rrwxr-xr-x|0|0|9|1772438400|1772438400|1772438400|0\n"
)
ITEMS = [
    {"Path": "report", "Name": "report", "Size": -1, "ModTime": "2026-03-02T08:00:00.000000000Z", "IsDir": True},
    {
        "Path": "report/IM0001.dcm.kraz9",
        "Name": "IM0001.dcm.kraz9",
        "Size": 1234567,
        "MimeType": "application/dicom",
        "ModTime": "2026-03-02T09:00:00.000000000+01:00",
        "IsDir": False,
    },
    {"Path": "report/READ_ME.txt", "Name": "READ_ME.txt", "Size": 9, "ModTime": "2026-03-02T08:00:00Z", "IsDir": False},
]
OBJECTS = [
    {"Name": "inner", "FullName": "D:\\share\\report\\inner", "Parent": "report", "LastWriteTime": "/Date(1772438400000)/"},
    {
        "Name": "IM0001.dcm.kraz9",
        "Length": 1234567,
        "FullName": "D:\\share\\report\\IM0001.dcm.kraz9",
        "LastWriteTime": "/Date(1772438400000)/",
        "PSIsContainer": False,
    },
    {
        "Name": "READ_ME.txt",
        "Length": 9,
        "FullName": "D:\\share\\report\\READ_ME.txt",
        "LastWriteTime": {"value": "/Date(1772438400000)/", "DateTime": "x"},
    },
]
CSV = '"FullName","Length","LastWriteTimeUtc","PSIsContainer"\n"D:\\share\\report","","02/03/2026 08:00:00","True"\n"D:\\share\\report\\IM0001.dcm.kraz9","1234567","02/03/2026 08:00:00","False"\n"D:\\share\\report\\READ_ME.txt","9","02/03/2026 08:00:00","False"\n'
EVERYTHING = (
    "Filename,Size,Date Modified,Date Created,Attributes\n"
    '"D:\\share\\report",,134168832000000000,134168832000000000,16\n'
    '"D:\\share\\report\\IM0001.dcm.kraz9",1234567,134169120000000000,1,32\n'
    '"D:\\share\\report\\READ_ME.txt",9,134169120000000000,1,32\n'
)
LSL = "  1234567 2026-03-02 08:00:00.000000000 report/IM0001.dcm.kraz9\n        9 2026-03-02 08:00:00.000000000 report/READ_ME.txt\n"
LS = """./report:
total 16
drwxr-xr-x 2 root root    4096 2026-03-02 08:00:00.000000000 +0000 inner
-rw-r--r-- 1 root root 1234567 2026-03-02 09:00:00.000000000 +0100 IM0001.dcm.kraz9
-rw-r--r--+ 1 root root       9 2026-03-02 08:00:00.000000000 +0000 READ_ME.txt
"""

WRITTEN = {
    "dir": ("dir_listing", DIR.replace("\n", "\r\n").encode()),
    "dir in French, console": ("dir_listing", REPERTOIRE.replace("’", "'").encode("cp850")),
    "dir in French, UTF-16": ("dir_listing", REPERTOIRE.encode("utf-16")),
    "Get-ChildItem": ("powershell_listing", TEXT.encode("utf-16")),
    "ConvertTo-Json": ("powershell_listing", json.dumps(OBJECTS, indent=4).encode("utf-16")),
    "Export-Csv": ("file_table", CSV.encode()),
    "Everything": ("file_table", EVERYTHING.encode()),
    "robocopy": ("robocopy_log", ROBOCOPY.encode()),
    "7z": ("7z_listing", (SLT.split("--\n")[0] + TABLE).encode()),
    "7z -slt": ("7z_listing", SLT.encode()),
    "bodyfile": ("bodyfile", BODYFILE.encode()),
    "rclone lsjson": ("rclone_listing", json.dumps(ITEMS).encode()),
    "rclone lsl": ("rclone_listing", LSL.encode()),
    "ls": ("ls_listing", LS.encode()),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_two_files_with_size_and_time(read_bytes: Any, name: str) -> None:
    kind, data = WRITTEN[name]
    known = identify(data)
    assert known is not None and known[0] == kind
    found = read_bytes(known[1], data)
    image, note = found.rows["file_sample"]
    assert (image["size"], image["ts"], image["extension"], image["appended"], image["promised"]) == (
        1234 if "French" in name else 1234567,
        NANOS,
        "dcm",
        "kraz9",
        "dicom",
    )
    assert (note["name"], note["size"], note["ts"], note["examined"]) == ("READ_ME.txt", 9, NANOS, False)
    assert note["folder"].rpartition("/")[2] in ("report", "comptes rendus")
    assert found.codes() == ["content_not_seen"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    for name in ("report/IM0001.dcm.kraz9", "report/a b/READ_ME.txt", "report/a b/résumé.docx"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 9)
        os.utime(path, (MOMENT, MOMENT))
    return root


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (["ls", "-lR", "--time-style=full-iso", "."], "ls_listing"),
        (["ls", "-lRa", "--time-style=long-iso", "."], "ls_listing"),
        (["find", ".", "-type", "f", "-printf", "%T@ %s %p\n"], "find_listing"),
        (["find", ".", "-type", "f", "-printf", "0|%p|%i|%M|%U|%G|%s|%A@|%T@|%C@|0\n"], "bodyfile"),
    ],
    ids=["ls", "ls -a", "find -printf", "bodyfile"],
)
def test_real_listings(read_bytes: Any, tree: Path, command: list[str], kind: str) -> None:
    data = subprocess.run(
        command, cwd=tree, check=True, capture_output=True, env={"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ["PATH"]}
    ).stdout
    known = identify(data)
    assert known is not None and known[0] == kind
    rows = sorted(read_bytes(known[1], data).rows["file_sample"], key=lambda row: str(row["name"]))
    assert [(row["size"], row["ts"]) for row in rows] == [(9, NANOS)] * 3
    assert {row["name"] for row in rows} >= {"READ_ME.txt"}
    assert [row["appended"] for row in rows if row["extension"] == "dcm"] == ["kraz9"]


@pytest.mark.parametrize(("command", "kind"), [(["ls", "-lR", "."], "ls_listing"), (["find", ".", "-ls"], "find_listing")])
def test_times_without_a_year_are_none(read_bytes: Any, tree: Path, command: list[str], kind: str) -> None:
    """The clock of this machine decides whether ls writes the year: either form must be read."""
    data = subprocess.run(
        command, cwd=tree, check=True, capture_output=True, env={"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ["PATH"]}
    ).stdout
    known = identify(data)
    assert known is not None and known[0] == kind
    found = read_bytes(known[1], data)
    day = NANOS - NANOS % 86_400_000_000_000
    assert [row["size"] for row in found.rows["file_sample"]] == [9, 9, 9]
    for row in found.rows["file_sample"]:
        assert row["ts"] in (day, None)
        assert (row["ts"] is None) == ("no_year" in found.codes())


_7Z = shutil.which("7z") or shutil.which("7zz") or ""


@pytest.mark.skipif(not _7Z, reason="7z is not here")
@pytest.mark.parametrize("options", [[], ["-slt"]])
def test_real_archive(read_bytes: Any, tree: Path, tmp_path: Path, options: list[str]) -> None:
    archive = tmp_path / "x.7z"
    subprocess.run([_7Z, "a", str(archive), "report"], cwd=tree, check=True, capture_output=True)
    data = subprocess.run(
        [_7Z, "l", *options, str(archive)], check=True, capture_output=True, env={"TZ": "UTC", "PATH": os.environ["PATH"]}
    ).stdout
    known = identify(data)
    assert known is not None and known[0] == "7z_listing"
    assert sorted(row["size"] for row in read_bytes(known[1], data).rows["file_sample"]) == [9, 9, 9]


def test_names_of_people_are_tokens(read_bytes: Any) -> None:
    data = LS.replace("IM0001", "DUPONT_Jeanne").encode()
    text = json.dumps(read_bytes(ls_command.READER, data).rows["file_sample"])
    assert "DUPONT" not in text and "Jeanne" not in text
    assert (token("file", "DUPONT_Jeanne") or "?")[:8] in text


@pytest.mark.parametrize(
    "data",
    [
        b"Mar  2 08:00:00 host sshd[1]: Accepted password for root from 10.0.0.1 port 22 ssh2\n",
        b"Name,Version,Publisher,Size,Modified\nx,1,y,1,2026-03-02\n",
        b"total 3 of 5\nsome text: here\n",
        b"1772438400.123 200 /index.html\n",
        b"a|b|c|d|e|f|g|h|i|j|k\n",
    ],
)
def test_what_is_no_listing(data: bytes) -> None:
    readers = (dir_command, ls_command, bodyfile, robocopy, seven_zip, rclone, powershell, file_table)
    assert [module.READER.name for module in readers if module.READER.sniff(data)] == []


READERS = {"ls": ls_command, "dir": dir_command, "robocopy": robocopy, "7z -slt": seven_zip, "bodyfile": bodyfile, "rclone lsjson": rclone, "rclone lsl": rclone,
           "Get-ChildItem": powershell, "ConvertTo-Json": powershell, "Export-Csv": file_table, "Everything": file_table}  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (dir_command, DIR + "03/02/2026  what is this\n"),
        (powershell, TEXT + "-a----        never\n-a----        02/03/2026\n"),
        (powershell, json.dumps([{"Length": 1, "FullName": 7}])),
        (rclone, json.dumps([{"Size": 1, "Path": None}])),
        (ls_command, "total 4\n-rw-r--r-- 1 a b 9 2026-03-02 08:00 x\n-rw-r--r-- damaged\n"),
    ],
)
def test_what_is_no_file_of_a_listing_is_told(read_bytes: Any, reader: Any, text: str) -> None:
    assert {"bad_line", "bad_record"} & set(read_bytes(reader.READER, text.encode()).codes())


@pytest.mark.parametrize("name", READERS)
def test_nothing_is_told_of_a_listing_that_is_whole(read_bytes: Any, name: str) -> None:
    assert not {"bad_line", "bad_record"} & set(read_bytes(READERS[name].READER, WRITTEN[name][1]).codes())


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_damage_is_told_and_never_more(read_bytes: Any, name: str, data: st.DataObject) -> None:
    whole = WRITTEN[name][1]
    broken = damaged(data, whole)
    identify(broken[:65536])
    with contextlib.suppress(ReaderError):
        read_bytes(READERS[name].READER, broken)
    with contextlib.suppress(ReaderError):
        read_bytes(find_command.READER, broken)
