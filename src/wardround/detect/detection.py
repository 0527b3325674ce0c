"""What a detection is, and how its file is read; the format is described in docs/detections.md.

A file that does not say what it must raises ContentError with its path and the key. Style and soundness beyond that are
the linter's matter (:mod:`wardround.detect.lint`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from typing import Any, cast

import orjson
import yaml

from wardround import schema
from wardround.detect.rule import Correlation, ParsedRules, Rule
from wardround.errors import ContentError
from wardround.model import SEVERITIES, THREATS, Confidence, Kind, Severity
from wardround.site import Site

#: Languages in which every text of a detection stands.
LANGUAGES = ("en", "fr")

#: The functions that an ``analysis:`` may name live in this package.
ANALYSES = "wardround.detect.analyses"

_LEVELS: dict[str, Severity] = {"informational": "info", **{level: level for level in SEVERITIES if level != "info"}}
_BODIES = ("detection", "correlation", "sql", "analysis")

Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Need:
    """Evidence that a detection can work on: rows of ``table`` that satisfy ``where`` and fill ``columns`` in.

    ``unless`` is what people are told when there is none.
    """

    table: str
    where: str = ""
    columns: tuple[str, ...] = ()
    unless: Texts | None = None


@dataclass(frozen=True, slots=True)
class SigmaBody:
    """A plain Sigma rule."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class CorrelationBody:
    """Sigma rules, and correlations of which the last one decides."""

    rules: tuple[Rule, ...]
    correlations: tuple[Correlation, ...]


@dataclass(frozen=True, slots=True)
class SqlBody:
    """One SELECT."""

    sql: str


@dataclass(frozen=True, slots=True)
class AnalysisBody:
    """A Python function, as ``module:function`` under :data:`ANALYSES`."""

    name: str

    def function(self) -> Callable[[Any, Site], Iterator[dict[str, Any]]]:
        """Import and give the function; raises ContentError when it is not there."""
        module, _, function = self.name.partition(":")
        try:
            return cast(
                Callable[[Any, Site], Iterator[dict[str, Any]]], getattr(import_module(f"{ANALYSES}.{module}"), function)
            )
        except (ImportError, AttributeError) as error:
            raise ContentError(f"analysis {self.name}: {error}") from error


Body = SigmaBody | CorrelationBody | SqlBody | AnalysisBody


@dataclass(frozen=True, slots=True)
class Detection:
    """One detection. ``id`` is its uuid, ``name`` its catalogue name; ``subjects`` are pairs of subject kind and column.

    ``tests`` are the cases as they stand in the file, for :mod:`wardround.detect.testing`.
    """

    id: str
    name: str
    title: Texts
    description: Texts
    status: str
    level: Severity
    tags: tuple[str, ...]
    references: tuple[str, ...]
    falsepositives: tuple[str, ...]
    threat: str
    kind: Kind
    attack_version: str
    confidence: Confidence
    controls: tuple[str, ...]
    needs: tuple[Need, ...]
    subjects: tuple[tuple[str, str], ...]
    summary: Texts
    body: Body
    path: str
    tests: tuple[Mapping[str, Any], ...] = ()

    @property
    def techniques(self) -> tuple[str, ...]:
        """ATT&CK technique ids (T1110.001) of its tags."""
        return techniques_of(self.tags)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The Sigma rules that the matcher has to run for it."""
        match self.body:
            case SigmaBody(rule):
                return (rule,)
            case CorrelationBody(rules):
                return rules
        return ()


def techniques_of(tags: Iterable[str]) -> tuple[str, ...]:
    """The ATT&CK technique ids among Sigma tags, in upper case."""
    found = (tag[7:].upper() for tag in tags if tag.lower().startswith("attack.t"))
    return tuple(technique for technique in found if technique[1:2].isdigit())


@cache
def shipped() -> tuple[Detection, ...]:
    """Every detection that comes with wardround, in order of threat and name. Raises ContentError."""
    found = [load_text(text, path) for path, text in shipped_texts()]
    check_unique(found)
    return tuple(found)


def shipped_texts() -> Iterator[tuple[str, str]]:
    """Path (``threat/NAME.yml``) and text of every detection file that comes with wardround, in that order."""
    root = resources.files("wardround") / "detections"
    for threat in THREATS:
        folder = root / threat
        if folder.is_dir():
            for entry in sorted(folder.iterdir(), key=lambda item: item.name):
                if entry.name.endswith(".yml"):
                    yield f"{threat}/{entry.name}", entry.read_text("utf-8")


def load_path(path: Path) -> Detection:
    """Read one detection file. Raises ContentError."""
    try:
        return load_text(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"{path}: {error}") from error


def load_text(text: str, path: str) -> Detection:
    """Read a detection from the text of its file; ``path`` names it in messages. Raises ContentError."""
    return of_documents(documents(text, path), path)


def documents(text: str, path: str) -> list[dict[str, Any]]:
    """The YAML documents of a detection file: one, or the base rules of a correlation before it. Raises ContentError."""
    try:
        found = [document for document in yaml.load_all(text, Loader=_LOADER) if document is not None]
    except (yaml.YAMLError, ValueError) as error:
        raise ContentError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if not found or not all(isinstance(document, dict) for document in found):
        raise ContentError(f"{path}: not a mapping")
    return found


def of_documents(documents: list[dict[str, Any]], path: str, parsed: ParsedRules | None = None) -> Detection:
    """The detection of these documents; ``parsed`` spares parsing their Sigma part again. Raises ContentError."""
    return _Reader(path, parsed).detection(documents)


def sigma_part(documents: list[dict[str, Any]], path: str) -> ParsedRules | None:
    """The Sigma rules and correlations in these documents, parsed; None when their body is another."""
    if not any(body in documents[-1] for body in ("detection", "correlation")):
        return None
    # pySigma is slow to import; content without Sigma bodies does not need it.
    from wardround.detect.sigma import parse_rules

    plain = [{key: value for key, value in document.items() if key != "wardround"} for document in documents]
    # JSON is YAML, and re-writing what was read leaves out our part of the file.
    return parse_rules("\n---\n".join(orjson.dumps(item, default=str).decode() for item in plain), path)


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_unique(detections: Iterable[Detection]) -> None:
    """Raises ContentError when two detections or rules share a name or an id."""
    seen: dict[str, str] = {}
    for detection in detections:
        for name in {detection.id, detection.name, *(rule.id for rule in detection.rules)}:
            if name in seen:
                raise ContentError(f"{detection.path}: {name} is already used by {seen[name]}")
            seen[name] = detection.path


class _Reader:
    """Takes the documents of one file apart; every complaint names the file and the key."""

    def __init__(self, path: str, parsed: ParsedRules | None = None) -> None:
        self.path = path
        self.parsed = parsed

    def detection(self, documents: list[dict[str, Any]]) -> Detection:
        main = documents[-1]
        extra = self._mapping(main, "wardround")
        french = self._mapping(extra, "fr", "wardround.fr")
        subjects = self._mapping(extra, "subjects", "wardround.subjects")
        return Detection(
            id=self._text(main, "id"),
            name=self._text(main, "name"),
            title={"en": self._text(main, "title"), "fr": self._text(french, "title", "wardround.fr.title")},
            description={
                "en": self._text(main, "description"),
                "fr": self._text(french, "description", "wardround.fr.description"),
            },
            status=self._choice(main, "status", ("stable", "test", "experimental")),
            level=_LEVELS[self._choice(main, "level", tuple(_LEVELS))],
            tags=self._texts(main, "tags"),
            references=self._texts(main, "references"),
            falsepositives=self._texts(main, "falsepositives"),
            threat=self._choice(extra, "threat", THREATS, "wardround.threat"),
            kind=cast(Kind, self._choice(extra, "kind", ("exposure", "attack"), "wardround.kind")),
            attack_version=str(extra.get("attack_version", "")),
            confidence=cast(Confidence, self._choice(extra, "confidence", ("low", "medium", "high"), "wardround.confidence")),
            controls=self._texts(extra, "controls", "wardround.controls"),
            needs=tuple(self._need(need, index) for index, need in enumerate(self._list(extra, "needs", "wardround.needs"))),
            subjects=tuple((str(kind), self._plain(column, f"wardround.subjects.{kind}")) for kind, column in subjects.items()),
            summary=self._bilingual(extra.get("summary"), "wardround.summary"),
            body=self._body(documents),
            path=self.path,
            tests=tuple(self._cases(extra)),
        )

    def _body(self, documents: list[dict[str, Any]]) -> Body:
        main = documents[-1]
        present = [key for key in _BODIES if key in main]
        if len(present) != 1:
            raise self._error("body", f"exactly one of {', '.join(_BODIES)} is needed, found {', '.join(present) or 'none'}")
        body = present[0]
        if body in ("sql", "analysis") and len(documents) > 1:
            raise self._error(body, "only a correlation has more than one document")
        if body == "sql":
            return SqlBody(self._text(main, "sql"))
        if body == "analysis":
            return AnalysisBody(self._text(main, "analysis"))
        return self._sigma(documents, body)

    def _sigma(self, documents: list[dict[str, Any]], body: str) -> Body:
        parsed = self.parsed or sigma_part(documents, self.path) or ParsedRules()
        if parsed.unusable:
            raise self._error(body, parsed.unusable[0].reason)
        if body == "detection":
            if len(parsed.rules) != 1:
                raise self._error(body, "one Sigma rule is needed")
            return SigmaBody(parsed.rules[0])
        if not parsed.correlations or not parsed.rules:
            raise self._error(body, "base rules and, last, a correlation are needed")
        return CorrelationBody(parsed.rules, parsed.correlations)

    def _need(self, need: Any, index: int) -> Need:
        place = f"wardround.needs[{index}]"
        if not isinstance(need, dict):
            raise self._error(place, "a mapping with table is needed")
        unknown = set(need) - {"table", "where", "columns", "unless"}
        if unknown:
            raise self._error(place, f"unknown key {min(unknown)}")
        table = self._text(need, "table", f"{place}.table")
        if table not in schema.tables():
            raise self._error(f"{place}.table", f"there is no table {table}")
        unless = self._bilingual(need["unless"], f"{place}.unless") if "unless" in need else None
        where = self._text(need, "where", f"{place}.where") if "where" in need else ""
        return Need(table, where, self._texts(need, "columns", f"{place}.columns"), unless)

    def _cases(self, extra: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for index, case in enumerate(self._list(extra, "tests", "wardround.tests")):
            if not isinstance(case, dict):
                raise self._error(f"wardround.tests[{index}]", "a mapping is needed")
            yield case

    def _bilingual(self, value: Any, place: str) -> Texts:
        if not isinstance(value, dict) or set(value) != set(LANGUAGES):
            raise self._error(place, "texts under en and fr are needed")
        return {language: self._text(value, language, f"{place}.{language}") for language in LANGUAGES}

    def _mapping(self, document: dict[str, Any], key: str, place: str = "") -> dict[str, Any]:
        value = document.get(key)
        if not isinstance(value, dict) or not value:
            raise self._error(place or key, "a mapping is needed")
        return value

    def _list(self, document: dict[str, Any], key: str, place: str) -> list[Any]:
        value = document.get(key) or []
        if not isinstance(value, list):
            raise self._error(place, "a list is needed")
        return value

    def _text(self, document: dict[str, Any], key: str, place: str = "") -> str:
        return self._plain(document.get(key), place or key)

    def _plain(self, value: Any, place: str) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self._error(place, "a text is needed")
        return value.strip()

    def _texts(self, document: dict[str, Any], key: str, place: str = "") -> tuple[str, ...]:
        value = document.get(key) or []
        items = value if isinstance(value, list) else [value]
        return tuple(self._plain(item, place or key) for item in items)

    def _choice(self, document: dict[str, Any], key: str, choices: tuple[str, ...], place: str = "") -> str:
        value = document.get(key)
        if value not in choices:
            raise self._error(place or key, f"{value!r} is not one of {', '.join(choices)}")
        return str(value)

    def _error(self, place: str, message: str) -> ContentError:
        return ContentError(f"{self.path}: {place}: {message}")
