"""Inline SVG: the machines in their zones, from the outside in, with the worst that was found on each.

Severity is said by a word and a shape, never by colour alone. No script and no style attribute.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from wardround.model import SEVERITIES
from wardround.report.department import Machine
from wardround.report.safe import shorten
from wardround.report.texts import Language

_WIDTH, _LEFT = 1080, 172
_BOX_WIDTH, _BOX_HEIGHT, _GAP = 168, 46, 14
_COLUMNS = (_WIDTH - _LEFT) // (_BOX_WIDTH + _GAP)
_PAD = 12

#: A map of more boxes, or more lines, is no longer read; the worst are drawn.
_MOST_BOXES = 60
_MOST_LINES = 60

#: Characters that a line of a box holds: of a name alone, of a name and a severity beside it, of a role.
_NAME_LENGTH, _BOTH_LENGTH, _ROLE_LENGTH = 19, 21, 26
_DESCRIBED = 40


@dataclass(frozen=True, slots=True)
class Map:
    """A drawing (SVG text, safe to embed), the same in words, and how many machines are not drawn."""

    svg: str
    description: str
    hidden: int


@dataclass(frozen=True, slots=True)
class _Place:
    x: int
    y: int


def department_map(machines: Sequence[Machine], language: Language) -> Map | None:
    """The map of the machines, which come from the outside in; None when there is none."""
    if not machines:
        return None
    drawn = _chosen(machines)
    bands: list[str] = []
    places: dict[int, _Place] = {}
    y = 0
    for zone, members in itertools.groupby(drawn, key=lambda machine: machine.zone):
        group = list(members)
        rows = -(-len(group) // _COLUMNS)
        height = rows * (_BOX_HEIGHT + _GAP) - _GAP + 2 * _PAD
        bands += [
            f'<rect class="band" x="0" y="{y}" width="{_WIDTH}" height="{height}"/>',
            f'<text class="zone" x="12" y="{y + _PAD + 18}">{escape(shorten(language.zone(zone), _NAME_LENGTH))}</text>',
        ]
        for place, machine in enumerate(group):
            row, column = divmod(place, _COLUMNS)
            x = _LEFT + column * (_BOX_WIDTH + _GAP)
            places[id(machine)] = _Place(x, y + _PAD + row * (_BOX_HEIGHT + _GAP))
        y += height + 6
    description = _description(machines, language)
    parts = [
        f'<svg class="zones" viewBox="0 0 {_WIDTH} {y}" role="img" aria-labelledby="zones-title zones-text">',
        f'<title id="zones-title">{escape(language.gettext("The department and what is exposed"))}</title>',
        f'<desc id="zones-text">{escape(description)}</desc>',
        *bands,
        *_lines(drawn, places),
        *(line for machine in drawn for line in _box(machine, places[id(machine)], language)),
        "</svg>",
    ]
    return Map("\n".join(parts), description, len(machines) - len(drawn))


def _chosen(machines: Sequence[Machine]) -> list[Machine]:
    """The machines to draw, in their order: the worst, then those that care needs."""
    if len(machines) <= _MOST_BOXES:
        return list(machines)
    ranked = sorted(machines, key=lambda machine: (-_rank(machine), not machine.needed, not machine.roles))
    kept = {id(machine) for machine in ranked[:_MOST_BOXES]}
    return [machine for machine in machines if id(machine) in kept]


def _rank(machine: Machine) -> int:
    return SEVERITIES.index(machine.severity) if machine.severity else 0


def _lines(drawn: Sequence[Machine], places: dict[int, _Place]) -> Iterator[str]:
    """A line between machines that one finding names together; dashed for a weakness, whole for an attack."""
    by_finding: dict[str, list[Machine]] = {}
    facts = {}
    for machine in drawn:
        for finding in machine.findings:
            if finding.severity != "info":
                by_finding.setdefault(finding.id, []).append(machine)
                facts[finding.id] = finding
    worst: dict[tuple[int, int], tuple[int, bool]] = {}
    for identifier, named in by_finding.items():
        finding = facts[identifier]
        for one, other in itertools.pairwise(named):
            pair = (id(one), id(other))
            worst[pair] = max(worst.get(pair, (0, False)), (SEVERITIES.index(finding.severity), finding.kind == "attack"))
    ordered = sorted(worst.items(), key=lambda item: item[1], reverse=True)[:_MOST_LINES]
    for (start, end), (severity, attack) in reversed(ordered):
        kind = "attack" if attack else "exposure"
        yield f'<path class="link {SEVERITIES[severity]} {kind}" d="{_curve(places[start], places[end])}"/>'


def _curve(start: _Place, end: _Place) -> str:
    """From the edge of one box to the edge of the other; boxes beside each other are joined below."""
    if start.y == end.y:
        y = start.y + _BOX_HEIGHT
        first, last = start.x + _BOX_WIDTH // 2, end.x + _BOX_WIDTH // 2
        return f"M{first} {y} C{first} {y + 16} {last} {y + 16} {last} {y}"
    if start.y > end.y:
        start, end = end, start
    first, last = start.x + _BOX_WIDTH // 2, end.x + _BOX_WIDTH // 2
    above, below = start.y + _BOX_HEIGHT, end.y
    middle = (above + below) // 2
    return f"M{first} {above} C{first} {middle} {last} {middle} {last} {below}"


def _box(machine: Machine, place: _Place, language: Language) -> Iterator[str]:
    severity = machine.severity
    classes = " ".join(["machine", *([severity] if severity else ["clear"]), *(["needed"] if machine.needed else [])])
    yield (
        f'<rect class="{classes}" x="{place.x}" y="{place.y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" '
        f'rx="{4 if severity else 10}"/>'
    )
    name = shorten(machine.name, _NAME_LENGTH)
    yield f'<text class="name" x="{place.x + 10}" y="{place.y + 19}">{escape(name)}</text>'
    sign = language.severity(severity) if severity else ""
    beside = len(name) + len(sign) <= _BOTH_LENGTH  # else the severity goes where the role is
    longest = _ROLE_LENGTH if beside else _ROLE_LENGTH - len(sign) - 2
    what = language.role(machine.roles[0]) if machine.roles else (machine.addresses or ("",))[0]
    if what and what != machine.name:
        yield f'<text class="what" x="{place.x + 10}" y="{place.y + 36}">{escape(shorten(what, longest))}</text>'
    if severity:
        right, below = place.x + _BOX_WIDTH - 8, place.y + (19 if beside else 36)
        yield f'<text class="sign {severity}" x="{right}" y="{below}">{escape(sign)}</text>'


def _description(machines: Sequence[Machine], language: Language) -> str:
    sentences = []
    ranked = sorted((machine for machine in machines if machine.severity), key=lambda machine: -_rank(machine))
    for machine in ranked[:_DESCRIBED]:
        facts = {
            "machine": machine.name,
            "zone": language.zone(machine.zone),
            "severity": language.severity(machine.severity or "info"),
            "findings": language.counted("%(n)s finding", "%(n)s findings", len(machine.findings)),
        }
        sentences.append(language.gettext("%(machine)s (%(zone)s): %(findings)s, the worst %(severity)s.") % facts)
    clear = sum(machine.severity is None for machine in machines)
    if clear:
        sentences.append(language.counted("Nothing was found on %(n)s machine.", "Nothing was found on %(n)s machines.", clear))
    return " ".join(sentences)
