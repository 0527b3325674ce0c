"""Logons seen in clear: who, how long the password is, and enough of a hash to see it again; never the password."""

from __future__ import annotations

import base64
import binascii
import hashlib

from wardround.wire.connection import Connection, Rows
from wardround.wire.lines import decode

_USER_LIMIT = 256


def saw(
    rows: Rows, connection: Connection, when: tuple[int, int], service: str, user: bytes, password: bytes, success: bool | None
) -> None:
    """Add a row of table clear_credential; ``when`` is the time and frame of the logon, ``success`` None where unknown.

    The hash is salted with the server's address and cut to 16 bits: passwords that differ are told apart almost
    always, yet a list of likely passwords leaves too many candidates to guess the right one from it.
    """
    salt = hashlib.blake2b(connection.resp_h.encode("ascii"), digest_size=16).digest()
    rows.add(
        "clear_credential", connection, *when,
        service=service, username=decode(user[:_USER_LIMIT]) or None, password_length=len(password),
        password_hash=hashlib.blake2b(password, digest_size=2, salt=salt).hexdigest(), success=success,
    )  # fmt: skip


def plain(token: bytes) -> tuple[bytes, bytes] | None:
    """User and password from the answer to SASL PLAIN (RFC 4616) in Base64, None where it is none."""
    parts = unpacked(token).split(b"\0")
    return (parts[1], parts[2]) if len(parts) == 3 else None


def unpacked(token: bytes) -> bytes:
    """What a Base64 token holds, nothing where it is malformed."""
    try:
        return base64.b64decode(token.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
