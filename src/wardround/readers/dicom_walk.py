"""A bounded walk through the elements of a DICOM data set (PS3.5, chapter 7), before any library sees the file.

Every length is hostile: none is believed beyond the end of what contains it, nesting and the number of elements have
limits, and no value is kept but short ones that were asked for. Pixel data is passed over by its length.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from struct import Struct
from typing import TYPE_CHECKING, Any

import numpy as np

from wardround.readers.dicom_octets import FIRST_BYTES, PROGRAM_KINDS, SHORTEST_PROGRAM, Octets, kind_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Sequences within sequences; reports are some ten deep.
MAX_DEPTH = 64
DEEP = 32

#: Elements of one file; an enhanced multi-frame object has some tens of thousands.
MAX_ELEMENTS = 1_000_000

#: Longest value that is kept.
VALUE_BYTES = 1024

#: A value of this size that begins as an archive is told; small ones occur in private data of some manufacturers.
PAYLOAD_BYTES = 64 * 1024

#: Values within sequences that are kept, over the whole file.
NESTED_VALUES = 2_000

UNDEFINED = 0xFFFFFFFF
PIXEL_TAGS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
DOCUMENT = 0x00420011

LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
SHORT_VRS = frozenset(
    (b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS", b"ST",
     b"TM", b"UI", b"UL", b"US")
)  # fmt: skip

_EXPLICIT = {False: Struct("<HH2sH"), True: Struct(">HH2sH")}
_IMPLICIT = {False: Struct("<HHL"), True: Struct(">HHL")}
_LONG = {False: Struct("<L"), True: Struct(">L")}
_SEQUENCE, _ITEM = 0, 1


@dataclass(slots=True)
class Walked:
    """What a walk found. ``values`` and ``nested`` hold raw bytes by tag; positions are of the walked bytes."""

    values: dict[int, bytes] = field(default_factory=dict)
    nested: dict[int, list[bytes]] = field(default_factory=dict)
    anomalies: set[str] = field(default_factory=set)
    embedded: list[tuple[str, int]] = field(default_factory=list)
    elements: int = 0
    #: Pixel data as stored: begin and end, and the number of fragments (-1: not encapsulated).
    pixel: tuple[int, int] | None = None
    fragments: int = -1
    #: Begin and length of an encapsulated document.
    document: tuple[int, int] | None = None
    #: Where the walk ended, and whether that is the end of the data set.
    end: int = 0
    readable: bool = True


@dataclass(slots=True)
class _Container:
    """A sequence or an item around the present position, and what comes back into force behind it."""

    end: int
    is_item: bool
    undefined: bool
    explicit_around: bool
    last_around: int


@cache
def _tools(wanted: frozenset[int], wanted_nested: frozenset[int]) -> tuple[Any, tuple[Any, Any], tuple[Any, Any]]:
    """For the kernel: room for values, and at the top and within sequences what it must leave and what it must keep."""
    from wardround.readers.dicom_kernels import empty_kept, sorted_tags

    nothing: frozenset[int] = frozenset()
    remarkable = (sorted_tags(PIXEL_TAGS | {DOCUMENT}), sorted_tags(wanted_nested))
    return empty_kept(), remarkable, (sorted_tags(wanted), sorted_tags(nothing))


class _StopError(Exception):
    """The walk cannot go on; ``found`` says how far it came."""


class Walk:
    """One walk over the elements of ``octets``; ``wanted`` tags are kept at the top, ``wanted_nested`` ones in sequences.

    Ordinary elements are passed over in :meth:`_pass_plain`, which leaves everything it is not sure of to :meth:`_step`.
    """

    def __init__(self, octets: Octets, wanted: frozenset[int], wanted_nested: frozenset[int]) -> None:
        self._octets = octets
        self._wanted, self._wanted_nested = wanted, wanted_nested
        from wardround.readers import dicom_kernels as kernels  # compiled code; only where files are read

        self._kernel, self._vrs, self._magics = kernels.pass_plain, kernels.VRS, kernels.MAGICS
        self._tools = _tools(wanted, wanted_nested)
        self._seen: bytes | None = None
        self._array: NDArray[np.uint8] = np.empty(0, np.uint8)
        self._big = False
        self._kept_nested = 0
        self._stack: list[_Container] = []
        self._position, self._limit, self._end, self._last, self._explicit = 0, octets.size, octets.size, -1, True
        self.found = Walked()

    def run(
        self, start: int, explicit: bool, big: bool, *, only_group: int = -1, end: int = -1, plainly: bool = True
    ) -> Walked:
        """Walk from ``start`` to ``end``, or as long as elements are of ``only_group``; without ``plainly``, slowly."""
        self._position, self._explicit = start, explicit
        self._end = self._limit = self._octets.size if end < 0 else end
        self._big = big
        self._short, self._whole, self._long = _EXPLICIT[big], _IMPLICIT[big], _LONG[big]
        self._only_group = only_group
        found = self.found
        try:
            while self._leave_containers():
                if plainly and only_group < 0:
                    self._pass_plain()
                    if self._position >= self._limit:
                        continue
                if not self._step():
                    break
        except _StopError:
            found.readable = found.pixel is not None
        found.end = self._position
        return found

    def _leave_containers(self) -> bool:
        """Leave the containers that end here; false at the end of everything."""
        while self._position >= self._limit:
            if not self._stack:
                return False
            if self._stack[-1].undefined:
                self.found.anomalies.add("missing_delimiter")
            self._pop()
        return True

    def _pop(self) -> _Container:
        left = self._stack.pop()
        self._explicit, self._last = left.explicit_around, left.last_around
        self._limit = self._stack[-1].end if self._stack else self._end
        return left

    def _pass_plain(self) -> None:
        """Pass over elements that are in memory and hold nothing remarkable, until one is not."""
        stack = self._stack
        if stack and not stack[-1].is_item:
            return
        octets = self._octets
        if self._seen is not octets.data:
            self._seen, self._array = octets.data, np.frombuffer(octets.data, np.uint8)
        offset = self._position - octets.base
        if offset < 0:
            return
        kept, remarkable, wanted = self._tools
        end = min(self._limit - octets.base, len(octets.data))
        offset, self._last, count, found = self._kernel(
            self._array,
            offset,
            end,
            self._last,
            self._explicit,
            self._big,
            remarkable[bool(stack)],
            wanted[bool(stack)],
            self._vrs,
            self._magics,
            kept,
        )
        self._position = octets.base + offset
        if found:
            values, data = self.found.values, octets.data
            for tag, begin, stop in kept[:found].tolist():
                values.setdefault(tag, data[begin:stop])  # of an element that comes twice, the first counts
        self._count(count)

    def _count(self, elements: int) -> None:
        self.found.elements += elements
        if self.found.elements > MAX_ELEMENTS:
            self.found.anomalies.add("too_many_elements")
            raise _StopError

    def _step(self) -> bool:
        """Take one element with every check; false where another group begins and only one was asked for."""
        octets, found, position = self._octets, self.found, self._position
        if position + 8 > self._limit:
            found.anomalies.add("cut_element")
            if not self._stack:
                raise _StopError
            self._position = self._limit
            return True
        head = octets.get(position, 12)
        if len(head) < 8:  # the file became shorter while it was read
            raise _StopError
        group, element, vr, length = self._short.unpack_from(head)
        tag = group << 16 | element
        if 0 <= self._only_group != group:
            return False
        if group == 0xFFFE or (self._stack and not self._stack[-1].is_item):
            self._count(1)
            self._item(tag, self._whole.unpack_from(head)[2])
            return True
        vr, header, length = self._header(head, tag, vr, length)
        self._count(1)
        value = position + header
        if tag <= self._last:
            if not self._stack and found.pixel is not None:
                raise _StopError
            found.anomalies.add("order")
        if not element:
            self._group_length(group, vr, length, value)
        items = length >= 8 and not vr and octets.get(value, 4) == b"\xfe\xff\x00\xe0"
        self._last = tag
        if length == UNDEFINED or vr == b"SQ" or items:
            self._container(tag, vr, value, length)
            return True
        if value + length > self._limit:
            length = self._shortened(tag, value, length)
        if length & 1:
            found.anomalies.add("odd_length")
        self._value(tag, value, length)
        self._position = value + length
        return True

    def _header(self, head: bytes, tag: int, vr: bytes, length: int) -> tuple[bytes, int, int]:
        """VR (empty when implicit), bytes of the header and length of the value."""
        if not self._explicit:
            return b"", 8, self._whole.unpack_from(head)[2]
        if vr in SHORT_VRS:
            return vr, 8, length
        if vr in LONG_VRS:
            if len(head) < 12:
                self.found.anomalies.add("cut_element")
                raise _StopError
            return vr, 12, self._long.unpack_from(head, 8)[0]
        implied = self._whole.unpack_from(head)[2]
        room = self._limit - self._position - 8
        if vr.isalpha() and vr.isupper() and length <= room and tag > self._last:  # a VR of a later edition, or a wrong one
            self.found.anomalies.add("bad_vr")
            return vr, 8, length
        if tag > self._last and (implied <= room or implied == UNDEFINED) and tag >> 16 < 0x7FE1 and self.found.pixel is None:
            self.found.anomalies.add("bad_vr")  # some programs write single elements without a VR
            return b"", 8, implied
        raise _StopError

    def _shortened(self, tag: int, value: int, length: int) -> int:
        """The bytes that a value too long for its surroundings can have; the walk ends where that is the end of the file."""
        found = self.found
        if self._stack:
            found.anomalies.add("beyond_parent" if value + length <= self._octets.size else "beyond_end")
            return max(0, self._limit - value)
        if kind_of(self._octets, self._position) or found.pixel is not None:  # no element at all: something else follows
            raise _StopError
        found.anomalies.add("beyond_end")
        if tag not in PIXEL_TAGS:
            raise _StopError
        return max(0, self._limit - value)

    def _value(self, tag: int, value: int, length: int) -> None:
        """Look at a value of known length: keep it, remember where it is, or see a program in it."""
        found, octets = self.found, self._octets
        if length >= SHORTEST_PROGRAM and octets.get(value, 2) in FIRST_BYTES:
            self._payload(tag, value, length)
        if self._stack:
            if tag in self._wanted_nested and self._kept_nested < NESTED_VALUES:
                self._kept_nested += 1
                found.nested.setdefault(tag, []).append(octets.get(value, min(length, VALUE_BYTES)))
        elif tag in PIXEL_TAGS:
            found.pixel = (value, value + length)
        elif tag == DOCUMENT:
            found.document = (value, length)
        elif tag in self._wanted and tag not in found.values:
            found.values[tag] = octets.get(value, min(length, VALUE_BYTES))

    def _payload(self, tag: int, value: int, length: int) -> None:
        """A value that begins like a program or an archive. Documents are where documents belong; they are judged apart."""
        kind = kind_of(self._octets, value)
        if tag == DOCUMENT or not kind:
            return
        private = bool(tag >> 16 & 1) or tag >> 16 == 2
        certain = kind in ("pe", "elf")
        program = kind in PROGRAM_KINDS and (certain or (length > PAYLOAD_BYTES and kind != "script"))
        if program or (private and length > PAYLOAD_BYTES and kind in ("zip", "rar", "7z", "cab")):
            self.found.embedded.append((kind, value))

    def _group_length(self, group: int, vr: bytes, length: int, value: int) -> None:
        """Group lengths (gggg,0000) are UL of four bytes; anything else in their place hides data from old programs."""
        if (vr and vr != b"UL") or length != 4:
            self.found.anomalies.add("group_length_vr")
        elif not self._stack:
            self._check_group(group, value)

    def _check_group(self, group: int, value: int) -> None:
        told = self._long.unpack(self._octets.get(value, 4))[0] if self._octets.size >= value + 4 else 0
        if value + 4 + told > self._octets.size:
            self.found.anomalies.add("meta_length" if group == 2 else "group_length")

    def _item(self, tag: int, length: int) -> None:
        """Begin of an item, or a delimiter; raises when neither can be here."""
        found, stack = self.found, self._stack
        position = self._position + 8
        if tag == 0xFFFEE000 and stack and not stack[-1].is_item:
            undefined = length == UNDEFINED
            end = self._limit if undefined else position + length
            if end > self._limit:
                found.anomalies.add("beyond_parent" if end <= self._octets.size else "beyond_end")
                end = self._limit
            stack.append(_Container(end, True, undefined, self._explicit, self._last))
            self._limit, self._last = end, -1
        elif tag == 0xFFFEE00D and stack and stack[-1].is_item:
            self._pop()
        elif tag == 0xFFFEE0DD and stack:
            if stack[-1].is_item:
                found.anomalies.add("missing_delimiter")
                self._pop()
            self._pop()
        elif not stack:
            found.anomalies.add("stray_item")
            raise _StopError
        else:
            found.anomalies.add("item_expected")
            if stack[-1].undefined:
                raise _StopError
            position = self._limit
        self._position = position

    def _container(self, tag: int, vr: bytes, value: int, length: int) -> None:
        """Enter a sequence, or pass over encapsulated pixel data."""
        found = self.found
        undefined = length == UNDEFINED
        if undefined and not self._stack and tag in PIXEL_TAGS:
            self._fragments(value)
            return
        if undefined and vr in (b"OB", b"OW"):
            self._pass_fragments(value)
            return
        if undefined and vr not in (b"", b"SQ", b"UN"):
            found.anomalies.add("undefined_length")
        end = self._limit if undefined else value + length
        if end > self._limit:
            found.anomalies.add("beyond_parent" if end <= self._octets.size else "beyond_end")
            if not self._stack:
                raise _StopError
            end = self._limit
        depth = len(self._stack) // 2 + 1
        if depth > DEEP:
            found.anomalies.add("deep_nesting")
        if depth > MAX_DEPTH:
            if undefined:
                raise _StopError
            self._position = end
            return
        self._stack.append(_Container(end, False, undefined, self._explicit, self._last))
        self._position, self._limit, self._last = value, end, -1
        if vr == b"UN":  # PS3.5, 6.2.2, note 4: a sequence of unknown VR has implicit VRs
            self._explicit = False

    def _fragments(self, value: int) -> None:
        found = self.found
        found.fragments = -1
        found.pixel = (value, self._limit)
        end, found.fragments = self._pass_fragments(value)
        found.pixel = (value, end)

    def _pass_fragments(self, value: int) -> tuple[int, int]:
        """Pass over items of a value of undefined length; end of the last one, and their number without the offset table."""
        octets, found = self._octets, self.found
        position, number = value, -1
        while True:
            head = octets.get(position, 8) if position + 8 <= self._limit else b""
            if len(head) < 8:
                found.anomalies.add("missing_delimiter")
                self._position = self._limit
                return self._limit, max(0, number)
            group, element, _, _ = self._short.unpack_from(head)
            length = self._whole.unpack_from(head)[2]
            if (group, element) == (0xFFFE, 0xE0DD):
                self._position = position + 8
                return position, max(0, number)
            if (group, element) != (0xFFFE, 0xE000) or length == UNDEFINED:
                found.anomalies.add("item_expected")
                self._position = position
                raise _StopError
            if position + 8 + length > self._limit:
                found.anomalies.add("beyond_end")
                self._position = self._limit
                return self._limit, max(0, number + 1)
            if number == 0 and length >= SHORTEST_PROGRAM and octets.get(position + 8, 2) in FIRST_BYTES:
                self._payload(0x7FE00010, position + 8, length)
            number += 1
            self._count(1)
            position += 8 + length
