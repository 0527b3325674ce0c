"""Inline SVG: what the evidence holds over time, and when each threat was seen. No script and no style attribute.

Colours are classes of the style sheet, so that the chart follows light, dark and print; shape tells attack from weakness.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from wardround.model import SEVERITIES
from wardround.report.document import Finding, ResultDocument, iso_time, nanoseconds, threat_place
from wardround.report.texts import Language

_HOUR = 3_600_000_000_000
_STEPS = tuple(hours * _HOUR for hours in (1, 2, 3, 6, 12, 24, 48, 168, 336, 720, 2160, 4320, 8760, 17520, 87600))
_TICKS = 8
_WIDTH, _LEFT, _RIGHT = 960, 258, 12
_BARS_TOP, _BARS_HEIGHT, _LANE, _MARK, _AXIS = 8, 84, 26, 12, 26
_BUCKETS = 240
_NARROWEST = 5

#: Where clocks were wrong a few events lie years away; the chart shows the span that holds all but this share.
_OUTLIERS = 0.002


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing (SVG text, safe to embed), the same in words, and how many events lie outside its span."""

    svg: str
    description: str
    outside: int


@dataclass(frozen=True, slots=True)
class _Scale:
    """Time to horizontal place; ``first`` and ``last`` in ns."""

    first: int
    last: int

    def x(self, ns: int) -> int:
        share = (ns - self.first) / (self.last - self.first)
        return round(_LEFT + min(1.0, max(0.0, share)) * (_WIDTH - _LEFT - _RIGHT))


def timeline(document: ResultDocument, language: Language) -> Chart | None:
    """Events over time above, one lane per threat with its findings below; None when nothing has a time."""
    hours: Counter[int] = Counter()
    for activity in document.timeline:
        hours[nanoseconds(activity.hour)] += activity.events
    findings = [found for found in document.findings if found.first_ts and found.last_ts]
    scale = _scale(hours, findings)
    if scale is None:
        return None
    outside = sum(n for hour, n in hours.items() if not scale.first <= hour < scale.last)
    width = _bucket_width(scale)
    bars = _bars(hours, scale, width)
    lanes = sorted({found.threat for found in findings}, key=threat_place)
    bottom = _BARS_TOP + _BARS_HEIGHT + 14 + _LANE * len(lanes)
    height = bottom + _AXIS
    title = language.gettext("The evidence over time")
    description = _description(findings, lanes, bars, width, scale, language)
    parts = [
        f'<svg class="timeline" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="timeline-title timeline-text">',
        f'<title id="timeline-title">{escape(title)}</title>',
        f'<desc id="timeline-text">{escape(description)}</desc>',
        *_axis(scale, bottom),
        *_draw_bars(bars, width, scale, language),
        *_draw_lanes(findings, lanes, scale, language),
        "</svg>",
    ]
    return Chart("\n".join(parts), description, outside)


def _scale(hours: Counter[int], findings: Sequence[Finding]) -> _Scale | None:
    times = [nanoseconds(text) for found in findings for text in (found.first_ts, found.last_ts) if text]
    if hours:
        total, seen, ordered = hours.total(), 0, sorted(hours)
        kept = []
        for hour in ordered:
            before = seen
            seen += hours[hour]
            if seen > total * _OUTLIERS / 2 and before < total * (1 - _OUTLIERS / 2):
                kept.append(hour)
        times += [kept[0], kept[-1] + _HOUR] if kept else [ordered[0], ordered[-1] + _HOUR]
    if not times:
        return None
    first, last = min(times) // _HOUR * _HOUR, max(times) // _HOUR * _HOUR + _HOUR
    return _Scale(first, last)


def _bucket_width(scale: _Scale) -> int:
    hours = (scale.last - scale.first) // _HOUR
    return _HOUR * max(1, math.ceil(hours / _BUCKETS))


def _bars(hours: Counter[int], scale: _Scale, width: int) -> dict[int, int]:
    bars: Counter[int] = Counter()
    for hour, n in hours.items():
        if scale.first <= hour < scale.last:
            bars[(hour - scale.first) // width * width + scale.first] += n
    return dict(sorted(bars.items()))


def _draw_bars(bars: dict[int, int], width: int, scale: _Scale, language: Language) -> list[str]:
    base = _BARS_TOP + _BARS_HEIGHT
    label = language.gettext("events per hour") if width == _HOUR else language.gettext("events")
    drawn = [f'<text class="lane" x="0" y="{base - 4}">{escape(label)}</text>']
    highest = max(bars.values(), default=0)
    if not highest:
        return drawn
    decades = math.ceil(math.log10(highest + 1)) or 1
    for power in range(decades + 1):
        y = base - _BARS_HEIGHT * power / decades
        drawn.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        if power and (decades < 5 or power % 2 == decades % 2):
            value = escape(language.number(10**power))
            drawn.append(f'<text class="tick end" x="{_LEFT - 8}" y="{y + 4:.1f}">{value}</text>')
    for start, n in bars.items():
        x, end = scale.x(start), scale.x(start + width)
        tall = max(1.0, _BARS_HEIGHT * math.log10(n + 1) / decades)
        wide = max(1, end - x - 1)
        drawn.append(f'<rect class="bar" x="{x}" y="{base - tall:.1f}" width="{wide}" height="{tall:.1f}"/>')
    return drawn


def _draw_lanes(findings: Sequence[Finding], lanes: Sequence[str], scale: _Scale, language: Language) -> list[str]:
    top = _BARS_TOP + _BARS_HEIGHT + 14
    drawn = []
    for place, threat in enumerate(lanes):
        y = top + place * _LANE
        drawn.append(f'<line class="grid" x1="0" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<text class="lane" x="0" y="{y + 17}">{escape(language.chapter(threat))}</text>')
        marks: dict[tuple[int, int, bool], int] = {}
        for found in findings:
            if found.threat == threat and found.first_ts and found.last_ts:
                x = scale.x(nanoseconds(found.first_ts))
                wide = max(_NARROWEST, scale.x(nanoseconds(found.last_ts)) - x)
                mark = (x, wide, found.kind == "attack")
                marks[mark] = max(marks.get(mark, 0), SEVERITIES.index(found.severity))
        for (x, wide, attack), severity in sorted(marks.items(), key=lambda item: (item[1], item[0])):
            shape = f"mark {SEVERITIES[severity]} {'attack' if attack else 'exposure'}"
            size = f'width="{wide}" height="{_MARK}" rx="2"'
            drawn.append(f'<rect class="{shape}" x="{x}" y="{y + (_LANE - _MARK) // 2}" {size}/>')
    return drawn


def _axis(scale: _Scale, bottom: int) -> list[str]:
    span = scale.last - scale.first
    step = next((step for step in _STEPS if span / step <= _TICKS), _STEPS[-1])
    drawn = [f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>']
    tick = -(-scale.first // step) * step
    while tick <= scale.last:
        x, text = scale.x(tick), iso_time(tick) or ""
        label = text[:10] if step >= 24 * _HOUR or text[11:16] == "00:00" else text[11:16]
        drawn.append(f'<line class="axis" x1="{x}" x2="{x}" y1="{bottom}" y2="{bottom + 4}"/>')
        anchor = "end" if x > _WIDTH - 40 else "middle"
        drawn.append(f'<text class="tick {anchor}" x="{x}" y="{bottom + 18}">{label}</text>')
        tick += step
    return drawn


def _description(
    findings: Sequence[Finding],
    lanes: Sequence[str],
    bars: dict[int, int],
    width: int,
    scale: _Scale,
    language: Language,
) -> str:
    sentences = []
    if bars:
        peak = max(bars, key=lambda start: bars[start])
        facts = {
            "days": language.days(iso_time(scale.first) or "", iso_time(scale.last - 1) or ""),
            "n": language.number(bars[peak]),
            "when": language.moment(iso_time(peak) or ""),
            "hours": language.number(width // _HOUR),
        }
        sentences.append(language.gettext("%(days)s; most events (%(n)s in %(hours)s h) from %(when)s.") % facts)
    for threat in lanes:
        seen = [found for found in findings if found.threat == threat]
        facts = {
            "threat": language.chapter(threat),
            "findings": language.counted("%(n)s finding", "%(n)s findings", len(seen)),
            "first": language.moment(min(found.first_ts or "" for found in seen)),
            "last": language.moment(max(found.last_ts or "" for found in seen)),
        }
        sentences.append(language.gettext("%(threat)s: %(findings)s from %(first)s to %(last)s.") % facts)
    return " ".join(sentences)
