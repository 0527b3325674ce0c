"""The history of breaches in words and tables, in both languages: what the terminal, the page and the spreadsheet show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from wardround.care.breaches import Breach
from wardround.care.history import EMAIL, HACKING, SERVER, History, Part, Sum
from wardround.report.safe import shorten, visible
from wardround.report.texts import Language

_LONGEST_NAME = 60

#: A list whose last breach is earlier in its year (month, day) does not hold the whole year.
_LATE_DECEMBER = (12, 20)


@dataclass(frozen=True, slots=True)
class Table:
    """A table as people read it: its title, the heads of its columns and its rows; the first column names the row."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure that somebody else published, with its region, period and source."""

    region: str
    period: str
    source: str
    text: str


def sentences(history: History, words: Language) -> list[str]:
    """What the export says, the most important first."""
    _ = words.gettext
    total = history.total
    span = words.days(history.first.isoformat(), history.last.isoformat())
    facts = {
        "breaches": words.number(total.breaches),
        "people": words.number(total.individuals),
        "without": words.number(total.without_largest),
        "median": words.number(total.median),
        "span": span,
    }
    told = [
        _(
            "%(breaches)s breaches of 500 or more people, of %(people)s people in all, were reported (%(span)s). Without the "
            "largest one it is %(without)s; half of the breaches touched at most %(median)s people."
        )
        % facts
    ]
    told += [_passing(history, place, words) for place in range(len(history.passings))]
    email, server = _part(history.locations, EMAIL), _part(history.locations, SERVER)
    hacking = _part(history.types, HACKING)
    told.append(
        _(
            "Mail was the place of %(email)s of the breaches (%(email_people)s of the people), a network server of %(server)s "
            "(%(server_people)s); %(hacking)s were hacking (%(hacking_people)s of the people)."
        )
        % {
            "email": words.share(email.breaches, total.breaches),
            "email_people": words.share(email.individuals, total.individuals),
            "server": words.share(server.breaches, total.breaches),
            "server_people": words.share(server.individuals, total.individuals),
            "hacking": words.share(hacking.breaches, total.breaches),
            "hacking_people": words.share(hacking.individuals, total.individuals),
        }
    )
    told.append(_imaging(history, words))
    return [*told, *_reservations(history, words)]


def _passing(history: History, place: int, words: Language) -> str:
    _ = words.gettext
    passing = history.passings[place]
    part = {"all": _("All breaches together"), "hacking": _("Hacking alone"), "server": _("Network servers alone")}[
        passing.part
    ]
    facts = {
        "part": part,
        "threshold": words.number(history.threshold),
        "people": words.number(passing.individuals),
        "as_of": words.day(history.as_of.day.isoformat()),
        "then": words.number(passing.as_of),
    }
    if passing.day is None:
        return _("%(part)s: never %(threshold)s people in these years (%(people)s).") % facts
    facts["day"] = words.day(passing.day.isoformat())
    message = _("%(part)s: %(threshold)s people passed on %(day)s (%(people)s); on %(as_of)s it was %(then)s.")
    return message % facts


def _imaging(history: History, words: Language) -> str:
    imaging = history.imaging
    return words.gettext(
        "%(breaches)s breaches at bodies whose name says imaging touched %(people)s people, %(without)s without the largest."
    ) % {
        "breaches": words.number(imaging.breaches),
        "people": words.number(imaging.individuals),
        "without": words.number(imaging.without_largest),
    }


def _reservations(history: History, words: Language) -> list[str]:
    """What the figures do not hold, said only where it matters here."""
    told = []
    if (history.last.month, history.last.day) < _LATE_DECEMBER:
        told.append(
            words.gettext("The year %(year)s is not whole: the list ends on %(day)s.")
            % {"year": history.last.year, "day": words.day(history.last.isoformat())}
        )
    if history.unreadable:
        told.append(
            words.counted(
                "%(n)s row could not be read and was left out.",
                "%(n)s rows could not be read and were left out.",
                history.unreadable,
            )
        )
    if history.without_number:
        told.append(
            words.counted(
                "%(n)s breach gives no number of people.", "%(n)s breaches give no number of people.", history.without_number
            )
        )
    if history.repeated:
        told.append(
            words.counted(
                "%(n)s row stands in the list twice, word for word, and is counted as the list has it.",
                "%(n)s rows stand in the list twice, word for word, and are counted as the list has them.",
                history.repeated,
            )
        )
    if history.shared:
        told.append(
            words.counted(
                "%(n)s row stands in two of the files and is counted once.",
                "%(n)s rows stand in two of the files and are counted once.",
                history.shared,
            )
        )
    return told


def tables(history: History, words: Language) -> list[Table]:
    """Every table of the history."""
    return [
        _years(history, words),
        _ransomware(history, words),
        _parts(words.gettext("By kind"), history.types, history.total, words),
        _parts(words.gettext("By place"), history.locations, history.total, words),
        _parts(words.gettext("Lost or stolen devices, and providers"), history.others, history.total, words),
        _breaches(words.gettext("The largest breaches"), history.largest, words),
        _breaches(words.gettext("The largest at imaging bodies"), history.imaging_largest, words),
    ]


def _years(history: History, words: Language) -> Table:
    _ = words.gettext
    rows = tuple(
        (
            str(year.year),
            words.number(year.all.breaches),
            words.number(year.all.individuals),
            words.number(year.all.without_largest),
            words.number(year.cumulative),
            words.number(year.all.median),
            words.share(year.hacking, year.all.breaches),
            words.share(year.email, year.all.breaches),
            words.share(year.server, year.all.breaches),
        )
        for year in history.years
    )
    head = (
        *(_("Year"), _("Breaches"), _("People"), _("Without the largest"), _("Cumulative"), _("Median")),
        *(_("Hacking"), _("Mail"), _("Server")),
    )
    return Table(_("By year"), head, rows)


def _ransomware(history: History, words: Language) -> Table:
    _ = words.gettext
    rows = tuple(
        (
            str(year.year),
            words.number(year.told_hacking.told),
            words.number(year.told_hacking.ransomware),
            words.share(year.told_hacking.ransomware, year.told_hacking.told),
            words.number(year.told_all.told),
            words.share(year.told_all.ransomware, year.told_all.told),
            words.share(year.told_all.told, year.all.breaches),
        )
        for year in history.years
    )
    head = (
        *(_("Year"), _("Hacking with a narrative"), _("of which ransomware"), _("Share")),
        *(_("All with a narrative"), _("Share of ransomware"), _("Have a narrative")),
    )
    note = _("Narratives are published late: the share of the last years will still change.")
    return Table(_("Ransomware, where the narrative is published"), head, rows, note)


def _parts(title: str, parts: Sequence[Part], total: Sum, words: Language) -> Table:
    _ = words.gettext
    rows = tuple(
        (
            part_name(part.name, words),
            words.number(part.sum.breaches),
            words.share(part.sum.breaches, total.breaches),
            words.number(part.sum.individuals),
            words.share(part.sum.individuals, total.individuals),
            words.number(part.sum.without_largest),
            words.number(part.sum.median),
        )
        for part in parts
    )
    head = (
        *("", _("Breaches"), _("of the breaches"), _("People"), _("of the people")),
        *(_("Without the largest"), _("Median")),
    )
    return Table(title, head, rows)


def _breaches(title: str, breaches: Sequence[Breach], words: Language) -> Table:
    _ = words.gettext
    rows = tuple(
        (
            visible(shorten(breach.name, _LONGEST_NAME)),
            words.number(breach.individuals or 0),
            words.day(breach.submitted.isoformat()),
            words.listed([part_name(name, words) for name in breach.locations]),
        )
        for breach in breaches
    )
    return Table(title, ("", _("People"), _("Reported"), _("Place")), rows)


def part_name(name: str, words: Language) -> str:
    """A kind or place of the list in the language; one without a translation is shown as the list writes it."""
    _ = words.gettext
    names = {
        HACKING: _("hacking"),
        "Unauthorized Access/Disclosure": _("unauthorised access or disclosure"),
        "Theft": _("theft"),
        "Loss": _("loss"),
        "Improper Disposal": _("improper disposal"),
        SERVER: _("network server"),
        EMAIL: _("mail"),
        "Paper/Films": _("paper or films"),
        "Laptop": _("laptop"),
        "Desktop Computer": _("desktop computer"),
        "Electronic Medical Record": _("medical record"),
        "Other Portable Electronic Device": _("other portable device"),
        "Other": _("other"),
        "device": _("device stolen or lost (disk encryption)"),
        "associate": _("with a provider"),
    }
    return names.get(name) or visible(shorten(name, _LONGEST_NAME))


@cache
def _published() -> tuple[dict[str, str], ...]:
    text = resources.files("wardround.care").joinpath("observatories.yml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text))


def facts(words: Language) -> list[Fact]:
    """European and French figures as their observatories published them."""
    regions = {"eu": words.gettext("Europe"), "fr": words.gettext("France")}
    return [Fact(regions[fact["region"]], fact["period"], fact["source"], fact[words.code]) for fact in _published()]


def _part(parts: Sequence[Part], name: str) -> Sum:
    return next(part.sum for part in parts if part.name == name)
