"""Windows events as JSON, one object per line, in an array or one after another; UTF-8 with or without mark, or UTF-16.

Which tool wrote them is told by their keys (:mod:`wardround.readers.windows_shapes`). What Splunk keeps as one text
(``_raw``) is taken apart event by event, which is slower. ``record`` is the line, or the place in the array, from 1.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from wardround.readers.base import Sink, Source, Span
from wardround.readers.lines import spans
from wardround.readers.utf8_stream import HEAD_BYTES, Utf8Stream, encoding_of
from wardround.readers.windows_shapes import EVENT, SHAPES, SPLUNK_FIELDS, Shape, shape_of
from wardround.readers.windows_text import EVTXECMD, event_of_lines, event_of_payload, event_of_xml

if TYPE_CHECKING:
    from wardround.readers.base import Reader
    from wardround.readers.shred import Shredded

#: Where Splunk keeps the event as it came.
_RAW = ("result._raw", "_raw")

#: Longest ``_raw`` that is taken apart, in bytes; it is what a log record can hold, twice over.
_RAW_BYTES = 256 * 1024

#: Lines at the head of which one must be a whole record for the records to be lines.
_HEAD_LINES = 3


class WindowsJsonReader:
    """Reader of Windows events in JSON; see :class:`wardround.readers.base.Reader`."""

    name = "windows_json"

    def sniff(self, head: bytes) -> str | None:
        """``windows_json`` when the first record has the keys of a Windows event."""
        text = _text(head)
        if not text.lstrip().startswith(("{", "[", "Record ")):
            return None
        record = next(_first_records(text), None)
        if record is not None:
            known = (
                shape_of(paths_of(record)) or any(_event_of(raw) for raw in _raw_texts(record)) or _is_packed(paths_of(record))
            )
        else:  # it is longer than the head
            known = len(head) >= HEAD_BYTES // 2 and any(_has_keys(text, shape) for shape in SHAPES)
        return self.name if known else None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of whole lines where records are lines; one span otherwise."""
        with source.open() as stream:
            head = stream.read(HEAD_BYTES)
        if encoding_of(head) or not _is_lines(_text(head)):
            yield Span()
        else:
            yield from spans(source, lambda _: b"")

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read a span into ``windows_event``."""
        from wardround.readers.json_records import record_blocks, shred_records

        shape: tuple[Shape, str] | None = None
        with source.open() as stream:
            array = False
            if not span.start:
                text = Utf8Stream(stream)
                stream, array = cast("BinaryIO", text), not _is_lines(text.head.decode("utf-8", "replace"))
            for data, records in record_blocks(stream, span, sink, array=array):
                shredded = shred_records(data, records, sink)
                if not shredded.rows or _write_raw(shredded, sink) or _write_packed(shredded, sink):
                    continue
                shape = shape_of(shredded.paths()) or shape
                _write(shredded, shape, sink)


READER: Reader = WindowsJsonReader()


def _text(head: bytes) -> str:
    return head.removeprefix(codecs.BOM_UTF8).decode(encoding_of(head) or "utf-8", "replace").lstrip("\ufeff")


def _is_lines(text: str) -> bool:
    """Whether one of the first lines is a whole record, or the first is longer than what is seen of it."""
    lines = text.lstrip().split("\n", _HEAD_LINES)
    return not lines[0].startswith("[") and (len(lines) == 1 or any(object_of(line) for line in lines[:_HEAD_LINES]))


def object_of(text: str | bytes) -> dict[str, Any] | None:
    """The object that a text is in JSON; None when it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _first_records(text: str) -> Iterator[dict[str, Any]]:
    """The first whole record at the head: of the first few lines, or where the first brace opens."""
    if _is_lines(text):
        yield from filter(None, map(object_of, text.lstrip().split("\n", _HEAD_LINES)[:_HEAD_LINES]))
        return
    try:
        yield json.JSONDecoder().raw_decode(text[text.index("{") :])[0]
    except (ValueError, RecursionError):
        return


def paths_of(value: Any, path: str = "", depth: int = 0) -> set[str]:
    """The paths of a record, as the shredder would name them."""
    if isinstance(value, dict) and depth < 16:
        members = [paths_of(member, f"{path}.{key}" if path else str(key), depth + 1) for key, member in value.items()]
        return set().union(*members)
    if isinstance(value, list) and depth < 16:
        return set().union(*(paths_of(member, path, depth + 1) for member in value[:16]))
    return {path}


def _has_keys(text: str, shape: Shape) -> bool:
    return all(f'"{key}"' in text for mark in shape.marks for key in mark.replace("_attributes", "").split("."))


def _raw_texts(record: dict[str, Any]) -> Iterator[str]:
    result = record.get("result", record)
    if isinstance(result, dict) and isinstance(raw := result.get("_raw"), str):
        yield raw


def _event_of(raw: str) -> tuple[Shape, dict[str, Any]] | None:
    if raw.lstrip().startswith("<"):
        nested = event_of_xml(raw)
        return (EVENT, nested) if nested else None
    flat = event_of_lines(raw)
    return (SPLUNK_FIELDS, flat) if flat else None


def _write_raw(shredded: Shredded, sink: Sink) -> bool:
    """Write the events that stand in ``_raw`` texts; whether there were any."""
    from wardround.readers.shred import shred

    path = next((path for path in _RAW if shredded.count(path)), None)
    if path is None:
        return False
    times = shredded.text(path.replace("_raw", "_time")).to_pylist()
    found: dict[str, tuple[Shape, list[bytes], list[int]]] = {}
    for number, raw, time in zip(shredded.numbers.tolist(), shredded.text(path, _RAW_BYTES).to_pylist(), times, strict=True):
        event = _event_of(raw) if raw else None
        if event is None:
            sink.diagnose("raw_unreadable", "The text of an event is neither its XML nor its name=value lines.", number)
            continue
        shape, values = event
        _, texts, numbers = found.setdefault(shape.name, (shape, [], []))
        texts.append(json.dumps(values | {"_time": time}).encode())
        numbers.append(number)
    for shape, texts, numbers in found.values():
        _write(shred(b"\n".join(texts)), (shape, ""), sink, numbers)
    return bool(found)


def _is_packed(paths: set[str]) -> bool:
    """Whether these are the keys of EvtxECmd, which keeps the event's own part as one text."""
    return {"Payload", "EventId", "Channel", "Provider"} <= paths


def _write_packed(shredded: Shredded, sink: Sink) -> bool:
    """Write the events of EvtxECmd; whether there were any."""
    from wardround.readers.windows_rows import write_events

    if not _is_packed(set(shredded.paths())):
        return False
    columns = [shredded.text(name, _RAW_BYTES).to_pylist() for name in EVTXECMD]
    texts, numbers = [], []
    for number, *values in zip(shredded.numbers.tolist(), *columns, strict=True):
        event = event_of_payload(dict(zip(EVTXECMD, values, strict=True)))
        if event is None:
            sink.diagnose("raw_unreadable", "The payload of an event is no JSON.", number)
            continue
        texts.append(json.dumps(event).encode())
        numbers.append(number)
    if texts:
        write_events(texts, numbers, sink)
    return True


def _write(shredded: Shredded, shape: tuple[Shape, str] | None, sink: Sink, numbers: list[int] | None = None) -> None:
    import pyarrow as pa

    from wardround.readers.windows_rows import write_rows

    if shape is None:
        sink.diagnose("not_windows_events", "Records do not have the keys of Windows events.", int(shredded.numbers[0]))
        return
    write_rows(shredded, *shape, sink, record=pa.array(shredded.numbers if numbers is None else numbers, pa.int64()))
