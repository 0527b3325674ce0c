"""The services of a department on a terminal: what each needs as a tree, its single points, its activity."""

from __future__ import annotations

from collections.abc import Iterator

from wardround.report import care_impact, care_story
from wardround.report.care_document import Part, Service
from wardround.report.document import ResultDocument, presentable
from wardround.report.texts import Language, language

_LONGEST = 200
_DAYS = 7
_BARS = " ▁▂▃▄▅▆▇█"


def services(document: ResultDocument, lang: str) -> str:
    """The services as text; one line when none could be told."""
    shown, words = presentable(document, _LONGEST), language(lang)
    if not shown.services:
        return (
            words.gettext("No service could be told from this evidence: no imaging device, archive or viewer was seen.") + "\n"
        )
    return "\n".join(line for service in shown.services for line in (*_service(service, words), ""))


def impact(document: ResultDocument, lang: str) -> str:
    """What an attack would cost care, and the plan, as text."""
    shown, words = presentable(document, _LONGEST), language(lang)
    return "\n".join(_impact(shown, words)) + "\n"


def _impact(document: ResultDocument, words: Language) -> Iterator[str]:
    _ = words.gettext
    told = document.impact
    yield care_impact.headline(document, words) or _("This round holds no estimate of what an attack would cost care.")
    if told is not None and told.runs:
        for row in care_impact.rows(document, words):
            facts = {"stops": row.stops, "lost": row.lost, "half": row.half, "most": row.most, "whole": row.whole}
            yield f"\n{row.title}"
            yield "  " + _("stops in %(stops)s of attacks; then lost: %(lost)s") % facts
            yield "  " + _("half back after %(half)s, 80%% after %(most)s, all after %(whole)s") % facts
        yield ""
        yield from care_impact.paragraphs(told, words)
        yield from (words.note(reason) for reason in told.reason)
        yield "\n" + _("What moves these figures most") + _(": ")
        yield from (f"  {sentence}" for sentence in care_impact.influences(told, words))
    if document.plan:
        yield f"\n{_('The plan')}. {care_impact.basis(document, words)}"
        for place, step in enumerate(care_impact.steps(document, words), 1):
            facts = {"saved": step.saved, "remaining": step.remaining, "place": step.place}
            told_step = _("saves %(saved)s; %(remaining)s remains; place %(place)s") % facts if step.saved != "–" else ""
            yield f"  {place}. {step.title} ({step.control})" + (f"\n     {told_step}" if told_step else "")
        yield from care_impact.avoidable(document, words)
        yield from (f"  {way}" for way in care_impact.ways(document, words))


def _service(service: Service, words: Language) -> Iterator[str]:
    _ = words.gettext
    stated = f" ({_('stated')})" if service.stated else ""
    yield f"{care_story.title_of(service, words)} [{service.name}]{stated}"
    yield from _tree(service.needs, words, "  ")
    yield f"  {_('Stops without')}{_(': ')}{', '.join(service.single_points) or _('no single machine')}"
    yield f"  {_('Goes on by itself')}{_(': ')}{care_story.autonomy(service, words)}"
    yield f"  {_('Activity')}{_(': ')}{care_story.activity(service.activity, words)}"
    yield from _rhythm(service, words)


def _tree(part: Part, words: Language, indent: str) -> Iterator[str]:
    _ = words.gettext
    label = care_story.part_role(part.role, words) if part.role else ""
    if part.kind == "asset":
        yield f"{indent}{part.asset}" + (f" ({label})" if label else "")
        return
    kind = _("all of") if part.kind == "all" else _("one of")
    yield f"{indent}{kind}" + (f" ({label})" if label else "")
    for child in part.parts:
        yield from _tree(child, words, indent + "  ")


def _rhythm(service: Service, words: Language) -> Iterator[str]:
    """Examinations per hour, a line per weekday that was watched; a dot where it was not."""
    cells = {(day, hour): (exams, hours) for day, hour, exams, hours in service.activity.by_hour}
    most = max((exams / hours for exams, hours in cells.values() if hours > 0), default=0.0)
    if not most:
        return
    for day in range(_DAYS):
        if any(here == day for here, _hour in cells):
            bars = "".join(_bar(cells.get((day, hour)), most) for hour in range(24))
            yield f"    {words.weekday(day):12} 0 {bars} 24"


def _bar(cell: tuple[int, float] | None, most: float) -> str:
    if cell is None or cell[1] <= 0:
        return "·"
    rate = cell[0] / cell[1]
    return _BARS[min(len(_BARS) - 1, round(rate / most * (len(_BARS) - 1)))]
