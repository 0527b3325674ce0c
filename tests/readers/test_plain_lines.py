"""Logs of one line each: Suricata's fast.log, and the firewall, DHCP server and DNS server of Windows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.readers.conftest import Bytes, Found, damaged

from wardround.readers import identify, suricata_fast, windows_dhcp, windows_dns, windows_firewall

Read = Callable[..., Found]

NOON = 1_773_144_000 * 10**9  # 2026-03-10T12:00:00Z

FAST = """03/10/2026-12:00:00.500000  [**] [1:2019401:3] ET POLICY remote desktop [x] [**] [Classification: Attempted Administrator Privilege Gain] [Priority: 1] {TCP} 203.0.113.9:51234 -> 10.1.1.5:3389
03/10/2026-12:00:01.500000  [Drop] [**] [1:2:1] two [**] [Classification: (null)] [Priority: 3] {IPv6-ICMP} fe80::1:135 -> ff02::2:0
03/10/26-12:00:02.500000 [**] [116:6:1] three [**] [Priority: 2] {UDP} 10.1.1.6 -> 10.1.1.5
"""  # noqa: E501
FIREWALL = """#Version: 1.5
#Software: Microsoft Windows Firewall
#Time Format: Local
#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info

2026-03-10 12:00:00 DROP TCP 203.0.113.9 10.1.1.5 51234 3389 52 S 12345 0 8192 - - - RECEIVE
2026-03-10 12:00:01 ALLOW ICMP fe80::1 ff02::2 - - 0 - - - - 135 0 - SEND
2026-03-10 12:00:02 INFO-EVENTS-LOST - - - - - - - - - - - - 7 -
what is this
"""
DHCP = """\t\tJournal d’activité du service DHCP Microsoft


ID d’événement  Signification
00\tLe journal a été démarré.
10\tUne nouvelle adresse IP a été louée à un client.

ID,Date,Heure,Description,Adresse IP,Nom d’hôte,Adresse MAC,Nom d’utilisateur, ID de transaction, QResult,
24,03/10/26,00:00:01,Nettoyage,,,,,0,6,
10,03/10/26,12:00:00,Attribuer,10.1.1.50,CT1.hospital.example,001A2B3C4D5E,,77,0,
11,03/10/26,12:05:00,Renouveler,10.1.1.51,,001A2B3C4D,,78,0,
30,03/10/26,12:05:01,Mise à jour DNS,10.1.1.51,ct1,,,0,6,
x
"""
DNS = """DNS Server log file creation at 10/03/2026 11:59:00

Message logging key (for packets - other items use a subset of these fields):

13/03/2026 12:00:00 0E5C PACKET  000000D1F5A2C4B0 UDP Rcv 10.1.1.50       a1b2   Q [0001   D   NOERROR] A      (3)www(7)example(3)com(0)
13/03/2026 12:00:00 0E5C PACKET  000000D1F5A2C4B0 UDP Snd 10.1.1.50       a1b2 R Q [8081   DR  NOERROR] A      (3)www(7)example(3)com(0)
10/03/2026 12:00:00 0E5C PACKET  000000D1F5A2C4B0 TCP Rcv fe80::9         00ff   Q [0001   D   NOERROR] TYPE65 (4)_dns(0)
10/03/2026 12:00:00 0E5C EVENT   The DNS server has started.
"""  # noqa: E501

LOGS: dict[str, tuple[str, Any]] = {
    "suricata_fast": (FAST, suricata_fast.READER),
    "windows_firewall": (FIREWALL, windows_firewall.READER),
    "windows_dhcp": (DHCP, windows_dhcp.READER),
    "windows_dns": (DNS, windows_dns.READER),
}


def _rows(found: Found, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in columns) for row in found.rows[table]]


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_each_is_known_by_its_beginning(name: str, end: str, mark: str) -> None:
    text, reader = LOGS[name]
    assert identify((mark + text.replace("\n", end)).encode()) == (name, reader)


def test_alerts(read_bytes: Read) -> None:
    found = read_bytes(suricata_fast.READER, FAST.encode())
    ends = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto")
    assert _rows(found, "suricata_alert", *ends) == [
        ("203.0.113.9", 51234, "10.1.1.5", 3389, "tcp"),
        ("fe80::1", 135, "ff02::2", 0, "ipv6-icmp"),
        ("10.1.1.6", None, "10.1.1.5", None, "udp"),
    ]
    assert _rows(found, "suricata_alert", "signature", "gid", "signature_id", "rev", "action", "severity") == [
        ("ET POLICY remote desktop [x]", 1, 2019401, 3, "allowed", 1),
        ("two", 1, 2, 1, "blocked", 3),
        ("three", 116, 6, 1, "allowed", 2),
    ]
    assert _rows(found, "suricata_alert", "ts", "ts_zone") == [(NOON + 500_000_000 + n * 10**9, "assumed") for n in range(3)]
    assert found.codes() == []


def test_alerts_without_a_year_are_of_the_latest(read_bytes: Read) -> None:
    found = read_bytes(suricata_fast.READER, FAST.replace("/2026-", "-").replace("/26-", "-").encode())
    now = datetime.now(UTC)
    year = now.year if (now.month, now.day) >= (3, 9) else now.year - 1
    assert {datetime.fromtimestamp(ts // 10**9, UTC).year for (ts,) in _rows(found, "suricata_alert", "ts")} == {year}
    assert found.codes() == ["year_assumed"]


def test_the_firewall_of_windows(read_bytes: Read) -> None:
    found = read_bytes(windows_firewall.READER, FIREWALL.encode())
    columns = (
        "record",
        "action",
        "proto",
        "source",
        "source_port",
        "destination",
        "destination_port",
        "ts",
        "ts_zone",
        "vendor",
    )
    assert _rows(found, "firewall_event", *columns) == [
        (6, "drop", "tcp", "203.0.113.9", 51234, "10.1.1.5", 3389, NOON, "assumed", "windows"),
        (7, "accept", "icmp", "fe80::1", None, "ff02::2", None, NOON + 10**9, "assumed", "windows"),
    ]
    assert [(code, offset) for code, _, offset, _ in found.diagnostics] == [("bad_line", 9)]
    utc = read_bytes(windows_firewall.READER, FIREWALL.replace("Local", "UTC").encode())
    assert {zone for (zone,) in _rows(utc, "firewall_event", "ts_zone")} == {"utc"}


def test_leases(read_bytes: Read) -> None:
    found = read_bytes(windows_dhcp.READER, DHCP.encode())
    assert _rows(found, "dhcp", "record", "assigned_addr", "host_name", "mac", "ts") == [
        (10, "10.1.1.50", "CT1.hospital.example", "00:1a:2b:3c:4d:5e", NOON),
        (11, "10.1.1.51", None, None, NOON + 300 * 10**9),
    ]
    assert [(code, offset) for code, _, offset, _ in found.diagnostics] == [("bad_line", 13)]


def test_questions(read_bytes: Read) -> None:
    found = read_bytes(windows_dns.READER, DNS.encode())
    assert _rows(found, "dns", "record", "id.orig_h", "id.resp_p", "proto", "trans_id", "query", "qtype_name") == [
        (5, "10.1.1.50", 53, "udp", 0xA1B2, "www.example.com", "A"),
        (7, "fe80::9", 53, "tcp", 0x00FF, "_dns", "TYPE65"),
    ]
    # The first date tells that the day stands first; the second would be in October otherwise.
    assert [ts // 10**9 for (ts,) in _rows(found, "dns", "ts")] == [(NOON + 3 * 86_400 * 10**9) // 10**9, NOON // 10**9]
    assert found.codes() == []


@given(st.sampled_from(sorted(LOGS)), st.data())
@settings(max_examples=80, deadline=None)
def test_no_damage_stops_a_reader(name: str, data: st.DataObject) -> None:
    text, reader = LOGS[name]
    found, source = Found(), Bytes(damaged(data, text.encode()), None)
    for span in reader.split(source):
        reader.read(source, span, found)
    assert sum(map(len, found.rows.values())) <= 4


@pytest.mark.parametrize("name", LOGS)
def test_endless_lines_are_left_out(name: str, read_bytes: Read) -> None:
    text, reader = LOGS[name]
    first = next(line for line in text.splitlines() if line[:2].isdigit() or line[:4] == "2026")
    found = read_bytes(reader, (text + first + " [" * 500_000 + "\n").encode())
    assert "bad_line" in found.codes()
