"""nmap's other outputs: the rows that its XML would give, as far as they say as much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.readers.conftest import Bytes, Found, damaged

from wardround.readers import identify
from wardround.readers.nmap_text import READER

Read = Callable[..., Found]

NORMAL = """# Nmap 7.93 scan initiated Tue Mar 10 08:00:00 2026 as: nmap -sV -O -oN scan.nmap 10.9.0.0/24
Nmap scan report for archive.hospital.example (10.9.0.1)
Host is up (0.0010s latency).
Not shown: 995 closed tcp ports (reset)
PORT     STATE    SERVICE      VERSION
22/tcp   open     ssh          OpenSSH 9.2p1 Debian 2+deb12u10 (protocol 2.0)
104/tcp  open     dicom
| dicom-ping:\x20
|   dicom: DICOM Service Provider discovered!
|_  config: Any AET is accepted (Insecure)
| http-slowloris:\x20
|_  nothing of use
443/tcp  open     ssl/http     nginx 1.22.1
445/tcp  open     microsoft-ds Windows Server 2008 R2 Standard 7601 Service Pack 1 microsoft-ds
3389/tcp filtered ms-wbt-server?
MAC Address: 00:1A:2B:3C:4D:5E (Somebody)
OS details: Microsoft Windows Server 2008 R2
Service Info: Host: ARCHIVE; OS: Windows; CPE: cpe:/o:microsoft:windows

Host script results:
| smb2-security-mode:\x20
|   210:\x20
|_    Message signing enabled but not required

Nmap scan report for 10.9.0.7
Host is up.

PORT    STATE SERVICE
161/udp open  snmp
Service detection performed. Please report any incorrect results at https://nmap.org/submit/ .
# Nmap done at Tue Mar 10 08:09:00 2026 -- 256 IP addresses (2 hosts up) scanned in 540.00 seconds
"""
GREPABLE = """# Nmap 7.93 scan initiated Tue Mar 10 08:00:00 2026 as: nmap -sV -oG scan.gnmap 10.9.0.0/24
Host: 10.9.0.1 (archive.hospital.example)\tStatus: Up
Host: 10.9.0.1 (archive.hospital.example)\tPorts: 22/open/tcp//ssh//OpenSSH 9.2p1 Debian 2+deb12u10 (protocol 2.0)/, 443/open/tcp//ssl|http//nginx 1.22.1/, 8080/closed/tcp//http-proxy///\tIgnored State: closed (995)\tOS: Linux
# Nmap done at Tue Mar 10 08:09:00 2026 -- 256 IP addresses (1 host up) scanned in 540.00 seconds
"""  # noqa: E501
TIME = 1_773_129_600 * 10**9


def _services(found: Found) -> list[tuple[Any, ...]]:
    columns = ("record", "host", "port", "proto", "state", "service", "product", "version", "tls")
    return [tuple(row[name] for name in columns) for row in found.rows["service"]]


def test_for_people(read_bytes: Read) -> None:
    assert identify(NORMAL.encode()) == ("nmap_text", READER)
    found = read_bytes(READER, NORMAL.encode())
    assert _services(found) == [
        (6, "10.9.0.1", 22, "tcp", "open", "ssh", "OpenSSH", "9.2p1 Debian 2+deb12u10", False),
        (7, "10.9.0.1", 104, "tcp", "open", "dicom", None, None, False),
        (13, "10.9.0.1", 443, "tcp", "open", "http", "nginx", "1.22.1", True),
        (14, "10.9.0.1", 445, "tcp", "open", "microsoft-ds",
         "Windows Server 2008 R2 Standard 7601 Service Pack 1 microsoft-ds", None, False),
        (15, "10.9.0.1", 3389, "tcp", "filtered", "ms-wbt-server", None, None, False),
        (29, "10.9.0.7", 161, "udp", "open", "snmp", None, None, False),
    ]  # fmt: skip
    first, dicom, *_, last = found.rows["service"]
    assert (first["ts"], first["ts_zone"], first["hostname"], first["mac"], first["os"], first["extra"]) == (
        TIME, "assumed", "archive.hospital.example", "00:1a:2b:3c:4d:5e", "Microsoft Windows Server 2008 R2", "protocol 2.0",
    )  # fmt: skip
    assert dicom["scripts"] == [
        "dicom-ping: dicom: DICOM Service Provider discovered! config: Any AET is accepted (Insecure)",
        "smb2-security-mode: 210: Message signing enabled but not required",
    ]
    assert first["scripts"] == dicom["scripts"][1:]
    assert (last["mac"], last["scripts"]) == (None, None)
    assert [(row["name"], row["version"]) for row in found.rows["software"]][:2] == [
        ("OpenSSH", "9.2p1 Debian 2+deb12u10"), ("nginx", "1.22.1"),
    ]  # fmt: skip
    assert found.codes() == []


def test_for_programs(read_bytes: Read) -> None:
    assert identify(GREPABLE.encode()) == ("nmap_text", READER)
    found = read_bytes(READER, GREPABLE.encode())
    assert _services(found) == [
        (3, "10.9.0.1", 22, "tcp", "open", "ssh", "OpenSSH", "9.2p1 Debian 2+deb12u10", False),
        (3, "10.9.0.1", 443, "tcp", "open", "http", "nginx", "1.22.1", True),
        (3, "10.9.0.1", 8080, "tcp", "closed", "http-proxy", None, None, False),
    ]
    assert {(row["hostname"], row["os"], row["ts"]) for row in found.rows["service"]} == {
        ("archive.hospital.example", "Linux", TIME)
    }


def test_what_nmap_prints(read_bytes: Read) -> None:
    printed = "Starting Nmap 7.93 ( https://nmap.org ) at 2026-03-10 08:00 CET\n" + NORMAL.partition("\n")[2]
    found = read_bytes(READER, printed.replace("\n", "\r\n").encode())
    assert len(found.rows["service"]) == 6
    assert found.rows["service"][0]["ts"] == TIME


@pytest.mark.parametrize("data", [b"", b"Host: www.example.com\r\nAccept: */*\r\n", b"# Nmap notes\n", b"Nmap scan reports\n"])
def test_other_text_is_left_to_others(data: bytes) -> None:
    assert READER.sniff(data) is None


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_stops_the_reader(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([NORMAL, GREPABLE])).encode()
    found, source = Found(), Bytes(damaged(data, whole), None)
    for span in READER.split(source):
        READER.read(source, span, found)
    assert len(found.rows.get("service", [])) <= 8
