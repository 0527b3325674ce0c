"""Security tokens of GSS-API (RFC 2743) and SPNEGO (RFC 4178): which mechanism authenticates, and how it ended."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from wardround.wire import der
from wardround.wire.connection import Connection, Malformed, Rows
from wardround.wire.protocols import kerberos
from wardround.wire.protocols.ntlm import SIGNATURE, Logons

_SPNEGO = "1.3.6.1.5.5.2"
_KERBEROS = ("1.2.840.113554.1.2.2", "1.2.840.48018.1.2.2", "1.2.840.113554.1.2.2.3")

_APPLICATION, _INIT, _RESPONSE = 0x60, 0xA0, 0xA1
_ACCEPTED, _REJECTED = 0, 2

#: A token longer than this is not read (a Kerberos ticket with a large authorisation takes some 50 KB).
TOKEN_BYTES = 1 << 17

#: Tickets that wait for the end of their logon, per connection.
_MAX_TICKETS = 64


@dataclass(frozen=True, slots=True)
class Token:
    """What a token holds: the mechanism's own message, and the state of the negotiation (0 accepted, 2 rejected)."""

    negotiated: bool = False
    kerberos: bool = False
    inner: bytes = b""
    state: int | None = None


def unwrap(data: bytes) -> Token:
    """Take a security token apart; of one that is cut or broken, an NTLM message inside is still found."""
    if data.startswith(SIGNATURE):
        return Token(inner=data)
    try:
        return _unwrap(data)
    except Malformed:
        at = data.find(SIGNATURE)
        return Token(inner=data[at:]) if at >= 0 else Token()


def _unwrap(data: bytes) -> Token:
    outer = der.first(data)
    if outer.tag == _APPLICATION:
        mechanism = der.first(outer.body)
        name = der.object_identifier(mechanism.body) if mechanism.tag == der.OBJECT else ""
        rest = outer.body[len(mechanism.encoded) :]
        if name == _SPNEGO:
            return _negotiation(der.first(rest))
        return Token(kerberos=name in _KERBEROS, inner=rest)
    if outer.tag in (_INIT, _RESPONSE):
        return _negotiation(outer)
    return Token()


def _negotiation(element: der.Element) -> Token:
    """NegTokenInit or NegTokenResp: the fields are [0], [1] … inside a sequence."""
    fields = {field.tag: field.body for field in der.children(der.first(element.body), 8)}
    holder = fields.get(0xA2, b"")
    inner = der.first(holder).body if holder else b""
    state: int | None = None
    kerberos = False
    if element.tag == _RESPONSE:
        if 0xA0 in fields:
            state = int.from_bytes(der.first(fields[0xA0]).body[:1], "big")
    elif 0xA0 in fields:
        offered = [der.object_identifier(kind.body) for kind in der.children(der.first(fields[0xA0]), 16)]
        kerberos = bool(inner) and bool(offered) and offered[0] in _KERBEROS and not inner.startswith(SIGNATURE)
    return Token(True, kerberos, inner, state)


class Authentication:
    """Follows the authentications of one connection, whichever protocol carries the tokens."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self._connection = connection
        self._rows = rows
        self._logons = Logons(connection, rows)
        self._tickets: dict[int, tuple[bytes, int, int]] = {}

    def token(self, data: bytes, ts: int, record: int, key: int = 0) -> None:
        """Take a token of either side; ``key`` tells logons apart that run side by side."""
        if not data:
            return
        token = unwrap(data[:TOKEN_BYTES])
        if token.negotiated:
            self._connection.confirm("gssapi")
        if token.inner.startswith(SIGNATURE):
            self._logons.message(token.inner, ts, record, key)
        elif token.kerberos:
            self._connection.confirm("krb")
            if len(self._tickets) < _MAX_TICKETS:
                self._tickets.setdefault(key, (data, ts, record))
        if token.state in (_ACCEPTED, _REJECTED):
            self.outcome(token.state == _ACCEPTED, key)

    def header(self, value: str, ts: int, record: int) -> None:
        """Take the value of an Authorization or WWW-Authenticate header of HTTP, and of its kin for proxies (RFC 4559)."""
        scheme, _, encoded = value.strip().partition(" ")
        if scheme.lower() not in ("ntlm", "negotiate") or not encoded:
            return
        try:
            data = base64.b64decode(encoded.strip()[: TOKEN_BYTES * 4 // 3], validate=True)
        except (binascii.Error, ValueError):
            return
        self.token(data, ts, record)

    def outcome(self, success: bool, key: int = 0) -> None:
        """The protocol around the tokens says how the logon ended; what was said before stands."""
        self._logons.outcome(success, key)
        # The first message of a logon has no key yet when the server is the one who gives them.
        ticket = self._tickets.pop(key, None) or self._tickets.pop(0, None)
        if ticket is not None:
            self._present(ticket, success)

    def _present(self, ticket: tuple[bytes, int, int], accepted: bool | None) -> None:
        token, ts, record = ticket
        kerberos.present(self._connection, self._rows, ts, record, token, accepted)

    def close(self) -> None:
        """Write what is left."""
        self._logons.close()
        for ticket in self._tickets.values():
            self._present(ticket, None)
        self._tickets.clear()
