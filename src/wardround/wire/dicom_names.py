"""Names of DICOM: operations, classes of status, SOP classes and keywords of attributes."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

#: Command Field of requests (PS3.7 annex E.1); the answer has the highest bit set as well.
OPERATIONS = {
    0x0001: "C-STORE",
    0x0010: "C-GET",
    0x0020: "C-FIND",
    0x0021: "C-MOVE",
    0x0030: "C-ECHO",
    0x0100: "N-EVENT-REPORT",
    0x0110: "N-GET",
    0x0120: "N-SET",
    0x0130: "N-ACTION",
    0x0140: "N-CREATE",
    0x0150: "N-DELETE",
}

#: Statuses outside the ranges that are warnings (PS3.7 annex C).
_WARNINGS = {0x0001, 0x0107, 0x0116}

#: UIDs that make what is asked for by C-FIND a worklist: Modality Worklist, and Unified Procedure Steps (UPS).
_WORKLISTS = {"1.2.840.10008.5.1.4.31", "1.2.840.10008.5.1.4.34.6.3", "1.2.840.10008.5.1.4.34.4.3"}

_LEVELS = {"PATIENT", "STUDY", "SERIES", "IMAGE", "FRAME"}


def status_class(status: int | None, pending: bool) -> str:
    """The class of the final status of an operation; ``pending``: answers came, but no final one."""
    if status is None:
        return "pending" if pending else "unanswered"
    if status == 0:
        return "success"
    if status == 0xFE00:
        return "cancel"
    if status in (0xFF00, 0xFF01):
        return "pending"
    return "warning" if status in _WARNINGS or status >> 12 == 0xB else "failure"


def level(asked: str, sop_class: str | None) -> str | None:
    """The level of a query or retrieval: as asked, told by the worklist's SOP class, None where it is none."""
    if sop_class in _WORKLISTS:
        return "WORKLIST"
    return asked.upper() if asked.upper() in _LEVELS else None


# pydicom takes a third of a second to load, for its codecs; its dictionaries alone do not.


@cache
def _dictionary(module: str, name: str) -> dict[Any, tuple[str, ...]]:
    """A dictionary of pydicom's, loaded without the package around it."""
    package = find_spec("pydicom")
    if package is None or not package.submodule_search_locations:
        raise ImportError("pydicom is not installed")
    path = Path(package.submodule_search_locations[0]) / f"{module}.py"
    spec = spec_from_file_location(f"wardround_pydicom{module}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"pydicom has no {module}")
    loaded = module_from_spec(spec)
    spec.loader.exec_module(loaded)
    found: dict[Any, tuple[str, ...]] = getattr(loaded, name)
    return found


@lru_cache(4_096)
def uid_name(number: str | None) -> str | None:
    """The name of a UID of the standard (PS3.6 annex A), None for others."""
    entry = _dictionary("_uid_dict", "UID_dictionary").get(number or "")
    return entry[0] if entry else None


@lru_cache(16_384)
def keyword(tag: int) -> str:
    """The keyword of an attribute (PS3.6); of a private or unknown one its tag as eight hexadecimal digits."""
    entry = _dictionary("_dicom_dict", "DicomDictionary").get(tag)
    if entry:
        return entry[4] or f"{tag:08X}"
    masked = f"{tag:08X}"
    for mask, repeated in _dictionary("_dicom_dict", "RepeatersDictionary").items():
        if all(wanted in ("X", digit) for wanted, digit in zip(mask.upper(), masked, strict=True)):
            return repeated[4] or f"{tag:08X}"
    return f"{tag:08X}"


@cache
def _tags() -> dict[str, int]:
    return {entry[4]: tag for tag, entry in _dictionary("_dicom_dict", "DicomDictionary").items()}


@lru_cache(4_096)
def tag_of(name: str) -> int | None:
    """The tag of an attribute given by its keyword or its eight hexadecimal digits, None where it is neither."""
    found = _tags().get(name) if name else None
    if found is None and len(name) == 8 and all(digit in "0123456789abcdefABCDEF" for digit in name):
        found = int(name, 16)
    return found
