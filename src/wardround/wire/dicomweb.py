"""DICOMweb and WADO (PS3.18) in requests of HTTP: what is asked for, and the same address without what names a patient.

Beside the standard's own services, the interface of Orthanc is known: its identifiers of five groups of eight digits
are computed from patient IDs and UIDs without a key, so they name patients as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from wardround.privacy import Kind, token
from wardround.wire import http_passwords
from wardround.wire.dicom_dataset import ACCESSION, INSTANCE, MODALITIES, MODALITY, PATIENT_ID, SERIES, STUDY, STUDY_DATE
from wardround.wire.dicom_names import keyword, tag_of
from wardround.wire.dicom_operation import dates, modality

#: A UID long enough that it is no version and no address: six components or more (PS3.5, section 9).
_UID = re.compile(r"(?<![\w.])[0-2](?:\.(?:0|[1-9][0-9]{0,39})){5,63}(?![\w.])")
_SHORT_UID = re.compile(r"[0-2](?:\.[0-9]{1,40}){2,63}")
_ORTHANC = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{8}){4}")

_RESOURCES: dict[str, Kind] = {"studies": "study", "series": "series", "instances": "instance", "patients": "patient"}
_LEVELS = {"studies": "STUDY", "series": "SERIES", "instances": "IMAGE", "patients": "PATIENT"}

#: Names of parameters whose values name a patient, an examination or an image, without case and separators.
_SECRET: dict[str, Kind] = {
    "patientid": "patient", "patient": "patient", "pid": "patient", "mrn": "patient", "ipp": "patient", "subject": "patient",
    "otherpatientids": "patient", "00100020": "patient", "00101000": "patient",
    "patientname": "name", "patientsname": "name", "00100010": "name",
    "patientbirthdate": "birth", "birthdate": "birth", "dob": "birth", "00100030": "birth",
    "accessionnumber": "accession", "accession": "accession", "accessionno": "accession", "00080050": "accession",
    "studyinstanceuid": "study", "studyinstanceuids": "study", "studyuid": "study", "studyuids": "study",
    "0020000d": "study",
    "seriesinstanceuid": "series", "seriesinstanceuids": "series", "seriesuid": "series", "0020000e": "series",
    "sopinstanceuid": "instance", "objectuid": "instance", "instanceuid": "instance", "00080018": "instance",
}  # fmt: skip

#: Resources of FHIR that are people, and their search parameters that name one (HL7 FHIR R4, Patient: search parameters).
_PEOPLE = {"patient", "person", "relatedperson"}
_ABOUT_PEOPLE: dict[str, Kind] = {
    "name": "name", "family": "name", "given": "name", "phonetic": "name", "identifier": "patient", "id": "patient",
    "email": "patient", "phone": "patient", "telecom": "patient", "address": "patient",
}  # fmt: skip

#: What stands in attacks and in no name or number: such values stay readable for the detections.
_NO_NAME = ("<", ">", ";", "|", "{", "=", "--", "../", "..\\")

#: Parts of an address that only DICOMweb services have.
_SERVICES = {"dicom-web", "dicomweb", "dicom-rs", "qido", "qido-rs", "wado", "wado-rs", "stow", "stow-rs", "dicomservice"}

#: Last parts of an address under which Orthanc gives images or files, not only lists.
_FILES = {"archive", "media", "file", "attachments", "data", "compressed-data", "preview", "rendered", "frames", "dicomdir"}

#: Parameters of QIDO-RS that are no keys.
_OPTIONS = {"limit", "offset", "includefield", "fuzzymatching", "orderby", "accept"}

#: Parts of an address, and keys of one query, that are looked at.
_PARTS, _KEYS = 64, 128


@dataclass(slots=True)
class _Target:
    """A request target taken apart: decoded parts of the path, and decoded pairs of the query."""

    path: list[str]
    query: list[tuple[str, str]] = field(default_factory=list)


def mask(target: bytes) -> str:
    """The request target decoded, with tokens (``kind~token``) in place of what names a patient, and without passwords."""
    plain = _decoded(target)
    small = plain.lower()
    if not _suspicious(small) and not http_passwords.hinted(small):
        return plain
    path, mark, query = target.partition(b"?")
    parts = [_decoded(part) for part in path.split(b"/")]
    hidden = [_hidden_part(before.lower(), part) for before, part in zip(["", *parts], parts, strict=False)]
    about = _ABOUT_PEOPLE if _PEOPLE & {part.lower() for part in parts} else {}
    parted = re.split(rb"([&;])", query)
    pairs = [_hidden_pair(_decoded(pair), about) for pair in parted[::2]]
    between = [_decoded(mark) for mark in (*parted[1::2], b"")]
    shown = "".join(pair + mark for pair, mark in zip(pairs, between, strict=True))
    return http_passwords.hidden_user_information("/".join(hidden) + _decoded(mark) + shown)


def masked(address: str | None) -> str | None:
    """The same for an address that is already text."""
    return mask(address.encode("utf-8", "surrogateescape")) if address else None


def masked_value(name: str, value: str) -> str | None:
    """What stands for the value of that name in a text (not an address), None where it names nobody.

    Names that mean something else in logs (the process ``pid``, the ``subject`` of a certificate) do not count here.
    """
    kind = None if _plain(name) in ("pid", "subject", "patient") else _kind(name)
    return None if kind is None or not value.strip("*?^ ,") else _shown(kind, value)


def _decoded(raw: bytes) -> str:
    return unquote_to_bytes(raw).decode("utf-8", "backslashreplace")


def _suspicious(plain: str) -> bool:
    """Whether an address may name a patient: cheap, for most addresses do not."""
    words = ("patient", "accession", "uid", "study", "studies", "series", "birth", "subject", "0010", "0020", "0008")
    return plain.count(".") > 4 or plain.count("-") > 3 or any(word in plain for word in words) or bool(_TERSE.search(plain))


_TERSE = re.compile(r"[?&;](?:pid|mrn|ipp|dob)=")


def _hidden_part(before: str, part: str) -> str:
    kind = _RESOURCES.get(before)
    if (before in ("patients", "patient") and any(c.isdigit() for c in part)) or (kind and _SHORT_UID.fullmatch(part)):
        return _shown(kind or "patient", part)
    if _ORTHANC.fullmatch(part):
        return _shown(kind or "instance", part)
    return _hidden_uids(part, kind or "instance")


def _hidden_pair(pair: str, about: Mapping[str, Kind]) -> str:
    name, mark, value = pair.partition("=")
    password = http_passwords.hidden_pair(name, value)
    if password is not None:
        return name + mark + password
    kind = _kind(name) or about.get(_plain(name))
    # An identifier of FHIR is written as system|value.
    text = value.replace("|", "", 1) if _plain(name) in ("identifier", "patient", "subject") else value
    if kind is None or not value.strip("*?^ ,") or any(sign in text for sign in _NO_NAME):
        return _hidden_uids(pair, "instance")
    values = value.split(",") if kind in ("study", "series", "instance") else [value]
    return name + mark + ",".join(_shown(kind, part) + "*" * ("*" in part or "?" in part) for part in values)


def _kind(name: str) -> Kind | None:
    """What a parameter names: those of FHIR may have a modifier behind a colon or a dot."""
    return _SECRET.get(_plain(name))


def _plain(name: str) -> str:
    return re.split(r"[:.]", name.strip().lower(), maxsplit=1)[0].replace("_", "").replace("-", "")


def _hidden_uids(part: str, kind: Kind) -> str:
    return _UID.sub(lambda found: _shown(kind, found[0]), part)


def _shown(kind: Kind, value: str) -> str:
    return f"{kind}~{token(kind, value) or ''}"


def _taken_apart(target: bytes) -> _Target:
    path, _, query = target.partition(b"?")
    pairs = [pair.partition(b"=") for pair in re.split(rb"[&;]", query)[:_KEYS]]
    return _Target(
        [part for part in map(_decoded, path.split(b"/")[-_PARTS:]) if part],
        [(_decoded(name), _decoded(value)) for name, _, value in pairs if name],
    )


def operation(method: str, target: bytes, types: Mapping[str, str]) -> dict[str, Any] | None:
    """The columns of table dicom_operation that a request gives, None when it is no DICOM request.

    ``types`` has what is known of the content: ``request`` and ``reply`` (media types), ``accept``, ``ids`` (not empty
    when the answer is a list of Orthanc's identifiers).
    """
    low = target[:4_096].lower()
    if b"requesttype=wado" in low:
        return _wado_uri(_taken_apart(target))
    if not any(word in low for word in (b"studies", b"series", b"instances", b"patients")):
        return None
    found = _taken_apart(target)
    words = [part.lower() for part in found.path]
    begin = next((at for at, word in enumerate(words) if word in _RESOURCES), None)
    if begin is None:
        return None
    names, tail = _resource(words[begin:])
    if any(_ORTHANC.fullmatch(value) for _, value in names) or (types.get("ids") and not tail):
        return _vendor(method, names, tail)
    if names[0][0] == "patients":
        return None
    service = bool(_SERVICES.intersection(words[:begin]))
    columns: dict[str, Any] = {"transport": "dicomweb", "query_level": _LEVELS[names[-1][0]], **_named(names)}
    media = " ".join((types.get("request", ""), types.get("accept", ""), types.get("reply", ""))).lower()
    dicom = "application/dicom" in media
    named = any(value for _, value in names)
    asks = any(tag_of(name) is not None for name, _ in found.query)
    if method == "POST":
        return columns | {"operation": "STOW-RS"} if names[-1][0] == "studies" and not tail and (dicom or service) else None
    if method == "DELETE":
        return columns | {"operation": "DELETE"} if named else None
    if method not in ("GET", "HEAD") or not (named or service or dicom or asks):
        return None
    if names[-1][1] or tail:
        return columns | {"operation": "WADO-RS"} if named else None
    return columns | {"operation": "QIDO-RS"} | _keys(found.query)


def _resource(words: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """``studies/UID/series/UID…`` as pairs, the last value empty for a collection; and what stands behind."""
    names: list[tuple[str, str]] = []
    at = 0
    while at < len(words) and words[at] in _RESOURCES:
        value = words[at + 1] if at + 1 < len(words) else ""
        if not (_SHORT_UID.fullmatch(value) or _ORTHANC.fullmatch(value)):
            names.append((words[at], ""))
            at += 1
            continue
        names.append((words[at], value))
        at += 2
    return names, words[at:]


def _named(names: list[tuple[str, str]]) -> dict[str, Any]:
    return {f"{_RESOURCES[name]}_token": token(_RESOURCES[name], value) for name, value in names if value}


def _vendor(method: str, names: list[tuple[str, str]], tail: list[str]) -> dict[str, Any] | None:
    """A request to Orthanc's own interface. Its identifiers are no UIDs, so their tokens stand for themselves."""
    columns = {"transport": "vendor_web", "query_level": _LEVELS[names[-1][0]], **_named(names)}
    if method == "DELETE":
        return columns | {"operation": "DELETE"}
    if method not in ("GET", "HEAD"):
        return None
    return columns | {"operation": "WEB-RETRIEVE" if tail and tail[0] in _FILES else "WEB-QUERY"}


def _wado_uri(found: _Target) -> dict[str, Any]:
    values = {name.lower(): value for name, value in found.query}
    return {
        "transport": "wado_uri",
        "operation": "WADO-URI",
        "query_level": "IMAGE",
        "study_token": token("study", values.get("studyuid", "")),
        "series_token": token("series", values.get("seriesuid", "")),
        "instance_token": token("instance", values.get("objectuid", "")),
    }


def _keys(query: list[tuple[str, str]]) -> dict[str, Any]:
    """The keys of a query: with a value, with a wildcard, and empty."""
    kinds: dict[str, list[str]] = {"keys": [], "wildcard_keys": [], "universal_keys": []}
    columns: dict[str, Any] = {}
    for name, value in query:
        if name.lower() in _OPTIONS:
            continue
        tag = tag_of(name.rpartition(".")[2])
        if tag is None:
            continue
        kind = "universal_keys" if not value else "wildcard_keys" if "*" in value or "?" in value else "keys"
        if (shown := keyword(tag)) not in kinds[kind]:
            kinds[kind].append(shown)
        if kind == "keys":
            columns |= _value(tag, value)
    return columns | {kind: names or None for kind, names in kinds.items()}


def _value(tag: int, value: str) -> dict[str, Any]:
    tokens: dict[int, tuple[str, Kind]] = {
        PATIENT_ID: ("patient_token", "patient"),
        ACCESSION: ("accession_token", "accession"),
        STUDY: ("study_token", "study"),
        SERIES: ("series_token", "series"),
        INSTANCE: ("instance_token", "instance"),
    }
    if tag in tokens and not (tag in (STUDY, SERIES, INSTANCE) and "," in value):
        column, kind = tokens[tag]
        return {column: token(kind, value)}
    if tag in (MODALITY, MODALITIES):
        return {"modality": modality(value.encode("utf-8", "replace"))}
    return {"date_range": dates(value.encode("utf-8", "replace"))} if tag == STUDY_DATE else {}
