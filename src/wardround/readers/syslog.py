"""Reader of syslog and of what devices and programs write into log files, whatever header their lines have.

Headers: RFC 3164 (BSD), RFC 5424, octet counts of RFC 6587, relays that put theirs in front, and none. A time without a year
gets the year that brings it nearest to a full time in the lines around it; without one, the latest year that does not lie in
the future (a diagnostic says so). A time without a zone is taken for UTC and marked as assumed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.lines import Block, blocks, spans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wardround.readers.syslog_messages import Messages

_SNIFFED_LINES = 40

_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = rb"\d\d:\d\d:\d\d"

#: What a line of a log begins with: a priority, a time in one of the common styles, or a vendor's own mark.
_HEAD = re.compile(
    rb"\s*(?:[\w.-]{1,64} {1,40}\| )?(?:\d{1,7} )?(?:<\d{1,3}>"
    rb"|[*.\[\"]?" + _MONTH + rb" [ \d]?\d (?:\d{4} )?" + _CLOCK + rb"|[*.]?\d{4} " + _MONTH + rb" [ \d]?\d " + _CLOCK +
    rb"|(?:\S{1,64}: ){1,2}[*.]?" + _MONTH + rb" [ \d]?\d (?:\d{4} )?" + _CLOCK +
    rb"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) " + _MONTH + rb" [ \d]?\d " + _CLOCK + rb" \d{4} (?:us=|\S+:\d|[A-Z])"
    rb"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{4}-\d\d-\d\d, " + _CLOCK + rb" "
    rb"|\d{4}-\d\d-\d\d[T ]" + _CLOCK + rb"(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\s+\S"
    rb"|\"?\d\d/\d\d/\d{4}:" + _CLOCK + rb"|\"?\d{4}/\d\d/\d\d:" + _CLOCK + rb"|\d\d-" + _MONTH + rb"-\d{4} " + _CLOCK +
    rb"|(?:syslog)?\[action:\"|CEF: ?\d\||LEEF:\d|%[A-Z][A-Z0-9_]+(?:-\w+)*-[0-7]-[A-Z0-9_]+"
    rb"|\d{0,4},\d{4}/\d\d/\d\d " + _CLOCK + rb",\w*,[A-Z]+,"
    rb"|(?:date=\d{4}-\d\d-\d\d |logver=|time=" + _CLOCK + rb" |id=(?:firewall|sslvpn) |time=\"\d{4}-\d\d-\d\d |device=\"SFW\""
    rb"|id=\"\d{4}\" severity="
    rb"|(?:\w{1,20}: )?\[(?:wabauth|wabaudit|sysaudit|(?:session)?integrity|sshproxy|rdpproxy|"
    rb"Vault Activity|(?:SSH|RDP|VNC|Web) Session)\] \w{1,20}="
    rb"|\d{1,2}" + _MONTH + rb"\d{4} {1,4}\d{1,2}:\d\d:\d\d {1,4}[a-z]{1,20} {1,4}\S{1,80} {1,4}[<>]\S"
    rb"|(?:DEBUG|INFO|WARN|ERROR) {1,3}\[org\.[\w.]{1,120}\] "
    rb"|(?:CISE_\w{1,60} )?\d{10} \d{1,2} \d{1,2} (?:\d{4}-\d\d-\d\d " + _CLOCK + rb"\.| \w)"
    rb"|\"(?:itime|date|logver|idseq|id|bid|dvid)=[^\"]{1,80}\",\"\w"
    rb"|(?:[0-9a-f]{12},[\w.+-]{1,60} )" + _MONTH + rb" [ \d]?\d " + _CLOCK +
    rb"|" + _CLOCK + rb"[.,]\d{3} (?:\[[^\]\s]{1,80}\] )?(?:TRACE|DEBUG|INFO|WARN|ERROR) {1,3}\S))"
)  # fmt: skip

#: A line that continues the one before (a trace of a program), or says nothing.
_CONTINUED = re.compile(rb"\s*$|\s+at |\t|Caused by:|#")

#: ESXi writes the severity and the priority between the time and the program from version 8 on.
_ESXI = re.compile(rb"(?m)^(\d{4}-\d\d-\d\dT[\d:.]{8,18}Z )(?:Al|Cr|Db|Em|Er|In|No|Wa)\(\d{1,3}\) ")
_ESXI_MARKS = tuple(b"Z " + severity + b"(" for severity in (b"Al", b"Cr", b"Db", b"Em", b"Er", b"In", b"No", b"Wa"))

_SEVERITIES = ("emerg", "alert", "crit", "err", "error", "warning", "notice", "info", "debug")

_LEAP_YEAR = 1972

#: So much of the next block is looked at for a time with a year.
_AHEAD_BYTES = 64 * 1024


def _looks_like_log(head: bytes) -> bool:
    """Whether most of the first lines begin as lines of a log do; text of the kind but without line breaks counts too."""
    lines = head.split(b"\n", _SNIFFED_LINES)[:_SNIFFED_LINES]
    told = [line for line in lines if not _CONTINUED.match(line[:64])]
    known = sum(1 for line in told if _HEAD.match(line[:400]))
    return known > 0 and 2 * known >= len(told)


class _Syslog:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "syslog"

    def sniff(self, head: bytes) -> str | None:
        """Lines that begin with a priority, a time, or the mark of a vendor."""
        return "syslog" if b"\0" not in head[:512] and _looks_like_log(head) else None

    def split(self, source: Source) -> Iterator[Span]:
        """Large logs are cut at line ends; what is carried on is the last full time, to tell the year of others."""
        return spans(source, lambda piece: b"")

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read one span into the tables of the edge."""
        from wardround.readers import syslog_windows
        from wardround.readers.audit_trail import take_out
        from wardround.readers.edge import dispatch, fortianalyzer
        from wardround.readers.linux_records import Records
        from wardround.readers.linux_records import take_out as take_records_out
        from wardround.readers.syslog_messages import Output
        from wardround.readers.syslog_repeats import MARK, unfolded

        output, records = Output(sink), Records(sink)
        years = _Years()
        with source.open() as stream:
            for block, ahead in _pairs(blocks(stream, span, sink)):
                data = take_out(block.data, block.first_line, sink) if b"AuditMessage" in block.data else block.data
                data = take_records_out(data, block.first_line, records)
                if fortianalyzer.MARK.search(data):
                    data = fortianalyzer.unfolded(data)
                if any(mark in data for mark in _ESXI_MARKS):
                    data = _ESXI.sub(rb"\1", data)
                messages = messages_of(data, block.first_line, sink, years, ahead=ahead.data[:_AHEAD_BYTES] if ahead else b"")
                if messages is None:
                    continue
                if syslog_windows.MARK.search(data):
                    messages = syslog_windows.read(messages, sink)
                dispatch(unfolded(messages, sink) if MARK in data else messages, output)
        records.close()
        output.report()


def _pairs(items: Iterator[Block]) -> Iterator[tuple[Block, Block | None]]:
    """Each block with the one after it."""
    before: Block | None = None
    for item in items:
        if before is not None:
            yield before, item
        before = item
    if before is not None:
        yield before, None


class _Years:
    """Gives years to times without one."""

    def __init__(self) -> None:
        self._near: int | None = None

    @property
    def known(self) -> bool:
        """Whether a full time was seen."""
        return self._near is not None

    def near(self, seconds: int) -> int:
        """The year that brings a time (seconds since 1970, counted in 1972) nearest to the full times seen."""
        import time
        from datetime import UTC, datetime

        at = datetime.fromtimestamp(self._near if self._near is not None else time.time() + 86400, UTC)
        inside = seconds - datetime(_LEAP_YEAR, 1, 1, tzinfo=UTC).timestamp()
        now = at.timestamp() - datetime(at.year, 1, 1, tzinfo=UTC).timestamp()
        if self._near is None:
            return at.year if inside <= now else at.year - 1
        half = 183 * 86400
        return at.year - 1 if inside - now > half else at.year + 1 if now - inside > half else at.year

    def learn(self, seconds: int) -> None:
        """Take note of a full time."""
        self._near = seconds


def messages_of(
    data: bytes, first_line: int, sink: Sink, years: _Years | None = None, *, framed: bool = True, ahead: bytes = b""
) -> Messages | None:
    """The messages of a block, with times; None when it holds blank lines only. Unframed ones are the whole lines."""
    import numpy as np

    from wardround.readers.lines import line_edges
    from wardround.readers.syslog_frame import GUESSED, frames
    from wardround.readers.syslog_messages import Messages

    if not data:
        return None
    try:
        data.decode()
    except UnicodeDecodeError:
        data = data.decode("utf-8", "replace").encode()
        sink.diagnose("not_utf8", "Bytes that are not UTF-8 were replaced.", first_line)
    array = np.frombuffer(data, np.uint8)
    begins, ends = line_edges(data)
    numbers = np.arange(first_line, first_line + begins.size)
    filled = ends > begins
    begins, ends, numbers = begins[filled], ends[filled], numbers[filled]
    if not begins.size:
        return None
    if not framed:
        none, zero = np.full(begins.size, -1, np.int64), np.zeros(begins.size, np.int64)
        return Messages(array, begins, ends, none, none, none, none, zero, zero.astype(np.uint8), none, numbers)
    frame = frames(array, begins, ends)
    years = years or _Years()
    seconds = frame.seconds.copy()
    full = (frame.zone > 0) & (frame.yearless == 0)
    if full.any():
        years.learn(int(seconds[full].max()))
    yearless = (frame.zone > 0) & (frame.yearless == 1)
    if ahead and yearless.any() and not years.known:
        later = frames(np.frombuffer(ahead, np.uint8), *line_edges(ahead))
        if (found := (later.zone > 0) & (later.yearless == 0)).any():
            years.learn(int(later.seconds[found].min()))
    _give_years(seconds, yearless, years)
    zone = np.where(yearless, frame.zone if years.known else GUESSED, frame.zone).astype(np.uint8)
    ts = seconds * 1_000_000_000 + frame.nanos
    messages = Messages(
        array,
        frame.begins,
        ends,
        frame.host_begins,
        frame.host_ends,
        frame.tag_begins,
        frame.tag_ends,
        ts,
        zone,
        frame.priority,
        numbers,
    )
    _pass_over_severities(messages, data)
    return messages


def _pass_over_severities(messages: Messages, data: bytes) -> None:
    """Where the word before the program is a severity (F5: ``bigip1 notice tmm[1]:``), the host is the word before that."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from wardround.readers.syslog_messages import chosen

    for line in chosen(pc.is_in(messages.host, pa.array(_SEVERITIES))).nonzero()[0].tolist():
        end = int(messages.host_begins[line]) - 1
        begin = max(data.rfind(b" ", 0, end), data.rfind(b"\n", 0, end)) + 1
        if 0 < begin < end and b":" not in data[begin:end]:  # no time
            messages.host_begins[line], messages.host_ends[line] = begin, end


def _give_years(seconds: NDArray[np.int64], yearless: NDArray[np.bool_], years: _Years) -> None:
    """Move times that count in 1972 into their year, day by day."""
    from datetime import UTC, datetime

    if not yearless.any():
        return
    days = seconds // 86400
    for day in sorted(set(days[yearless].tolist())):
        year = years.near(int(day) * 86400)
        then = datetime.fromtimestamp(int(day) * 86400, UTC)
        leap = then.month == 2 and then.day == 29 and (year % 4 or (year % 100 == 0 and year % 400))
        moved = datetime(year, 3, 1, tzinfo=UTC) if leap else datetime(year, then.month, then.day, tzinfo=UTC)
        if then.year != _LEAP_YEAR:  # the zone moved the time out of the year
            moved = datetime(year + (then.year - _LEAP_YEAR), then.month, then.day, tzinfo=UTC)
        seconds[yearless & (days == day)] += int(moved.timestamp()) - int(day) * 86400


READER = _Syslog()
