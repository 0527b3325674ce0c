"""SPNEGO and NTLM: who logs on, from where, to what, and how it ended; tokens that are cut or not what they seem."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.smb_messages import (
    KRB5,
    SPNEGO,
    der,
    ntlm_authenticate,
    ntlm_challenge,
    ntlm_negotiate,
    spnego_answer,
    spnego_init,
)
from tests.wire.protocols.talk import Kept, conversation, read

from wardround.wire.connection import Connection
from wardround.wire.protocols.gssapi import Authentication, unwrap

EXCHANGE = [spnego_init(ntlm_negotiate()), spnego_answer(ntlm_challenge(), 1), spnego_answer(ntlm_authenticate())]


def _logon(*tokens: bytes) -> tuple[Connection, list[dict[str, Any]]]:
    connection, kept = conversation([]), Kept()
    authentication = Authentication(connection, kept)
    for number, token in enumerate(tokens, 1):
        authentication.token(token, number, number)
    authentication.close()
    return connection, kept.tables.get("ntlm", [])


@pytest.mark.parametrize(("state", "success"), [(0, True), (2, False), (1, None)])
def test_logon_in_spnego(state: int, success: bool | None) -> None:
    connection, (row,) = _logon(*EXCHANGE, spnego_answer(state=state))
    assert row == {
        "ts": 1,
        "record": 1,
        "uid": "Ctest",
        "username": "durand",
        "domainname": "CHU",
        "hostname": "LECT1",
        "server_nb_computer_name": "PACS1",
        "server_dns_computer_name": "pacs1.chu.example",
        "server_tree_name": "chu.example",
        "success": success,
    }
    assert connection.services == ["gssapi", "ntlm"]


def test_bare_ntlm() -> None:
    connection, (row,) = _logon(ntlm_negotiate(), ntlm_challenge(), ntlm_authenticate("", "", "XR2"))
    assert (row.get("username"), row["hostname"], row["success"]) == (None, "XR2", None)
    assert connection.services == ["ntlm"]


def test_text_that_is_not_unicode() -> None:
    _, (row,) = _logon(ntlm_authenticate("Müller", unicode=False))
    assert row["username"] == "Müller"


def test_kerberos() -> None:
    connection, rows = _logon(spnego_init(der(0x60, der(0x06, KRB5) + bytes(8)), KRB5))
    assert (connection.services, rows) == (["gssapi", "krb"], [])


def test_a_token_that_is_cut_still_names_the_user() -> None:
    _, (row,) = _logon(EXCHANGE[2][:-4])
    assert row["username"] == "durand"


def test_two_logons_side_by_side() -> None:
    kept = Kept()
    authentication = Authentication(conversation([]), kept)
    for key, user in ((1, "durand"), (2, "martin")):
        authentication.token(ntlm_challenge(), 1, 1, key)
        authentication.token(ntlm_authenticate(user), 2, 2, key)
    authentication.outcome(False, 2)
    authentication.outcome(True, 1)
    assert [(row["username"], row["success"]) for row in kept.tables["ntlm"]] == [("martin", False), ("durand", True)]


def test_many_logons_that_never_end_are_bounded() -> None:
    kept = Kept()
    authentication = Authentication(conversation([]), kept)
    for key in range(1_000):
        authentication.token(ntlm_authenticate(f"user{key}"), key, key, key)
    assert len(kept.tables["ntlm"]) == 1_000 - 256
    authentication.close()
    assert len({row["username"] for row in kept.tables["ntlm"]}) == 1_000


def test_headers_of_http() -> None:
    kept = Kept()
    authentication = Authentication(conversation([]), kept)
    for scheme, token in (("NTLM", ntlm_challenge()), ("Negotiate", spnego_answer(ntlm_authenticate()))):
        authentication.header(f"{scheme} {base64.b64encode(token).decode()}", 1, 1)
    for value in ("Basic dXNlcjpwYXNz", "NTLM", "NTLM ?", "Negotiate é"):
        authentication.header(value, 1, 1)
    authentication.close()
    assert [row["username"] for row in kept.tables["ntlm"]] == ["durand"]


def _request(token: bytes = b"", header: bytes = b"Authorization") -> bytes:
    value = b"" if not token else b"%s: NTLM %s\r\n" % (header, base64.b64encode(token))
    return b"GET / HTTP/1.1\r\nHost: h\r\n" + value + b"\r\n"


def _reply(code: int, *challenges: bytes) -> bytes:
    told = b"".join(b"WWW-Authenticate: %s\r\n" % challenge for challenge in challenges)
    return b"HTTP/1.1 %d X\r\n%sContent-Length: 0\r\n\r\n" % (code, told)


@pytest.mark.parametrize(("code", "success"), [(200, True), (403, True), (401, False)])
def test_a_logon_over_http_takes_three_requests(code: int, success: bool) -> None:
    challenge = b"NTLM " + base64.b64encode(ntlm_challenge())
    connection, kept = read(
        "http",
        [
            (">", _request()),
            ("<", _reply(401, b"Negotiate", b"NTLM")),
            (">", _request(ntlm_negotiate())),
            # Of several headers of the name the one with the token counts.
            ("<", _reply(401, challenge, b"Basic realm=x")),
            (">", _request(ntlm_authenticate("martin"))),
            ("<", _reply(code, b"Negotiate", b"NTLM") if code == 401 else _reply(code)),
            (">", _request()),
            ("<", _reply(200)),
        ],
    )
    (row,) = kept.tables["ntlm"]
    assert (row["username"], row["success"], row["record"]) == ("martin", success, 3)
    assert row["server_nb_computer_name"]
    assert len(kept.tables["http"]) == 4
    assert connection.services == ["http", "ntlm"]


def test_a_logon_at_a_proxy_without_its_end() -> None:
    asked = _request(ntlm_authenticate("martin"), b"Proxy-Authorization")
    (row,) = read("http", [(">", asked)])[1].tables["ntlm"]
    assert (row["username"], row["success"]) == ("martin", None)


def test_mechanisms_that_are_not_known() -> None:
    assert not unwrap(der(0x60, der(0x06, SPNEGO[:-1] + b"\x63") + b"abc")).kerberos
    assert unwrap(b"").inner == b""
    assert unwrap(der(0xA1, der(0x30, b""))).negotiated


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_hostile_tokens(data: st.DataObject) -> None:
    token = bytearray(data.draw(st.sampled_from(EXCHANGE)))
    for _ in range(data.draw(st.integers(1, 8))):
        token[data.draw(st.integers(0, len(token) - 1))] = data.draw(st.integers(0, 255))
    for row in _logon(bytes(token[: data.draw(st.integers(0, len(token)))]))[1]:
        assert all(len(value) <= 1_024 for value in row.values() if isinstance(value, str))
