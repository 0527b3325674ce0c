"""LDAP: operations and their results, filters, signed messages, StartTLS, and hostile bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols import datagrams, talk
from tests.wire.protocols.datagrams import ber, row

from wardround.wire import ber as reader
from wardround.wire.connection import Connection, Malformed
from wardround.wire.protocols.ldap_filter import filter_text


def request(number: int, tag: int, *contents: bytes | int | str) -> bytes:
    return ber(0x30, ber(2, number), ber(tag, *contents))


def result(number: int, tag: int, code: int, said: str = "") -> bytes:
    return request(number, tag, ber(0x0A, code), ber(4), ber(4, said))


def read(*turns: tuple[str, bytes | int]) -> tuple[Connection, talk.Kept]:
    connection, kept = talk.read("ldap", turns, port=389)
    datagrams.fits(kept)
    return connection, kept


def test_a_simple_bind_never_keeps_the_password() -> None:
    bind = request(1, 0x60, ber(2, 3), ber(4, "cn=tech,dc=example"), ber(0x80, "geheim"))
    connection, kept = read((">", bind), ("<", result(1, 0x61, 49, "no\n\0")))
    found = row(kept, "ldap")
    assert (found["opcode"], found["version"], found["object"]) == ("bind simple", 3, "cn=tech,dc=example")
    assert (found["argument"], found["result"], found["diagnostic_message"]) == ("REDACTED", "invalid credentials", "no??")
    assert "geheim" not in repr(kept.tables)
    assert connection.services == ["ldap_tcp"]


def test_an_anonymous_bind_has_no_argument() -> None:
    _, kept = read((">", request(1, 0x60, ber(2, 3), ber(4), ber(0x80))), ("<", result(1, 0x61, 0)))
    found = row(kept, "ldap")
    assert (found.get("argument"), found["object"], found["result"]) == (None, None, "success")


def test_search_with_entries() -> None:
    wanted = ber(0xA3, ber(4, "cn"), ber(4, "ct01"))
    search = request(
        2, 0x63, ber(4, "dc=example"), ber(0x0A, 2), ber(0x0A, 3), ber(2, 0), ber(2, 0), ber(1, 0), wanted, ber(0x30)
    )
    entry = request(2, 0x64, ber(4, "cn=ct01"), ber(0x30))
    _, kept = read((">", search), ("<", entry + entry), ("<", result(2, 0x65, 0)))
    found = row(kept, "ldap_search")
    assert (found["scope"], found["deref_aliases"], found["base_object"]) == ("tree", "always", "dc=example")
    assert (found["filter"], found["result_count"], found["result"]) == ("(cn=ct01)", 2, "success")
    assert "ldap" not in kept.tables


def test_what_is_modified_is_told_but_not_to_what() -> None:
    change = ber(0x30, ber(0x0A, 2), ber(0x30, ber(4, "unicodePwd"), ber(0x31, ber(4, "geheim"))))
    _, kept = read((">", request(3, 0x66, ber(4, "cn=tech"), ber(0x30, change))), ("<", result(3, 0x67, 0)))
    found = row(kept, "ldap")
    assert (found["opcode"], found["object"], found["argument"]) == ("modify", "cn=tech", "replace unicodePwd")
    assert "geheim" not in repr(kept.tables)


def test_other_operations() -> None:
    turns: list[tuple[str, bytes | int]] = [
        (">", request(4, 0x68, ber(4, "cn=new"), ber(0x30))),
        ("<", result(4, 0x69, 68)),
        (">", request(5, 0x4A, "cn=old")),
        ("<", result(5, 0x6B, 0)),
        (">", request(6, 0x77, ber(0x80, "1.3.6.1.4.1.4203.1.11.3"))),
        ("<", result(6, 0x78, 0)),
        (">", request(7, 0x42)),
        (">", request(8, 0x4A, "cn=lost")),
    ]
    _, kept = read(*turns)
    assert [(r["opcode"], r.get("object"), r.get("result")) for r in kept.tables["ldap"]] == [
        ("add", "cn=new", "entry already exists"),
        ("delete", "cn=old", "success"),
        ("extended", "1.3.6.1.4.1.4203.1.11.3 (whoami)", "success"),
        ("unbind", None, None),
        ("delete", "cn=lost", None),
    ]


def cfx(message: bytes, sealed: bool = False, rotation: int = 0) -> bytes:
    """A Kerberos wrap token of RFC 4121 with a checksum of 12 bytes, behind its length."""
    body = message + b"c" * 12
    if rotation:
        body = body[-rotation:] + body[:-rotation]
    flags = 2 if sealed else 0
    token = b"\x05\x04" + bytes((flags, 0xFF)) + (12).to_bytes(2, "big") + rotation.to_bytes(2, "big") + bytes(8) + body
    return len(token).to_bytes(4, "big") + token


@pytest.mark.parametrize(("sealed", "rotation", "seen"), [(False, 0, True), (False, 12, True), (True, 0, False)])
def test_signed_messages_are_read_and_sealed_ones_are_not(sealed: bool, rotation: int, seen: bool) -> None:
    bind = request(1, 0x60, ber(2, 3), ber(4), ber(0xA3, ber(4, "GSSAPI"), ber(4, b"token")))
    turns = [(">", bind), ("<", result(1, 0x61, 0)), (">", cfx(request(2, 0x4A, "cn=old"), sealed, rotation))]
    _, kept = read(*turns)
    objects = [r.get("object") for r in kept.tables["ldap"]]
    assert row(kept, "ldap")["opcode"] == "bind SASL"
    assert row(kept, "ldap")["argument"] == "GSSAPI"
    assert objects == ([None, "cn=old"] if seen else [None])


def test_after_start_tls_nothing_is_read_as_ldap() -> None:
    start = request(1, 0x77, ber(0x80, "1.3.6.1.4.1.1466.20037"))
    _, kept = read((">", start), ("<", result(1, 0x78, 0)), (">", request(2, 0x4A, "cn=old")))
    assert [r["object"] for r in kept.tables["ldap"]] == ["1.3.6.1.4.1.1466.20037 (StartTLS)"]


def test_over_udp() -> None:
    connection, kept = datagrams.read("ldap", [(">", request(1, 0x4A, "cn=x")), ("<", result(1, 0x6B, 50))], 389)
    assert row(kept, "ldap")["result"] == "insufficient access rights"
    assert connection.services == ["ldap_udp"]


@pytest.mark.parametrize(
    ("encoded", "text"),
    [
        (ber(0xA0, ber(0x87, "cn"), ber(0xA2, ber(0xA3, ber(4, "a"), ber(4, "b")))), "(&(cn=*)(!(a=b)))"),
        (ber(0xA1, ber(0xA5, ber(4, "n"), ber(4, "5")), ber(0xA6, ber(4, "n"), ber(4, "1"))), "(|(n>=5)(n<=1))"),
        (ber(0xA4, ber(4, "cn"), ber(0x30, ber(0x80, "a"), ber(0x81, "b"), ber(0x82, "c"))), "(cn=a*b*c)"),
        (ber(0xA4, ber(4, "cn"), ber(0x30, ber(0x81, "b"))), "(cn=*b*)"),
        (ber(0xA8, ber(4, "cn"), ber(4, "x")), "(cn~=x)"),
        (ber(0xA9, ber(0x81, "1.2"), ber(0x82, "ou"), ber(0x83, "x"), ber(0x84, b"\xff")), "(ou:dn:1.2:=x)"),
        (ber(0xA3, ber(4, "sid"), ber(4, b"\x01\xff\xc3\xa4")), "(sid=\\01\\ffä)"),
    ],
)
def test_filters(encoded: bytes, text: str) -> None:
    assert filter_text(reader.value(encoded)) == text


def test_filters_are_not_followed_without_end() -> None:
    deep = ber(0x87, "cn")
    for _ in range(200):
        deep = ber(0xA2, deep)
    with pytest.raises(Malformed):
        filter_text(reader.value(deep))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_messages(data: st.DataObject) -> None:
    bind = request(1, 0x60, ber(2, 3), ber(4, "cn=a"), ber(0xA3, ber(4, "GSSAPI"), ber(4, b"token")))
    wanted = ber(0xA0, ber(0xA4, ber(4, "cn"), ber(0x30, ber(0x81, "b"))), ber(0xA9, ber(0x82, "ou"), ber(0x83, "x")))
    search = request(2, 0x63, ber(4), ber(0x0A, 2), ber(0x0A, 3), ber(2, 0), ber(2, 0), ber(1, 0), wanted, ber(0x30))
    sides = []
    for whole in (bind + search, result(1, 0x61, 0) + result(2, 0x65, 0)):
        broken = bytearray(whole)
        for _ in range(data.draw(st.integers(0, 3))):
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
        sides.append(bytes(broken[: data.draw(st.integers(0, len(broken)))]))
    datagrams.fits(talk.survives("ldap", sides[0], sides[1], data.draw(st.lists(st.integers(0, 150), max_size=2))))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_hostile_datagrams(payload: bytes) -> None:
    datagrams.survives("ldap", [(">", payload)], 389)
