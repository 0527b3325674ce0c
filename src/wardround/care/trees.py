"""What a service needs, as a tree of `all` and `any` over assets: build it, ask whether it stands, find single points."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from wardround.model import Part

Bits = np.ndarray[Any, np.dtype[np.bool_]]


def asset(name: str, role: str = "") -> Part:
    """One asset."""
    return Part("asset", role, name)


def every(parts: Iterable[Part], role: str = "") -> Part:
    """All of the parts; the part itself when there is one. Without parts it always stands."""
    return _joined("all", parts, role)


def either(parts: Iterable[Part], role: str = "") -> Part:
    """One of the parts; without parts it never stands."""
    return _joined("any", parts, role)


def _joined(kind: Any, parts: Iterable[Part], role: str) -> Part:
    unique = tuple(dict.fromkeys(parts))
    if len(unique) == 1 and (not role or unique[0].role in ("", role)):
        only = unique[0]
        return Part(only.kind, role or only.role, only.asset, only.parts)
    return Part(kind, role, "", unique)


def leaves(part: Part) -> Iterator[Part]:
    """The assets in it, as often as they stand there, those near the root first."""
    pending = deque([part])
    while pending:
        node = pending.popleft()
        if node.kind == "asset":
            yield node
        pending.extend(node.parts)


def assets_of(part: Part) -> Iterator[str]:
    """The names of the assets in it, each once, in order."""
    yield from dict.fromkeys(leaf.asset for leaf in leaves(part))


def stands(part: Part, works: Callable[[str], bool]) -> bool:
    """Whether it stands when ``works`` says of each asset whether it works."""
    if part.kind == "asset":
        return works(part.asset)
    decide = all if part.kind == "all" else any
    return decide(stands(child, works) for child in part.parts)


def fails(part: Part, down: Mapping[str, Bits], runs: int) -> Bits:
    """Per run whether it fails; ``down`` gives per asset, an array of length ``runs``, whether the asset is down."""
    if part.kind == "asset":
        found = down.get(part.asset)
        return np.zeros(runs, bool) if found is None else found
    start = np.zeros(runs, bool) if part.kind == "all" else np.ones(runs, bool)
    for child in part.parts:
        below = fails(child, down, runs)
        start = start | below if part.kind == "all" else start & below
    return start


def single_points(part: Part) -> tuple[str, ...]:
    """The assets without which it does not stand, whatever else works; none when it does not stand at all."""
    alone = _fatal(part)
    return tuple(name for name in assets_of(part) if name in alone) if alone else ()


def _fatal(part: Part) -> set[str] | None:
    """The assets each of which brings it down alone, None for what never stands.

    Of `all` they are those of any of its parts, of `any` those common to the parts that can stand.
    """
    if part.kind == "asset":
        return {part.asset}
    sets = [_fatal(child) for child in part.parts]
    able = [found for found in sets if found is not None]
    if part.kind == "all":
        return set().union(*able) if len(able) == len(sets) else None
    return set.intersection(*able) if able else None
