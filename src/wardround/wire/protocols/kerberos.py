"""Kerberos over UDP and TCP, and tickets presented within other protocols, into table kerberos: a row per request.

Sources: RFC 4120 (messages), 4121 and 4178 (tickets within GSS-API and SPNEGO).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from wardround.wire import ber
from wardround.wire.ber import Value
from wardround.wire.connection import Connection, Malformed, Rows
from wardround.wire.framing import Message, heads, messages, prefixed
from wardround.wire.printable import printable
from wardround.wire.protocols.kerberos_names import CIPHERS, ERRORS, PREAUTH_REQUIRED
from wardround.wire.x509 import LAST_TIME

SERVICE = "krb"
UDP_FIRST = bytes((*range(0x6A, 0x70), *range(0x74, 0x77), 0x7E))
TCP_HEADS = ({4: UDP_FIRST},)

_AS_REQUEST, _AS_REPLY, _TGS_REQUEST, _TGS_REPLY, _AP_REQUEST, _ERROR = 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x7E
_REQUESTS = {_AS_REQUEST: "AS", _TGS_REQUEST: "TGS"}
_TICKET, _GSS_TOKEN = 0x61, 0x60
_MESSAGES = frozenset({*_REQUESTS, _AS_REPLY, _TGS_REPLY, _AP_REQUEST, 0x6F, 0x74, 0x75, 0x76, _ERROR})
_VERSION = 5
_PREAUTH_TICKET = 1

#: What proves a password or a key in a request to log on: timestamp, smart card (old and new), encrypted challenge.
_PREAUTH_PROOFS = frozenset({2, 14, 16, 138})

#: What hides the proof, if there is one: FAST (RFC 6113, "armoring"); and SPAKE, the answer within which is one (RFC 9588).
_ARMORED, _SPAKE, _SPAKE_ANSWER = 136, 151, b"\xa2"
_OFFERED = 32

_FORWARDABLE, _RENEWABLE = 1, 8

_SPNEGO, _KERBEROS = "1.3.6.1.5.5.2", frozenset({"1.2.840.113554.1.2.2", "1.2.840.48018.1.2.2"})


def _is_message(data: bytes, whole: bool) -> bool:
    """Whether ``data`` begins like a message: its tag, a sequence, and the version in it."""
    try:
        found = ber.header(data, 0)
        if found is None or data[0] not in _MESSAGES or (whole and found[2] != len(data)):
            return False
        inner = ber.header(data, found[1])
    except Malformed:
        return False
    if inner is None or inner[0] != ber.SEQUENCE:
        return False
    version = data[inner[1] : inner[1] + 5]
    return version[:1] in (b"\xa0", b"\xa1") and version[1:] == bytes((3, ber.INTEGER, 1, _VERSION))


def sniff(connection: Connection) -> bool:
    """A message of Kerberos 5; over TCP behind its length."""
    first = heads(connection, 4_096 if connection.proto == "udp" else 64)
    if connection.proto == "udp":
        return any(_is_message(data, whole=len(data) < 4_096) for data in first)
    return any(_is_message(data[4:], whole=False) for data in first)


def parse(connection: Connection, rows: Rows) -> None:
    """A row per request, with the answer to it."""
    exchange = _Exchange(connection, rows)
    for message in messages(connection, prefixed(4)):
        try:
            exchange.message(message)
        except Malformed as problem:
            rows.weird(connection, problem.name, problem.detail, ts=message.ts, record=message.record)
    exchange.close()


def _principal(field: Value | None) -> str | None:
    """A PrincipalName: its components joined by slashes."""
    if field is None:
        return None
    names = field.tagged().get(1)
    if names is None:
        return None
    return "/".join(printable(part.content) for part in names.expect(ber.SEQUENCE).children()[:16])


def _text(field: Value | None) -> str | None:
    return None if field is None else printable(field.content)


def _time(field: Value | None) -> int | None:
    """A KerberosTime in ns since 1970 UTC, at most what 64 bits hold: some clients ask for the year 9999."""
    if field is None:
        return None
    try:
        moment = datetime.strptime(field.content.decode("ascii"), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return max(-LAST_TIME, min(int(moment.timestamp()) * 1_000_000_000, LAST_TIME))


class _Ticket:
    """What a ticket tells in clear."""

    def __init__(self, field: Value) -> None:
        fields = field.expect(_TICKET).inner().tagged()
        if not {1, 2, 3} <= fields.keys():
            raise Malformed("krb_bad_ticket")
        encrypted = fields[3].tagged()
        if not {0, 2} <= encrypted.keys():
            raise Malformed("krb_bad_ticket")
        number = encrypted[0].number
        self.realm = printable(fields[1].content)
        self.service = _principal(fields[2])
        self.cipher = CIPHERS.get(number) or str(number)
        self.sha256 = hashlib.sha256(encrypted[2].content).hexdigest()


class _Exchange:
    """A request that waits for its answer."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self._connection, self._rows = connection, rows
        self._asked: Message | None = None
        self._columns: dict[str, Any] = {}

    def message(self, message: Message) -> None:
        """Take a message; raises Malformed."""
        if not _is_message(message.data, whole=False):
            raise Malformed("krb_not_a_message")
        outer = ber.value(message.data)
        fields = outer.inner().expect(ber.SEQUENCE).tagged()
        self._connection.confirm(SERVICE if self._connection.proto == "udp" else f"{SERVICE}_tcp")
        if outer.tag in _REQUESTS:
            self._request(message, _REQUESTS[outer.tag], fields)
        elif outer.tag in (_AS_REPLY, _TGS_REPLY):
            self._reply(message, "AS" if outer.tag == _AS_REPLY else "TGS", fields)
        elif outer.tag == _ERROR:
            self._error(message, fields)

    def _request(self, message: Message, kind: str, fields: dict[int, Value]) -> None:
        if 4 not in fields:
            raise Malformed("krb_bad_request")
        body = fields[4].tagged()
        # The same request again, because no answer came, is one request.
        if self._asked is not None and self._columns.get("nonce") != _nonce(body):
            self.close()
        if self._asked is None:
            self._asked = message
        columns = self._columns
        columns["nonce"] = _nonce(body)
        columns["request_type"] = kind
        if kind == "AS":
            columns["client"] = f"{_principal(body.get(1)) or ''}/{_text(body.get(2)) or ''}"
            columns["preauthenticated"] = _proven(fields.get(3))
        if 8 in body:
            numbers = [part.number for part in body[8].expect(ber.SEQUENCE).children()[:_OFFERED]]
            columns["offered_ciphers"] = [CIPHERS.get(number) or str(number) for number in numbers]
        columns["service"] = _principal(body.get(3))
        columns["from"], columns["till"] = _time(body.get(4)), _time(body.get(5))
        options = body[0].content[1:5] if 0 in body else b""
        if len(options) == 4:
            flags = int.from_bytes(options, "big")
            columns["forwardable"] = bool(flags >> (31 - _FORWARDABLE) & 1)
            columns["renewable"] = bool(flags >> (31 - _RENEWABLE) & 1)
        ticket = _presented(fields.get(3))
        if ticket is not None:
            columns["auth_ticket_sha256"] = ticket.sha256

    def _reply(self, message: Message, kind: str, fields: dict[int, Value]) -> None:
        self._asked = self._asked or message
        columns = self._columns
        columns.setdefault("request_type", kind)
        name, realm = _principal(fields.get(4)), _text(fields.get(3))
        if not columns.get("client") and (name or realm):
            columns["client"] = f"{name or ''}/{realm or ''}"
        if 5 in fields:
            ticket = _Ticket(fields[5])
            columns["service"], columns["cipher"] = ticket.service, ticket.cipher
            columns["new_ticket_sha256"] = ticket.sha256
        columns["success"] = True
        self.close()

    def _error(self, message: Message, fields: dict[int, Value]) -> None:
        self._asked = self._asked or message
        columns = self._columns
        name, realm = _principal(fields.get(8)), _text(fields.get(7))
        if not columns.get("client") and (name or realm):
            columns["client"] = f"{name}/{realm or ''}" if name else realm
        columns["service"] = _principal(fields.get(10)) or columns.get("service")
        columns["success"] = False
        code = fields[6].number if 6 in fields else None
        columns["error_code"] = code
        said = None if code == PREAUTH_REQUIRED else _text(fields.get(11))
        columns["error_msg"] = said or (ERRORS.get(code) if code is not None else None)
        self.close()

    def close(self) -> None:
        """Write the request that was taken last."""
        if self._asked is not None:
            self._columns.pop("nonce", None)
            self._rows.add("kerberos", self._connection, self._asked.ts, self._asked.record, **self._columns)
        self._asked, self._columns = None, {}


def _nonce(body: dict[int, Value]) -> bytes:
    return body[7].content if 7 in body else b""


def _proven(padata: Value | None) -> bool | None:
    """Whether a request to log on proves the password; None where that is encrypted."""
    if padata is None:
        return False
    entries = (entry.tagged() for entry in padata.expect(ber.SEQUENCE).children()[:64])
    brought = [(fields[1].number, fields[2].content[:1] if 2 in fields else b"") for fields in entries if 1 in fields]
    if any(kind in _PREAUTH_PROOFS or (kind == _SPAKE and data == _SPAKE_ANSWER) for kind, data in brought):
        return True
    return None if any(kind == _ARMORED for kind, _ in brought) else False


def _presented(padata: Value | None) -> _Ticket | None:
    """The ticket with which a request for another one is made."""
    if padata is None:
        return None
    for entry in padata.expect(ber.SEQUENCE).children()[:64]:
        fields = entry.tagged()
        if 1 in fields and 2 in fields and fields[1].number == _PREAUTH_TICKET:
            return _application_ticket(ber.value(fields[2].content))
    return None


def _application_ticket(request: Value) -> _Ticket | None:
    fields = request.expect(_AP_REQUEST).inner().tagged()
    return _Ticket(fields[3]) if 3 in fields else None


def _mechanism_token(token: bytes) -> bytes | None:
    """The Kerberos message within a GSS-API token, whether or not SPNEGO wraps it; None when there is none."""
    for _ in range(3):
        outer = ber.value(token)
        if outer.tag == _AP_REQUEST:
            return token
        if outer.tag != _GSS_TOKEN:
            return None
        mechanism = outer.inner().expect(ber.OID)
        kind = ber.oid(mechanism.content)
        if kind in _KERBEROS:
            # Two bytes that say which kind of token it is stand before the message.
            return token[mechanism.end + 2 : outer.end]
        if kind != _SPNEGO:
            return None
        offered = ber.value(token, mechanism.end, outer.end)
        fields = offered.inner().tagged() if offered.tag == 0xA0 else {}
        if 2 not in fields:
            return None
        token = fields[2].content
    return None


def present(connection: Connection, rows: Rows, ts: int, record: int, token: bytes, accepted: bool | None = None) -> bool:
    """Add the row of a ticket that a client presents within another protocol (SMB, LDAP, HTTP, DCE/RPC …).

    ``token`` is the GSS-API or SPNEGO token as that protocol carries it, ``accepted`` whether the server took it, None when
    that is not known. Gives whether it held a ticket; never raises.
    """
    try:
        message = _mechanism_token(token)
        ticket = None if message is None else _application_ticket(ber.value(message))
    except Malformed:
        return False
    if ticket is None:
        return False
    columns = {"request_type": "AP", "client": f"/{ticket.realm}", "service": ticket.service, "cipher": ticket.cipher}
    rows.add("kerberos", connection, ts, record, success=accepted, auth_ticket_sha256=ticket.sha256, **columns)
    return True
