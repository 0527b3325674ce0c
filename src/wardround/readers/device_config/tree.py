"""Configurations kept as XML: elements become blocks, leaves become settings. Used by the readers of such formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from wardround.readers.base import Sink
from wardround.readers.device_config.configuration import WITHIN, Item, setting
from wardround.readers.xml_events import Element, elements

#: Members of one list that are put into one value.
_MOST_MEMBERS = 256


@dataclass(slots=True)
class _Open:
    """An element whose end has not come: its name within its block, children of each name, members of a list."""

    name: str
    line: int
    children: dict[str, int] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    leaf: bool = True


def settings(stream: BinaryIO, sink: Sink, *, skip: Callable[[str], bool] = lambda _: False) -> Iterator[Item]:
    """Every leaf as a setting, in blocks by the path of its elements.

    An element with attribute ``name`` goes by that name; of several with one name the second is ``name 2``, and so on.
    ``member`` elements are one value with blanks between. ``skip`` tells names of leaves that are not wanted.
    """
    path: list[_Open] = []
    for element in elements(stream, sink):
        if element.start:
            _open(path, element)
            continue
        done = path.pop()
        if not path or skip(element.name):
            continue
        block = WITHIN.join(part.name for part in path[1:])
        if element.name == "member":
            if len(path[-1].members) < _MOST_MEMBERS:
                path[-1].members.append(element.text)
        elif done.members:
            yield setting(block, done.name, " ".join(done.members), done.line)
        elif done.leaf:
            yield setting(block, done.name, element.text, done.line)


def _open(path: list[_Open], element: Element) -> None:
    name = element.attributes.get("name") or element.name
    if path:
        path[-1].leaf = False
        count = path[-1].children[name] = path[-1].children.get(name, 0) + 1
        name = f"{name} {count}" if count > 1 and element.name != "member" else name
    path.append(_Open(name[:200], element.line))
