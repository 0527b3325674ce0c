"""Reader of SPDX 2 bills of materials (ISO/IEC 5962), JSON and tag-value, into ``software``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from wardround.errors import ReaderError
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.json_members import mappings, members, text

if TYPE_CHECKING:
    from wardround.readers.base import Reader

JSON = "spdx_json"
TAGS = "spdx_tag_value"

#: Programs that sort the members write the version at the end; the document's own identifier is always this one.
_JSON_HEAD = re.compile(rb'"spdxVersion"\s*:\s*"SPDX-|"SPDXID"\s*:\s*"SPDXRef-DOCUMENT"')
_TAGS_HEAD = re.compile(rb"(^|\n)SPDXVersion: *SPDX-")
_LINE_BYTES = 64 * 1024
_NONE = ("NOASSERTION", "NONE")


class SpdxReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "spdx"

    def sniff(self, head: bytes) -> str | None:
        """JSON with ``spdxVersion`` or the identifier of a document, or lines of which one is ``SPDXVersion:``."""
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return JSON if _JSON_HEAD.search(head) else None
        return TAGS if _TAGS_HEAD.search(head[:4096]) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: a document cannot be cut."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the packages."""
        batches = Batches(sink)
        with source.open() as stream:
            is_json = stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        with source.open() as stream:
            try:
                for package, record in _of_json(stream, sink) if is_json else _of_tags(stream):
                    _write(package, record, batches)
            finally:
                batches.close()


def _write(package: dict[str, Any], record: int, batches: Batches) -> None:
    references = mappings(package.get("externalRefs"))

    def reference(kinds: tuple[str, ...]) -> str:
        return next((text(r.get("referenceLocator")) for r in references if r.get("referenceType") in kinds), "")

    name, version = text(package.get("name")), text(package.get("versionInfo"))
    supplier = text(package.get("supplier"))
    batches.add(
        "software",
        ts_zone="none",
        record=record,
        host=text(package.get("document")),
        software_type="package",
        name=name,
        version="" if version in _NONE else version,
        unparsed_version=" ".join(part for part in (name, version) if part and part not in _NONE),
        vendor="" if supplier in _NONE else supplier.partition(": ")[2] or supplier,
        purl=reference(("purl",)),
        cpe=reference(("cpe23Type", "cpe22Type")),
        source="sbom",
    )


def _of_json(stream: BinaryIO, sink: Sink) -> Iterator[tuple[dict[str, Any], int]]:
    document: dict[str, Any] = {}
    for member in members(stream, sink):
        if member.key not in ("name", "packages"):
            continue
        try:
            value = member.value()
        except ReaderError as error:
            sink.diagnose(error.code, str(error), error.offset)
            continue
        if member.key == "name":
            document["document"] = text(value)
        elif isinstance(value, dict):
            yield {**value, **document}, member.index


def _of_tags(stream: BinaryIO) -> Iterator[tuple[dict[str, Any], int]]:
    document: dict[str, Any] = {}
    package: dict[str, Any] = {}
    number = record = 0
    names = {"PackageVersion": "versionInfo", "PackageSupplier": "supplier"}
    while line := stream.readline(_LINE_BYTES):
        number += 1
        tag, _, value = line.decode("utf-8", "replace").strip().partition(":")
        value = value.strip()
        if tag == "DocumentName":
            document["document"] = value
        elif tag == "PackageName":
            if package:
                yield {**package, **document}, record
            package, record = {"name": value, "externalRefs": []}, number
        elif package and tag in names:
            package[names[tag]] = value
        elif package and tag == "ExternalRef" and len(parts := value.split()) == 3:
            package["externalRefs"].append({"referenceType": parts[1], "referenceLocator": parts[2]})
    if package:
        yield {**package, **document}, record


READER: Reader = SpdxReader()
