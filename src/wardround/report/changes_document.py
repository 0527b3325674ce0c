"""The part of the result document that compares a round with the one before, and tells of all rounds so far."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from wardround import model
from wardround.report.document_parts import Strict, Subject, Texts

Reason = Literal["", "not_checked_before", "check", "table", "source", "damaged", "exception"]


class Change(Strict):
    """A finding that differs between two rounds; ``before`` is its severity in the earlier one.

    ``reason`` says why it is no longer assessed (the check, the table or the source was missing, or the source was damaged),
    that it was not checked before, or that an exception was declared.
    """

    id: str
    detection: str
    threat: str
    kind: model.Kind
    severity: model.Severity
    before: model.Severity | None
    texts: dict[str, Texts]
    subjects: list[Subject]
    reason: Reason
    source: str = Field(description="The evidence that was missing or damaged, where that is the reason")


class Drift(Strict):
    """A machine or AE title that is new, was not seen again, or says something else of itself."""

    kind: Literal["machine", "ae_title"]
    name: str
    change: Literal["new", "not_seen", "changed"]
    before: str
    after: str


class ArchiveDrift(Strict):
    """What became of the DICOM files: counts of images by their token; ``comparable`` is false when none is in both rounds."""

    files_before: int
    files_after: int
    studies_before: int
    studies_after: int
    kept: int
    gone: int
    appeared: int
    altered: int = Field(description="The same image with other pixels")
    unreadable_before: int
    unreadable_after: int
    programs_appeared: list[str] = Field(description="Programs that wrote files now and had written none before")
    comparable: bool


class KnowledgeAge(Strict):
    """A kind of list of known flaws: its date in both rounds, and its age in days at the later one."""

    kind: str
    before: str | None
    after: str | None
    days: int | None


class RoundSummary(Strict):
    """One round of a series in figures."""

    created: str
    version: str
    findings: dict[str, int] = Field(description="Per severity")
    attacks: int
    weaknesses: int
    checks: dict[str, int] = Field(description="Per result")


class Changes(Strict):
    """A round compared with an earlier one. Only what was looked at again can be ``closed``."""

    before: str = Field(description="When the earlier round was made")
    after: str
    other_site: bool = Field(description="The two rounds name different sites")
    new: list[Change]
    worse: list[Change]
    better: list[Change]
    closed: list[Change]
    not_assessed: list[Change]
    unchanged: int
    checks_lost: list[str]
    checks_gained: list[str]
    drift: list[Drift]
    archive: ArchiveDrift | None
    knowledge: list[KnowledgeAge]
