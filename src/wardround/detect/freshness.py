"""How old the knowledge about flaws is that a round was made with, and what that means for what was not found.

A list of known flaws that is old cannot say "none": what has become known since was not checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from wardround.detect.detection import AnalysisBody, Detection
from wardround.detect.knowledge.products import known
from wardround.detect.tables import QueryError, Tables
from wardround.model import Coverage

#: A list of known flaws is taken as current for so many days.
CURRENT_DAYS = 30

#: The lists that say what is exploited now; the others add detail to it.
_DECISIVE = ("kev", "wardround")
_ADVISORIES = ("csaf", "osv")

_DAY = 86_400 * 1_000_000_000

#: Analyses that compare versions, and the lists without which they can clear nothing.
_ANALYSES = {"known_flaws": _DECISIVE, "transfer_software": _DECISIVE, "listed_flaws": _ADVISORIES}

_NAMES = {
    "kev": "KEV", "nvd": "NVD", "cve": "CVE", "epss": "EPSS", "csaf": "CSAF", "osv": "OSV",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Knowledge:
    """One kind of list that was there: how many of them, and the date of the youngest (ns UTC, None when it states none)."""

    kind: str
    lists: int
    date: int | None


def knowledge(tables: Tables) -> tuple[Knowledge, ...]:
    """The kinds of lists among the evidence, and what wardround brings along itself."""
    shipped = datetime.combine(known().date, datetime.min.time(), UTC)
    own = Knowledge("wardround", 1, int(shipped.timestamp()) * 1_000_000_000)
    try:
        rows = tables.query("SELECT kind, count(*) AS lists, max(date) AS date FROM feed GROUP BY kind ORDER BY kind")
    except QueryError:
        rows = []
    return (own, *(Knowledge(row["kind"], row["lists"], row["date"]) for row in rows if row["kind"] in _NAMES))


def dated(
    coverage: Iterable[Coverage], detections: Sequence[Detection], found: Sequence[Knowledge], created: int
) -> Iterator[Coverage]:
    """The coverage of a round made at ``created`` (ns UTC): with old knowledge, what was not found is not assessed."""
    depending = {item.name: lists for item in detections if (lists := _lists_of(item))}
    for row in coverage:
        lists = depending.get(row.detection, ())
        days = _age(found, created, lists) if lists and row.result == "not_found" else 0
        if days is None or days > CURRENT_DAYS:
            yield replace(row, result="not_assessed", reason=_reason(days, lists))
        else:
            yield row


def rests_on_knowledge(detection: Detection) -> bool:
    """Whether a detection compares versions with lists of known flaws."""
    return bool(_lists_of(detection))


def _lists_of(detection: Detection) -> tuple[str, ...]:
    """The kinds of lists without which a detection can clear nothing."""
    body = detection.body
    return _ANALYSES.get(body.name.partition(":")[0], ()) if isinstance(body, AnalysisBody) else ()


def notes(
    coverage: Iterable[Coverage], detections: Sequence[Detection], found: Sequence[Knowledge], created: int
) -> Iterator[dict[str, str]]:
    """What the reader of the report must know about the age of the knowledge; nothing where it was not used."""
    depending = {item.name for item in detections if rests_on_knowledge(item)}
    assessed = any(row.detection in depending and row.result == "found" for row in coverage)
    unassessed = any(row.detection in depending and row.reason.get("en", "").startswith("Not checked") for row in coverage)
    cleared = any(row.detection in depending and row.result == "not_found" for row in coverage)
    if not (assessed or unassessed or cleared or len(found) > 1):
        return
    yield {
        "en": f"Known flaws were looked up in: {', '.join(_told(item, created, 'en') for item in found)}.",
        "fr": f"Les failles connues ont été cherchées dans\u00a0: {', '.join(_told(item, created, 'fr') for item in found)}.",
    }
    days = _age(found, created, _DECISIVE)
    if days is not None and days > CURRENT_DAYS:
        yield {
            "en": f"The newest list of exploited flaws is {days} days old: what has become known since was not checked. "
            "Add CISA’s current list (KEV) to the evidence.",
            "fr": f"La liste la plus récente des failles exploitées a {days} jours\u00a0: ce qui s’est su depuis n’a pas été "
            "vérifié. Ajoutez la liste actuelle de la CISA (KEV) aux éléments fournis.",
        }
    likely = _age(found, created, ("epss",))
    if likely is not None and likely > CURRENT_DAYS:
        yield {
            "en": f"How likely flaws are to be used within 30 days (EPSS) was estimated {likely} days ago: the order of "
            "urgency may have changed. Add the current scores to the evidence.",
            "fr": f"La probabilité que des failles servent sous 30 jours (EPSS) a été estimée il y a {likely} jours\u00a0: "
            "l’ordre d’urgence a pu changer. Ajoutez les scores actuels aux éléments fournis.",
        }


def _age(found: Sequence[Knowledge], created: int, lists: tuple[str, ...]) -> int | None:
    """Days since the youngest list of these kinds, None where none of them states its date."""
    dates = [item.date for item in found if item.kind in lists and item.date is not None]
    return max(0, created - max(dates)) // _DAY if dates else None


def _told(item: Knowledge, created: int, language: str) -> str:
    if item.kind == "wardround":
        name = {"en": "wardround’s own table", "fr": "la table de wardround"}[language]
    else:
        name = _NAMES[item.kind] + (f" ({item.lists})" if item.lists > 1 else "")
    if item.date is None:
        return name + {"en": " without a date", "fr": " sans date"}[language]
    day = datetime.fromtimestamp(item.date / 1_000_000_000, UTC).date().isoformat()
    days = max(0, created - item.date) // _DAY
    if language == "fr":
        return f"{name} du {day} ({days} {'jour' if days < 2 else 'jours'})"
    return f"{name} of {day} ({days} {'day' if days == 1 else 'days'} old)"


def _reason(days: int | None, lists: tuple[str, ...]) -> dict[str, str]:
    english, french = "list of exploited flaws", "liste la plus récente des failles exploitées"
    if lists == _ADVISORIES:
        english, french = "advisory (CSAF, OSV)", "publication la plus récente d’avis de sécurité (CSAF, OSV)"
    if days is None:
        return {
            "en": f"Not checked against current knowledge: there is no {english} with a date.",
            "fr": "Non vérifié avec des connaissances actuelles\u00a0: aucun avis de sécurité ni aucune liste n’est daté.",
        }
    return {
        "en": f"Not checked against current knowledge: the newest {english} is {days} days old.",
        "fr": f"Non vérifié avec des connaissances actuelles\u00a0: la {french} a {days} jours.",
    }
