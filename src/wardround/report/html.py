"""The report as one self-contained HTML file: a first screen for a director, everything for an engineer below it.

No script, nothing fetched, a content security policy that allows one style sheet by its hash; what evidence says is made
visible, shortened and escaped. Long rounds are folded and capped, worst first: the whole is in ``round.json``.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from wardround.care.frameworks import frameworks
from wardround.report import (
    care_impact,
    care_map,
    care_story,
    changes_story,
    charts,
    compliance,
    department,
    department_map,
    incidents,
    mails,
    story,
)
from wardround.report.document import Finding, ResultDocument, Rule, presentable
from wardround.report.problems import sentence
from wardround.report.texts import Language, language
from wardround.report.trend import trend

_LONGEST = 800
_RULE_STATUSES = ("matched", "unusable", "not_assessed", "not_matched")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a long round is shown: findings in full and in one line (in all and per detection), rows of lists."""

    full: int = 300
    full_each: int = 20
    brief: int = 4000
    brief_each: int = 500
    pointers: int = 10
    details: int = 20
    evidence: int = 1000
    diagnostics: int = 300
    rules: int = 100
    notes: int = 50
    assets: int = 500
    struck: int = 6
    changes: int = 200
    mails: int = 100


LIMITS = Limits()


@dataclass(slots=True)
class _Group:
    """The findings of one detection: some told in full, more in one line each, the rest counted."""

    first: Finding
    full: list[Finding] = field(default_factory=list)
    brief: list[Finding] = field(default_factory=list)
    rest: int = 0

    @property
    def size(self) -> int:
        return len(self.full) + len(self.brief) + self.rest


def export(document: ResultDocument, lang: str) -> bytes:
    """The report in ``lang`` as UTF-8."""
    shown, words = presentable(document, _LONGEST), language(lang)
    chart = charts.timeline(shown, words)
    chapters = story.chapters(shown)
    machines = department.machines(shown)
    zones = department_map.department_map(machines, words)
    needs = care_map.department(shown, words)
    return page(
        "report.html.j2",
        shown,
        words,
        sentence=sentence,
        chart=chart,
        drawing=Markup(chart.svg) if chart else "",  # noqa: S704 - drawn by us, its texts escaped
        sentences=story.sentences(shown, words),
        results=story.result_counts(shown),
        actions=story.actions(shown, words),
        chapters=chapters,
        groups={chapter.threat: groups for chapter, groups in _grouped(chapters, shown)},
        verdict=story.verdict,
        stake=department.stake(machines),
        zones=zones,
        zones_drawing=Markup(zones.svg) if zones else "",  # noqa: S704 - drawn by us, its texts escaped
        control_titles={control.id: words.texts(control.texts).title for control in shown.controls},
        period=story.period(shown),
        care_map=needs,
        care_drawing=Markup(needs.svg) if needs else "",  # noqa: S704 - drawn by us, its texts escaped
        care=care_impact.context(shown, words),
        care_services=care_story.told(shown.services, words),
        incidents=incidents.told(shown, words),
        mails=mails.told(shown.mail, words, LIMITS.mails),
        causes={cause.finding: cause for cause in shown.causes},
        by_id={found.id: found for found in shown.findings},
        rules=sorted(shown.rules, key=_rule_order),
        rule_counts=_rule_counts(shown.rules),
        views=[compliance.view(shown, framework) for framework in frameworks().values()],
    )


def differences(document: ResultDocument, lang: str) -> bytes:
    """The page of ``wardround diff``: what the document says of an earlier round, and nothing else."""
    return page("diff.html.j2", presentable(document, _LONGEST), language(lang))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("wardround.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def prepare() -> None:
    """Compile the templates of the report, so that they are ready when there is one to write."""
    environment = _environment()
    for name in environment.list_templates(extensions=["j2"]):
        environment.get_template(name)


def page(template: str, document: ResultDocument | None, words: Language, **more: object) -> bytes:
    """A page from a template and the one style sheet, as UTF-8; ``document`` must be presentable."""
    style = resources.files("wardround.report").joinpath("templates", "report.css").read_text(encoding="utf-8")
    series = trend(document.rounds, words) if document else None
    text = (
        _environment()
        .get_template(template)
        .render(
            _=words.gettext,
            counted=words.counted,
            words=words,
            document=document,
            limits=LIMITS,
            style=Markup(style),  # noqa: S704 - our own file
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            changes_story=changes_story,
            trend=series,
            trend_drawing=Markup(series.svg) if series else "",  # noqa: S704 - drawn by us, its texts escaped
            **more,
        )
    )
    return text.encode()


def _grouped(chapters: Sequence[story.Chapter], document: ResultDocument) -> Iterator[tuple[story.Chapter, list[_Group]]]:
    """Share the room for findings among their detections, the worst findings of the whole round first."""
    groups: dict[tuple[str, str], _Group] = {}
    full, brief = LIMITS.full, LIMITS.brief
    for found in document.findings:
        group = groups.setdefault((found.threat, found.detection), _Group(found))
        if full and len(group.full) < LIMITS.full_each:
            group.full.append(found)
            full -= 1
        elif brief and len(group.brief) < LIMITS.brief_each:
            group.brief.append(found)
            brief -= 1
        else:
            group.rest += 1
    for chapter in chapters:
        yield chapter, [group for (threat, _), group in groups.items() if threat == chapter.threat]


def _rule_order(rule: Rule) -> tuple[int, int, str, str]:
    return _RULE_STATUSES.index(rule.status), -rule.matches, rule.title, rule.rule_id


def _rule_counts(rules: Sequence[Rule]) -> dict[str, int]:
    return {status: sum(rule.status == status for rule in rules) for status in _RULE_STATUSES}
