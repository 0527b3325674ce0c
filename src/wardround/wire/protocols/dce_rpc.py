"""DCE/RPC (C706, MS-RPCE), connection-oriented: over TCP, and for SMB over named pipes. A row of table dce_rpc per call.

A call is logged with its answer, or without ``rtt`` when no answer came. Calls of interfaces that cannot be told (the
binding was not seen) are left out, as are those that Zeek leaves out for being frequent and of little meaning; of the former,
those whose order gives the replication of a directory away are told. A challenge of zeros to Netlogon is a weird
(``netlogon_zero_challenge``, CVE-2020-1472): of 2**64 challenges no client that means to log on chooses it.
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass

from wardround.wire.connection import Connection, Rows
from wardround.wire.protocols import dce_rpc_names
from wardround.wire.protocols.gssapi import TOKEN_BYTES, Authentication
from wardround.wire.protocols.message_heads import messages

SERVICE = "dce_rpc"
TCP_FIRST = b"\x05"
UDP_FIRST = b""

_HEADER = 16
_REQUEST, _RESPONSE, _FAULT, _BIND, _BIND_ACK, _BIND_NAK = 0, 2, 3, 11, 12, 13
_ALTER, _ALTER_RESPONSE, _AUTH3, _LAST_TYPE = 14, 15, 16, 19
_BINDING = (_BIND, _BIND_ACK, _ALTER, _ALTER_RESPONSE, _AUTH3)
_LAST_FRAGMENT = 0x02
_SPNEGO, _NTLM, _KERBEROS = 9, 10, 16

#: Calls without answer and contexts that one connection or pipe may have at a time, and calls of unseen bindings kept.
_CALLS, _CONTEXTS, _UNBOUND = 4_096, 1_024, 256

#: Requests up to this size are read whole, so that their parameters can be looked at.
_SMALL = 512

#: NetrServerReqChallenge ends with the client's challenge of eight bytes (MS-NRPC 3.5.4.4.1).
_CHALLENGE, _ZEROS = ("netlogon", "NetrServerReqChallenge"), bytes(8)


def _order(data: bytes) -> str:
    """The byte order that the header states, as struct writes it."""
    return "<" if data[4] & 0x10 else ">"


def fragment_size(data: bytes | bytearray) -> int:
    """The size of the fragment that begins with ``data``, 0 when none does."""
    if len(data) < _HEADER or data[0] != 5 or data[1] > 1 or data[2] > _LAST_TYPE:
        return 0
    if data[4] not in (0x00, 0x10) or data[5] > 3 or data[6] or data[7]:
        return 0
    size = int.from_bytes(data[8:10], "little" if data[4] & 0x10 else "big")
    return size if size >= _HEADER else 0


@dataclass(slots=True)
class _Call:
    endpoint: str
    operation: str
    ts: int
    record: int


class Session:
    """The calls over one TCP connection, or one named pipe (``pipe`` is its name)."""

    def __init__(self, connection: Connection, rows: Rows, authentication: Authentication, pipe: str = "") -> None:
        self._connection = connection
        self._rows = rows
        self._authentication = authentication
        self._contexts: dict[int, str] = {}
        self._calls: dict[int, _Call] = {}
        self._unbound: dict[int, list[_Call]] = {}
        self._usual = dce_rpc_names.usual_interface(pipe)
        self._named_pipe: str | None = f"\\PIPE\\{pipe}" if pipe else None

    def fragment(self, data: bytes, ts: int, record: int) -> None:
        """Take one fragment: its first 24 bytes, of bindings and short requests all of it."""
        kind, order = data[2], _order(data)
        self._connection.confirm(SERVICE)
        if kind == _REQUEST:
            self._request(data, order, ts, record)
        elif kind in (_RESPONSE, _FAULT):
            self._response(data, order, ts)
        elif kind in _BINDING:
            if kind in (_BIND, _ALTER):
                self._bind(data, order)
            elif kind == _BIND_ACK:
                self._bound(data, order)
            self._token(data, order, ts, record)
        elif kind == _BIND_NAK:
            self._authentication.outcome(False)

    def close(self) -> None:
        """Write the calls that were never answered."""
        for call in self._calls.values():
            self._write(call, None)
        self._calls.clear()
        for calls in self._unbound.values():
            interface = dce_rpc_names.interface_by_calls([int(call.operation) for call in calls])
            if interface is None:
                continue
            for call in calls:
                call.endpoint = dce_rpc_names.endpoint(interface)
                call.operation = dce_rpc_names.operation(interface, int(call.operation))
                self._write(call, None)
        self._unbound.clear()

    def _bind(self, data: bytes, order: str) -> None:
        at = 28
        for _ in range(data[24] if len(data) > 24 else 0):
            if at + 24 > len(data) or len(self._contexts) >= _CONTEXTS:
                break
            number, syntaxes = struct.unpack_from(order + "HB", data, at)
            raw = data[at + 4 : at + 20]
            interface = uuid.UUID(bytes_le=raw) if order == "<" else uuid.UUID(bytes=raw)
            self._contexts[number] = str(interface)
            at += 24 + syntaxes * 20

    def _bound(self, data: bytes, order: str) -> None:
        """The secondary address: the pipe or the port that the server says it is."""
        if len(data) < 26:
            return
        (length,) = struct.unpack_from(order + "H", data, 24)
        address = data[26 : 26 + min(length, 256)].partition(b"\0")[0]
        if address:
            self._named_pipe = address.decode("latin-1")

    def _token(self, data: bytes, order: str, ts: int, record: int) -> None:
        """The token at the end of a fragment: a trailer of 8 bytes, the first the kind of authentication, then the token."""
        (length,) = struct.unpack_from(order + "H", data, 10)
        at = len(data) - length - 8
        if length and at >= _HEADER and data[at] in (_SPNEGO, _NTLM, _KERBEROS):
            self._authentication.token(data[at + 8 :][:TOKEN_BYTES], ts, record)

    def _request(self, data: bytes, order: str, ts: int, record: int) -> None:
        if len(data) < 24:
            return
        (number,) = struct.unpack_from(order + "I", data, 12)
        context, operation = struct.unpack_from(order + "HH", data, 20)
        interface = self._contexts.get(context) or self._usual
        if interface is None:
            if sum(map(len, self._unbound.values())) < _UNBOUND:
                self._unbound.setdefault(context, []).append(_Call("", str(operation), ts, record))
            return
        if number in self._calls:
            return
        if len(self._calls) >= _CALLS:
            self._write(self._calls.pop(next(iter(self._calls))), None)
        endpoint, name = dce_rpc_names.endpoint(interface), dce_rpc_names.operation(interface, operation)
        self._calls[number] = _Call(endpoint, name, ts, record)
        sealed = data[10:12] != b"\0\0"
        if (endpoint, name) == _CHALLENGE and not sealed and len(data) >= 24 + 12 and data.endswith(_ZEROS):
            self._rows.weird(self._connection, "netlogon_zero_challenge", ts=ts, record=record)

    def _response(self, data: bytes, order: str, ts: int) -> None:
        if not data[3] & _LAST_FRAGMENT:
            return
        (number,) = struct.unpack_from(order + "I", data, 12)
        call = self._calls.pop(number, None)
        if call is not None:
            self._write(call, ts)

    def _write(self, call: _Call, answered: int | None) -> None:
        if call.operation in dce_rpc_names.LEFT_OUT.get(call.endpoint, ()):
            return
        rtt = (answered - call.ts) / 1e9 if answered is not None and answered > call.ts else None
        self._rows.add(
            "dce_rpc",
            self._connection,
            call.ts,
            call.record,
            rtt=rtt,
            named_pipe=self._named_pipe,
            endpoint=call.endpoint,
            operation=call.operation,
        )


class Pipe:
    """The two directions of a named pipe, put together from what reads and writes carry."""

    def __init__(self, connection: Connection, rows: Rows, authentication: Authentication, name: str) -> None:
        self._session = Session(connection, rows, authentication, name)
        self._held = {True: bytearray(), False: bytearray()}

    def data(self, from_orig: bool, data: bytes, ts: int, record: int) -> None:
        """Take the bytes that follow in one direction; those that are no DCE/RPC are passed over."""
        held = self._held[from_orig]
        held += data
        at = 0
        while size := fragment_size(held[at : at + _HEADER]):
            if at + size > len(held):
                break
            self._session.fragment(bytes(held[at : at + size]), ts, record)
            at += size
        if len(held) - at >= _HEADER and not fragment_size(held[at : at + _HEADER]):
            at = len(held)
        del held[:at]

    def close(self) -> None:
        """Write what is left."""
        self._session.close()


def sniff(connection: Connection) -> bool:
    """A fragment of connection-oriented DCE/RPC begins either direction."""
    if connection.proto != "tcp":
        return False
    head = connection.orig.head(_HEADER)
    if head:
        return bool(fragment_size(head)) and head[2] in (_REQUEST, _BIND, _ALTER)
    head = connection.resp.head(_HEADER)
    return bool(fragment_size(head)) and head[2] in (_RESPONSE, _FAULT, _BIND_ACK, _ALTER_RESPONSE)


def parse(connection: Connection, rows: Rows) -> None:
    """Read the calls of a connection."""
    authentication = Authentication(connection, rows)
    session = Session(connection, rows, authentication)
    for message in messages(connection, fragment_size, 24):
        data = message.head
        if data[2] in _BINDING or (data[2] == _REQUEST and message.size <= _SMALL):
            data = message.read(0, message.size)
        session.fragment(data, message.ts, message.record)
    session.close()
    authentication.close()
