"""Logons by a form and session cookies in unencrypted HTTP: seen, never kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.protocols.talk import read

from wardround.wire.protocols import http_secrets

FORM = {"CONTENT-TYPE": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"username=marie&password=S3cret%21&go=1", (b"marie", b"S3cret!")),
        (b"ctl00%24Main%24Login=marie&ctl00%24Main%24Password=a+b", (b"marie", b"a b")),
        (b"login%5Bemail%5D=m%40h.fr&login%5Bpassword%5D=x", (b"m@h.fr", b"x")),
        (b"identifiant=marie&mdp=secret", (b"marie", b"secret")),
        (b"password=alone", (b"", b"alone")),
        (b"username=marie&password=", None),
        (b"compass=north&passenger=marie&bypass=1", None),
        (b"", None),
    ],
)
def test_forms(body: bytes, found: tuple[bytes, bytes] | None) -> None:
    assert http_secrets.logon(FORM, body) == found


def test_only_forms_are_read() -> None:
    assert http_secrets.logon({"CONTENT-TYPE": "application/json"}, b"password=x") is None


def test_sessions_are_digests_of_long_cookies_with_known_names() -> None:
    first = http_secrets.session_tokens({"COOKIE": "lang=fr; PHPSESSID=abcdefghijklmnop; JSESSIONID=short"})
    again = http_secrets.session_tokens({"COOKIE": "phpsessid=abcdefghijklmnop"})
    assert first is not None
    assert first == again
    assert len(first) == 1
    assert "abcdefghijklmnop" not in first[0]
    assert http_secrets.session_tokens({"COOKIE": "_ga=GA1.2.1234567890.1234567890"}) is None
    assert http_secrets.session_tokens({}) is None


@given(st.binary(max_size=3000), st.text(max_size=3000))
def test_nothing_breaks_them(body: bytes, cookie: str) -> None:
    http_secrets.logon(FORM, body)
    http_secrets.session_tokens({"COOKIE": cookie})


def test_a_form_on_the_wire_is_a_logon_in_clear() -> None:
    body = b"username=marie&password=S3cret"
    asked = b"POST /login HTTP/1.1\r\nHost: pacs\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    asked += b"Cookie: PHPSESSID=abcdefghijklmnop\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    reply = b"HTTP/1.1 302 Found\r\nLocation: /home\r\nContent-Length: 0\r\n\r\n"
    tables = read("http", ((">", asked), ("<", reply)))[1].tables
    (row,) = tables["clear_credential"]
    assert (row["service"], row["username"], row["password_length"], row["success"]) == ("http", "marie", 6, None)
    (asked_row,) = tables["http"]
    assert asked_row["location"] == "/home"
    assert len(asked_row["session_tokens"]) == 1
    assert "S3cret" not in repr(tables)
    assert "abcdefghijklmnop" not in repr(tables)
