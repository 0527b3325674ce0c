"""What is kept of a DICOM header: technical attributes as they are, what identifies a patient as a token.

Tags are those of PS3.6. Text is decoded by its Specific Character Set (PS3.3, C.12.1.1.2), tolerantly: a wrong character
set must not cost a row.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from dataclasses import dataclass
from functools import lru_cache

from wardround.privacy import Kind, token

#: Tags that are read at the top of a data set, by what they hold.
CHARSET, SOP_CLASS, INSTANCE, STUDY_DATE, ACCESSION = 0x00080005, 0x00080016, 0x00080018, 0x00080020, 0x00080050
MODALITY, MANUFACTURER, INSTITUTION, STATION, MODEL = 0x00080060, 0x00080070, 0x00080080, 0x00081010, 0x00081090
IMAGE_TYPE, DERIVATION, NAME, PATIENT_ID, BIRTH = 0x00080008, 0x00082111, 0x00100010, 0x00100020, 0x00100030
OTHER_IDS, OTHER_NAMES, BIRTH_NAME, REMOVED, SOFTWARE = 0x00101000, 0x00101001, 0x00101005, 0x00120062, 0x00181020
STUDY, SERIES, SAMPLES, FRAMES = 0x0020000D, 0x0020000E, 0x00280002, 0x00280008
ROWS, COLUMNS, BITS, BURNED_IN, LOSSY, MIME = 0x00280010, 0x00280011, 0x00280100, 0x00280301, 0x00282110, 0x00420012

#: Tags of the file meta information.
META_LENGTH, META_CLASS, META_INSTANCE, SYNTAX = 0x00020000, 0x00020002, 0x00020003, 0x00020010
IMPLEMENTATION, VERSION, SOURCE_AE = 0x00020012, 0x00020013, 0x00020016

WANTED = frozenset(
    (CHARSET, SOP_CLASS, INSTANCE, STUDY_DATE, ACCESSION, MODALITY, MANUFACTURER, INSTITUTION, STATION, MODEL, IMAGE_TYPE,
     DERIVATION, NAME, PATIENT_ID, BIRTH, OTHER_IDS, OTHER_NAMES, BIRTH_NAME, REMOVED, SOFTWARE, STUDY, SERIES, SAMPLES, FRAMES,
     ROWS, COLUMNS, BITS, BURNED_IN, LOSSY, MIME)
)  # fmt: skip
WANTED_NESTED = frozenset((NAME, PATIENT_ID, BIRTH, OTHER_IDS, OTHER_NAMES, BIRTH_NAME, ACCESSION))
WANTED_META = frozenset((META_LENGTH, META_CLASS, META_INSTANCE, SYNTAX, IMPLEMENTATION, VERSION, SOURCE_AE))

#: Longest text that is kept of an attribute, in characters (64 is what LO and AE may have; several values are joined).
TEXT_CHARACTERS = 256

_CODECS = {
    "": "utf-8", "ISO_IR 6": "utf-8", "ISO_IR 100": "latin-1", "ISO_IR 101": "iso8859_2", "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4", "ISO_IR 144": "iso8859_5", "ISO_IR 127": "iso8859_6", "ISO_IR 126": "iso8859_7",
    "ISO_IR 138": "iso8859_8", "ISO_IR 148": "iso8859_9", "ISO_IR 203": "iso8859_15", "ISO_IR 13": "shift_jis",
    "ISO_IR 166": "iso8859_11", "ISO_IR 192": "utf-8", "GB18030": "gb18030", "GBK": "gb18030",
}  # fmt: skip

#: Words that stand where a name was removed; a name made of these alone is none. Accents and case do not count.
_PLACEHOLDERS = frozenset(
    ("anon", "anonym", "anonyme", "anonymise", "anonymised", "anonymized", "anonymous", "anonymisiert", "anonimo",
     "deidentified", "identified", "deidentifie", "removed", "supprime", "redacted", "masked", "masque", "unknown", "inconnu",
     "inconnue", "noname", "none", "null", "nil", "blank", "no", "name", "patient", "nom", "id", "the", "de", "xxx", "xxxx",
     "xxxxx", "xxxxxx", "xxxxxxx", "xxxxxxxx")
)  # fmt: skip


def plain(text: str) -> str:
    """Text without accents and in lower case, for comparison."""
    if text.isascii():
        return text.casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def decoded(raw: bytes, charset: str) -> str:
    """Text of a value; never fails. ``charset`` is the value of Specific Character Set."""
    value = raw.rstrip(b"\0 ")
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii").strip()[: 4 * TEXT_CHARACTERS]
    if b"\x1b" in value or "ISO 2022" in charset:
        return _with_escapes(value, charset)
    codec = _CODECS.get(charset.partition("\\")[0].strip(), "utf-8")
    try:
        return value.decode(codec).strip()
    except (UnicodeDecodeError, LookupError):
        return value.decode("latin-1").strip()


def _with_escapes(value: bytes, charset: str) -> str:
    from pydicom.charset import convert_encodings, decode_bytes

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            encodings = convert_encodings([part.strip() for part in charset.split("\\")][:8])
            return str(decode_bytes(value, encodings, {0x5E, 0x3D, 0x5C, 0x0A, 0x0C, 0x0D, 0x09})).strip()
        except Exception:  # noqa: BLE001 - whatever a decoder makes of hostile bytes, the text is only shown
            return value.decode("latin-1").strip()


def is_placeholder(word: str) -> bool:
    """Whether a word (without accents, in lower case) stands where a name was removed."""
    return word in _PLACEHOLDERS


def text(values: dict[int, bytes], tag: int, charset: str = "") -> str | None:
    """A text attribute, several values joined with a comma; None when it is absent or empty. Control characters go."""
    raw = values.get(tag)
    if not raw:
        return None
    joined = decoded(raw, charset).replace("\\", ", ")
    if not joined.isprintable():
        joined = "".join(c if c.isprintable() else " " for c in joined)
    return joined.strip(", ")[:TEXT_CHARACTERS] or None


_UID = re.compile(rb"[0-9.]{1,64}\Z")
_WORD = re.compile(rb"[A-Za-z0-9_ ./+-]{1,64}\Z")
_DIGITS = re.compile(rb" *([0-9]{1,12}) *\Z")


@lru_cache(maxsize=4096)
def uid(raw: bytes) -> str | None:
    """A UID, None when it is none."""
    value = raw.strip(b"\0 ")
    return value.decode("ascii") if _UID.match(value) else None


@lru_cache(maxsize=4096)
def word(raw: bytes) -> str | None:
    """A code string in capitals, the first of several; None when it is none."""
    value = raw.partition(b"\\")[0].strip(b"\0 ")
    return value.decode("ascii").upper() if _WORD.match(value) else None


def number(raw: bytes | None, *, big: bool = False, digits: bool = False) -> int | None:
    """A count stored in two or four bytes, or in ``digits`` (VR IS)."""
    if not raw:
        return None
    if digits:
        found = _DIGITS.match(raw.strip(b"\0"))
        return int(found[1]) if found else None
    return int.from_bytes(raw, "big" if big else "little") if len(raw) in (2, 4) else None


@lru_cache(maxsize=16_384)
def cached_token(kind: Kind, value: str) -> str | None:
    """The token of a value; files of one study share most of them."""
    return token(kind, value)


def token_of(kind: Kind, raw: bytes | None, charset: str = "") -> str | None:
    """The token of a raw value, None for an empty one."""
    return cached_token(kind, decoded(raw, charset)) if raw else None


@lru_cache(maxsize=4096)
def is_name(name: str) -> bool:
    """Whether a name stands there, and not a word that says it was removed."""
    words = re.findall(r"\w+", plain(name))
    return bool(words) and not all(part in _PLACEHOLDERS for part in words)


@lru_cache(maxsize=1024)
def sop_class_name(identifier: str) -> str | None:
    """The name of a SOP class, None when the dictionary has none."""
    from pydicom._uid_dict import UID_dictionary  # class UID warns on standard error of what hostile files hold

    known = UID_dictionary.get(identifier)
    return known[0] if known else None


@dataclass(frozen=True, slots=True)
class Identity:
    """What names the patient of one file; lives while the file is read and goes nowhere."""

    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    births: tuple[str, ...] = ()
    uids: tuple[str, ...] = ()


def identity(values: dict[int, bytes], nested: dict[int, list[bytes]], charset: str) -> Identity:
    """Everything in a header that could stand in the names of files and folders too."""

    def texts(*tags: int) -> tuple[str, ...]:
        raws = [values[tag] for tag in tags if values.get(tag)]
        for tag in tags:
            raws += nested.get(tag, ())
        return tuple(dict.fromkeys(decoded(raw, charset) for raw in raws if raw.strip(b"\0 ")))

    return Identity(
        tuple(name for name in texts(NAME, OTHER_NAMES, BIRTH_NAME) if is_name(name)),
        tuple(part for value in texts(PATIENT_ID, OTHER_IDS, ACCESSION) for part in value.split("\\")),
        texts(BIRTH),
        texts(STUDY, SERIES),
    )
