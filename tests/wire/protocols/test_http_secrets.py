"""Logons by a form and session cookies in unencrypted HTTP: seen, never kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.protocols.talk import Kept, read

from wardround.wire import dicomweb
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


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"username":"marie","password":"S3cret!"}', (b"marie", b"S3cret!")),
        (b'{"user":{"email":"m@h.fr","password":"\xc3\xa9"}}', (b"m@h.fr", b"\xc3\xa9")),
        (b'{"password":"alone","username":7}', (b"", b"alone")),
        (b'{"password":null}', None),
        (b'["password","x"]', None),
        (b'{"password":"cut', None),
        (b"[" * 2_000, None),
        (b"password=x", None),
    ],
)
def test_objects_in_json(body: bytes, found: tuple[bytes, bytes] | None) -> None:
    assert http_secrets.logon({"CONTENT-TYPE": "application/json; charset=utf-8"}, body) == found


def test_only_forms_are_read() -> None:
    assert http_secrets.logon({"CONTENT-TYPE": "text/plain"}, b"password=x") is None


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/login?user=marie&password=S3cret%21&x=1", "/login?user=marie&password=(secret)&x=1"),
        ("/j/912?pwd=abc", "/j/912?pwd=(secret)"),
        ("/a?ctl00%24Main%24Password=a+b;go=1", "/a?ctl00$Main$Password=(secret);go=1"),
        ("/a?login[motdepasse]=%C3%A9t%C3%A9", "/a?login[motdepasse]=(secret)"),
        ("http://marie:S3cret@pacs.example/a", "http://marie:(secret)@pacs.example/a"),
        ("/go?to=https://m:p:q@h.example/&x=a@b", "/go?to=https://m:(secret)@h.example/&x=a@b"),
        ("/cgi-bin/main?user=a&pw=b", "/cgi-bin/main?user=a&pw=(secret)"),
        ("/login?password=", "/login?password="),
        ("/login?password=(secret)", "/login?password=(secret)"),
        ("/a?compass=north&bypass=1", "/a?compass=north&bypass=1"),
        ("/cgi?file=../../etc/passwd;cat x", "/cgi?file=../../etc/passwd;cat x"),
        ("/login?password=' or 1=1--", "/login?password=' or 1=1--"),
        ("/login?password=${jndi:ldap://x}", "/login?password=${jndi:ldap://x}"),
    ],
)
def test_addresses_keep_no_password(target: str, shown: str) -> None:
    assert dicomweb.mask(target.encode()) == shown


def test_a_password_in_an_address_is_a_logon() -> None:
    def told(answer: bytes) -> Kept:
        request = b"GET /login?user=marie&password=S3cret HTTP/1.1\r\nReferer: http://m:S3cret@h/?pwd=S3cret\r\n\r\n"
        return read("http", [(">", request), ("<", b"HTTP/1.1 " + answer + b" X\r\nContent-Length: 0\r\n\r\n")])[1]

    kept = told(b"200")
    (row,) = kept.tables["clear_credential"]
    assert (row["username"], row["password_length"], row["success"]) == ("marie", 6, None)
    assert told(b"403").tables["clear_credential"][0]["success"] is False
    # A scanner that asks for pages that are not there has given nobody a password.
    assert "clear_credential" not in told(b"404").tables
    assert "S3cret" not in repr(kept.tables)


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
