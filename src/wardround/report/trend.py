"""Inline SVG of a series of rounds: three rows of bars with their numbers. No script, no style attribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from wardround.report.changes_document import RoundSummary
from wardround.report.texts import Language

_WIDTH, _LEFT, _ROW, _TALL, _FOOT = 960, 250, 74, 44, 24
_WIDEST = 46
_SERIOUS = ("high", "critical")


@dataclass(frozen=True, slots=True)
class Trend:
    """The drawing (SVG text, safe to embed) and the same in words."""

    svg: str
    description: str


def trend(rounds: Sequence[RoundSummary], words: Language) -> Trend | None:
    """The series as a picture; None for less than two rounds."""
    if len(rounds) < 2:
        return None
    _ = words.gettext
    rows = (
        ("serious", _("high and critical findings"), [sum(row.findings.get(name, 0) for name in _SERIOUS) for row in rounds]),
        ("every", _("all findings"), [row.attacks + row.weaknesses for row in rounds]),
        ("missed", _("checks not assessed"), [row.checks.get("not_assessed", 0) for row in rounds]),
    )
    height = _ROW * len(rows) + _FOOT
    slot = (_WIDTH - _LEFT) / len(rounds)
    parts: list[str] = []
    told = []
    for place, (name, label, values) in enumerate(rows):
        base = (place + 1) * _ROW - 8
        parts += [
            f'<text class="label" x="0" y="{base - 4}">{escape(label)}</text>',
            f'<line class="grid" x1="0" x2="{_WIDTH}" y1="{base}" y2="{base}"/>',
            *_bars(name, values, slot, base, words),
        ]
        facts = {"label": label, "first": words.number(values[0]), "last": words.number(values[-1])}
        told.append(_("%(label)s: %(first)s at first, %(last)s now.") % facts)
    every = max(1, round(92 / slot + 0.5))
    for place, row in enumerate(rounds):
        if place % every == 0 or place == len(rounds) - 1:
            x = _LEFT + (place + 0.5) * slot
            parts.append(f'<text class="tick middle" x="{x:.1f}" y="{height - 8}">{escape(row.created[:10])}</text>')
    description = " ".join(told)
    head = (
        f'<svg class="trend" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="trend-title trend-text">',
        f'<title id="trend-title">{escape(_("The rounds so far"))}</title>',
        f'<desc id="trend-text">{escape(description)}</desc>',
    )
    return Trend("\n".join([*head, *parts, "</svg>"]), description)


def _bars(name: str, values: Sequence[int], slot: float, base: int, words: Language) -> list[str]:
    highest = max(*values, 1)
    wide = min(_WIDEST, slot * 0.7)
    drawn = []
    for place, value in enumerate(values):
        middle = _LEFT + (place + 0.5) * slot
        tall = value / highest * _TALL
        if value:
            place_and_size = f'x="{middle - wide / 2:.1f}" y="{base - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}"'
            drawn.append(f'<rect class="bar {name}" {place_and_size}/>')
        if slot >= 24:
            drawn.append(
                f'<text class="number middle" x="{middle:.1f}" y="{base - tall - 4:.1f}">{escape(words.number(value))}</text>'
            )
    return drawn
