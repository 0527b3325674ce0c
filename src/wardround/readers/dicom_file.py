"""Reader of DICOM files (PS3.10), data sets without a header, and files that were DICOM, into ``dicom_file``.

Of the header only technical attributes are kept; what identifies a patient becomes a token, and the path loses what names
the patient. ``record`` is always 1: a file is one record.
"""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from wardround.errors import ReaderError
from wardround.readers.base import Sink, Source, Span

if TYPE_CHECKING:
    from wardround.readers.dicom_octets import Octets
    from wardround.readers.patient_paths import Marks

#: Files up to this size are read at once, larger ones through a window.
WHOLE_BYTES = 1 << 20

#: Rows that are handed on together.
BATCH_ROWS = 4_096

#: Anomalies that are an ordinary matter of old files, and are not worth a diagnostic.
_UNREADABLE = "the data set breaks off or is not one; what stands before that was read"


#: Names that DICOM files have, with what ransomware may hang on; and names without an extension, as on patient CDs.
_DICOM_NAME = re.compile(r"\.(?:dcm|dicom|dcm30|dic|ima)(?:\.[^./\\]{1,32})?\Z")
_BARE_NAME = re.compile(r"[^.]{1,128}\Z|[0-9.]{1,128}\Z|[0-9a-f-]{32,64}\Z")


class ManySink(Protocol):
    """Where rows of many files go; they carry their ``evidence_id`` themselves."""

    def write(self, table: str, rows: Any) -> None:
        """Take a batch of rows."""

    def diagnose(self, evidence_id: str, path: str, code: str, message: str, offset: int, recovered: bool) -> None:
        """Note a problem with one file."""

    def examined(self, evidence_id: str, path: str, sha256: str, replaced: tuple[tuple[str, str], ...]) -> None:
        """Take the path of a file as it may be shown, its hash (empty when unknown) and the components replaced in it."""


class _DicomFile:
    """The reader; see :class:`wardround.readers.base.Reader`. :meth:`read_many` does the same for many files at once."""

    name = "dicom_file"

    def sniff(self, head: bytes) -> str | None:
        """``DICM`` at byte 128 or at the beginning, or the first elements of a data set."""
        if head[128:132] == b"DICM":
            return "dicom"
        if head.startswith(b"DICM"):
            return "dicom"
        if head[:2] not in (b"\x08\0", b"\0\x08", b"\x02\0", b"\0\x02"):
            return None
        from wardround.readers.dicom_header import is_headerless

        return "dicom_headerless" if is_headerless(head[:4096]) else None

    def split(self, source: Source) -> Iterator[Span]:
        """A file is read as a whole, in a bounded walk."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read one file."""
        self.read_many([source], _One(sink))

    def read_many(self, sources: Iterable[Source], sink: ManySink) -> None:
        """Read many files, with their rows in common batches."""
        rows: list[dict[str, Any]] = []
        try:
            for source in sources:
                if (row := _examined(source, sink)) is not None:
                    rows.append(row)
                if len(rows) >= BATCH_ROWS:
                    _hand_on(rows, sink)
                    rows = []
        finally:  # what was read before a defect is kept
            _hand_on(rows, sink)


READER = _DicomFile()


class _One:
    """A sink of one file as a sink of many."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, table: str, rows: Any) -> None:
        self._sink.write(table, rows.drop_columns(["evidence_id"]))

    def diagnose(self, evidence_id: str, path: str, code: str, message: str, offset: int, recovered: bool) -> None:
        self._sink.diagnose(code, message, offset, recovered=recovered)

    def examined(self, evidence_id: str, path: str, sha256: str, replaced: tuple[tuple[str, str], ...]) -> None:
        pass


def was_dicom(path: str, head: bytes, with_dicom: Container[str]) -> bool:
    """Whether a file whose bytes no reader knows was once DICOM: by its name, or by the folder where such files lie.

    The one place where a name counts, because the content is what was lost. ``with_dicom`` are folders of DICOM files.
    """
    cut = max(path.rfind("/"), path.rfind("!"), path.rfind("\\")) + 1
    name = path[cut:].lower()
    if _DICOM_NAME.search(name):
        return True
    return path[: cut - 1] in with_dicom and bool(_BARE_NAME.match(name)) and not _is_text(head[:512])


def _is_text(head: bytes) -> bool:
    """Whether most bytes are printable ASCII; of encrypted ones five in eight are not."""
    return sum(byte < 9 or 13 < byte < 0x20 or byte > 0x7E for byte in head) <= len(head) // 4


def _examined(source: Source, sink: ManySink) -> dict[str, Any] | None:
    """Read one file and tell the sink; its row, None when it cannot be read at all."""
    from wardround.readers.patient_paths import mask

    try:
        row, sha256, marks = _read(source)
    except ReaderError as error:
        sink.diagnose(source.evidence_id, source.path, error.code, str(error), error.offset, recovered=False)
        return None
    except OSError as error:
        sink.diagnose(source.evidence_id, source.path, "unreadable", str(error.strerror), -1, recovered=False)
        return None
    path, replaced = mask(source.path, marks)
    row["path"], row["evidence_id"] = path, source.evidence_id
    sink.examined(source.evidence_id, path, sha256, replaced)
    if row["size"] and not row["readable"] and "magic_lost" not in row["anomalies"]:
        sink.diagnose(source.evidence_id, path, "data_set_broken", _UNREADABLE, row.pop("_end", -1), recovered=True)
    row.pop("_end", None)
    return row


def _hand_on(rows: list[dict[str, Any]], sink: ManySink) -> None:
    if not rows:
        return
    import pyarrow as pa

    from wardround import schema

    fields = schema.tables()["dicom_file"].arrow()
    arrays: list[Any] = [pa.array([row.get(field.name) for row in rows], field.type) for field in fields]
    sink.write("dicom_file", pa.table(arrays, schema=fields))


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    """A stream that can be sought in; what is compressed is laid out for that."""
    stream = source.open()
    if stream.seekable():
        with stream:
            yield stream
        return
    stream.close()
    with source.local() as path, path.open("rb") as laid_out:
        yield laid_out


def _read(source: Source) -> tuple[dict[str, Any], str, Marks]:
    """Row, SHA-256 of the file (empty when it is behind compression) and what to look for in its path."""
    from wardround.readers.dicom_octets import Octets

    with _opened(source) as stream:
        size, modified = _state(stream)
        if size <= WHOLE_BYTES:
            data = stream.read(size)
            octets = Octets(data, len(data))
        else:
            octets = Octets(b"", size, stream)
        sha256 = ""
        if source.size is not None:
            from wardround.readers.dicom_header import digest

            sha256 = digest(octets, 0, octets.size)
        row, marks = _row(octets, source.path)
        row["ts"] = modified if source.size is not None else None
        row["ts_zone"] = "none" if row["ts"] is None else "assumed" if "!" in source.path else "utc"
    return row, sha256, marks


def _state(stream: BinaryIO) -> tuple[int, int | None]:
    """Size, and time of modification in ns UTC where it is a file."""
    try:
        state = os.fstat(stream.fileno())
    except (OSError, io.UnsupportedOperation):
        return stream.seek(0, os.SEEK_END), stream.seek(0) or None
    if not stat.S_ISREG(state.st_mode):
        raise ReaderError("not_a_file", "a device, pipe or socket is not evidence")
    return state.st_size, state.st_mtime_ns


def _row(octets: Octets, path: str) -> tuple[dict[str, Any], Marks]:
    from wardround.readers.dicom_header import examine
    from wardround.readers.dicom_row import described
    from wardround.readers.patient_paths import NOTHING

    header = examine(octets)
    if header is None:
        return _lost(octets), NOTHING
    return described(octets, header)


def _lost(octets: Octets) -> dict[str, Any]:
    """A file that is called DICOM, or lies among such, and is not (any more)."""
    head = octets.get(0, 16)
    compressed = head[:1] == b"\x78" and (head[0] << 8 | head[1]) % 31 == 0 if len(head) > 1 else False
    compressed |= len(head) == 16 and head[8:9] == b"\x78" and (head[8] << 8 | head[9]) % 31 == 0 and not any(head[5:8])
    anomalies = ["compressed_container" if compressed else "magic_lost"]
    return {"record": 1, "size": octets.size, "part10": False, "preamble": "absent", "readable": False, "anomalies": anomalies}
