"""What a detection could say at all: whether the evidence that it needs is there, and the reason when it is not."""

from __future__ import annotations

from wardround import schema
from wardround.detect.detection import LANGUAGES, Detection, Need, Texts
from wardround.detect.tables import Tables
from wardround.model import Coverage, CoverageResult

#: What is said of a detection that failed; the diagnostic has the details.
FAILED: Texts = {
    "en": "The detection could not be carried out on this evidence (see the diagnostics).",
    "fr": "La détection n’a pas pu être menée sur ces preuves (voir les diagnostics).",
}

EXCEPTED: Texts = {
    "en": "Found only what the site declares as an exception.",
    "fr": "Seules des situations déclarées comme exceptions par le site ont été trouvées.",
}

UNSEEN: Texts = {
    "en": "The evidence holds no events of the log that this detection reads.",
    "fr": "Les preuves ne contiennent aucun événement du journal que lit cette détection.",
}


def missing(needs: tuple[Need, ...], tables: Tables) -> Texts | None:
    """None when one of the needs is met (or there are none), else why the detection is not assessed.

    The reason is what the first unmet need that states one says. Raises QueryError.
    """
    if not needs or any(tables.has_rows(need.table, need.where, need.columns) for need in needs):
        return None
    return next((need.unless for need in needs if need.unless is not None), None) or _default_reason(needs)


def _default_reason(needs: tuple[Need, ...]) -> Texts:
    names = list(dict.fromkeys(need.table for need in needs))
    docs = "; ".join(f"{name} ({schema.tables()[name].doc.partition('. ')[0].rstrip('.')})" for name in names)
    return {
        "en": f"The evidence holds none of the events that this detection needs: {docs}.",
        "fr": "Les preuves ne contiennent aucun des événements nécessaires à cette détection "
        f"(tables\u00a0: {', '.join(names)}).",
    }


def coverage_of(detection: Detection, result: CoverageResult, reason: Texts | None = None) -> Coverage:
    """The coverage entry of a detection; the reason is empty in every language when none is given."""
    return Coverage(
        detection=detection.name,
        threat=detection.threat,
        kind=detection.kind,
        title=detection.title,
        result=result,
        reason=reason or dict.fromkeys(LANGUAGES, ""),
        controls=detection.controls,
    )
