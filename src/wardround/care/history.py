"""What a dated export of the US breach list says: by year, by kind, by place, by ransomware, for imaging; nothing assumed.

One breach can be a fifth of all people ever affected, so every sum of people stands beside the same sum without its largest
breach. Rows that name several kinds or places count for each of them.
"""

from __future__ import annotations

import datetime
import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from wardround.care.breaches import Breach, Export
from wardround.errors import UserError

HACKING = "Hacking/IT Incident"
EMAIL = "Email"
SERVER = "Network Server"

TYPES = (HACKING, "Unauthorized Access/Disclosure", "Theft", "Loss", "Improper Disposal")
LOCATIONS = (
    *(SERVER, EMAIL, "Paper/Films", "Laptop", "Desktop Computer", "Electronic Medical Record"),
    "Other Portable Electronic Device",
)
_DEVICES = frozenset({"Laptop", "Desktop Computer", "Other Portable Electronic Device"})
_GONE = frozenset({"Theft", "Loss"})

#: The figure of the talk that started this project, and its day (RSNA, 28 November 2021).
THRESHOLD = 257_000_000
AS_OF = datetime.date(2021, 11, 28)

#: Entities whose name says that they make or read images.
_IMAGING = re.compile(r"radiolog|imaging|\bmri\b|\bx-?ray", re.IGNORECASE)
_RANSOM = re.compile(r"ransom", re.IGNORECASE)

_LARGEST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Sum:
    """Breaches and people of a part of the list; ``largest`` is the people of its largest breach."""

    breaches: int
    individuals: int
    largest: int
    median: int

    @property
    def without_largest(self) -> int:
        """People without the largest breach."""
        return self.individuals - self.largest


@dataclass(frozen=True, slots=True)
class Told:
    """Of the breaches whose narrative is published (``told``), those that tell of ransomware."""

    told: int
    ransomware: int


@dataclass(frozen=True, slots=True)
class Year:
    """A year of the list; ``cumulative`` is the people since the first year shown."""

    year: int
    all: Sum
    cumulative: int
    hacking: int
    email: int
    server: int
    told_hacking: Told
    told_all: Told


@dataclass(frozen=True, slots=True)
class Part:
    """A kind or place of breaches, or another part of the list, by its name in the list or ours."""

    name: str
    sum: Sum


@dataclass(frozen=True, slots=True)
class Passing:
    """The day on which the people of a part of the list together reached the threshold (None when they did not).

    ``individuals`` is the running sum there, in the order of the list; ``as_of`` the sum at the end of the day asked for.
    """

    part: str
    day: datetime.date | None
    individuals: int
    as_of: int


@dataclass(frozen=True, slots=True)
class Day:
    """All breaches up to and with a day."""

    day: datetime.date
    breaches: int
    individuals: int


@dataclass(frozen=True, slots=True)
class History:
    """Every figure of an export between two years; ``without_number`` breaches give no number of people."""

    files: tuple[str, ...]
    first: datetime.date
    last: datetime.date
    unreadable: int
    repeated: int
    shared: int
    without_number: int
    total: Sum
    years: tuple[Year, ...]
    largest: tuple[Breach, ...]
    threshold: int
    passings: tuple[Passing, ...]
    as_of: Day
    types: tuple[Part, ...]
    locations: tuple[Part, ...]
    others: tuple[Part, ...]
    imaging: Sum
    imaging_years: tuple[tuple[int, int], ...]
    imaging_largest: tuple[Breach, ...]


def history(
    export: Export,
    since: int | None = None,
    until: int | None = None,
    threshold: int = THRESHOLD,
    as_of: datetime.date = AS_OF,
) -> History:
    """The figures of the breaches submitted in the years ``since`` to ``until`` (both included, by default all).

    ``threshold`` is a number of people; ``as_of`` a day for which the state of the list is told. Raises UserError when no
    breach lies in those years.
    """
    rows = [
        breach
        for breach in export.breaches
        if (since is None or breach.submitted.year >= since) and (until is None or breach.submitted.year <= until)
    ]
    if not rows:
        raise UserError("no breach of the export lies in those years", "aucune fuite de l’export ne date de ces années")
    imaging = [breach for breach in rows if _IMAGING.search(breach.name)]
    known = [breach for breach in rows if breach.submitted <= as_of]
    return History(
        files=export.files,
        first=rows[0].submitted,
        last=rows[-1].submitted,
        unreadable=export.unreadable,
        repeated=export.repeated,
        shared=export.shared,
        without_number=sum(breach.individuals is None for breach in rows),
        total=_sum(rows),
        years=tuple(_years(rows)),
        largest=_largest(rows),
        threshold=threshold,
        passings=tuple(_passings(rows, threshold, as_of)),
        as_of=Day(as_of, len(known), _people(known)),
        types=_parts(rows, TYPES, lambda breach: breach.types),
        locations=_parts(rows, LOCATIONS, lambda breach: breach.locations),
        others=(
            Part("device", _sum(breach for breach in rows if _device(breach))),
            Part("associate", _sum(breach for breach in rows if breach.associate)),
        ),
        imaging=_sum(imaging),
        imaging_years=tuple((year, sum(breach.submitted.year == year for breach in imaging)) for year in _span(rows)),
        imaging_largest=_largest(imaging),
    )


def _years(rows: Sequence[Breach]) -> Iterable[Year]:
    cumulative = 0
    for year in _span(rows):
        own = [breach for breach in rows if breach.submitted.year == year]
        hacking = [breach for breach in own if HACKING in breach.types]
        everything = _sum(own)
        cumulative += everything.individuals
        yield Year(
            year=year,
            all=everything,
            cumulative=cumulative,
            hacking=len(hacking),
            email=sum(EMAIL in breach.locations for breach in own),
            server=sum(SERVER in breach.locations for breach in own),
            told_hacking=_told(hacking),
            told_all=_told(own),
        )


def _passings(rows: Sequence[Breach], threshold: int, as_of: datetime.date) -> Iterable[Passing]:
    """All breaches, hacking alone and network servers alone."""
    parts: tuple[tuple[str, Callable[[Breach], bool]], ...] = (
        ("all", lambda _: True),
        ("hacking", lambda breach: HACKING in breach.types),
        ("server", lambda breach: SERVER in breach.locations),
    )
    for name, belongs in parts:
        own = [breach for breach in rows if belongs(breach)]
        total, passed = 0, None
        for breach in own:
            total += breach.individuals or 0
            if total >= threshold:
                passed = breach.submitted
                break
        yield Passing(name, passed, total, _people(breach for breach in own if breach.submitted <= as_of))


def _parts(rows: Sequence[Breach], names: Sequence[str], values: Callable[[Breach], tuple[str, ...]]) -> tuple[Part, ...]:
    return tuple(Part(name, _sum(breach for breach in rows if name in values(breach))) for name in names)


def _device(breach: Breach) -> bool:
    """Whether a device was stolen or lost: what encrypting its disk would have kept from being a breach."""
    return not _GONE.isdisjoint(breach.types) and not _DEVICES.isdisjoint(breach.locations)


def _told(rows: Iterable[Breach]) -> Told:
    narratives = [breach.narrative for breach in rows if breach.narrative]
    return Told(len(narratives), sum(bool(_RANSOM.search(text)) for text in narratives))


def _sum(rows: Iterable[Breach]) -> Sum:
    listed = list(rows)
    numbers = [breach.individuals for breach in listed if breach.individuals is not None]
    median = round(statistics.median(numbers)) if numbers else 0
    return Sum(len(listed), sum(numbers), max(numbers, default=0), median)


def _people(rows: Iterable[Breach]) -> int:
    return sum(breach.individuals or 0 for breach in rows)


def _largest(rows: Sequence[Breach]) -> tuple[Breach, ...]:
    return tuple(sorted(rows, key=lambda breach: (-(breach.individuals or 0), breach.submitted, breach.name))[:_LARGEST_SHOWN])


def _span(rows: Sequence[Breach]) -> range:
    return range(rows[0].submitted.year, rows[-1].submitted.year + 1)
