"""The row of one DICOM file. What the files of a series have in common is made once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from wardround.readers import dicom_header as dicom
from wardround.readers import dicom_values as v
from wardround.readers.dicom_octets import Octets
from wardround.readers.patient_paths import Marks, digits_of, marks_of

#: Series whose common columns are remembered; files of one series lie together.
SERIES_REMEMBERED = 512

_COMMON = tuple(sorted(v.WANTED - {v.INSTANCE}))
_COMMON_META = (v.META_CLASS, v.SYNTAX, v.IMPLEMENTATION, v.VERSION, v.SOURCE_AE)

_remembered: dict[Any, _Common] = {}


class _Common(NamedTuple):
    """Columns that follow from the header alone, what to look for in paths, and whether an identity stands in a sequence."""

    columns: dict[str, Any]
    marks: Marks
    nested_names: bool


def described(octets: Octets, header: dicom.Header) -> tuple[dict[str, Any], Marks]:
    """The row, and what of the patient to look for in the path of the file."""
    values, meta = header.walked.values, header.meta
    common = _common(header)
    row = dict(common.columns)
    anomalies = header.anomalies
    if row["deidentified"] == "YES" and common.nested_names:
        anomalies = anomalies | {"identity_in_sequence"}
    instance, told = values.get(v.INSTANCE), meta.get(v.META_INSTANCE)
    if instance is not None and told is not None and instance.strip(b"\0 ") != told.strip(b"\0 "):
        anomalies = anomalies | {"instance_mismatch"}
    instance = instance or told
    pixel = header.walked.pixel
    row["size"] = octets.size
    row["part10"], row["preamble"], row["readable"] = header.part10, header.preamble, header.readable
    row["instance_token"] = v.token_of("instance", instance)
    row["pixel_digest"] = dicom.digest(octets, *pixel) if pixel and header.stored and "beyond_end" not in anomalies else None
    row["encapsulated_kind"] = header.document_kind
    row["embedded"] = [f"{kind}@{place}" for kind, place in dict.fromkeys(header.embedded)] or None
    row["trailing_bytes"] = header.trailing
    row["anomalies"] = sorted(anomalies)
    row["_end"] = header.walked.end
    marks = common.marks
    if instance is not None:
        marks = replace(marks, instance=digits_of(instance.decode("ascii", "replace")))
    return row, marks


def _common(header: dicom.Header) -> _Common:
    values, meta, nested = header.walked.values, header.meta, header.walked.nested
    if nested:
        return _make(header)
    key = (header.big, *map(values.get, _COMMON), *map(meta.get, _COMMON_META))
    found = _remembered.get(key)
    if found is None:
        if len(_remembered) >= SERIES_REMEMBERED:
            _remembered.clear()
        found = _remembered[key] = _make(header)
    return found


def _make(header: dicom.Header) -> _Common:
    values, nested, meta = header.walked.values, header.walked.nested, header.meta
    charset = (values.get(v.CHARSET) or b"").decode("ascii", "replace").strip("\0 ")
    sop_class = v.uid(values[v.SOP_CLASS]) if v.SOP_CLASS in values else dicom.media_class(header)
    directory = sop_class == dicom.DICOMDIR_CLASS
    own = v.identity(values, {}, charset)
    within = v.identity({}, nested, charset) if nested else v.Identity()
    columns = {
        "record": 1,
        "transfer_syntax": v.uid(meta[v.SYNTAX]) if v.SYNTAX in meta else None,
        "sop_class": sop_class,
        "sop_class_name": v.sop_class_name(sop_class) if sop_class else None,
        "modality": _word(values, v.MODALITY),
        "manufacturer": v.text(values, v.MANUFACTURER, charset),
        "model": v.text(values, v.MODEL, charset),
        "software": v.text(values, v.SOFTWARE, charset),
        "station_name": v.text(values, v.STATION, charset),
        "institution": v.text(values, v.INSTITUTION, charset),
        "implementation": v.uid(meta[v.IMPLEMENTATION]) if v.IMPLEMENTATION in meta else None,
        "implementation_name": v.text(meta, v.VERSION),
        "source_ae": v.text(meta, v.SOURCE_AE),
        "deidentified": _answer(values, v.REMOVED),
        "burned_in": _answer(values, v.BURNED_IN),
        "has_patient_name": bool(own.names or (directory and within.names)),
        "has_patient_id": _filled(values, v.PATIENT_ID) or bool(directory and within.ids),
        "has_birth_date": _filled(values, v.BIRTH) or bool(directory and within.births),
        "patient_token": v.token_of("patient", values.get(v.PATIENT_ID), charset),
        "name_token": v.token_of("name", values.get(v.NAME), charset),
        "birth_token": v.token_of("birth", values.get(v.BIRTH)),
        "study_token": v.token_of("study", values.get(v.STUDY)),
        "series_token": v.token_of("series", values.get(v.SERIES)),
        "accession_token": v.token_of("accession", values.get(v.ACCESSION), charset),
        "study_date": date if (date := _word(values, v.STUDY_DATE)) and date.isdigit() else None,
        "frames": v.number(values.get(v.FRAMES), digits=True),
        "rows": v.number(values.get(v.ROWS), big=header.big),
        "columns": v.number(values.get(v.COLUMNS), big=header.big),
        "derived": _is_derived(values),
        "encapsulated_mime": v.text(values, v.MIME),
    }
    both = v.Identity(own.names + within.names, own.ids + within.ids, own.births + within.births, own.uids)
    return _Common(columns, marks_of(both), bool(within.names))


def _word(values: dict[int, bytes], tag: int) -> str | None:
    return v.word(values[tag]) if tag in values else None


def _answer(values: dict[int, bytes], tag: int) -> str | None:
    """YES or NO, None for anything else."""
    word = _word(values, tag)
    return word if word in ("YES", "NO") else None


def _filled(values: dict[int, bytes], tag: int) -> bool:
    return bool(values.get(tag, b"").strip(b"\0 "))


def _is_derived(values: dict[int, bytes]) -> bool:
    """Whether it says that it was derived from another image or lossily compressed (PS3.3, C.7.6.1.1.2 and .5)."""
    kind = values.get(v.IMAGE_TYPE) or b""
    lossy = (values.get(v.LOSSY) or b"").strip(b"\0 ")
    return kind.lstrip().upper().startswith(b"DERIVED") or lossy == b"01" or bool(values.get(v.DERIVATION))
