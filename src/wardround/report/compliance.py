"""A round seen through a framework: which requirements are met on this evidence, which are not, which cannot be assessed.

A requirement is *not met* when something was found that one of its controls would have avoided. It is *met on this evidence*
when at least one check for a weakness speaks of it, could be made, and found nothing; that no attack was seen proves nothing.
Otherwise it is *not assessable*: paper, habits and contracts leave no trace in captures and logs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal

from wardround.care.frameworks import Framework, Requirement
from wardround.report.document import Coverage, Finding, ResultDocument

Status = Literal["not_met", "met", "not_assessable"]

STATUSES: tuple[Status, ...] = ("not_met", "met", "not_assessable")


@dataclass(frozen=True, slots=True)
class Assessment:
    """A requirement with what the round says of it: findings (the worst first), checks for weaknesses made and missing."""

    requirement: Requirement
    status: Status
    findings: tuple[Finding, ...]
    made: tuple[Coverage, ...]
    missing: tuple[Coverage, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A framework and an assessment for each of its requirements, in its order."""

    framework: Framework
    assessments: tuple[Assessment, ...]

    def counted(self, status: Status) -> int:
        """How many requirements have that status."""
        return sum(row.status == status for row in self.assessments)


def view(document: ResultDocument, framework: Framework) -> View:
    """The round through the framework."""
    return View(framework, tuple(_assessments(document, framework)))


def _assessments(document: ResultDocument, framework: Framework) -> Iterator[Assessment]:
    grouped = _by_controls(document)
    for requirement in framework.requirements:
        controls = set(requirement.controls)
        concerned = [group for avoided_by, group in grouped.items() if not controls.isdisjoint(avoided_by)]
        findings = tuple(found for _, found in sorted(itertools.chain.from_iterable(concerned), key=itemgetter(0)))
        checks = [row for row in document.coverage if row.kind == "exposure" and not controls.isdisjoint(row.controls)]
        made = tuple(row for row in checks if row.result != "not_assessed")
        missing = tuple(row for row in checks if row.result == "not_assessed")
        status: Status = "not_met" if findings else "met" if made else "not_assessable"
        yield Assessment(requirement, status, findings, made, missing)


def _by_controls(document: ResultDocument) -> dict[tuple[str, ...], list[tuple[int, Finding]]]:
    """The findings and their places, declared exceptions apart, by the controls that would have avoided them.

    Many findings are of few detections: every requirement asks the groups, not each finding.
    """
    grouped: dict[tuple[str, ...], list[tuple[int, Finding]]] = {}
    for place, found in enumerate(document.findings):
        if found.severity != "info":
            grouped.setdefault(tuple(found.controls), []).append((place, found))
    return grouped
