"""Requests of HTTP from logs of any kind: what names a patient in their addresses goes, DICOMweb and WADO are told.

The wire does the same while it reads (:mod:`wardround.wire.dicomweb`). A log knows less: neither what a client accepts nor,
for most, what it sent to say who it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wardround import schema
from wardround.readers.base import Sink

_ADDRESSES = ("uri", "referrer", "url")

#: Columns of text in which addresses of requests may stand.
_TEXTS = ("message", "msg")

#: A word of a text that could be an address, or a UID; and a name with its value.
_WORD = re.compile(r"[^\s\"'<>]*[/?][^\s\"'<>]*|[0-2](?:\.[0-9]{1,40}){5,63}")
_PAIR = re.compile(r"([A-Za-z0-9_.-]{2,32})(\s?[=:]\s?[\"']?)([^\s,;\"'=][^,;\"'=&\s]{0,199}(?:\^[^,;\"'=&]{1,60})?)")

#: Addresses that may name a patient or be a request for images: the others, nearly all, are not looked at one by one.
_SUSPICIOUS = (
    r"(?i)patient|accession|uid|stud(?:y|ies)|series|instances|birth|subject|dob=|[?&;](?:pid|mrn|ipp)=|00[012]0|0008"
    r"|[0-9](?:\.[0-9]+){5}|[0-9a-f]{8}-[0-9a-f]{8}-"
)

#: And those that may hold a password.
_SECRETIVE = (
    _SUSPICIOUS
    + r"|(?:pass(?:word|wd|wort|phrase|e)?|pwd?|mdp|credentials?|kennwort|contrasena|wachtwoord)(?:\]|%5d)?="
    + r"|://[^/?#@:\s]*:[^/?#@\s]+@"
)

_CARRIED = ("ts", "ts_zone", "record", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "user_agent", "status_code")


class CoveringSink:
    """A sink before another one; ``clear``: what the log tells of was readable on the wire."""

    def __init__(self, sink: Sink, *, clear: bool) -> None:
        self._sink = sink
        self._clear = clear

    def write(self, table: str, rows: pa.Table) -> None:
        """Hand rows on, their addresses covered; rows of dicom_operation go before those of http that they come from."""
        names = [name for name in _ADDRESSES if name in rows.column_names]
        if names and rows.num_rows:
            if table == "http":
                self._operations(rows)
            for name in names:
                at = rows.column_names.index(name)
                rows = rows.set_column(at, name, _covered(rows[name], _mask_address, _SECRETIVE))
        for name in (name for name in _TEXTS if name in rows.column_names and rows.num_rows):
            at = rows.column_names.index(name)
            rows = rows.set_column(at, name, _covered(rows[name], _mask_text))
        self._sink.write(table, rows)

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Hand a diagnostic on."""
        self._sink.diagnose(code, message, offset, recovered=recovered)

    def _operations(self, rows: pa.Table) -> None:
        if not {"uri", "method"} <= set(rows.column_names):
            return
        found = rows.filter(_suspicious(rows["uri"]))
        if not found.num_rows:
            return
        operations = [row for request in found.to_pylist() if (row := _operation(request, self._clear))]
        if operations:
            declared = schema.tables()["dicom_operation"].arrow()
            fields = [field for field in declared if any(field.name in row for row in operations)]
            arrays = [pa.array([row.get(field.name) for row in operations], field.type) for field in fields]
            self._sink.write("dicom_operation", pa.table(arrays, schema=pa.schema(fields)))


def _suspicious(column: pa.ChunkedArray, signs: str = _SUSPICIOUS) -> pa.ChunkedArray:
    plain = column.cast(pa.string()) if column.type != pa.string() else column
    return pc.fill_null(pc.match_substring_regex(plain, signs), False)


def _target(uri: str) -> bytes:
    """An address that a log shows decoded, so that it is not decoded once more."""
    return uri.replace("%", "%25").encode("utf-8", "surrogatepass")


def _covered(column: pa.ChunkedArray, mask: Callable[[str], str], signs: str = _SUSPICIOUS) -> pa.ChunkedArray:
    marked = _suspicious(column, signs)
    if not pc.any(marked).as_py():
        return column
    shown = [
        mask(value) if hit and value is not None else value
        for value, hit in zip(column.to_pylist(), marked.to_pylist(), strict=True)
    ]
    return pa.chunked_array([pa.array(shown, pa.string()).cast(column.type)])


def _mask_address(value: str) -> str:
    from wardround.wire.dicomweb import mask

    return mask(_target(value))


def _mask_text(value: str) -> str:
    from wardround.wire.dicomweb import masked_value

    def pair(found: re.Match[str]) -> str:
        shown = masked_value(found[1], found[3])
        return found[0] if shown is None else found[1] + found[2] + shown

    return _PAIR.sub(pair, _WORD.sub(lambda word: _mask_address(word[0]), value))


def _operation(request: dict[str, Any], clear: bool) -> dict[str, Any] | None:
    from wardround.wire.dicomweb import operation
    from wardround.wire.web_imaging import status_class

    if not request.get("uri") or not request.get("method"):
        return None
    kinds = request.get("resp_mime_types") or [""]
    columns = operation(request["method"].upper(), _target(request["uri"]), {"reply": kinds[0] or ""})
    if columns is None:
        return None
    sizes = [request.get(name) for name in ("request_body_len", "response_body_len")]
    carried = {name: request.get(name) for name in _CARRIED}
    return (
        columns
        | carried
        | {
            "tls": False if clear else None,
            "is_orig": True,
            "authentication": "basic" if request.get("username") else None,
            "status_class": status_class(request.get("status_code")),
            "bytes": sum(size for size in sizes if size) if any(size is not None for size in sizes) else None,
        }
    )
