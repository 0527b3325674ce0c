"""Inline SVG of the history of breaches: people and breaches by year, shares over time, ransomware, imaging.

Series differ by dash and by the shape of their points as well as by colour, and carry their name where they end. No script,
no style attribute; the tables beside the pictures say the same in figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from wardround.care.history import History
from wardround.report.texts import Language

_WIDTH, _HEIGHT = 960, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 150, 30, 34
_MILLION = 1_000_000
_STEPS = (1, 2, 5)
_TICKS = 5
_NAMES_APART = 15


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing (SVG text, safe to embed), its title and the same in a sentence."""

    name: str
    title: str
    description: str
    svg: str


@dataclass(frozen=True, slots=True)
class _Series:
    """A line of the picture: its name and a value per year, None where there is none."""

    name: str
    values: tuple[float | None, ...]


def pictures(history: History, words: Language) -> list[Picture]:
    """Every picture of the history."""
    return [_people(history, words), _shares(history, words), _ransomware(history, words), _imaging(history, words)]


def _people(history: History, words: Language) -> Picture:
    _ = words.gettext
    years = history.years
    cumulative = _Series(_("cumulative"), tuple(year.cumulative / _MILLION for year in years))
    frame = _Frame([year.year for year in years], max(v or 0 for v in cumulative.values), words)
    parts = [*frame.grid(_("millions of people"))]
    for place, year in enumerate(years):
        rest = year.all.without_largest / _MILLION
        parts += [
            *frame.bar(place, 0, rest, "bar"),
            *frame.bar(place, rest, year.all.individuals / _MILLION, "bar largest"),
        ]
    parts += frame.line(cumulative, 0)
    passing = history.passings[0]
    level = history.threshold / _MILLION
    if passing.day is not None:
        y = frame.y(level)
        label = f"{words.number(round(level))} · {words.day(passing.day.isoformat())}"
        parts += [
            f'<line class="mark-line" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>',
            f'<text class="told" x="{_LEFT + 8}" y="{y - 6:.1f}">{escape(label)}</text>',
        ]
    last = years[-1]
    description = _(
        "Bars: people per year, in outline the largest breach of the year. Line: all people since %(first)s, %(people)s at the "
        "end of %(last)s."
    ) % {"first": years[0].year, "people": words.number(last.cumulative), "last": last.year}
    return _picture("people", _("People affected by year"), description, parts)


def _shares(history: History, words: Language) -> Picture:
    _ = words.gettext
    parts: tuple[tuple[str, Callable[[int], int]], ...] = (
        (_("hacking"), lambda place: history.years[place].hacking),
        (_("network server"), lambda place: history.years[place].server),
        (_("mail"), lambda place: history.years[place].email),
    )
    counts = [year.all.breaches for year in history.years]
    series = [
        _Series(name, tuple(100 * value(place) / count if count else None for place, count in enumerate(counts)))
        for name, value in parts
    ]
    return _lines("shares", _("Share of the breaches of each year"), series, history, words)


def _ransomware(history: History, words: Language) -> Picture:
    _ = words.gettext
    least = 20
    series = [
        _Series(
            name,
            tuple(100 * told.ransomware / told.told if told.told >= least else None for told in values),
        )
        for name, values in (
            (_("of hacking"), [year.told_hacking for year in history.years]),
            (_("of all"), [year.told_all for year in history.years]),
        )
    ]
    return _lines("ransomware", _("Share of ransomware where a narrative is published (20 or more)"), series, history, words)


def _lines(name: str, title: str, series: Sequence[_Series], history: History, words: Language) -> Picture:
    highest = max((value for one in series for value in one.values if value is not None), default=1.0)
    frame = _Frame([year.year for year in history.years], highest, words)
    parts = [*frame.grid("%")]
    ends: list[float] = []
    for place, one in enumerate(series):
        parts += frame.line(one, place, ends)
    told = []
    for one in series:
        known = [(year.year, value) for year, value in zip(history.years, one.values, strict=True) if value is not None]
        if known:
            facts = {
                "name": one.name,
                "first": f"{known[0][1]:.0f}",
                "from": known[0][0],
                "last": f"{known[-1][1]:.0f}",
                "to": known[-1][0],
            }
            told.append(words.gettext("%(name)s: %(first)s%% in %(from)s, %(last)s%% in %(to)s.") % facts)
    return _picture(name, title, " ".join(told), parts)


def _imaging(history: History, words: Language) -> Picture:
    _ = words.gettext
    counts = [count for _year, count in history.imaging_years]
    frame = _Frame([year for year, _count in history.imaging_years], max(*counts, 1), words)
    parts = [*frame.grid(_("breaches"))]
    for place, count in enumerate(counts):
        parts += frame.bar(place, 0, count, "bar")
    description = words.counted("%(n)s breach in all.", "%(n)s breaches in all.", sum(counts))
    return _picture("imaging", _("Breaches at imaging bodies by year"), description, parts)


def _picture(name: str, title: str, description: str, parts: Sequence[str]) -> Picture:
    head = (
        f'<svg class="history" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{name}-title {name}-text">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-text">{escape(description)}</desc>',
    )
    return Picture(name, title, description, "\n".join([*head, *parts, "</svg>"]))


class _Frame:
    """The axes: years along the bottom, values from 0 to ``highest`` upwards."""

    def __init__(self, years: Sequence[int], highest: float, words: Language) -> None:
        self._years = years
        self._words = words
        steps = (float(step * 10**power) for power in range(12) for step in _STEPS)
        self._step = next(step for step in steps if step * _TICKS >= max(highest, 1))
        self._top = float(self._step * -(-max(highest, 1) // self._step))
        self._slot = (_WIDTH - _LEFT - _RIGHT) / len(years)

    def x(self, place: int) -> float:
        """The middle of a year."""
        return _LEFT + (place + 0.5) * self._slot

    def y(self, value: float) -> float:
        """The height of a value."""
        return _HEIGHT - _BOTTOM - value / self._top * (_HEIGHT - _TOP - _BOTTOM)

    def grid(self, unit: str) -> Iterator[str]:
        """Lines across with their values, and the years."""
        value = 0.0
        while value <= self._top:
            y = self.y(value)
            yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            label = escape(self._words.number(round(value)))
            yield f'<text class="tick end" x="{_LEFT - 8}" y="{y + 4:.1f}">{label}</text>'
            value += self._step
        yield f'<text class="tick" x="0" y="12">{escape(unit)}</text>'
        every = -(-len(self._years) // 16)
        for place, year in enumerate(self._years):
            if place % every == 0:
                yield f'<text class="tick middle" x="{self.x(place):.1f}" y="{_HEIGHT - 12}">{year}</text>'

    def bar(self, place: int, low: float, high: float, shape: str) -> Iterator[str]:
        """A bar over a year."""
        top, height = self.y(high), self.y(low) - self.y(high)
        if height > 0:
            wide = self._slot * 0.6
            x = self.x(place) - wide / 2
            yield f'<rect class="{shape}" x="{x:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{height:.1f}"/>'

    def line(self, series: _Series, style: int, ends: list[float] | None = None) -> Iterator[str]:
        """A line with a point per year and its name at the end, apart from the names in ``ends``."""
        points = [(self.x(i), self.y(value)) for i, value in enumerate(series.values) if value is not None]
        if not points:
            return
        path = " ".join(f"{'L' if i else 'M'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(points))
        yield f'<path class="series s{style}" d="{path}"/>'
        for x, y in points:
            yield f'<path class="point s{style}" d="{_point(style, x, y)}"/>'
        x, y = points[-1]
        while ends is not None and any(abs(y - other) < _NAMES_APART for other in ends):
            y += _NAMES_APART
        if ends is not None:
            ends.append(y)
        yield f'<text class="told s{style}" x="{x + 12:.1f}" y="{y + 4:.1f}">{escape(series.name)}</text>'


def _point(style: int, x: float, y: float) -> str:
    """A disc (as a many-sided shape), a square or a triangle."""
    corners = {
        0: ((-4, 0), (-2.8, -2.8), (0, -4), (2.8, -2.8), (4, 0), (2.8, 2.8), (0, 4), (-2.8, 2.8)),
        1: ((-3.5, -3.5), (3.5, -3.5), (3.5, 3.5), (-3.5, 3.5)),
    }.get(style, ((0, -4.5), (4.5, 3.5), (-4.5, 3.5)))
    return " ".join(f"{'L' if i else 'M'}{x + dx:.1f} {y + dy:.1f}" for i, (dx, dy) in enumerate(corners)) + " Z"
