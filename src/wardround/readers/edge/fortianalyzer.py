"""Logs that FortiAnalyzer exports as a table: one log per line, each pair of key and value in a cell of its own.

Source: Fortinet, *FortiAnalyzer Administration Guide: downloading log messages* (CSV). A row of the cells ``itime=1``,
``type="traffic"`` (in the file with doubled quotes) and empty ones becomes ``itime=1 type="traffic"``, the form in which the
firewall itself writes; lines keep their places.
"""

from __future__ import annotations

import re

_KEYS = rb"(?:itime|date|time|logver|idseq|id|bid|dvid|devid|vd|eventtime|logid)"
#: A line that is such a row.
MARK = re.compile(rb'(?m)^"' + _KEYS + rb'=[^"\n]{1,80}","')


def unfolded(data: bytes) -> bytes:
    """The same lines with rows as pairs."""
    return b"\n".join(_pairs(line) if MARK.match(line) else line for line in data.split(b"\n"))


def _pairs(line: bytes) -> bytes:
    return line.rstrip(b"\r")[1:].removesuffix(b'"').replace(b'","', b" ").replace(b'""', b'"')
