"""The map of the department as inline SVG: devices, archives and viewers, who needs whom, and what all of them lean on.

Shape tells what colour tells too: a thick border for a machine without which a service stops, a triangle for one on which
something grave was found. The same stands in the description for those who do not see the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from wardround.report.care_document import Part
from wardround.report.care_story import part_role, title_of
from wardround.report.document import ResultDocument
from wardround.report.texts import Language

#: Machines drawn in one column; the rest is counted below them.
_MOST = 14
_WIDTH, _BOX, _HEIGHT, _GAP, _TOP = 960, 200, 34, 12, 34
_COLUMNS = {"imaging": 0, "archive": 1, "worklist": 1, "partner": 1, "gateway": 2, "reading": 2, "results": 2}
_BASE = ("names", "directory", "addresses")
_LETTERS = 24


@dataclass(frozen=True, slots=True)
class Map:
    """The drawing (SVG text, safe to embed) and the same in words."""

    svg: str
    description: str


@dataclass(slots=True)
class _Node:
    """A machine on the map: its column (3 for the row below), roles, and where it was put."""

    name: str
    column: int
    roles: dict[str, None] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)
    single: bool = False
    exposed: bool = False
    x: int = 0
    y: int = 0


def department(document: ResultDocument, words: Language) -> Map | None:
    """The map of all services; None when there is none."""
    if not document.services:
        return None
    nodes = _nodes(document)
    rows = _placed(nodes)
    edges = sorted({edge for service in document.services for edge in _edges(service.needs)})
    shown = {name: node for name, node in nodes.items() if node.y}
    base_top = _TOP + rows * (_HEIGHT + _GAP) + 34
    base = [node for node in nodes.values() if node.column == 3][:4]
    for place, node in enumerate(base):
        node.x, node.y = place * (_WIDTH // 4), base_top
        shown[node.name] = node
    height = base_top + (_HEIGHT + 16 if base else -16)
    description = _description(document, nodes, words)
    title = words.gettext("Map of the department")
    parts = [
        f'<svg class="map" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="map-title map-text">',
        f'<title id="map-title">{escape(title)}</title>',
        f'<desc id="map-text">{escape(description)}</desc>',
        *_headings(words, base_top if base else None),
        *(_line(shown[a], shown[b]) for a, b in edges if a in shown and b in shown and shown[b].column != 3),
        *(_box(node, words) for node in shown.values()),
        *_uncounted(nodes, words, rows),
        "</svg>",
    ]
    return Map("\n".join(parts), description)


def _nodes(document: ResultDocument) -> dict[str, _Node]:
    nodes: dict[str, _Node] = {}
    for service in document.services:
        for part in service.needs.assets():
            column = 3 if part.role in _BASE else _COLUMNS.get(part.role, 1)
            node = nodes.setdefault(part.asset, _Node(part.asset, column))
            node.column = min(node.column, column)
            node.roles.setdefault(part.role)
            node.single = node.single or part.asset in service.single_points
        for owner, needed in _edges(service.needs):
            if needed in nodes:
                nodes[needed].users.add(owner)
    grave = {
        subject.name.casefold()
        for found in document.findings
        if found.severity in ("critical", "high")
        for subject in found.subjects
        if subject.kind in ("host", "address", "device")
    }
    grave |= {name.partition(".")[0] for name in grave if not name.replace(".", "").isdigit()}
    known = {asset.name: {asset.name.casefold(), *asset.addresses} for asset in document.assets}
    for node in nodes.values():
        node.exposed = bool(known.get(node.name, {node.name.casefold()}) & grave)
    return nodes


def _edges(part: Part) -> Iterator[tuple[str, str]]:
    """Pairs of a machine and one that it needs: in an ``all`` node, its first asset and the assets beside it."""
    if part.kind == "all":
        own = [child for child in part.parts if child.kind == "asset"]
        if own and own[0].role not in (*_BASE, "gateway"):
            for child in part.parts:
                yield from ((own[0].asset, asset.asset) for asset in child.assets() if asset.asset != own[0].asset)
    for child in part.parts:
        yield from _edges(child)


def _placed(nodes: dict[str, _Node]) -> int:
    """Give the nodes of the three columns their places; the number of rows."""
    rows = 0
    for column in range(3):
        here = [node for node in nodes.values() if node.column == column][:_MOST]
        rows = max(rows, len(here))
        for place, node in enumerate(here):
            node.x = column * (_WIDTH - _BOX) // 2
            node.y = _TOP + place * (_HEIGHT + _GAP)
    return rows


def _headings(words: Language, base_top: int | None) -> Iterator[str]:
    _ = words.gettext
    titles = (_("Imaging devices"), _("Archive and worklist"), _("Viewers and reports"))
    for column, title in enumerate(titles):
        yield f'<text class="head" x="{column * (_WIDTH - _BOX) // 2}" y="16">{escape(title)}</text>'
    if base_top is not None:
        title = _("What they lean on: names, directory, addresses")
        yield f'<text class="head" x="0" y="{base_top - 10}">{escape(title)}</text>'


def _line(start: _Node, end: _Node) -> str:
    first, last = sorted((start, end), key=lambda node: node.x)
    if first.x == last.x:
        x, y1, y2 = first.x + _BOX, start.y + _HEIGHT // 2, end.y + _HEIGHT // 2
        return f'<path class="need" d="M{x} {y1} C{x + 40} {y1} {x + 40} {y2} {x} {y2}"/>'
    x1, y1, x2, y2 = first.x + _BOX, first.y + _HEIGHT // 2, last.x, last.y + _HEIGHT // 2
    middle = (x1 + x2) // 2
    return f'<path class="need" d="M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"/>'


def _box(node: _Node, words: Language) -> str:
    shape = "box" + (" single" if node.single else "") + (" exposed" if node.exposed else "")
    name = node.name if len(node.name) <= _LETTERS else node.name[: _LETTERS - 1] + "…"
    roles = ", ".join(part_role(role, words) for role in node.roles if role)
    mark = ""
    if node.exposed:
        x, y = node.x + _BOX - 20, node.y + 10
        mark = f'<path class="alarm" d="M{x} {y + 12} l7 -12 l7 12 z"/>'
    return (
        f'<rect class="{shape}" x="{node.x}" y="{node.y}" width="{_BOX}" height="{_HEIGHT}" rx="4"/>'
        f'<text class="name" x="{node.x + 9}" y="{node.y + 15}">{escape(name)}</text>'
        f'<text class="role" x="{node.x + 9}" y="{node.y + 28}">{escape(roles[:36])}</text>{mark}'
    )


def _uncounted(nodes: dict[str, _Node], words: Language, rows: int) -> Iterator[str]:
    for column in range(3):
        more = sum(node.column == column for node in nodes.values()) - _MOST
        if more > 0:
            text = words.counted("%(n)s more", "%(n)s more", more)
            y = _TOP + rows * (_HEIGHT + _GAP) + 2
            yield f'<text class="role" x="{column * (_WIDTH - _BOX) // 2}" y="{y}">{escape(text)}</text>'


def _description(document: ResultDocument, nodes: dict[str, _Node], words: Language) -> str:
    _ = words.gettext
    sentences = []
    for service in document.services:
        names = list(dict.fromkeys(part.asset for part in service.needs.assets()))
        facts = {"service": title_of(service, words), "names": words.listed(_short(names, words))}
        sentences.append(_("%(service)s leans on %(names)s.") % facts)
    if single := [node.name for node in nodes.values() if node.single]:
        facts = {"names": words.listed(_short(single, words))}
        sentences.append(_("Without any one of these a service stops: %(names)s.") % facts)
    if exposed := [node.name for node in nodes.values() if node.exposed]:
        facts = {"names": words.listed(_short(exposed, words))}
        sentences.append(_("Something grave was found on %(names)s.") % facts)
    return " ".join(sentences)


def _short(names: Sequence[str], words: Language) -> list[str]:
    if len(names) <= 8:
        return list(names)
    return [*names[:8], words.counted("%(n)s other", "%(n)s others", len(names) - 8)]
