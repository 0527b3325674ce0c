"""Reader of ``journalctl -o json`` (also ``json-seq``): every entry is read as the line of syslog that it would have been."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wardround.readers.base import Sink, Source, Span
from wardround.readers.lines import Block, blocks, spans

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_ENTRY = re.compile(rb'^\x1e?\{[^\n]{0,8000}?"__REALTIME_TIMESTAMP"\s*:\s*"\d{10,20}"')
_PROGRAM = re.compile(r"[^\s\[\]:]{1,64}")


class JournalReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "journal"

    def sniff(self, head: bytes) -> str | None:
        """Objects with the journal's own time."""
        return self.name if _ENTRY.match(head.lstrip()[:16_000]) else None

    def split(self, source: Source) -> Iterator[Span]:
        """Large exports are cut at line ends."""
        return spans(source, lambda _: b"")

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read one span as syslog."""
        from wardround.readers.edge import dispatch
        from wardround.readers.linux_records import Records, take_out
        from wardround.readers.syslog import messages_of
        from wardround.readers.syslog_messages import Output

        output, records = Output(sink), Records(sink)
        with source.open() as stream:
            for block in blocks(stream, span, sink):
                data = take_out(_lines(block, sink), block.first_line, records)
                messages = messages_of(data, block.first_line, sink)
                if messages is not None:
                    dispatch(messages, output)
        records.close()
        output.report()


def _lines(block: Block, sink: Sink) -> bytes:
    """The entries of a block as lines of syslog, blank where there is none, so that numbers of lines stay."""
    told = []
    for place, line in enumerate(block.data.split(b"\n")):
        told.append(b"")
        entry = line.strip(b"\x1e \r")
        if not entry:
            continue
        try:
            found = json.loads(entry)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            sink.diagnose("bad_record", "An entry is not a JSON object.", block.first_line + place)
            continue
        told[-1] = _line(found)
    return b"\n".join(told)


def _line(entry: dict[str, Any]) -> bytes:
    message = entry.get("MESSAGE")
    if isinstance(message, list):  # bytes that are no text
        message = bytes(octet for octet in message[:65_536] if isinstance(octet, int) and 0 <= octet < 256).decode(
            "utf-8", "replace"
        )
    stamp = entry.get("_SOURCE_REALTIME_TIMESTAMP") or entry.get("__REALTIME_TIMESTAMP")
    if not isinstance(message, str) or not isinstance(stamp, str) or not stamp.isdigit() or len(stamp) > 16:
        return b""
    moment = datetime.fromtimestamp(int(stamp) // 1_000_000, UTC).replace(microsecond=int(stamp) % 1_000_000)
    program = str(entry.get("SYSLOG_IDENTIFIER") or entry.get("_COMM") or "-")
    named = _PROGRAM.match(program)
    host = _PROGRAM.match(str(entry.get("_HOSTNAME") or "-"))
    text = message.replace("\n", " ").replace("\r", " ")
    line = f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z {host[0] if host else '-'} {named[0] if named else '-'}: {text}"
    return line.encode("utf-8", "replace")


READER: Reader = JournalReader()
