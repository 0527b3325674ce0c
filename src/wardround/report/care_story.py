"""Care in words: what a service needs, what it does, what would stop it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wardround.report.care_document import Part, Service, ServiceActivity
from wardround.report.texts import Language

#: Names told in one cell; the rest is counted.
_NAMED = 6

#: What the parts of a service are for, in the order of the work.
ROLES = (
    *("imaging", "reading", "archive", "worklist", "results", "gateway", "partner"),
    *("names", "directory", "addresses", ""),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A service as a row of the report: what it needs (label and names), its activity, what stops it, what goes on."""

    title: str
    stated: bool
    emergency: bool
    needs: tuple[tuple[str, str], ...]
    activity: str
    stops: str
    goes_on: str


def told(services: Sequence[Service], words: Language) -> list[Told]:
    """Every service as a row."""
    return [
        Told(
            title=title_of(service, words),
            stated=service.stated,
            emergency=service.emergency,
            needs=tuple(needs(service.needs, words)),
            activity=activity(service.activity, words),
            stops=_names(service.single_points, words) or words.gettext("no single machine"),
            goes_on=autonomy(service, words),
        )
        for service in services
    ]


def title_of(service: Service, words: Language) -> str:
    """The title of a service."""
    return service.texts.get(words.code) or service.texts.get("en", service.name)


def needs(part: Part, words: Language) -> Iterator[tuple[str, str]]:
    """What the parts are for and their assets; several of one kind replace one another or are all needed (see the tree)."""
    by_role: dict[str, dict[str, None]] = {}
    for asset in part.assets():
        by_role.setdefault(asset.role, {}).setdefault(asset.asset)
    for role in sorted(by_role, key=lambda role: ROLES.index(role) if role in ROLES else len(ROLES)):
        yield part_role(role, words), _names(list(by_role[role]), words)


def part_role(role: str, words: Language) -> str:
    """What a part of a service is for."""
    _ = words.gettext
    known = {
        "imaging": _("imaging"),
        "reading": _("viewers"),
        "archive": _("archive"),
        "worklist": _("worklist"),
        "results": _("reports"),
        "gateway": _("remote access"),
        "partner": _("partner"),
        "names": _("names"),
        "directory": _("directory"),
        "addresses": _("addresses"),
    }
    return known.get(role, role or _("needs"))


def activity(done: ServiceActivity, words: Language) -> str:
    """How much a service does, never without its interval, and why there is no figure where there is none."""
    _ = words.gettext
    counted = words.counted("%(n)s examination seen", "%(n)s examinations seen", done.exams)
    hours = words.counted("in %(n)s hour of evidence", "in %(n)s hours of evidence", round(done.hours))
    if done.basis == "stated" and done.per_day is not None:
        return _("%(rate)s a day, says the site file") % {"rate": figure(done.per_day, words)}
    if done.per_day is not None and done.low is not None and done.high is not None:
        facts = {"rate": figure(done.per_day, words), "low": figure(done.low, words), "high": figure(done.high, words)}
        rate = _("about %(rate)s a day (between %(low)s and %(high)s)") % facts
        return rate + _("; ") + f"{counted} {hours}"
    if done.basis == "none" or not done.exams:
        return _("not measured in this evidence")
    return _("%(counted)s %(hours)s: too little for a rate per day") % {"counted": counted, "hours": hours}


def autonomy(service: Service, words: Language) -> str:
    """What goes on by itself, as far as it was seen."""
    _ = words.gettext
    parts = []
    if service.autonomous:
        parts.append(_("images wait on %(names)s when the archive is away") % {"names": _names(service.autonomous, words)})
    if service.independent:
        parts.append(_("%(names)s was not seen to need the directory") % {"names": _names(service.independent, words)})
    return _("; ").join(parts) or _("not seen")


def figure(value: float, words: Language) -> str:
    """A number as precise as an estimate deserves: two significant figures, none below one tenth."""
    if value < 10:
        text = f"{value:.1f}".removesuffix(".0")
        return text if words.code == "en" else text.replace(".", ",")
    digits = max(0, len(str(int(value))) - 2)
    return words.number(round(value / 10**digits) * 10**digits)


def _names(names: Sequence[str], words: Language) -> str:
    shown = list(names[:_NAMED])
    if len(names) > _NAMED:
        shown.append(words.counted("%(n)s other", "%(n)s others", len(names) - _NAMED))
    return ", ".join(shown)
