"""DNS over UDP and TCP, multicast DNS, LLMNR and NetBIOS name service into table dns: a row per query with its reply.

Sources: RFC 1035, 1996 (notify), 2136 (update), 4795 (LLMNR), 6762 (multicast DNS), 1002 (NetBIOS).
"""

from __future__ import annotations

import struct
from collections import deque
from typing import Any

from wardround.wire.connection import Connection, Malformed, Rows
from wardround.wire.framing import Message, heads, messages, prefixed
from wardround.wire.printable import printable
from wardround.wire.protocols import dns_names
from wardround.wire.protocols.dns_records import data_text, name, netbios_name, shown

SERVICE = "dns"

PORTS = frozenset({53, 137, 5353, 5355})
ASKED_ON = PORTS

#: On other ports: an operation that there is, no reserved flag, one question, and few further records.
_ELSEWHERE = {
    2: bytes(flags for flags in range(256) if flags >> 3 & 15 in dns_names.OPCODES),
    3: bytes(flags for flags in range(256) if not flags & 0x40),
    4: b"\0",
    5: b"\1",
    10: b"\0",
    11: bytes(range(21)),
}
UDP_HEADS = (_ELSEWHERE,)
TCP_HEADS = ({place + 2: octets for place, octets in _ELSEWHERE.items()},)

_NETBIOS_PORT = 137
_UPDATE = 5

_HEADER = struct.Struct("!HHHHHH")
_QUESTION = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")

#: More questions than this, and the message is taken for something else than DNS.
_MAX_QUESTIONS = 25

#: Records of one section that a row shows; a longer zone transfer is cut.
_MAX_RECORDS = 1_000

#: Queries that wait for a reply, per connection; beyond, the oldest are written as they are.
_MAX_PENDING = 2_500

_NO_CLASS, _ANY = 254, 255


def _plausible(data: bytes, strict: bool) -> bool:
    """Whether a message has the shape of DNS; ``strict``: also the values that nearly every message has."""
    if len(data) < 12:
        return False
    _, flags, questions, answers, authorities, extras = _HEADER.unpack_from(data)
    if questions > _MAX_QUESTIONS or flags >> 11 & 15 > 8 or answers + authorities + extras > 2_000:
        return False
    if not strict:
        return questions + answers + authorities + extras > 0 or len(data) == 12
    if questions != 1 or flags >> 11 & 15 not in dns_names.OPCODES or flags & 0x40 or extras > 20:
        return False
    if not flags & 0x8000 and (answers or flags & 15):
        return False
    try:
        asked, at = name(data, 12)
    except Malformed:
        return False
    if len(data) < at + 4:
        return False
    kind, group = _QUESTION.unpack_from(data, at)
    if at + 4 + 11 * (answers + authorities + extras) > len(data):
        return False
    return kind in dns_names.TYPES and group in dns_names.CLASSES and all(32 < code < 127 for code in asked)


def sniff(connection: Connection) -> bool:
    """Messages with a header of DNS: on its own ports any, elsewhere only those that could hardly be anything else."""
    strict = connection.resp_p not in PORTS and connection.orig_p not in PORTS
    first = heads(connection, 1_024)
    if connection.proto == "tcp":
        return any(_plausible_stream(data, strict) for data in first)
    return any(_plausible(data, strict) for data in first)


def _plausible_stream(data: bytes, strict: bool) -> bool:
    size = int.from_bytes(data[:2], "big")
    if len(data) < 14 or size < 12:
        return False
    return (size <= len(data) - 2 or not strict) and _plausible(data[2 : 2 + size], strict)


def parse(connection: Connection, rows: Rows) -> None:
    """A row per query with the reply of the same number; what remains without its counterpart at the end."""
    exchange = _Exchange(connection, rows)
    for message in messages(connection, prefixed(2)):
        if len(message.data) < _HEADER.size:
            rows.weird(connection, "DNS_truncated_len_lt_hdr_len", ts=message.ts, record=message.record)
            continue
        exchange.message(message)
    exchange.close()


class _Row(dict[str, Any]):
    """The columns of a row while it is being filled, with what ties it to its first message."""

    def __init__(self, message: Message, number: int, proto: str) -> None:
        super().__init__(proto=proto, trans_id=number, AA=False, TC=False, RD=False, RA=False, Z=0, rejected=False)
        self.ts = message.ts
        self.record = message.record


class _Exchange:
    """Queries and replies of one connection, paired as Zeek does: by number, in order."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self._connection, self._rows = connection, rows
        self._netbios = connection.proto == "udp" and connection.resp_p == _NETBIOS_PORT
        self._queries: dict[int, deque[_Row]] = {}
        self._replies: dict[int, deque[_Row]] = {}
        self._waiting = 0

    def message(self, message: Message) -> None:
        """Take a message: into the row that waits for it, or into one that waits for its counterpart."""
        data = message.data
        number, flags, questions, *_ = _HEADER.unpack_from(data)
        if questions > _MAX_QUESTIONS:
            self._rows.weird(self._connection, "DNS_Conn_count_too_large", ts=message.ts, record=message.record)
            return
        reply = bool(flags & 0x8000)
        row = self._row(message, number, reply)
        try:
            self._read(row, message, flags, reply)
        except Malformed as problem:
            self._rows.weird(self._connection, problem.name, problem.detail, ts=message.ts, record=message.record)
        else:
            self._connection.confirm(SERVICE)
        if row.pop("paired", False):
            self._write(row)

    def _row(self, message: Message, number: int, reply: bool) -> _Row:
        counterparts, own = (self._queries, self._replies) if reply else (self._replies, self._queries)
        waiting = counterparts.get(number)
        if waiting:
            row = waiting.popleft()
            self._waiting -= 1
            if not waiting:
                del counterparts[number]
            row["paired"] = True
            return row
        if self._waiting >= _MAX_PENDING:
            self.close()
        row = _Row(message, number, self._connection.proto)
        own.setdefault(number, deque()).append(row)
        self._waiting += 1
        return row

    def close(self) -> None:
        """Write what found no counterpart."""
        waiting = [row for queue in (*self._queries.values(), *self._replies.values()) for row in queue]
        for row in sorted(waiting, key=lambda row: (row.ts, row.record)):
            self._write(row)
        self._queries.clear()
        self._replies.clear()
        self._waiting = 0

    def _write(self, row: _Row) -> None:
        self._rows.add("dns", self._connection, row.ts, row.record, **row)

    def _read(self, row: _Row, message: Message, flags: int, reply: bool) -> None:
        data = message.data
        _, _, questions, answers, authorities, extras = _HEADER.unpack_from(data)
        opcode = flags >> 11 & 15
        row["opcode"] = opcode
        row["opcode_name"] = dns_names.opcode_name(opcode, self._netbios)
        if reply:
            row["rcode"] = flags & 15
            row["rcode_name"] = dns_names.RESPONSES[flags & 15]
            empty = not (answers or authorities or extras)
            # A reply without a single record rejects what it repeats, also where it calls that no error: as Zeek says it.
            if (empty and questions and opcode != _UPDATE) or (flags & 15 and not questions):
                row["rejected"] = True
        at = 12
        for _ in range(questions):
            at = self._question(row, data, at, flags, reply or opcode == _UPDATE)
        if opcode == _UPDATE:
            if not reply:
                self._update(row, data, at, (answers, authorities))
            elif "rtt" not in row and message.ts > row.ts:
                row["rtt"] = (message.ts - row.ts) / 1e9
        elif reply and answers:
            self._answers(row, message, at, answers, flags)

    def _question(self, row: _Row, data: bytes, at: int, flags: int, skip: bool) -> int:
        asked, at = self._name(data, at)
        if at + 4 > len(data):
            raise Malformed("DNS_truncated_quest_too_short")
        kind, group = _QUESTION.unpack_from(data, at)
        if not skip:
            row["query"] = asked
            row["qclass"], row["qclass_name"] = group, dns_names.class_name(group)
            row["qtype"], row["qtype_name"] = kind, dns_names.type_name(kind, self._netbios)
            row["RD"], row["TC"], row["Z"] = bool(flags & 0x100), bool(flags & 0x200), flags >> 4 & 7
        return at + 4

    def _answers(self, row: _Row, message: Message, at: int, count: int, flags: int) -> None:
        shown = row.setdefault("answers", [])
        lives = row.setdefault("TTLs", [])
        for _ in range(min(count, _MAX_RECORDS)):
            owner, kind, _, life, start, size = self._record(message.data, at)
            if not row.get("query"):
                row["query"] = owner
            row["AA"], row["RA"] = bool(flags & 0x400), bool(flags & 0x80)
            if "rtt" not in row and message.ts > row.ts:
                row["rtt"] = (message.ts - row.ts) / 1e9
            text = data_text(message.data, kind, owner, start, size, self._netbios)
            if text:
                shown.append(text)
                lives.append(float(life))
            at = start + size

    def _record(self, data: bytes, at: int) -> tuple[str, int, int, int, int, int]:
        """A resource record: owner, type, class, time to live, and where its data begins and how long it is."""
        owner, at = self._name(data, at)
        if at + 10 > len(data):
            raise Malformed("DNS_truncated_ans_too_short")
        kind, group, life, size = _RECORD.unpack_from(data, at)
        if at + 10 + size > len(data):
            raise Malformed("DNS_truncated_RR_rdlength_lt_len")
        return owner, kind, group, life, at + 10, size

    def _name(self, data: bytes, at: int) -> tuple[str, int]:
        """The text of a name, and the offset after it."""
        if not self._netbios:
            return shown(data, at)
        encoded, after = name(data, at, True)
        return printable(netbios_name(encoded)), after

    def _update(self, row: _Row, data: bytes, at: int, counts: tuple[int, int]) -> None:
        """A dynamic update (RFC 2136): its prerequisites, then what it deletes and adds."""
        shown = row.setdefault("answers", [])
        lives = row.setdefault("TTLs", [])
        for section, count in zip((_prerequisite, _change), counts, strict=True):
            for _ in range(min(count, _MAX_RECORDS)):
                owner, kind, group, life, start, size = self._record(data, at)
                if not row.get("query"):
                    row["query"] = owner
                value = data_text(data, kind, owner, start, size, self._netbios) if size else ""
                shown.append(section(owner, dns_names.type_name(kind, self._netbios), group, value))
                lives.append(float(life))
                at = start + size


def _prerequisite(owner: str, kind: str, group: int, value: str) -> str:
    if kind == "*":
        return f"pre: {'Name' if group == _ANY else 'NoName'} {owner}"
    if group == _ANY:
        return f"pre: RRSet {kind} {owner}"
    if group == _NO_CLASS:
        return f"pre: NoRRSet {kind} {owner}"
    return f"pre: RR {kind} {owner} {value}"


def _change(owner: str, kind: str, group: int, value: str) -> str:
    if group == _ANY:
        return f"del: Name {owner}" if kind == "*" else f"del: RRSet {kind}"
    return f"{'del' if group == _NO_CLASS else 'add'}: {kind} {owner} {value}"
