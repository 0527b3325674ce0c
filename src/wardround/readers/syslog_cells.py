"""Parts of log lines as Arrow columns: strings, addresses, numbers, durations, and the words that mean *nothing*."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wardround.readers.zeek_cells import Bytes, Positions, _kernel

if TYPE_CHECKING:
    from wardround.schema import Column

#: What devices write where they have nothing to say.
NOTHING = pa.array(
    ["", "-", "N/A", "n/a", "(null)", "null", "NULL", "undefined", "Unknown", "unknown", "(empty)", "(none)", "[]"]
)

_ADDRESS = (
    r"^\[?(?:::[fF]{4}:)?(?P<address>(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]{1,40})\]?"
    r"(?:%\w{1,16})?(?:/\d{1,3})?$"
)
#: Addresses that stand for none.
_NOBODY = pa.array(["0.0.0.0", "::", "255.255.255.255"])  # noqa: S104
_DURATION = (
    r"^(?:(?:(?P<d>\d{1,5})d(?:ays?)?[ ,:]*)?(?P<h>\d{1,5})h?:(?P<m>\d{1,2})m?:(?P<s>\d{1,2})(?:\.\d+)?s?|"
    r"(?P<n>\d{1,12}(?:\.\d{1,9})?)(?:s| ?secs?| seconds)?)$"
)

#: Protocols by number, as far as firewalls commonly name them.
_PROTOCOLS = {
    "1": "icmp",
    "2": "igmp",
    "6": "tcp",
    "17": "udp",
    "47": "gre",
    "50": "esp",
    "51": "ah",
    "58": "icmp6",
    "89": "ospf",
}
_PROTOCOLS |= {"ipv6-icmp": "icmp6", "icmpv6": "icmp6", "0": "ip"}

#: What must never be kept: a word for a secret, how it is assigned, and the secret itself.
_HIDDEN = (
    r"(?i)((?:pass(?:word|wd|phrase)?|pwd|psk(?:secret)?|pre-?shared-key|shared-key|secret|auth-?key|priv-?key|private-key|"
    r"api-?key|token|community)(?:-?enc|-?hash)?['\"]?)(\s*[=:\[>]\s*|\s+(?:[05789]\s+|ENC\s+|encrypted\s+|hash\s+|"
    r"read-only\s+|read-write\s+)?)(\"[^\"]*\"|'[^']*'|[^\s\],;&]+)"
)
#: What such a word is said to be; no secret follows.
_STATES = (
    r"(?i)\b(password|token|passphrase|psk) (is (?:incorrect|wrong|invalid|expired)|mismatch|"
    r"expired|incorrect|invalid|wrong|failed|failure|rejected|changed|does not|"
    r"authentication|verification|attempts?|policy|or inexistent)\b"
)


#: The same words for the compiled loops.
_WORDS = [word.encode() for word in NOTHING.to_pylist() if word]
_WORD_BYTES = np.frombuffer(b"".join(_WORDS), np.uint8)
_WORD_EDGES = np.cumsum([0, *map(len, _WORDS)]).astype(np.int64)


@_kernel
def _says_nothing(data: Bytes, begin: int, end: int, words: Bytes, edges: Positions) -> bool:
    """Whether a part is one of the words for nothing."""
    lead = data[begin]
    if end - begin > 9 or not (lead == 45 or lead == 40 or lead == 91 or (lead | 32) == 110 or (lead | 32) == 117):
        return False
    for word in range(edges.size - 1):
        first = edges[word]
        if edges[word + 1] - first == end - begin and words[first] == data[begin]:
            same = True
            for i in range(1, end - begin):
                if words[first + i] != data[begin + i]:
                    same = False
                    break
            if same:
                return True
    return False


@_kernel
def _measure(
    data: Bytes,
    begins: Positions,
    ends: Positions,
    words: Bytes,
    edges: Positions,
    offsets: NDArray[np.int32],
    filled: NDArray[np.uint8],
) -> None:
    """Trim the parts and say where each will stand; a part that is absent or says nothing is not filled."""
    total = 0
    for i in range(begins.size):
        offsets[i] = total
        begin, end = begins[i], ends[i]
        if begin < 0:
            continue
        while begin < end and data[begin] == 32:
            begin += 1
        while end > begin and data[end - 1] == 32:
            end -= 1
        begins[i], ends[i] = begin, end
        if end > begin and not _says_nothing(data, begin, end, words, edges):
            filled[i] = 1
            total += end - begin
    offsets[begins.size] = total


@_kernel
def _copy(data: Bytes, begins: Positions, filled: NDArray[np.uint8], offsets: NDArray[np.int32], texts: Bytes) -> None:
    for i in range(begins.size):
        if filled[i]:
            begin = begins[i]
            at = offsets[i]
            for k in range(offsets[i + 1] - at):
                texts[at + k] = data[begin + k]


@_kernel
def _parse_numbers(
    data: Bytes, offsets: NDArray[np.int32], valid: NDArray[np.bool_], values: NDArray[np.int64], good: NDArray[np.bool_]
) -> None:
    """Whole numbers of at most 18 digits, or 19 that surely fit; anything else is not good."""
    for i in range(valid.size):
        begin, end = offsets[i], offsets[i + 1]
        values[i] = 0
        length = end - begin
        good[i] = valid[i] and 0 < length <= 19 and (length < 19 or data[begin] < 57)
        if not good[i]:
            continue
        value = 0
        for k in range(begin, end):
            digit = int(data[k]) - 48
            if digit < 0 or digit > 9:
                good[i] = False
                break
            value = value * 10 + digit
        values[i] = value if good[i] else 0


@_kernel
def _plain_addresses(data: Bytes, offsets: NDArray[np.int32], valid: NDArray[np.bool_], marks: NDArray[np.uint8]) -> None:
    """Mark what is surely an address as it should be written (1), no address (0), or needs a closer look (2)."""
    for i in range(valid.size):
        begin, end = offsets[i], offsets[i + 1]
        marks[i] = 0
        if not valid[i]:
            continue
        dots, digits, run = 0, 0, 0
        plain = 7 <= end - begin <= 15
        for k in range(begin, end):
            byte = data[k]
            if byte == 46 and run > 0:
                dots += 1
                run = 0
            elif 48 <= byte <= 57 and run < 3:
                run += 1
                digits += byte != 48
            else:
                plain = False
                break
        marks[i] = (1 if digits else 0) if plain and dots == 3 and run else 2


def _buffers(texts: pa.StringArray) -> tuple[NDArray[np.uint8], NDArray[np.int32], NDArray[np.bool_]]:
    """The bytes, offsets and validity of an array of strings."""
    _, offsets, data = texts.buffers()
    edges = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data or b"", np.uint8), edges, texts.is_valid().to_numpy(zero_copy_only=False)


def _flat(texts: pa.Array) -> pa.StringArray:
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts


def strings(data: NDArray[np.uint8], begins: NDArray[Any], ends: NDArray[Any]) -> pa.StringArray:
    """The parts of a block as strings, trimmed; null where there is nothing. The block must be valid UTF-8."""
    begins, ends = begins.astype(np.int64), ends.astype(np.int64)
    offsets, filled = np.zeros(begins.size + 1, np.int32), np.zeros(begins.size, np.uint8)
    _measure(data, begins, ends, _WORD_BYTES, _WORD_EDGES, offsets, filled)
    texts = np.empty(int(offsets[-1]), np.uint8)
    _copy(data, begins, filled, offsets, texts)
    validity = None if filled.all() else pa.py_buffer(np.packbits(filled, bitorder="little"))
    return pa.Array.from_buffers(pa.string(), begins.size, [validity, pa.py_buffer(offsets), pa.py_buffer(texts)])


def known(texts: pa.Array) -> pa.Array:
    """Texts without blanks around them, null where a device wrote one of its words for nothing."""
    texts = pc.utf8_trim(texts, " \t\"'")
    return pc.if_else(pc.is_in(texts, NOTHING), pa.scalar(None, pa.string()), texts)


def addresses(texts: pa.Array) -> pa.Array:
    """Network addresses in lower case and without brackets; null for names, wildcards and anything else."""
    texts = _flat(texts)
    marks = np.zeros(len(texts), np.uint8)
    _plain_addresses(*_buffers(texts), marks)
    if not (marks == 2).any():
        return pc.if_else(pa.array(marks == 1), texts, pa.scalar(None, pa.string()))
    found = pc.struct_field(pc.extract_regex(texts, _ADDRESS), [0])
    found = pc.utf8_lower(found)
    return pc.if_else(pc.is_in(found, _NOBODY), pa.scalar(None, pa.string()), found)


def integers(texts: pa.Array) -> pa.Array:
    """Whole numbers; null for anything else. Blanks, brackets and separators of thousands are not numbers."""
    texts = _flat(texts)
    values, good = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.bool_)
    _parse_numbers(*_buffers(texts), values, good)
    return pa.array(values, mask=~good)


def ports(texts: pa.Array) -> pa.Array:
    """Port numbers, 0 to 65535; null for anything else."""
    numbers = integers(texts)
    return pc.if_else(pc.less_equal(numbers, 65535), numbers, pa.scalar(None, pa.int64())).cast(pa.int32())


def seconds(texts: pa.Array) -> pa.Array:
    """Durations in seconds: ``75``, ``0h:01m:15s``, ``1d 02:03:04``, ``00:01:15``; null for anything else."""
    plain = integers(texts)
    if plain.null_count == texts.null_count:
        return plain.cast(pa.float64(), safe=False)
    parts = pc.extract_regex(texts, _DURATION)

    def part(index: int) -> pa.Array:
        found = pc.struct_field(parts, [index])
        return pc.if_else(pc.equal(found, ""), "0", found).cast(pa.float64())

    total = pc.add(pc.multiply(part(0), 86400.0), pc.multiply(part(1), 3600.0))
    total = pc.add(total, pc.add(pc.multiply(part(2), 60.0), part(3)))
    return pc.add(total, part(4))


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NUMBERS = {name: f"{number:02}" for number, name in enumerate(_MONTHS, 1)}


def times(local: pa.Array, offset: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Nanoseconds since 1970 of local times (``2026-03-10T08:00:00``) with offsets (``+0100``, ``UTC+2``, empty).

    Also which of them are times at all, and which state their offset.
    """
    good = pc.match_substring_regex(local, r"^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d$")
    text = pc.if_else(good, local, pa.scalar(None, pa.string()))
    parsed = pc.strptime(text, format="%Y-%m-%dT%H:%M:%S", unit="s", error_is_null=True).cast(pa.int64())
    zone = pc.extract_regex(pc.fill_null(offset, ""), r"^(?:UTC|GMT)?(?P<s>[+-])(?P<h>\d{1,2}):?(?P<m>\d\d)?$")
    sign, hours, minutes = (pc.fill_null(pc.struct_field(zone, [i]), "") for i in range(3))
    east = [pc.if_else(pc.equal(p, ""), "0", p).cast(pa.int64()).to_numpy(zero_copy_only=False) for p in (hours, minutes)]
    seconds = (east[0] * 3600 + east[1] * 60) * np.where(pc.equal(sign, "-").to_numpy(zero_copy_only=False), -1, 1)
    value = pc.fill_null(parsed, 0).to_numpy(zero_copy_only=False)
    return (
        (value - seconds) * 1_000_000_000,
        parsed.is_valid().to_numpy(zero_copy_only=False),
        zone.is_valid().to_numpy(zero_copy_only=False),
    )


def iso_date(day: pa.Array, month: pa.Array, year: pa.Array, clock: pa.Array) -> pa.Array:
    """``2026-03-10T08:00:00`` from its parts; the month in letters or digits."""
    digits = pc.match_substring_regex(month, r"^\d")
    month = pc.if_else(digits, pc.utf8_lpad(month, 2, "0"), mapped(month, _MONTH_NUMBERS))
    date = pc.binary_join_element_wise(year, month, pc.utf8_lpad(day, 2, "0"), "-")
    return pc.binary_join_element_wise(date, clock, "T")


def without_secrets(texts: pa.Array) -> pa.Array:
    """Texts in which everything that follows a word for a password, key or token is replaced."""
    if not pc.any(pc.match_substring_regex(texts, _HIDDEN)).as_py():
        return texts
    told = pc.replace_substring_regex(texts, _STATES, "\\1\x1f\\2")
    told = pc.replace_substring_regex(told, r"(?i)\b(bypass) ", "\\1\x1f")
    return pc.replace_substring(pc.replace_substring_regex(told, _HIDDEN, r"\1\2(secret)"), "\x1f", " ")


def mapped(texts: pa.Array, words: Mapping[str, str], default: str | None = None) -> pa.Array:
    """Each text replaced by its word (keys are lower case); ``default`` for others, ``*`` keeps them as they are."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    encoded = texts.dictionary_encode()
    plain = [(value or "").lower() for value in encoded.dictionary.to_pylist()]
    new = pa.array([words.get(value, value if default == "*" else default) for value in plain], pa.string())
    return new.take(encoded.indices)


def protocols(texts: pa.Array) -> pa.Array:
    """Names of IP protocols in lower case, from names or numbers; what follows a slash (a service) is left out."""
    encoded = _flat(texts).dictionary_encode()
    plain = [(value or "").lower().partition("/")[0] for value in encoded.dictionary.to_pylist()]
    return pa.array([_PROTOCOLS.get(value, value) or None for value in plain], pa.string()).take(encoded.indices)


_BY_KIND: dict[str, Callable[[pa.Array], pa.Array]] = {
    "address": addresses,
    "port": ports,
    "count": integers,
    "int": integers,
    "seconds": seconds,
}


def typed(texts: pa.Array, column: Column) -> pa.Array:
    """Texts as the type of a column; what does not fit it is null."""
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), column.type)
    if column.name == "proto":
        return protocols(texts)
    if convert := _BY_KIND.get(column.kind):
        return convert(texts)
    if column.name in {"message", "object", "reason", "url", "uri", "referrer"}:
        return without_secrets(texts)
    return texts
