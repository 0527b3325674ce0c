"""What an attack would cost care and what to do first, in words for a director and figures with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from wardround.report.care_document import Estimate, Impact, PlanStep
from wardround.report.care_story import figure, title_of
from wardround.report.document import ResultDocument
from wardround.report.texts import Language

_TWO_DAYS = 48.0
_WIDTH, _HEIGHT, _LEFT, _TOP, _BASE = 640, 230, 52, 14, 190


def context(document: ResultDocument, words: Language) -> dict[str, object]:
    """Everything that the templates of impact and plan show, under ``care``."""
    drawn = curve(document, words)
    return {
        "headline": headline(document, words),
        "rows": rows(document, words) if document.impact and document.impact.runs else [],
        "paragraphs": list(paragraphs(document.impact, words)) if document.impact else [],
        "influences": influences(document.impact, words) if document.impact else [],
        "basis": basis(document, words),
        "steps": steps(document, words),
        "avoidable": avoidable(document, words),
        "ways": ways(document, words),
        "curve": drawn,
        "curve_drawing": Markup(drawn.svg) if drawn else "",  # noqa: S704 - drawn by us, its texts escaped
    }


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service as a row of the table of impact."""

    title: str
    stops: str
    half: str
    most: str
    whole: str
    lost: str
    backlog: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of the plan as a row."""

    control: str
    title: str
    advice: str
    saved: str
    remaining: str
    place: str
    terms: str
    findings: int


@dataclass(frozen=True, slots=True)
class Curve:
    """The drawing of what remains after each step (SVG text, safe to embed), and the same in words."""

    svg: str
    description: str


def headline(document: ResultDocument, words: Language) -> str:
    """One sentence for the first page; empty when nothing can be said, the reason when nothing can be estimated."""
    _ = words.gettext
    impact = document.impact
    if impact is None:
        return ""
    if impact.stops is None or impact.lost is None:
        return " ".join(words.note(reason) for reason in impact.reason)
    facts = {"stops": share(impact.stops, words), "lost": amount(impact, impact.lost, words)}
    return (
        _("One determined attack would stop a service of imaging in %(stops)s of cases, and would then cost %(lost)s.") % facts
    )


def paragraphs(impact: Impact, words: Language) -> Iterator[str]:
    """What stands around the table: backlog, emergencies, expected loss, the ways in, and what the figures rest on."""
    _ = words.gettext
    if impact.backlog is not None and impact.backlog.high > 0:
        facts = {"n": interval(impact.backlog, words)}
        yield _("Examinations made without the systems, to be read again and entered afterwards: %(n)s.") % facts
    if impact.diversion_hours is not None:
        facts = {"hours": time(impact.diversion_hours, words)}
        yield _("When CT or X-ray for emergencies stops, ambulances would be sent elsewhere for %(hours)s.") % facts
    if impact.emergencies is not None:
        facts = {"n": interval(impact.emergencies, words)}
        yield (
            _("In that time, this many time-critical emergencies (stroke, trauma, heart attack) usually arrive: %(n)s.") % facts
        )
    if impact.mean_lost is not None:
        facts = {"lost": amount(impact, impact.mean_lost, words)}
        yield _("On average over all attacks, those that stop nothing included: %(lost)s.") % facts
    machines = [entry.machine for entry in impact.entries if entry.machine]
    if machines:
        names = machines[:6]
        facts = {"names": words.listed([machine(name, words) for name in names])}
        yield _("Ways in that findings show: %(names)s; and always one that no evidence shows.") % facts
    elif impact.runs:
        yield _(
            "No way in was found in the evidence; the figures rest on the one that no evidence shows "
            "(a deceived user, an unknown flaw)."
        )
    if impact.runs:
        facts = {"runs": words.number(impact.runs), "hosts": words.number(impact.hosts), "pairs": words.number(impact.pairs)}
        yield (
            _("%(runs)s attacks simulated on the network as it was seen: %(hosts)s machines, %(pairs)s pairs that speak.")
            % facts
        )


def rows(document: ResultDocument, words: Language) -> list[ServiceRow]:
    """The services with what an attack does to each."""
    titles = {service.name: title_of(service, words) for service in document.services}
    found = []
    for item in document.impact.services if document.impact else ():
        lost = (
            words.gettext("%(n)s examinations") % {"n": interval(item.exams_lost, words)}
            if item.exams_lost is not None
            else words.gettext("%(n)s days of activity") % {"n": interval(item.days_lost, words)}
        )
        found.append(
            ServiceRow(
                title=titles.get(item.service, item.service),
                stops=share(item.stops, words),
                half=time(item.hours_to_50, words),
                most=time(item.hours_to_80, words),
                whole=time(item.hours_to_100, words),
                lost=lost,
                backlog="–" if item.backlog is None else interval(item.backlog, words),
            )
        )
    return found


def influences(impact: Impact, words: Language) -> list[str]:
    """Which inputs move the result most, in sentences."""
    _ = words.gettext
    unit = _("examinations") if impact.unit == "exams" else _("days of service")
    return [
        _("%(input)s: from %(low)s to %(high)s %(unit)s on average, between its lowest and its highest fifth")
        % {
            "input": input_name(item.input, words),
            "low": figure(item.at_low, words),
            "high": figure(item.at_high, words),
            "unit": unit,
        }
        for item in impact.influences
    ]


def steps(document: ResultDocument, words: Language) -> list[StepRow]:
    """The plan as rows."""
    texts = {control.id: words.texts(control.texts) for control in document.controls}
    return [
        StepRow(
            control=step.control,
            title=texts[step.control].title if step.control in texts else step.control,
            advice=texts[step.control].summary if step.control in texts else "",
            saved="–" if step.saved is None else share(step.saved, words),
            remaining="–" if step.remaining is None else share(step.remaining, words),
            place=_place(step, words),
            terms=_terms(step, words),
            findings=len(step.findings),
        )
        for step in document.plan
    ]


def basis(document: ResultDocument, words: Language) -> str:
    """What the order of the plan rests on."""
    _ = words.gettext
    if any(step.basis == "care" for step in document.plan):
        text = _(
            "Ordered by the care that each control is expected to save after those before it, on the network as it was seen."
        )
        if any(step.basis == "findings" for step in document.plan):
            text += " " + _("Those without a figure are ranked by the findings that name them.")
        return text
    return _(
        "Ordered by the findings that name each control: the network could not be seen well enough to estimate care saved."
    )


def avoidable(document: ResultDocument, words: Language) -> list[str]:
    """How much could be avoided, by care and by findings."""
    _ = words.gettext
    told, impact = [], document.impact
    if impact is not None and impact.avoidable is not None:
        facts = {"share": share(impact.avoidable, words)}
        told.append(_("Together these controls avoid %(share)s of the expected loss of care.") % facts)
    if impact is not None and impact.avoidable_findings is not None and impact.avoidable_findings.all:
        counted = impact.avoidable_findings
        facts = {"n": words.number(counted.avoidable), "all": words.number(counted.all)}
        told.append(_("%(n)s of %(all)s findings would have been avoided or limited by common measures.") % facts)
    return told


def ways(document: ResultDocument, words: Language) -> list[str]:
    """The ways to a service that remain after the plan."""
    _ = words.gettext
    titles = {service.name: title_of(service, words) for service in document.services}
    return [
        _("%(path)s, to %(service)s: %(before)s of attacks today, %(after)s after the plan")
        % {
            "path": " → ".join(machine(name, words) for name in way.machines),
            "service": titles.get(way.service, way.service),
            "before": share(way.before, words),
            "after": share(way.after, words),
        }
        for way in (document.impact.ways if document.impact else ())
    ]


def curve(document: ResultDocument, words: Language) -> Curve | None:
    """What remains of the expected loss after each step; None where the plan does not rest on care."""
    found = [step for step in document.plan if step.remaining is not None]
    if not found:
        return None
    _ = words.gettext
    points = [(0, 1.0, 1.0, 1.0)]
    for place, step in enumerate(found, 1):
        if step.remaining is not None:
            points.append((place, step.remaining.median, step.remaining.low, step.remaining.high))
    gap = (_WIDTH - _LEFT - 20) / max(1, len(points) - 1)
    x = [_LEFT + place * gap for place, *_rest in points]
    y = [[_BASE - (_BASE - _TOP) * value for value in point[1:]] for point in points]
    sentences = [
        _("After %(place)s (%(control)s) %(share)s of the expected loss remains.")
        % {"place": place, "control": step.control, "share": share(step.remaining, words) if step.remaining else ""}
        for place, step in enumerate(found, 1)
    ]
    title, description = _("Expected loss of care that remains after each step"), " ".join(sentences)
    parts = [
        f'<svg class="curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="curve-title curve-text">',
        f'<title id="curve-title">{escape(title)}</title>',
        f'<desc id="curve-text">{escape(description)}</desc>',
        *_grid(words),
        f'<path class="line" d="{_path(x, [values[0] for values in y])}"/>',
    ]
    for place, (across, values) in enumerate(zip(x, y, strict=True)):
        label = found[place - 1].control if place else _("today")
        parts.append(f'<line class="spread" x1="{across:.0f}" x2="{across:.0f}" y1="{values[1]:.0f}" y2="{values[2]:.0f}"/>')
        parts.append(f'<rect class="dot" x="{across - 4:.0f}" y="{values[0] - 4:.0f}" width="8" height="8" rx="4"/>')
        parts.append(f'<text class="tick middle" x="{across:.0f}" y="{_BASE + 20}">{escape(label)}</text>')
    return Curve("\n".join([*parts, "</svg>"]), description)


def _grid(words: Language) -> Iterator[str]:
    for value in (0, 0.25, 0.5, 0.75, 1):
        y = _BASE - (_BASE - _TOP) * value
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.0f}" y2="{y:.0f}"/>'
        yield f'<text class="tick end" x="{_LEFT - 8}" y="{y + 4:.0f}">{escape(percent(value, words))}</text>'


def _path(x: Sequence[float], y: Sequence[float]) -> str:
    return "M" + " L".join(f"{a:.0f} {b:.0f}" for a, b in zip(x, y, strict=True))


def interval(value: Estimate, words: Language) -> str:
    """A number with its 90 % interval."""
    facts = {"n": figure(value.median, words), "low": figure(value.low, words), "high": figure(value.high, words)}
    return words.gettext("about %(n)s (%(low)s to %(high)s)") % facts


def share(value: Estimate, words: Language) -> str:
    """A share with its 90 % interval."""
    facts = {"n": percent(value.median, words), "low": percent(value.low, words), "high": percent(value.high, words)}
    if facts["n"].startswith(("<", ">")):
        return words.gettext("%(n)s (%(low)s to %(high)s)") % facts
    return words.gettext("about %(n)s (%(low)s to %(high)s)") % facts


def percent(value: float, words: Language) -> str:
    """A share in per cent, as precise as an estimate deserves."""
    number = "< 1" if 0 < value < 0.01 else "> 99" if 0.99 < value < 1 else f"{value * 100:.0f}"
    return f"{number}%" if words.code == "en" else f"{number}\u00a0%"


def time(value: Estimate, words: Language) -> str:
    """Hours with their interval, as days when they are many."""
    _ = words.gettext
    if value.high <= _TWO_DAYS:
        return _("%(n)s hours") % {"n": interval(value, words)}
    days = Estimate(median=value.median / 24, low=value.low / 24, high=value.high / 24)
    return _("%(n)s days") % {"n": interval(days, words)}


def amount(impact: Impact, value: Estimate, words: Language) -> str:
    """Care lost, in the unit of the estimate."""
    _ = words.gettext
    text = _("%(n)s examinations") if impact.unit == "exams" else _("%(n)s days of activity, over all services together")
    return text % {"n": interval(value, words)}


def machine(name: str, words: Language) -> str:
    """A node of a way: a machine by its name, or a computer of the staff."""
    return words.gettext("a computer of the staff") if name == "staff" else name


def _place(step: PlanStep, words: Language) -> str:
    if step.place_low is None or step.place_high is None:
        return "–"
    if step.place_low == step.place_high:
        return words.number(step.place_low)
    facts = {"low": words.number(step.place_low), "high": words.number(step.place_high)}
    return words.gettext("%(low)s to %(high)s") % facts


def _terms(step: PlanStep, words: Language) -> str:
    parts = []
    if step.effort_days is not None:
        parts.append(words.gettext("%(n)s days of work") % {"n": figure(step.effort_days, words)})
    if step.cost is not None:
        parts.append(words.gettext("cost %(n)s") % {"n": figure(step.cost, words)})
    return ", ".join(parts)


def input_name(name: str, words: Language) -> str:
    """An input of the estimate in words; one without words is shown as it is."""
    _ = words.gettext
    known = {
        "outage.systems": _("Time until the systems are back"),
        "outage.lost_backup": _("How much longer it takes when the backups are lost"),
        "outage.backup_survives": _("Whether a backup survives"),
        "outage.ramp": _("Time from the return of the systems to full production"),
        "outage.device": _("Time until a device that was hit works again"),
        "outage.workaround": _("Time until work without the systems is organised"),
        "function.acute": _("Scheduled examinations that go on at once"),
        "function.acute_emergency": _("Emergency examinations that go on at once"),
        "function.other": _("Other care that goes on at once"),
        "function.workaround": _("Activity with the degraded mode"),
        "function.workaround_other": _("Other care with the degraded mode"),
        "diversion": _("Time for which emergencies are sent elsewhere"),
        "damage": _("Share of the machines reached that stop"),
        "containment": _("Whether the whole network is taken down"),
        "arrivals": _("Time-critical emergencies per examination"),
        "entry.critical": _("Chance of getting in through a critical opening"),
        "entry.high": _("Chance of getting in through a serious opening"),
        "entry.medium": _("Chance of getting in through a medium opening"),
        "entry.low": _("Chance of getting in through a small opening"),
        "entry.under_way": _("Chance that an attack found under way is real and goes on"),
        "entry.unknown": _("Chance of getting in where no evidence shows an opening"),
        "spread.remote_administration": _("Chance of the next step by remote administration"),
        "spread.file_sharing": _("Chance of the next step by file sharing"),
        "spread.application": _("Chance of the next step through an application"),
        "spread.neighbour": _("Chance of the next step to a neighbour in the same network"),
        "spread.segment": _("Chance of the next step to another network"),
        "spread.directory": _("Chance of the next step with the power of the directory"),
        "spread.weak": _("Chance of the next step through a weakness found"),
    }
    return known.get(name, name)
