"""XML as a stream of elements, within limits: nothing is kept but the path to where the parser stands.

Entities cannot be declared (no expansion, no outside files), whatever the document type says. A document that breaks off
gives everything before the break and a diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

from wardround.errors import ReaderError
from wardround.readers.base import Sink

#: How much is given to the parser at a time.
CHUNK_BYTES = 64 * 1024

#: A tag or a text that is longer is not read: no document of the kinds we read needs it, and memory is bounded.
TOKEN_BYTES = 8 * 1024 * 1024

#: Elements inside one another, at most.
MAX_DEPTH = 256

#: Characters of text kept of one element.
TEXT_CHARACTERS = 64 * 1024


@dataclass(frozen=True, slots=True)
class Element:
    """The beginning (``start``) or the end of an element.

    ``path`` are the local names from the root to the element, itself included; ``text`` is complete at the end; ``line``
    is where the tag begins.
    """

    start: bool
    path: tuple[str, ...]
    attributes: Mapping[str, str]
    text: str
    line: int

    @property
    def name(self) -> str:
        """Local name of the element."""
        return self.path[-1]


class _Handler:
    """Collects what the parser says between two pieces of the document."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.EntityDeclHandler = self._entity
        self.found: list[Element] = []
        self._path: list[str] = []
        self._texts: list[list[str]] = []
        self._opened: list[tuple[Mapping[str, str], int]] = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= MAX_DEPTH:
            raise ReaderError("xml_too_deep", f"elements stand more than {MAX_DEPTH} deep", self.parser.CurrentLineNumber)
        self._path.append(_local(name))
        self._texts.append([])
        plain = {_local(key): value for key, value in attributes.items()}
        self._opened.append((plain, self.parser.CurrentLineNumber))
        self.found.append(Element(True, tuple(self._path), plain, "", self.parser.CurrentLineNumber))

    def _end(self, _: str) -> None:
        attributes, line = self._opened.pop()
        text = "".join(self._texts.pop()).strip()[:TEXT_CHARACTERS]
        self.found.append(Element(False, tuple(self._path), attributes, text, line))
        self._path.pop()

    def _characters(self, text: str) -> None:
        if self._texts and sum(map(len, self._texts[-1])) < TEXT_CHARACTERS:
            self._texts[-1].append(text)

    def _entity(self, *_: object) -> None:
        raise ReaderError("xml_entities", "the document declares entities; it was not read on", self.parser.CurrentLineNumber)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def elements(stream: BinaryIO, sink: Sink) -> Iterator[Element]:
    """The elements of a document in order. Raises ReaderError when it is none, declares entities or passes a limit.

    A document that breaks off, or breaks the rules somewhere, ends there with diagnostic ``xml_broken``.
    """
    handler = _Handler()
    seen, silent = False, 0
    final = False
    while not final:
        chunk = stream.read(CHUNK_BYTES)
        final = not chunk
        try:
            handler.parser.Parse(chunk, final)
        except (expat.ExpatError, ValueError, LookupError) as error:
            yield from handler.found
            line = handler.parser.CurrentLineNumber
            if not seen and not handler.found:
                raise ReaderError("xml_broken", f"not a readable XML document: {_reason(error)}", line) from error
            sink.diagnose("xml_broken", f"The document breaks off or is damaged: {_reason(error)}.", line)
            return
        silent = 0 if handler.found else silent + len(chunk)
        if silent > TOKEN_BYTES:
            raise ReaderError(
                "xml_too_long", f"a tag or text is longer than {TOKEN_BYTES} bytes", handler.parser.CurrentLineNumber
            )
        seen = seen or bool(handler.found)
        found, handler.found = handler.found, []
        yield from found


def _reason(error: Exception) -> str:
    return (
        expat.ErrorString(error.code) or "unknown error" if isinstance(error, expat.ExpatError) else "its encoding is unknown"
    )


def head_text(head: bytes) -> str:
    """The first bytes as text, for recognising a document: UTF-8, or UTF-16 with its mark."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", "replace")
    return head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


def root_name(head: bytes) -> str:
    """Local name of the root element that the first bytes show, empty when they show none."""
    text = head_text(head).lstrip()
    while text.startswith(("<?", "<!")):
        end = {"<!--": "-->", "<?": "?>"}.get("<!--" if text.startswith("<!--") else text[:2], ">")
        place = text.find(end)
        if place < 0:
            return ""
        text = text[place + len(end) :].lstrip()
    if not text.startswith("<"):
        return ""
    name = text[1:256].replace("/", " ").replace(">", " ").split(maxsplit=1)
    return name[0].rpartition(":")[2] if name else ""
