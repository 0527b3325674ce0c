"""Syslog and what devices write into it: headers, times, the fields of each kind of message, and nothing lost silently."""

# Patterns and sample lines are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.errors import ReaderError
from wardround.readers import identify
from wardround.readers.syslog import READER

Read = Callable[..., Any]


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


ASA = "%ASA-6-113039: Group <RADIO> User <dr.martin> IP <203.0.113.9> AnyConnect parent session started."


@pytest.mark.parametrize(
    ("head", "time", "zone", "device"),
    [
        ("<166>1 2026-03-10T08:00:00.5+01:00 fw1 asa - - - ", "2026-03-10T07:00:00", "stated", "fw1"),
        ("<166>2026-03-10T07:00:00Z fw1 : ", "2026-03-10T07:00:00", "stated", "fw1"),
        ("<166>Mar 10 2026 07:00:00 fw1 : ", "2026-03-10T07:00:00", "assumed", "fw1"),
        ("gate_1           | 2026-03-10T07:00:00,820Z ", "2026-03-10T07:00:00", "stated", None),
        ("<166>Mar 10 2026 07:00:00: ", "2026-03-10T07:00:00", "assumed", None),
        ("Mar 10 2026 08:00:00 CET: ", "2026-03-10T07:00:00", "stated", None),
        ("<166>fw1: 2026 Mar 10 07:00:00 UTC: ", "2026-03-10T07:00:00", "stated", "fw1"),
        ("<166>45: fw1: 000123: *Mar 10 2026 07:00:00.123: ", "2026-03-10T07:00:00", "assumed", "fw1"),
        ("Mar  9 23:00:01 relay 2026-03-10T07:00:00Z fw1 ", "2026-03-10T07:00:00", "stated", None),
        ("133 <166>1 2026-03-10T07:00:00Z fw1 - - - - ", "2026-03-10T07:00:00", "stated", "fw1"),
    ],
)
def test_headers(read_bytes: Read, head: str, time: str, zone: str, device: str | None) -> None:
    line = (head + ASA + "\n").encode()
    assert READER.sniff(line) == "syslog"
    found = read_bytes(READER, line)
    (row,) = found.rows["vpn_session"]
    assert row["ts"] // 10**9 == ns(time) // 10**9
    assert row["ts_zone"] == zone
    if device:
        assert row["device"] == device
    assert (row["user"], row["realm"], row["source"], row["record"]) == ("dr.martin", "RADIO", "203.0.113.9", 1)
    assert found.diagnostics == []


def test_a_missing_year_comes_from_the_neighbours(read_bytes: Read) -> None:
    lines = [
        f"Dec 31 23:59:59 fw1 : {ASA}",
        f"Jan 01 00:00:01 fw1 : {ASA}",
        f"2020-01-01T00:00:02Z fw1 {ASA}",
    ]
    found = read_bytes(READER, "\n".join(lines).encode())
    assert [row["ts"] for row in found.rows["vpn_session"]] == [
        ns("2019-12-31T23:59:59"),
        ns("2020-01-01T00:00:01"),
        ns("2020-01-01T00:00:02"),
    ]
    assert found.diagnostics == []


def test_a_missing_year_without_neighbours_is_the_latest_and_said(read_bytes: Read) -> None:
    found = read_bytes(READER, f"Mar 10 07:00:00 fw1 : {ASA}\n".encode())
    (row,) = found.rows["vpn_session"]
    year = datetime.now(UTC).year
    assert row["ts"] in (ns(f"{year}-03-10T07:00:00"), ns(f"{year - 1}-03-10T07:00:00"))
    assert row["ts"] <= (datetime.now(UTC).timestamp() + 86400) * 10**9
    assert row["ts_zone"] == "assumed"
    assert found.codes() == ["year_assumed"]


def test_the_29th_of_february_stays_a_day(read_bytes: Read) -> None:
    found = read_bytes(READER, f"Feb 29 07:00:00 fw1 : {ASA}\n2023-03-01T00:00:00Z fw1 {ASA}\n".encode())
    assert found.rows["vpn_session"][0]["ts"] == ns("2023-03-01T07:00:00")


FORTI = (
    'date=2026-03-10 time=08:00:00 devname="fgt1" devid="FGT60F0000000001" eventtime={eventtime} tz="+0100" '
    'logid="{logid}" type="{type}" subtype="{subtype}" level="notice" vd="root" '
)


def forti(logid: str, kind: str, subtype: str, rest: str, eventtime: str = "1773126000000000000") -> str:
    return FORTI.format(logid=logid, type=kind, subtype=subtype, eventtime=eventtime) + rest


#: Lines of our own in the shape of each kind, and the fields that must come of them.
EXPECTED: list[tuple[str, str, dict[str, Any]]] = [
    (
        forti("0101039426", "event", "vpn", 'action="ssl-login-fail" tunneltype="ssl-web" tunnelid=0 remip=203.0.113.9 user="j.petit" group="N/A" dst_host="N/A" reason="sslvpn_login_permission_denied" msg="SSL user failed to logged in"'),
        "vpn_session",
        {"action": "login_failed", "outcome": "failure", "user": "j.petit", "source": "203.0.113.9", "realm": None, "reason": "sslvpn_login_permission_denied", "tunnel": "clientless", "device": "fgt1", "message_id": "0101039426", "ts": ns("2026-03-10T07:00:00"), "ts_zone": "utc"},
    ),
    (
        forti("0101039947", "event", "vpn", 'action="tunnel-up" tunneltype="ssl-tunnel" tunnelid=77 remip=203.0.113.9 tunnelip=10.9.0.7 user="j.petit" group="RADIO" reason="tunnel established"', "1773126000"),
        "vpn_session",
        {"action": "tunnel_up", "outcome": "success", "user": "j.petit", "assigned_address": "10.9.0.7", "realm": "RADIO", "session": "77", "tunnel": "ssl", "ts": ns("2026-03-10T07:00:00")},
    ),
    (
        forti("0101039424", "event", "vpn", 'action="tunnel-up" tunneltype="ssl-web" tunnelid=77 remip=203.0.113.9 user="j.petit" group="RADIO" reason="login successfully"'),
        "vpn_session",
        {"action": "login", "outcome": "success", "user": "j.petit", "tunnel": "clientless"},
    ),
    (
        forti("0101039948", "event", "vpn", 'action="tunnel-down" tunneltype="ssl-tunnel" tunnelid=77 remip=203.0.113.9 tunnelip=10.9.0.7 user="j.petit" group="RADIO" duration=3600 sentbyte=2048 rcvdbyte=1024 reason="User requested termination of service"'),
        "vpn_session",
        {"action": "tunnel_down", "duration": 3600.0, "bytes_out": 2048, "bytes_in": 1024, "reason": "User requested termination of service"},
    ),
    (
        forti("0000000013", "traffic", "forward", 'srcip=203.0.113.9 srcport=51515 srcintf="wan1" srcintfrole="wan" dstip=10.1.1.7 dstport=3389 dstintf="lan" dstintfrole="lan" sessionid=88 proto=6 action="close" policyid=12 policytype="policy" service="RDP" srccountry="France" duration=61 sentbyte=5000 rcvdbyte=900000'),
        "firewall_event",
        {"action": "close", "source": "203.0.113.9", "source_port": 51515, "source_role": "wan", "destination": "10.1.1.7", "destination_port": 3389, "destination_role": "lan", "proto": "tcp", "application": "RDP", "policy": "12", "bytes_out": 5000, "bytes_in": 900000, "duration": 61.0, "session": "88", "source_zone": "wan1"},
    ),
    (
        forti("0419016384", "utm", "ips", 'severity="critical" srcip=203.0.113.9 srccountry="X" dstip=10.1.1.7 srcintf="wan1" dstintf="dmz" sessionid=9 action="dropped" proto=6 service="HTTPS" attack="Fortinet.SSL.VPN.Path.Traversal" srcport=1025 dstport=443 hostname="vpn.example" url="/remote/fgt_lang?lang=/../x"'),
        "firewall_event",
        {"action": "drop", "threat": "Fortinet.SSL.VPN.Path.Traversal", "url": "vpn.example/remote/fgt_lang?lang=/../x", "destination_port": 443},
    ),
    (
        forti("0100032002", "event", "system", 'user="admin" ui="https(203.0.113.9)" method="https" srcip=203.0.113.9 dstip=198.51.100.1 action="login" status="failed" reason="passwd_invalid" msg="Administrator admin login failed from https(203.0.113.9) because of invalid password"'),
        "logon",
        {"action": "login_failed", "outcome": "failure", "user": "admin", "source": "203.0.113.9", "service": "https", "privilege": "admin", "reason": "passwd_invalid"},
    ),
    (
        forti("0100032001", "event", "system", 'user="admin" ui="ssh(10.1.9.4)" action="login" status="success" reason="none" msg="Administrator admin logged in successfully from ssh(10.1.9.4)"'),
        "logon",
        {"action": "login", "outcome": "success", "source": "10.1.9.4", "service": "ssh"},
    ),
    (
        forti("0100044547", "event", "system", 'user="admin" ui="jsconsole(127.0.0.1)" action="Add" cfgtid=1 cfgpath="system.admin" cfgobj="help01" cfgattr="password[*Secr3t*]accprofile[super_admin]vdom[root]" msg="Add system.admin help01"'),
        "device_event",
        {"category": "config", "user": "admin", "source": "127.0.0.1", "ui": "jsconsole(127.0.0.1)", "action": "add", "object": "system.admin help01"},
    ),
    (
        "CEF:0|Fortinet|Fortigate|v7.4.9|00013|traffic:forward close|3|deviceExternalId=FGT1 FTNTFGTeventtime=1773126000000000000 FTNTFGTlogid=0000000013 cat=traffic:forward FTNTFGTsubtype=forward src=10.1.1.7 spt=50001 deviceInboundInterface=lan dst=203.0.113.80 dpt=443 deviceOutboundInterface=wan1 proto=6 act=close FTNTFGTservice=HTTPS out=10 in=20",
        "firewall_event",
        {"action": "close", "source": "10.1.1.7", "destination": "203.0.113.80", "destination_port": 443, "bytes_out": 10, "bytes_in": 20, "ts": ns("2026-03-10T07:00:00")},
    ),
    ("Mar 10 2026 07:00:00 fw1 : %ASA-6-113005: AAA user authentication Rejected : reason = AAA failure : server = 10.1.1.3 : user = j.petit : user IP = 203.0.113.9", "vpn_session", {"action": "login_failed", "user": "j.petit", "source": "203.0.113.9", "reason": "AAA failure", "authentication": "10.1.1.3"}),
    ("Mar 10 2026 07:00:00 fw1 : %ASA-auth-6-113015: AAA user authentication Rejected : reason = Invalid password : local database : user = ***** : user IP = 203.0.113.9", "vpn_session", {"action": "login_failed", "user": "*****", "authentication": "local"}),
    ("Mar 10 2026 07:00:00 fw1 : %ASA-6-113004: AAA user authentication Successful : server =  10.1.1.3 : user = j.petit", "vpn_session", {"action": "authenticated", "outcome": "success", "user": "j.petit", "factor": "first"}),
    ("Mar 10 2026 07:00:00 fw1 : %ASA-6-716039: Group <RADIO> User <j.petit> IP <203.0.113.9> Authentication: rejected, Session Type: WebVPN.", "vpn_session", {"action": "login_failed", "user": "j.petit", "realm": "RADIO"}),
    ("Mar 10 2026 07:00:00 fw1 : %ASA-4-722051: Group <RADIO> User <j.petit> IP <203.0.113.9> IPv4 Address <10.9.0.7> IPv6 address <::> assigned to session", "vpn_session", {"action": "tunnel_up", "assigned_address": "10.9.0.7", "source": "203.0.113.9"}),
    ("Mar 10 2026 07:00:00 fw1 : %ASA-4-113019: Group = RADIO, Username = j.petit, IP = 203.0.113.9, Session disconnected. Session Type: SSL, Duration: 1d 2h:03m:04s, Bytes xmt: 1000, Bytes rcv: 2000, Reason: User Requested", "vpn_session", {"action": "tunnel_down", "duration": 93784.0, "bytes_out": 1000, "bytes_in": 2000, "reason": "User Requested"}),
    ("Mar 10 2026 07:00:00 fw1 : %ASA-6-302013: Built inbound TCP connection 9 for outside:203.0.113.9/50001 (203.0.113.9/50001) to inside:10.1.1.7/3389 (198.51.100.7/3389)", "firewall_event", {"action": "accept", "source": "203.0.113.9", "source_zone": "outside", "destination": "10.1.1.7", "destination_port": 3389, "proto": "tcp", "session": "9"}),
    ("Mar 10 2026 07:00:00 fw1 : %ASA-6-302013: Built outbound TCP connection 9 for outside:203.0.113.80/443 (203.0.113.80/443) to inside:10.1.1.7/50001 (198.51.100.7/50001)", "firewall_event", {"action": "accept", "source": "10.1.1.7", "destination": "203.0.113.80", "destination_port": 443}),
    ("Mar 10 2026 07:00:00 fw1 : %ASA-4-106023: Deny tcp src outside:203.0.113.9/50001 dst inside:10.1.1.7/445 by access-group \"outside_in\" [0x0, 0x0]", "firewall_event", {"action": "deny", "destination_port": 445, "policy": "outside_in"}),
    ("Mar 10 2026 07:00:00 fw1 : %ASA-6-605005: Login permitted from 10.1.9.4/50001 to inside:10.1.1.1/ssh for user \"admin\"", "logon", {"action": "login", "user": "admin", "service": "ssh", "source": "10.1.9.4"}),
    ("Mar 10 2026 07:00:00 fw1 : %ASA-5-111010: User 'admin', running 'CLI' from IP 10.1.9.4, executed 'username eve password Tr0ub4dor privilege 15'", "device_event", {"category": "config", "user": "admin", "source": "10.1.9.4", "object": "username eve password (secret) privilege 15"}),
    ("Mar 10 2026 07:00:00 fw1 : %FTD-6-430003: AccessControlRuleAction: Allow, SrcIP: 203.0.113.9, DstIP: 10.1.1.7, SrcPort: 50001, DstPort: 443, Protocol: tcp, AccessControlRuleName: in, ConnectionDuration: 5, InitiatorBytes: 10, ResponderBytes: 20", "firewall_event", {"action": "close", "source": "203.0.113.9", "destination_port": 443, "policy": "in", "bytes_out": 10, "bytes_in": 20}),
    ("<189>12: sw1: Mar 10 2026 07:00:00.5: %SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.1.9.4)", "device_event", {"category": "config", "user": "admin", "source": "10.1.9.4", "object": "vty0", "device": "sw1"}),
    ("<189>12: sw1: Mar 10 2026 07:00:00.5: %SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: root] [Source: 203.0.113.9] [localport: 22] [Reason: Login Authentication Failed] at 07:00:00 UTC", "logon", {"action": "login_failed", "user": "root", "source": "203.0.113.9", "reason": "Login Authentication Failed"}),
    ("2026-03-10T07:00:00Z pacs1 sshd[12]: Failed password for invalid user oracle from 203.0.113.9 port 50001 ssh2", "logon", {"action": "login_failed", "user": "oracle", "source": "203.0.113.9", "source_port": 50001, "service": "ssh", "authentication": "password", "device": "pacs1"}),
    ("2026-03-10T07:00:00Z pacs1 sshd[12]: Accepted publickey for root from 10.1.9.4 port 50001 ssh2: ED25519 SHA256:x", "logon", {"action": "login", "user": "root", "authentication": "publickey"}),
    ("2026-03-10T07:00:00Z pacs1 sshd(pam_unix)[12]: authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=203.0.113.9  user=root", "logon", {"action": "login_failed", "user": "root", "source": "203.0.113.9", "service": "ssh"}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "table", "fields"), EXPECTED)
def test_fields(read_bytes: Read, line: str, table: str, fields: dict[str, Any]) -> None:
    found = read_bytes(READER, line.encode() + b"\n")
    assert list(found.rows) == [table]
    (row,) = found.rows[table]
    assert {name: row[name] for name in fields} == fields
    assert found.diagnostics == []


def test_repeated_messages_count_as_often_as_they_are_told(read_bytes: Read) -> None:
    failed = "Failed password for root from 203.0.113.9 port 4242 ssh2"
    lines = [
        f"Mar 10 2026 07:00:00 pacs1 sshd[12]: {failed}",
        f"Mar 10 2026 07:00:09 pacs1 sshd[12]: message repeated 5 times: [ {failed}]",
        "Mar 10 2026 07:00:20 pacs1 last message repeated 3 times",
        "Mar 10 2026 07:00:21 ris1 last message repeated 7 times",  # of another device: what it repeats is not here
        f"Mar 10 2026 07:00:30 pacs1 sshd[12]: message repeated 99999999 times: [ {failed}]",
        f"Mar 10 2026 07:00:40 pacs1 sshd[12]: message repeated many times: [ {failed}]",
    ]
    found = read_bytes(READER, "\n".join(lines).encode())
    rows = found.rows["logon"]
    assert [sum(row["record"] == number for row in rows) for number in range(1, 7)] == [1, 5, 3, 0, 1_000, 0]
    assert {(row["action"], row["user"], row["source"], row["device"]) for row in rows} == {
        ("login_failed", "root", "203.0.113.9", "pacs1")
    }
    assert {row["ts"] // 10**9 - ns("2026-03-10T07:00:00") // 10**9 for row in rows} == {0, 9, 20, 30}
    assert ("repetitions_cut", 5) in [(code, offset) for code, _, offset, _ in found.diagnostics]


def test_windows_events_of_agents(read_bytes: Read) -> None:
    pairs = 'EventID="4625" SourceName="P" RecordNumber="5" Channel="Security" TargetUserName="eve \\"x\\" \\]"'
    tabs = [
        "MSWinEventLog",
        "1",
        "Security",
        "99",
        "Tue Mar 10 08:00:00 2026",
        "4625",
        "P",
        "N/A",
        "N/A",
        "Failure Audit",
        "ris1",
        "Logon",
        "",
        "eve",
        "7",
    ]
    json_event = (
        '{"EventTime":"2026-03-10 08:00:00","EventID":4625,"Channel":"Security","SourceName":"P","TargetUserName":"eve"}'
    )
    beat = '{"@timestamp":"2026-03-10T08:00:00Z","winlog":{"channel":"Security","event_id":4625,"event_data":{"TargetUserName":"eve"}}}'
    lines = [
        f"<14>1 2026-03-10T08:00:00.5+00:00 ct1 P 700 - [NXLOG@14506 {pairs}] An account failed to log on.",
        "<14>Mar 10 2026 08:00:00 ct1 " + "\t".join(tabs),
        f"<14>Mar 10 2026 08:00:00 ct1 nxlog: {json_event}",
        f"<14>1 2026-03-10T08:00:00Z ct1 beat - - - @cee: {beat}",
        f"Mar 10 2026 07:00:00 fw1 : {ASA}",
        '<14>1 2026-03-10T08:00:00Z ct1 app - - - {"winlog": 3}',
    ]
    found = read_bytes(READER, "\n".join(lines).encode())
    rows = {row["record"]: row for row in found.rows["windows_event"]}
    assert {(row["Channel"], row["EventID"]) for row in rows.values()} == {("Security", 4625)}
    assert [rows[number]["ts_zone"] for number in (1, 2, 3, 4)] == ["stated", "assumed", "assumed", "stated"]
    assert {row["ts"] // 10**9 * 10**9 for row in rows.values()} == {ns("2026-03-10T08:00:00")}
    assert (rows[1]["TargetUserName"], rows[1]["Computer"], rows[1]["Message"]) == (
        'eve "x" ]',
        "ct1",
        "An account failed to log on.",
    )
    assert (rows[2]["Computer"], rows[2]["Message"], rows[2]["Provider_Name"]) == ("ris1", "eve", "P")
    assert rows[3]["TargetUserName"] == rows[4]["TargetUserName"] == "eve"
    assert [row["record"] for row in found.rows["vpn_session"]] == [5]


def test_headers_of_esxi_8(read_bytes: Read) -> None:
    lines = [
        "2026-03-10T08:00:00Z In(14) sshd[2099000]: Accepted keyboard-interactive/pam for root from 10.9.0.66 port 50001 ssh2",
        "2026-03-10T08:00:05.123Z In(14) shell[2099340]: [root]: esxcli vm process list",
        "2026-03-10T08:00:06Z No(13) is no severity here: In(14) neither",
    ]
    found = read_bytes(READER, "\n".join(lines).encode())
    (logon,) = found.rows["logon"]
    assert (logon["user"], logon["source"], logon["action"], logon["ts"]) == (
        "root",
        "10.9.0.66",
        "login",
        ns("2026-03-10T08:00:00"),
    )
    (command,) = found.rows["linux_event"]
    assert (command["CommandLine"], command["User"]) == ("esxcli vm process list", "root")


def test_a_severity_before_the_program_is_no_host(read_bytes: Read) -> None:
    lines = [
        "Mar 10 2026 08:00:00 bigip1 notice tmm1[1]: 01490500:5: /Common/ap:Common:1a2b3c4d: New session from client IP 203.0.113.9",
        "Mar 10 2026 08:00:01 bigip1 notice apmd[9]: 01490010:5: /Common/ap:Common:1a2b3c4d: Username 'anna'",
        "Mar 10 2026 08:00:02 bigip1 notice tmm[1]: 01490549:5: /Common/ap:Common:1a2b3c4d: Assigned PPP Dynamic IPv4: 10.20.0.5 ID: 5 Client IP: 203.0.113.9",
        "Mar 10 2026 08:00:03 bigip1 notice apmd[9]: 01490115:5: /Common/ap:Common:1a2b3c4e: Following rule 'fallback' from item 'AD Auth' to ending 'Deny'",
        "Mar 10 2026 08:00:04 bigip1 notice tmm[1]: 01490502:5: /Common/ap:Common:1a2b3c4d: Session deleted due to user logout request.",
    ]
    found = read_bytes(READER, "\n".join(lines).encode())
    rows = sorted(found.rows["vpn_session"], key=lambda row: row["record"])
    assert [(row["action"], row["session"]) for row in rows] == [
        ("connection", "1a2b3c4d"),
        ("message", "1a2b3c4d"),
        ("tunnel_up", "1a2b3c4d"),
        ("login_failed", "1a2b3c4e"),
        ("logout", "1a2b3c4d"),
    ]
    assert {row["device"] for row in rows} == {"bigip1"}
    assert (rows[2]["assigned_address"], rows[2]["source"], rows[3]["reason"]) == ("10.20.0.5", "203.0.113.9", "AD Auth")


@pytest.mark.parametrize(
    ("line", "table", "fields"),
    [
        (
            "<30>Mar 10 2026 08:00:00 nas qlogd[1]: conn log: Users: anna, Source IP: 203.0.113.9, Computer name: ---, Connection type: HTTP, Accessed resources: Administration, Action: Login Fail",
            "logon",
            {"user": "anna", "source": "203.0.113.9", "service": "HTTP", "action": "login_failed"},
        ),
        (
            "Mar 10 2026 08:00:00 fw %%01SSLVPN/5/USERLOGIN(l)[12]:The user login succeeded. (User Name=anna, Source IP=203.0.113.9, VPN IP=10.20.0.5)",
            "vpn_session",
            {"user": "anna", "source": "203.0.113.9", "assigned_address": "10.20.0.5", "action": "login"},
        ),
        (
            "Mar 10 2026 08:00:00 fw %%01SEC/4/PACKETFILTER(l)[3]:Policy deny, proto=6, source IP=203.0.113.9 port=51234, destination IP=10.1.1.5 port=3389",
            "firewall_event",
            {
                "source": "203.0.113.9",
                "source_port": 51234,
                "destination": "10.1.1.5",
                "destination_port": 3389,
                "proto": "tcp",
                "action": "deny",
            },
        ),
        (
            "Mar 10 2026 08:00:00 vpn openvpnas: WEB LOGIN: user=anna, ip=203.0.113.9, result=FAIL",
            "logon",
            {"user": "anna", "source": "203.0.113.9", "action": "login_failed", "service": "web"},
        ),
        (
            "Mar 10 2026 08:00:00 bigip1 info httpd(pam_audit)[1]: User=anna tty=(unknown) host=203.0.113.9 failed to login after 1 attempts",
            "logon",
            {"user": "anna", "source": "203.0.113.9", "action": "login_failed"},
        ),
        (
            "<13>Mar 10 2026 08:00:00 dc1 agent: <Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='P'/><EventID>4625</EventID><TimeCreated SystemTime='2026-03-10T08:00:00Z'/><Channel>Security</Channel><Computer>dc1</Computer></System><EventData><Data Name='TargetUserName'>anna</Data></EventData></Event>",
            "windows_event",
            {"EventID": 4625, "TargetUserName": "anna", "Computer": "dc1"},
        ),
    ],
)
def test_further_products(read_bytes: Read, line: str, table: str, fields: dict[str, Any]) -> None:
    (row,) = read_bytes(READER, line.encode()).rows[table]
    assert {name: row[name] for name in fields} == fields
    assert row["ts"] == ns("2026-03-10T08:00:00")


def test_a_block_of_repetitions_is_bounded(read_bytes: Read) -> None:
    line = b"Mar 10 2026 07:00:09 pacs1 sshd[1]: message repeated 900 times: [ Failed password for root from 203.0.113.9 port 1 ssh2]\n"
    found = read_bytes(READER, line * 2_000)
    assert len(found.rows["logon"]) == 100_000 + 2_000


def test_secrets_are_not_kept(read_bytes: Read) -> None:
    text = "\n".join(line for line, *_ in EXPECTED)
    kept = str(read_bytes(READER, text.encode()).rows)
    assert "Secr3t" not in kept
    assert "Tr0ub4dor" not in kept
    assert "(secret)" in kept


def test_what_is_left_out_on_purpose_is_counted(read_bytes: Read) -> None:
    lines = ["2026-03-10T07:00:00Z h postfix/smtpd[1]: connect from a", "2026-03-10T07:00:00Z h CRON[2]: (root) CMD (x)"] * 3
    lines.append("2026-03-10T07:00:00Z h frobnicator[3]: whirr")
    found = read_bytes(READER, "\n".join(lines).encode())
    assert found.rows == {}
    assert sorted(found.codes()) == ["ignored_kind", "ignored_kind", "unknown_kind"], found.diagnostics
    told = " ".join(message for _, message, *_ in found.diagnostics)
    assert "3 lines of the kind 'cron'" in told
    assert "1 lines of the kind 'frobnicator' could not be read" in told


def test_every_line_of_a_large_log_is_read_once(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    import wardround.readers.lines as lines

    monkeypatch.setattr(lines, "BLOCK_BYTES", 4096)
    monkeypatch.setattr(lines, "SPAN_BYTES", 20000)
    text = "".join(f"2026-03-10T07:00:00Z fw1 {ASA}\n".replace("martin", f"m{i}") for i in range(1000))
    found = read_bytes(READER, text.encode())
    assert found.spans > 2
    assert sorted(row["record"] for row in found.rows["vpn_session"]) == list(range(1, 1001))


def test_other_text_is_not_claimed() -> None:
    for text in (
        b"hello world\nthis is a letter\n",
        b"a,b,c\n1,2,3\n",
        b"",
        b'{"a": 1}\n',
        b"From: x\nDate: Tue, 10 Mar 2026\n\nMar 10\n",
    ):
        assert READER.sniff(text) is None
    assert identify(f"<166>Mar 10 2026 07:00:00 fw1 : {ASA}\n".encode())[0] == "syslog"  # type: ignore[index]


SAMPLE = "\n".join(line for line, *_ in EXPECTED).encode()


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_damage_never_breaks_the_reader(read_bytes: Read, data: st.DataObject) -> None:
    raw = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 40))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    begin = data.draw(st.integers(0, len(raw) - 1))
    piece = bytes(raw[begin : begin + data.draw(st.integers(0, 3000))])
    try:
        READER.sniff(piece)
        read_bytes(READER, piece)
    except ReaderError:
        pass


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")), max_size=20))
def test_any_text_is_survived(read_bytes: Read, lines: list[str]) -> None:
    read_bytes(READER, "\n".join(lines).encode("utf-8", "replace"))


def test_veeam_names_what_was_changed_and_by_whom(read_bytes: Any) -> None:
    """Event 23090 as the Help Center shows it, and the end of a job, which nobody began."""
    header = '<134>1 2026-03-02T08:00:00Z VBR01 Veeam_MP - - [origin enterpriseId="31023"] '
    deleted = (
        'categoryId=0 instanceId=23090 JobID="7e15" JobType="3" Platform="1" JobName="Job 01" ChangesXML="<changes><object id="7e15" '
        '/></changes>" UserName="TECH\\user1" VbrHostName="v" Version="1" Description="Backup job \'Job 01\' has been deleted."'
    )
    finished = 'categoryId=0 instanceId=190 JobResult="2" JobName="RIS" Version="1" Description="Backup job \'RIS\' finished with Failed."'
    data = "".join(f"{header}[{told}]\n" for told in (deleted, finished)).encode()
    first, second = read_bytes(READER, data).rows["device_event"]
    assert (first["vendor"], first["message_id"], first["user"], first["object"]) == ("veeam", "23090", "TECH\\user1", "Job 01")
    assert (second["message_id"], second["user"], second["object"]) == ("190", None, "RIS")
