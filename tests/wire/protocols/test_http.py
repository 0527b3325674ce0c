"""HTTP/1: framing, matching of requests and replies, what is inside, and hostile bytes."""

from __future__ import annotations

import base64
import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.talk import SECOND, Kept, conversation, read, survives

from wardround.wire.protocols import http

GET = b"GET /a%20b?x=1 HTTP/1.1\r\nHost: pacs\r\nUser-Agent: viewer\r\nReferer: http://x/\r\n\r\n"


def _http(*turns: tuple[str, bytes | int]) -> Kept:
    return read("http", turns)[1]


def test_a_request_and_its_reply() -> None:
    kept = _http((">", GET), ("<", b"HTTP/1.1 200 Very OK\r\nContent-Length: 5\r\n\r\nhello"))
    (row,) = kept.tables["http"]
    assert row["ts"] == SECOND
    assert row["record"] == 1
    expected = {
        "trans_depth": 1, "method": "GET", "uri": "/a b?x=1", "host": "pacs", "user_agent": "viewer", "referrer": "http://x/",
        "version": "1.1", "status_code": 200, "status_msg": "Very OK", "request_body_len": 0, "response_body_len": 5,
        "resp_mime_types": ["text/plain"],
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_pipelined_requests_are_matched_by_order() -> None:
    asked = b"GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nPOST /3 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
    asked += b"GET /4 HTTP/1.1\r\n\r\n"
    replies = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 70\r\n\r\n"
    )
    rows = _http((">", asked), ("<", replies)).tables["http"]
    assert [(row["uri"], row.get("status_code"), row["response_body_len"]) for row in rows] == [
        ("/1", 200, 2), ("/2", 200, 0), ("/3", 304, 0), ("/4", None, 0),
    ]  # fmt: skip
    assert rows[0]["info_code"] == 100
    assert rows[2]["request_body_len"] == 3
    assert [row["trans_depth"] for row in rows] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"x" * 5000, mtime=0)),
        ("deflate", zlib.compress(b"x" * 5000)),
        ("deflate", zlib.compress(b"x" * 5000)[2:-4]),
    ],
)
def test_lengths_are_counted_without_codings(coding: str, packed: bytes) -> None:
    half = len(packed) // 2
    chunked = b"%x;note=1\r\n%s\r\n%x\r\n%s\r\n0\r\nTrailer: 1\r\n\r\n" % (
        half,
        packed[:half],
        len(packed) - half,
        packed[half:],
    )
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    rows = _http((">", GET + GET), ("<", head + chunked), ("<", b"HTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\n!")).tables[
        "http"
    ]
    assert [row["response_body_len"] for row in rows] == [5000, 1]


def test_a_bomb_is_not_blown_up() -> None:
    bomb = gzip.compress(bytes(40 << 20))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    (row,) = _http((">", GET), ("<", head + bomb)).tables["http"]
    assert 0 < row["response_body_len"] < 8 << 20


def test_a_body_without_length_runs_to_the_end_and_over_gaps() -> None:
    rows = _http((">", GET), ("<", b"HTTP/1.0 200 OK\r\n\r\nabc"), ("<", 100), ("<", b"def")).tables["http"]
    assert rows[0]["response_body_len"] == 106


def test_a_gap_in_a_body_of_known_length_does_not_end_the_connection() -> None:
    replies: list[tuple[str, bytes | int]] = [
        ("<", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nab"), ("<", 48), ("<", b"HTTP/1.1 204 None\r\n\r\n"),
    ]  # fmt: skip
    rows = _http((">", GET + GET), *replies).tables["http"]
    assert [(row["status_code"], row["response_body_len"]) for row in rows] == [(200, 50), (204, 0)]


def test_the_password_of_basic_authentication_is_nowhere() -> None:
    token = base64.b64encode(b"radiology:geheim")
    (row,) = _http((">", b"GET / HTTP/1.1\r\nAuthorization: Basic " + token + b"\r\n\r\n")).tables["http"]
    assert row["username"] == "radiology"
    assert "geheim" not in repr(row)
    assert token.decode() not in repr(row)


@pytest.mark.parametrize(
    ("head", "action", "weirds"),
    [
        ("", "SCX_OperatingSystem/ExecuteShellCommand", ["wsman_command_without_logon"]),
        ("Authorization: Basic c2N4OnNlY3JldA==\r\n", "SCX_OperatingSystem/ExecuteShellCommand", []),
        ("", "SCX_OperatingSystem/EnumerateInstances", []),
    ],
)
def test_a_command_for_the_management_agent_without_an_account(head: str, action: str, weirds: list[str]) -> None:
    body = f"<s:Envelope><s:Header><a:Action>http://schemas.dmtf.org/2/{action}</a:Action></s:Header></s:Envelope>"
    kind = f"Content-Type: application/soap+xml\r\nContent-Length: {len(body)}"
    request = f"POST /wsman HTTP/1.1\r\nHost: h\r\n{head}{kind}\r\n\r\n{body}"
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert _http((">", request.encode()), ("<", reply)).weirds == weirds
    refused = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    assert _http((">", request.encode()), ("<", refused)).weirds == []


def test_proxies_are_told() -> None:
    (row,) = _http((">", b"GET / HTTP/1.1\r\nVia: 1.1 gate\r\nX-Forwarded-For: 10.9.9.9\r\n\r\n")).tables["http"]
    assert row["proxied"] == ["VIA -> 1.1 gate", "X-FORWARDED-FOR -> 10.9.9.9"]


def test_connect_carries_another_protocol() -> None:
    connection, kept = read(
        "http",
        [
            (">", b"CONNECT host:22 HTTP/1.1\r\n\r\n"),
            ("<", b"HTTP/1.1 200 Connected\r\n\r\n"),
            ("<", b"SSH-2.0-server\r\n"),
            (">", b"SSH-2.0-client\r\n"),
        ],
    )
    assert connection.services == ["http", "ssh"]
    assert kept.tables["ssh"][0]["client"] == "SSH-2.0-client"
    assert len(kept.tables["http"]) == 1


def test_an_upgrade_to_websocket() -> None:
    asked = b"GET /w HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: a, b\r\n\r\n\x81\x05hello"
    answer = (
        b"HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: b\r\n\r\n\x81\x01x"
    )
    connection, kept = read("http", [(">", asked), ("<", answer)])
    assert connection.services == ["http", "websocket"]
    (row,) = kept.tables["websocket"]
    assert (row["host"], row["uri"], row["subprotocol"], row["client_protocols"]) == ("h", "/w", "b", ["a", "b"])
    assert kept.tables["http"][0]["info_code"] == 101


def test_http_09_and_replies_alone() -> None:
    (row,) = _http((">", b"GET /old.html\r\n"), ("<", b"<html>old</html>")).tables["http"]
    assert (row["version"], row["status_code"], row["response_body_len"], row["resp_mime_types"]) == (
        "0.9",
        0,
        16,
        ["text/html"],
    )
    (row,) = _http(("<", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).tables["http"]
    assert "method" not in row


@pytest.mark.parametrize("begin", [b"USER x\r\n", b"\x16\x03\x01\x02\x00", b"EHLO a\r\n", b"GETTY / something\r\n", b""])
def test_other_protocols_are_not_taken_for_http(begin: bytes) -> None:
    assert not http.sniff(conversation([(">", begin)]))


_PIECES = [
    GET, b"\r\n", b"POST /x HTTP/1.1\r\n", b"Content-Length: 99999999999999999999\r\n", b"Content-Length: 4\r\n",
    b"Transfer-Encoding: chunked\r\n", b"ffffffffff\r\n", b"-1\r\n", b" folded\r\n", b"HTTP/1.1 200\r\n",
    b"HTTP/1.1 206 x\r\nContent-Range: bytes 9-1/4\r\n", b"\x00\xff\n", b"Content-Encoding: gzip\r\n",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(_PIECES),
        max_size=12,
    ),
    st.binary(max_size=80),
    st.lists(st.integers(1, 200), max_size=3),
)
def test_hostile_bytes(parts: list[bytes], noise: bytes, cuts: list[int]) -> None:
    kept = survives("http", b"".join(parts) + noise, noise + b"".join(reversed(parts)), cuts)
    for row in kept.tables.get("http", []):
        assert row["response_body_len"] >= 0
        assert row["request_body_len"] >= 0


def test_endless_headers_are_given_up() -> None:
    assert survives("http", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 60_000, b"").weirds == ["HTTP_header_too_long"]
