"""Logs of web servers and proxies: every request with its parts, whatever the format."""

# Patterns and sample lines are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.readers import identify
from wardround.readers.access_log import READER
from wardround.readers.syslog import READER as SYSLOG

Read = Callable[..., Any]

EXPECTED: list[tuple[str, dict[str, Any]]] = [
    (
        '203.0.113.7 - jean [10/Mar/2026:08:00:00 +0100] "GET /a?b=c HTTP/1.1" 200 512 "https://x.example/" "Mozilla/5.0 (X11)"',
        {"ts": 1773126000 * 10**9, "ts_zone": "stated", "id.orig_h": "203.0.113.7", "username": "jean", "method": "GET", "uri": "/a?b=c", "version": "1.1", "status_code": 200, "response_body_len": 512, "referrer": "https://x.example/", "user_agent": "Mozilla/5.0 (X11)"},
    ),
    ('203.0.113.7 - - [10/Mar/2026:08:00:00 +0100] "POST /x HTTP/1.1" 404 -', {"method": "POST", "status_code": 404, "response_body_len": None, "user_agent": None}),
    ('vpn.example:443 203.0.113.7 - - [10/Mar/2026:08:00:00 +0100] "GET / HTTP/2.0" 200 5 "-" "curl/8"', {"host": "vpn.example", "id.resp_p": 443, "version": "2.0", "user_agent": "curl/8"}),
    ('2001:db8::7 - - [10/Mar/2026:08:00:00 +0100] "\\x16\\x03\\x01" 400 150 "-" "-"', {"id.orig_h": "2001:db8::7", "method": None, "uri": "\\x16\\x03\\x01", "status_code": 400}),
    ('203.0.113.7 - - [10/Mar/2026:08:00:00 +0100] "GET /l?user=a&password=hunter2&x=1 HTTP/1.1" 200 1 "-" "-"', {"uri": "/l?user=a&password=(secret)&x=1"}),
    (
        '203.0.113.7:33317 [10/Mar/2026:08:00:00.123] web~ pool/s1 0/0/0/3/3 403 212 - - ---- 1/1/0/0/0 0/0 "GET /vpn/../vpns/cfg/smb.conf HTTP/1.1"',
        {"id.orig_h": "203.0.113.7", "id.orig_p": 33317, "uri": "/vpn/../vpns/cfg/smb.conf", "status_code": 403, "ts_zone": "assumed"},
    ),
    ("1773126000.277   3387 10.1.1.7 TCP_TUNNEL/200 19131 CONNECT portal.example:443 jean HIER_DIRECT/198.51.100.9 -", {"ts": 1773126000277 * 10**6, "ts_zone": "utc", "id.orig_h": "10.1.1.7", "id.resp_h": "198.51.100.9", "host": "portal.example", "method": "CONNECT", "username": "jean", "status_code": 200, "response_body_len": 19131}),
    ("1773126000.277     24 10.1.1.7 TCP_MISS/200 394 GET http://www.example/x?y - HIER_DIRECT/www.example image/gif", {"host": "www.example", "uri": "http://www.example/x?y", "username": None}),
    ("203.0.113.7, -, 3/10/2026, 8:05:06, W3SVC2, WEB1, 10.0.0.5, 46, 2071, 143, 401, 5, GET, /owa/auth.owa, a=b&password=hunter2,", {"ts": 1773129906 * 10**9, "ts_zone": "assumed", "id.orig_h": "203.0.113.7", "id.resp_h": "10.0.0.5", "username": None, "method": "GET", "uri": "/owa/auth.owa?a=b&password=(secret)", "status_code": 401, "request_body_len": 2071, "response_body_len": 143}),
    ("203.0.113.7, HOSP\\jean, 12/1/2026, 18:05:06, W3SVC1, WEB1, 10.0.0.5, 46, 1, 2, 200, 0, POST, /x, -,", {"uri": "/x", "username": "HOSP\\jean", "method": "POST"}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "fields"), EXPECTED)
def test_fields(read_bytes: Read, line: str, fields: dict[str, Any]) -> None:
    assert READER.sniff(line.encode() + b"\n") == "access_log"
    found = read_bytes(READER, line.encode() + b"\n")
    (row,) = found.rows["http"]
    assert {name: row[name] for name in fields} == fields
    assert found.diagnostics == []


@pytest.mark.parametrize(("line", "fields"), EXPECTED[:6])
def test_the_same_through_syslog(read_bytes: Read, line: str, fields: dict[str, Any]) -> None:
    found = read_bytes(SYSLOG, f"<190>Mar 10 2026 07:00:01 web1 nginx: {line}\n".encode())
    (row,) = found.rows["http"]
    assert {name: row[name] for name in fields} == fields


W3C = b"""#Software: Microsoft Internet Information Services 10.0
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) cs-host sc-status sc-bytes cs-bytes
2026-03-10 07:00:00 10.0.0.5 GET /owa/auth.owa a=b 443 - 203.0.113.7 Mozilla/5.0+(Windows+NT+10.0) - mail.example 200 900 300
#Fields: date time c-ip cs-method cs-uri sc-status
2026-03-10 07:00:01 203.0.113.8 POST /y 401
too short
"""


def test_w3c_fields_by_header(read_bytes: Read) -> None:
    assert READER.sniff(W3C) == "w3c_log"
    found = read_bytes(READER, W3C)
    first, second = found.rows["http"]
    assert first["ts"] == 1773126000 * 10**9
    assert first["ts_zone"] == "utc"
    assert (first["id.orig_h"], first["id.resp_h"], first["id.resp_p"]) == ("203.0.113.7", "10.0.0.5", 443)
    assert (first["uri"], first["host"], first["user_agent"]) == (
        "/owa/auth.owa?a=b",
        "mail.example",
        "Mozilla/5.0 (Windows NT 10.0)",
    )
    assert (first["status_code"], first["response_body_len"], first["request_body_len"], first["record"]) == (200, 900, 300, 3)
    assert (second["uri"], second["method"], second["status_code"], second["record"]) == ("/y", "POST", 401, 5)
    assert found.codes() == ["unknown_kind"]


def test_a_header_counts_in_later_spans(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    import wardround.readers.lines as lines

    monkeypatch.setattr(lines, "SPAN_BYTES", 5000)
    body = b"#Fields: date time c-ip cs-method cs-uri sc-status\n" + b"2026-03-10 07:00:01 203.0.113.8 POST /y 401\n" * 900
    found = read_bytes(READER, body)
    assert found.spans > 2
    assert len(found.rows["http"]) == 900


def test_error_logs_are_counted(read_bytes: Read) -> None:
    text = b"[Tue Mar 10 08:00:00 2026] [error] [client 203.0.113.7] File does not exist: /x\n" * 3
    assert identify(text)[0] == "access_log"  # type: ignore[index]
    found = read_bytes(READER, text)
    assert found.rows == {}
    assert [(code, message[:8]) for code, message, *_ in found.diagnostics] == [("ignored_kind", "3 lines ")]


SAMPLE = "\n".join(line for line, _ in EXPECTED).encode() + b"\n" + W3C


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_damage_never_breaks_the_reader(read_bytes: Read, data: st.DataObject) -> None:
    raw = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 40))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    begin = data.draw(st.integers(0, len(raw) - 1))
    piece = bytes(raw[begin : begin + data.draw(st.integers(0, 3000))])
    READER.sniff(piece)
    read_bytes(READER, piece)
