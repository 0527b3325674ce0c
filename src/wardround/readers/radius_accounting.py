"""Reader of what RADIUS servers keep of logons and sessions: FreeRADIUS detail files, and the files of Windows NPS and RRAS.

Sources: RFC 2865 and 2866 (attributes); FreeRADIUS *rlm_detail*; Microsoft, *Interpret NPS Database Format Log Files*,
*IAS-formatted log files*, and the DTS-compliant (XML) format.
"""

# ruff: noqa: E501 (lists of attributes are easier to compare on one line)

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.lines import blocks, spans

if TYPE_CHECKING:
    import pyarrow as pa

    from wardround.readers.syslog_messages import Messages, Output

DETAIL, NPS_CSV, IAS, NPS_XML = "radius_detail", "nps_csv", "ias_csv", "nps_xml"

_STAMP = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]?\d \d\d:\d\d:\d\d \d{4}"
_FORMATS = (
    (DETAIL, re.compile(rb"\s*" + _STAMP + rb"\r?\n\t[A-Z][\w.-]+ = ")),
    (NPS_CSV, re.compile(rb"\"[^\"]{1,255}\",\"(?:IAS|RAS)\",\d\d/\d\d/\d{4},\d\d:\d\d:\d\d,\d{1,2},")),
    (IAS, re.compile(rb"\"?[0-9.]{7,15}\"?,[^,]{0,255},\d\d/\d\d/\d{4},\d\d:\d\d:\d\d,\"?(?:IAS|RAS|NPS)\"?,[^,]{1,255},\d+,")),
    (NPS_XML, re.compile(rb"\s*<Event><Timestamp data_type=\"\d+\">")),
)

#: The columns of the database format, in Microsoft's order, as far as they are read.
_NPS_COLUMNS = {
    "Computer-Name": 0, "Date": 2, "Time": 3, "Packet-Type": 4, "User-Name": 5, "SAM-Account-Name": 6, "Calling-Station-Id": 8,
    "Framed-IP-Address": 10, "NAS-IP-Address": 12, "NAS-Port-Type": 19, "Authentication-Type": 23, "NP-Policy-Name": 24,
    "Reason-Code": 25, "Acct-Status-Type": 31, "Acct-Input-Octets": 33, "Acct-Output-Octets": 34, "Acct-Session-Id": 35,
    "Acct-Session-Time": 37, "Acct-Terminate-Cause": 40, "Tunnel-Type": 44, "Tunnel-Client-Endpt": 46, "MS-RAS-Version": 54,
}  # fmt: skip

#: Attributes by number, as IAS-formatted files name them.
_IAS_NUMBERS = {
    4136: "Packet-Type", 40: "Acct-Status-Type", 8: "Framed-IP-Address", 31: "Calling-Station-Id", 46: "Acct-Session-Time",
    42: "Acct-Input-Octets", 43: "Acct-Output-Octets", 4142: "Reason-Code", 44: "Acct-Session-Id", 61: "NAS-Port-Type",
    49: "Acct-Terminate-Cause", 52: "Acct-Input-Gigawords", 53: "Acct-Output-Gigawords", 64: "Tunnel-Type", 66: "Tunnel-Client-Endpt", 4127: "Authentication-Type",
    4129: "SAM-Account-Name", 4149: "NP-Policy-Name",
}  # fmt: skip

#: What a record is, by packet type and accounting status.
_PACKETS = {"2": "login", "3": "login_failed", "access-accept": "login", "access-reject": "login_failed"}
_STATUSES = {"1": "tunnel_up", "start": "tunnel_up", "2": "tunnel_down", "stop": "tunnel_down", "3": "statistics", "interim-update": "statistics", "alive": "statistics"}  # fmt: skip

#: The attributes that are read; passwords are not among them.
_NAMES = sorted({*_NPS_COLUMNS, *_IAS_NUMBERS.values(), "Timestamp", "NAS-Identifier"})

#: What RFC 2868 calls the other end of a tunnel, Windows writes shorter.
_OTHER_NAMES = {"Tunnel-Client-Endpoint": "Tunnel-Client-Endpt"}

#: No detail record has more lines, or it is no record.
_MAX_LINES = 500


class _Radius:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "radius_accounting"

    def sniff(self, head: bytes) -> str | None:
        """The beginning of a record in one of the four forms."""
        head = head.removeprefix(b"\xef\xbb\xbf")
        return next((name for name, pattern in _FORMATS if pattern.match(head[:2000])), None)

    def split(self, source: Source) -> Iterator[Span]:
        """Files of one record a line are cut at line ends; detail files are read in one piece."""
        with source.open() as stream:
            detail = self.sniff(stream.read(4096)) == DETAIL
        if detail:
            yield Span()
        else:
            yield from spans(source, lambda piece: b"")

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read one span into ``vpn_session`` (tunnels) and ``logon`` (everything else)."""
        from wardround.readers.syslog import messages_of
        from wardround.readers.syslog_messages import Output

        output = Output(sink)
        with source.open() as stream:
            kind = self.sniff(stream.read(4096))
        with source.open() as stream:
            if kind == DETAIL:
                _detail(stream, output)
            else:
                for block in blocks(stream, span, sink):
                    if (messages := messages_of(block.data, block.first_line, sink, framed=False)) is not None:
                        _lines(messages, output)
        output.report()


def _lines(messages: Messages, output: Output) -> None:
    """Records of a line each, in the three forms of Windows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from wardround.readers.syslog_messages import chosen
    from wardround.readers.syslog_pairs import listed, part_of

    nothing = pa.nulls(len(messages), pa.string())
    xml = chosen(pc.match_substring_regex(messages.text, r"^<Event>"))
    database = chosen(pc.match_substring_regex(messages.text, r"^\"[^\"]*\",\"(?:IAS|RAS)\",")) & ~xml
    pairs = chosen(pc.match_substring_regex(messages.text, r"^\"?[0-9.]{7,15}\"?,[^,]*,\d\d/\d\d/\d{4},")) & ~xml & ~database
    if xml.any():
        mine = messages.take(xml)
        found = {n: part_of(mine.text, rf"<{n} data_type=\"\d+\">(?P<v>[^<]*)</{n}>") for n in _NAMES}
        stamp = found["Timestamp"]
        found |= {"Date": part_of(stamp, r"^(?P<d>[\d/]+) "), "Time": part_of(stamp, r" (?P<t>[\d:]+)")}
        _write(mine, found, output)
    if database.any():
        mine = messages.take(database)
        values = listed(mine, 60)
        _write(mine, {name: values[at] for name, at in _NPS_COLUMNS.items()}, output)
    if pairs.any():
        mine = messages.take(pairs)
        values = listed(mine, 90)
        found = dict.fromkeys(_NAMES, nothing.slice(0, len(mine)))
        found |= {
            "NAS-IP-Address": values[0],
            "User-Name": values[1],
            "Date": values[2],
            "Time": values[3],
            "Computer-Name": values[5],
        }
        for number, name in _IAS_NUMBERS.items():
            cases = [
                pc.if_else(pc.fill_null(pc.equal(values[i], str(number)), False), values[i + 1], None) for i in range(6, 88, 2)
            ]
            found[name] = pc.coalesce(*cases)
        _write(mine, found, output)
    if (rest := messages.take(~xml & ~database & ~pairs)) and len(rest):
        output.miss(rest.tag, rest)


def _detail(stream: object, output: Output) -> None:
    """Records of FreeRADIUS: a time, then an indented attribute a line."""
    assert hasattr(stream, "readline")
    record: dict[str, str] = {}
    number, begin = 0, 0
    batch: list[tuple[int, str, dict[str, str]]] = []
    stamp = ""
    while raw := stream.readline(65536):
        number += 1
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if re.match(_STAMP.decode(), line):
            if stamp:
                batch.append((begin, stamp, record))
            stamp, record, begin = line, {}, number
        elif line.startswith("\t") and " = " in line and len(record) < _MAX_LINES:
            name, _, value = line.strip().partition(" = ")
            name = name.partition(":")[0]  # Tunnel-Client-Endpoint:0, with the number of the tunnel
            name = _OTHER_NAMES.get(name, name)
            if name in _NAMES:
                record.setdefault(name, _unquoted(value[:1000]))
        if len(batch) >= 20_000:
            _write_records(batch, output)
            batch = []
    if stamp:
        batch.append((begin, stamp, record))
    _write_records(batch, output)


def _unquoted(value: str) -> str:
    """A value without its quotes, and without the backslashes that FreeRADIUS puts before quotes and backslashes."""
    if value[:1] != '"':
        return value
    return re.sub(r"\\([\\\"])", r"\1", value[1:].removesuffix('"'))


def _octets(low: pa.Array, high: pa.Array | None) -> pa.Array:
    """Octets counted in 32 bits, with the times that the counter began anew (RFC 2869, gigawords)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from wardround.readers import syslog_cells as cells

    if high is None:
        return low
    words = cells.integers(pc.fill_null(high, ""))
    words = pc.if_else(pc.less(words, 2**30), words, pa.scalar(None, pa.int64()))
    return pc.add(cells.integers(pc.fill_null(low, "")), pc.multiply(pc.fill_null(words, 0), 2**32))


def _write_records(batch: list[tuple[int, str, dict[str, str]]], output: Output) -> None:
    import numpy as np
    import pyarrow as pa

    from wardround.readers.syslog_messages import Messages

    if not batch:
        return
    none, zero = np.full(len(batch), -1, np.int64), np.zeros(len(batch), np.int64)
    numbers = np.array([begin for begin, *_ in batch], np.int64)
    empty = np.zeros(0, np.uint8)
    messages = Messages(empty, zero, zero, none, none, none, none, zero.copy(), np.zeros(len(batch), np.uint8), none, numbers)
    found = {name: pa.array([record.get(name) for *_, record in batch], pa.string()) for name in _NAMES}
    parts = [re.match(r"\w{3} (\w{3}) +(\d+) ([\d:]+) (\d{4})", stamp) for _, stamp, _ in batch]
    months = "JanFebMarAprMayJunJulAugSepOctNovDec"
    dates = [f"{months.index(p[1]) // 3 + 1:02}/{int(p[2]):02}/{p[4]}" if p else None for p in parts]
    found |= {"Date": pa.array(dates, pa.string()), "Time": pa.array([p[3] if p else None for p in parts], pa.string())}
    # A record of authentication has no packet type of its own; accounting records name their status.
    _write(messages, found, output, epoch=found["Timestamp"])


def _write(messages: Messages, found: dict[str, pa.Array], output: Output, epoch: pa.Array | None = None) -> None:
    """Write records given by attribute: tunnels into ``vpn_session``, the others into ``logon``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from wardround.readers import syslog_cells as cells
    from wardround.readers.syslog_messages import chosen
    from wardround.readers.syslog_pairs import day_and_clock, part_of, seconds_since_1970

    date = pc.replace_substring_regex(pc.fill_null(found["Date"], ""), r"^(\d\d)/(\d\d)/(\d{4})$", r"\3-\1-\2")
    day_and_clock(messages, pc.binary_join_element_wise(date, found["Time"], " "))
    if epoch is not None:
        seconds_since_1970(messages, epoch)
    action = pc.coalesce(
        cells.mapped(pc.fill_null(found["Acct-Status-Type"], ""), _STATUSES), cells.mapped(pc.fill_null(found["Packet-Type"], ""), _PACKETS)
    )  # fmt: skip
    tunnel = pc.or_(
        pc.is_valid(found["Tunnel-Type"]), pc.is_in(pc.fill_null(found["NAS-Port-Type"], ""), pa.array(["5", "Virtual"]))
    )
    tunnel = chosen(pc.or_(tunnel, pc.is_valid(found["MS-RAS-Version"]))) if "MS-RAS-Version" in found else chosen(tunnel)
    told = chosen(pc.is_valid(action))
    common = {
        "device": pc.coalesce(found["Computer-Name"], found["NAS-IP-Address"]),
        "message_id": pc.coalesce(found["Acct-Status-Type"], found["Packet-Type"]),
        "user": pc.coalesce(found["SAM-Account-Name"], found["User-Name"]),
        "source": pc.coalesce(found["Tunnel-Client-Endpt"], part_of(found["Calling-Station-Id"], r"^(?P<a>[0-9A-Fa-f.:]+)$")),
        "assigned_address": found["Framed-IP-Address"],
        "authentication": found["Authentication-Type"],
        "reason": pc.coalesce(
            found["Acct-Terminate-Cause"], pc.if_else(pc.equal(found["Reason-Code"], "0"), None, found["Reason-Code"])
        ),
        "session": found["Acct-Session-Id"],
        "duration": found["Acct-Session-Time"],
        "bytes_in": _octets(found["Acct-Input-Octets"], found.get("Acct-Input-Gigawords")),
        "bytes_out": _octets(found["Acct-Output-Octets"], found.get("Acct-Output-Gigawords")),
        "realm": found["NP-Policy-Name"],
        "action": action,
    }
    logons = {"tunnel_up": "login", "tunnel_down": "logout"}
    for table, mask in (("vpn_session", told & tunnel), ("logon", told & ~tunnel)):
        flags = pa.array(mask)
        columns: dict[str, pa.Array | str | None] = {name: value.filter(flags) for name, value in common.items()}
        if table == "logon":
            columns |= {"service": "radius", "action": cells.mapped(common["action"].filter(flags), logons, "*")}
        output.write(table, "radius", messages.take(mask), columns)
    output.ignore("RADIUS requests and challenges", messages.take(~told))


READER = _Radius()
