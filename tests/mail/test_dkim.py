"""DKIM signatures made by another implementation (dkimpy 1.1.8) are valid, and nothing that was changed is."""

# ruff: noqa: E501 (signatures and keys are long)

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.mail.dkim import verified
from wardround.mail.parse import parse

MESSAGE = b"From: Lab <lab@sender.example>\r\nTo:  a@hospital.example\r\nSubject: Results\r\n  of  today\r\nDate: Mon, 02 Mar 2026 08:00:00 +0000\r\nMessage-ID: <9@sender.example>\r\n\r\nDear  colleagues, \t\r\n\r\nthe results are ready.\r\n\r\n\r\n"
KEYS = {
    "s1._domainkey.sender.example": "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDH1jTXDT+g4nCz6MmdKBemfLcO6ye0B2e0qYYq5rurPHAouPKiePw6FVNtMNMSqLnxHYcBzNXARtDiKabX9J+xgugK1Hwb3BfL+oT5sdf9mbhrTDSnAUG7ZtslJLzmWkxJGyuKGh4Vhhjxx4YfSCdh5Ev1o4CTC9shm0rpdXhVvQIDAQAB",
    "s2._domainkey.sender.example": "v=DKIM1; k=ed25519; p=Fh2FUsxPOfZMYDRa91x6g/uI6GrK8UYwJGqjuXg/+VE=",
}
SIGNATURES = {
    "relaxed": "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=sender.example;\r\n i=@sender.example; q=dns/txt; s=s1; t=1795636082; h=from : to :\r\n subject : date : message-id : from;\r\n bh=wGLVqZbfWbvt3Dbze1V89wFsAX6neDy65sxhba+q8Lg=;\r\n b=UbkgNoZdBXVWIKWUpy8g7tztIYEgzK8JAQzoohjzIMDpoy2w4r5/CydLTlbgbTxrYvkyj\r\n KONaSnGV6pdoiRrRSjB/IXYv/BJ9FbaaPnv96vzUAxLwjZGcHurkNJd+CDXWfmk0BEe3HkH\r\n lHoJMNyN2Q/EJxO4UPIjVLfkT8Krna4=\r\n",
    "simple": "DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=sender.example;\r\n i=@sender.example; q=dns/txt; s=s1; t=1795636082; h=from : to :\r\n subject : date : message-id : from;\r\n bh=pp+4q+734eHxc/ERy4e5mv+hrsA29AeZfIACdzsJFsI=;\r\n b=ScOI+eOy+k3RTrDBEqI9M0JJgwPrkTBLUnAfMFIFgdaTy9bGR15foZkYfuuNEB/H0TpGc\r\n 52TUvAGZ4nmmoNovCrPOx6hSPqgseeFArBB0FGg3y1HkrSIHhUtv5+MaGhgq2xCW9QjBvD1\r\n bxtWapmyq8L9b8eudlGAhj5Gl+0sewI=\r\n",
    "mixed": "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=sender.example;\r\n i=@sender.example; q=dns/txt; s=s1; t=1795636082; h=from : to :\r\n subject : date : message-id : from;\r\n bh=pp+4q+734eHxc/ERy4e5mv+hrsA29AeZfIACdzsJFsI=;\r\n b=GCx8HRahfr3LfWQf2gslfx/+WPq6PRfVvmi/C3W4cmaN8GEj2wv14ctIW3p8owH6Xss3R\r\n Wxnsxuyt17W75aVFCJO3huGmzUHKzRUp9gKJKxeYHvavwmqnKTMFo+r6w+fleGxeA1gAbMz\r\n 6bZ4MbyDPW5d97IGhxzTYRoWcs0TWEg=\r\n",
    "length": "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=sender.example;\r\n i=@sender.example; l=44; q=dns/txt; s=s1; t=1795636082; h=from : to :\r\n subject : date : message-id : from;\r\n bh=wGLVqZbfWbvt3Dbze1V89wFsAX6neDy65sxhba+q8Lg=;\r\n b=MKV1w83tUrV716A4G7a+rSK7HVisuq/63O8T3m32o3rpolf9Q/FunFbJdeCz1a4+zff8r\r\n PZiXgGve1kfOKh+5SeAIA2hhn5qo5f7LRfqyaQHKJ5VESVVStsmodUynQQXRpilo9uY8qlc\r\n k4QDdU0eNJtR7yQg4D6aZ6WV/dhKyxs=\r\n",
    "ed25519": "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=sender.example; i=@sender.example; q=dns/txt; s=s2; t=1795636082;\r\n h=from : to : subject : date : message-id : from;\r\n bh=wGLVqZbfWbvt3Dbze1V89wFsAX6neDy65sxhba+q8Lg=;\r\n b=kb1fe+Gq+2iZ/EHIVejikfXUQ6GhDcSKXzl20ASYFxzIVlO6H4rRbsw5IafPmF9Qjk1sL\r\n /xUXv0WrewWH1OGAQ==\r\n",
}


def check(data: bytes, keys: dict[str, str] = KEYS) -> tuple[str, ...]:
    return verified(parse(data), keys)


@pytest.mark.parametrize("name", ["relaxed", "simple", "mixed", "ed25519"])
def test_a_valid_signature(name: str) -> None:
    signed = SIGNATURES[name].encode() + MESSAGE
    assert check(signed) == ("sender.example",)
    assert check(signed.replace(b"\r\n", b"\n")) == ("sender.example",)
    assert check(b"From x@y.example Mon Mar  2 08:00:00 2026\n" + signed.replace(b"\r\n", b"\n") + b"\n") == ("sender.example",)
    assert check(b"Received: by mx.hospital.example; Mon, 2 Mar 2026 08:00:00 +0000\r\n" + signed) == ("sender.example",)


@pytest.mark.parametrize("name", ["relaxed", "simple", "mixed", "ed25519"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"lab@sender", b"lob@sender"),
        (b"results are", b"results were"),
        (b"Subject: Results", b"Subject: Result"),
        (b"d=sender.example", b"d=sender.examples"),
        (b"are ready.\r\n", b"are ready.\r\nAnd pay.\r\n"),
    ],
)
def test_what_was_changed_is_not_valid(name: str, old: bytes, new: bytes) -> None:
    signed = SIGNATURES[name].encode() + MESSAGE
    assert old in signed
    assert check(signed.replace(old, new)) == ()


def test_blanks_may_change_only_where_the_signature_says_so() -> None:
    respaced = MESSAGE.replace(b"Dear  colleagues, \t", b"Dear colleagues,").replace(b"To:  a@", b"To: a@")
    assert check(SIGNATURES["relaxed"].encode() + respaced) == ("sender.example",)
    assert check(SIGNATURES["simple"].encode() + respaced) == ()


def test_a_signature_of_a_part_of_the_body_is_not_accepted() -> None:
    assert check(SIGNATURES["length"].encode() + MESSAGE) == ()


def test_without_the_key_nothing_is_said() -> None:
    assert check(SIGNATURES["relaxed"].encode() + MESSAGE, {}) == ()
    revoked = dict.fromkeys(KEYS, "v=DKIM1; p=")
    assert check(SIGNATURES["relaxed"].encode() + MESSAGE, revoked) == ()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_does_no_harm(data: st.DataObject) -> None:
    raw = bytearray(SIGNATURES[data.draw(st.sampled_from(sorted(SIGNATURES)))].encode() + MESSAGE)
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    check(bytes(raw))
