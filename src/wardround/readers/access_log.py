"""Reader of the logs of web servers and proxies (common, combined, nginx, HAProxy, Squid, W3C and IIS) into ``http``.

Connections that HAProxy only hands on become rows of ``firewall_event``.

Apache's and nginx's error logs are recognised as well; their lines say nothing of requests that a table could hold and are
counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.lines import blocks, spans

if TYPE_CHECKING:
    import pyarrow as pa

    from wardround.readers.syslog_messages import Messages, Output

_SNIFFED_LINES = 40

_LINE = re.compile(
    rb"(?:[^\s\"]{1,255} ){2,6}\[\d{1,2}/\w{2,3}/\d{4}[: ]\d\d:\d\d:\d\d[^\]]{0,12}\] \""
    rb"|\d{9,10}\.\d{3} +\d{1,12} \S{1,255} (?:\d{1,5} )?[A-Z_]{1,40}/\d{3} \d+ (?:[\d-]{1,12} ){0,6}[A-Za-z_]{1,20} "
    rb"|(?:\S{1,255}: )?[0-9a-fA-F.:]{2,45}:\d{1,5} \[\d{1,2}/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d{3}\] \S+ \S+/\S+ "
    rb"|[0-9a-fA-F.:]{2,45} -> [0-9a-fA-F.:]{2,45} \"[A-Z]+ "
    rb"|[0-9a-fA-F.:]{2,45}, [^,]{0,255}, \d{1,2}/\d{1,2}/\d{4}, \d{1,2}:\d\d:\d\d, \w{1,20}, [^,]{0,255}, [0-9a-fA-F.:]+, "
    rb"|\[\w{3} \w{3} \d\d \d\d:\d\d:\d\d(?:\.\d+)? \d{4}\] \[[\w:]{1,40}\]"
    rb"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w{1,10}\] \d+#\d+: "
)
_FIELDS = re.compile(rb"(?m)^#Fields: [^\n]*\b(?:cs-uri-stem|cs-uri|cs\(User-Agent\)|cs-method)\b")

#: W3C names and what they are to :func:`wardround.readers.edge.web.request`.
_W3C = {
    "c-ip": "client",
    "c-port": "port",
    "s-ip": "server",
    "s-port": "server_port",
    "cs-method": "method",
    "cs-host": "host",
    "cs(host)": "host",
    "cs-uri": "whole",
    "cs-uri-stem": "stem",
    "cs-uri-query": "query",
    "cs-username": "username",
    "cs-version": "version",
    "sc-status": "status",
    "sc-bytes": "length",
    "cs-bytes": "sent",
    "cs(referer)": "referrer",
    "cs(user-agent)": "agent",
    "date": "date",
    "time": "time",
}
_MAX_FIELDS = 200


class _AccessLog:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "access_log"

    def sniff(self, head: bytes) -> str | None:
        """A header that names the fields of a web log, or lines of one."""
        if head.startswith(b"#") and _FIELDS.search(head[:8192]):
            return "w3c_log"
        lines = [line for line in head.split(b"\n", _SNIFFED_LINES)[:_SNIFFED_LINES] if line.strip()]
        known = sum(1 for line in lines if _LINE.match(line[:2000]))
        return "access_log" if known and 2 * known >= len(lines) else None

    def split(self, source: Source) -> Iterator[Span]:
        """Large logs are cut at line ends; the header of W3C fields in force is carried on."""
        carried = b""

        def carry(piece: bytes) -> bytes:
            nonlocal carried
            at = (b"\n" + piece).rfind(b"\n#Fields:")
            if at >= 0:
                carried = piece[at:].partition(b"\n")[0][:8192]
            return carried

        yield from spans(source, carry)

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read one span into ``http``."""
        from wardround.readers.syslog_messages import Output

        output = Output(sink)
        fields = span.carry
        with source.open() as stream:
            for block in blocks(stream, span, sink):
                fields = _read_block(block.data, block.first_line, fields, output)
        output.report()


def _read_block(data: bytes, first_line: int, fields: bytes, output: Output) -> bytes:
    """Read a block of lines; returns the W3C header in force after it."""
    import numpy as np

    from wardround.readers.syslog import messages_of

    messages = messages_of(data, first_line, output.sink, framed=False)
    if messages is None:
        return fields
    header = messages.data[messages.begins] == ord("#")
    if not header.any() and not fields:
        _lines(messages, output)
        return fields
    numbers = np.flatnonzero(header)
    done = 0
    for at in [*numbers.tolist(), len(messages)]:
        if at > done:
            run = np.zeros(len(messages), np.bool_)
            run[done:at] = True
            _w3c(messages.take(run), fields, output) if fields else _lines(messages.take(run), output)
        if at < len(messages):
            line = bytes(messages.data[messages.begins[at] : messages.ends[at]])
            if line.startswith(b"#Fields:"):
                fields = line[:8192]
        done = at + 1
    return fields


def _lines(messages: Messages, output: Output) -> None:
    """Requests in the formats that need no header; the remarks of error logs are counted."""
    import pyarrow.compute as pc

    from wardround.readers.edge import web
    from wardround.readers.syslog_messages import chosen

    rest = web.read(messages, output)
    if len(rest):
        plain = pc.replace_substring_regex(rest.text, r"^\[\w{3} \w{3} [ \d]\d [\d:.]+ \d{4}\] |^\d{4}/\d\d/\d\d [\d:]+ ", "")
        remarks = chosen(pc.match_substring_regex(plain, web.ERRORS))
        if remarks.any():
            output.ignore("error log of a web server", rest.take(remarks))
            rest = rest.take(~remarks)
    if len(rest):
        output.miss(rest.tag, rest)


def _w3c(messages: Messages, fields: bytes, output: Output) -> None:
    """Requests under a header of W3C fields."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from wardround.readers import syslog_cells as cells
    from wardround.readers.edge import web
    from wardround.readers.syslog_frame import UTC
    from wardround.readers.syslog_pairs import listed

    names = fields.decode("utf-8", "replace").split()[1:][:_MAX_FIELDS]
    values = listed(messages, len(names), "\t" if b"\t" in fields else " ")
    groups: dict[str, pa.Array] = {}
    for name, value in zip(names, values, strict=True):
        if (part := _W3C.get(name.lower())) is not None:
            groups.setdefault(part, value)
    if "method" not in groups or not ({"stem", "whole"} & groups.keys()):
        output.miss(messages.tag, messages)
        return
    whole = pc.is_valid(values[-1])
    short = ~whole.to_numpy(zero_copy_only=False)
    if short.any() and (empty := int((short & ~pc.is_valid(groups["method"]).to_numpy(zero_copy_only=False)).sum())):
        output.unknown["W3C line with too few fields"] += empty
    nothing = pa.nulls(len(messages), pa.string())
    stem, query = groups.get("stem", nothing), groups.get("query", nothing)
    uri = pc.coalesce(pc.binary_join_element_wise(stem, query, "?"), stem, groups.get("whole", nothing))
    # IIS writes blanks of these two as plus signs.
    agent = pc.replace_substring(groups.get("agent", nothing), "+", " ")
    local = pc.binary_join_element_wise(groups.get("date", nothing), groups.get("time", nothing), "T")
    value, good, _ = cells.times(local, nothing)
    messages.ts, messages.zone = value, np.where(good, UTC, 0).astype(np.uint8)
    version = pc.replace_substring(groups.get("version", nothing), "HTTP/", "")
    filled = pc.is_valid(groups["method"]).to_numpy(zero_copy_only=False)
    groups |= {"uri": uri, "agent": agent, "version": version}
    keep = {name: value.filter(pa.array(filled)) for name, value in groups.items()}
    web.request(keep, messages.take(filled), output)


READER = _AccessLog()
