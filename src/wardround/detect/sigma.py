"""Sigma rules from YAML, parsed by pySigma, into the values of :mod:`wardround.detect.rule`.

Specification: https://sigmahq.io/sigma-specification/ (2.1.0). Rule files come from anywhere, so every text is hostile:
size, aliases, nesting and the growth of a rule by its modifiers are bounded, and what cannot be used is listed with its
reason instead of stopping the rest.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from sigma.collection import SigmaCollection as _SigmaCollection  # noqa: F401  (resolves an import cycle in pySigma)
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetections
from sigma.rule.base import SigmaYAMLLoader, check_alias_expansion

from wardround.detect import rule_files
from wardround.detect.rule import Correlation, LogSource, ParsedRules, Rule, Unusable
from wardround.detect.rule_files import RuleFile
from wardround.detect.sigma_condition import POLICY, UnusableRuleError, translate_detections
from wardround.detect.sigma_correlation import parse_correlation

#: Larger texts and conditions are not those of a rule.
MAX_DOCUMENT_CHARACTERS = 512 * 1024
MAX_CONDITION_CHARACTERS = 8192

#: What pySigma and PyYAML raise on malformed input besides their own errors.
_MALFORMED = (
    SigmaError,
    yaml.YAMLError,
    UnusableRuleError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    RecursionError,
    NotImplementedError,
)

#: The specification calls the modifier utf16le, pySigma only knows its alias.
_ALIASES = {"utf16le": "wide"}

_RULE_NAMESPACE = uuid.UUID("6b1f2f0e-2a67-5a0c-9f4e-6d1f0a6c7c55")


def parse_rules(text: str, path: str) -> ParsedRules:
    """Parse a text with any number of YAML documents; ``path`` is only repeated in the results.

    A document that is wrong becomes an :class:`Unusable` and the others are still read. Empty documents are skipped.
    """
    rules: list[Rule] = []
    correlations: list[Correlation] = []
    unusable: list[Unusable] = []
    for document in _documents(text):
        mapping: dict[str, Any] = {}
        try:
            parsed = _load(document)
            if parsed is None:
                continue
            if not isinstance(parsed, dict):
                raise UnusableRuleError("not a mapping of names to values")
            mapping = parsed
            item = _parse_document(mapping, document, path)
        except _MALFORMED as error:
            unusable.append(Unusable(path, _word(mapping, "id"), _word(mapping, "title"), _reason(error)))
        else:
            if isinstance(item, Rule):
                rules.append(item)
            else:
                correlations.append(item)
    return ParsedRules(tuple(rules), tuple(correlations), tuple(unusable))


def load_directory(path: Path) -> ParsedRules:
    """Parse every .yml and .yaml file under a directory (or one file), in the order of their names."""
    return parse_contents(rule_files.read(file) for file in rule_files.find(path))


def parse_contents(contents: Iterable[RuleFile]) -> ParsedRules:
    """Parse the contents of rule files; a file that could not be read is one unusable rule."""
    return combine(map(_parse_file, contents))


def _parse_file(file: RuleFile) -> ParsedRules:
    if file.problem:
        return ParsedRules(unusable=(Unusable(file.path, "", "", file.problem),))
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ParsedRules(unusable=(Unusable(file.path, "", "", "not UTF-8 text"),))
    return parse_rules(text, file.path)


def combine(parts: Iterable[ParsedRules]) -> ParsedRules:
    """Several results as one, in their order."""
    rules: list[Rule] = []
    correlations: list[Correlation] = []
    unusable: list[Unusable] = []
    for part in parts:
        rules.extend(part.rules)
        correlations.extend(part.correlations)
        unusable.extend(part.unusable)
    return ParsedRules(tuple(rules), tuple(correlations), tuple(unusable))


def _documents(text: str) -> Iterator[str]:
    """Cut a YAML stream at its document markers, so that a syntax error stays in its own document."""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if line[:3] in {"---", "..."} and (len(line) == 3 or line[3] in " \t\r\n"):
            yield "".join(lines)
            lines = [line[3:]] if line.startswith("---") else []
        else:
            lines.append(line)
    yield "".join(lines)


def _load(document: str) -> Any:
    if not document.strip():
        return None
    if len(document) > MAX_DOCUMENT_CHARACTERS:
        raise UnusableRuleError("larger than any rule")
    parsed = yaml.load(document, SigmaYAMLLoader)  # noqa: S506  (a subclass of the safe loader)
    check_alias_expansion(parsed)
    return parsed


def _parse_document(mapping: dict[str, Any], document: str, path: str) -> Rule | Correlation:
    if "action" in mapping:
        raise UnusableRuleError("rule collections with 'action' are not part of Sigma 2")
    if "filter" in mapping:
        raise UnusableRuleError("Sigma filters are not supported")
    if "correlation" in mapping:
        return parse_correlation(mapping, rule_id=_identifier(mapping, document), path=path)
    if "detection" not in mapping:
        raise UnusableRuleError("neither a detection nor a correlation")
    if not isinstance(mapping.get("logsource"), dict):
        raise UnusableRuleError("no log source")
    detection = mapping["detection"]
    if not isinstance(detection, dict):
        raise UnusableRuleError("the detection is not a mapping")
    if len(str(detection.get("condition"))) > MAX_CONDITION_CHARACTERS:
        raise UnusableRuleError("the condition is too long")
    condition = translate_detections(SigmaDetections.from_dict(_known_modifiers(detection), policy=POLICY))
    return Rule(
        id=_identifier(mapping, document),
        name=_word(mapping, "name"),
        title=_word(mapping, "title"),
        level=_word(mapping, "level") or "medium",
        status=_word(mapping, "status"),
        tags=_words(mapping, "tags"),
        logsource=_logsource(mapping["logsource"]),
        condition=condition,
        path=path,
        description=_word(mapping, "description").strip(),
        references=_words(mapping, "references"),
        falsepositives=_words(mapping, "falsepositives"),
    )


def _known_modifiers(value: Any) -> Any:
    """The detection with the modifiers that pySigma does not know replaced by what they stand for."""
    if isinstance(value, list):
        return [_known_modifiers(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {_known_key(key): _known_modifiers(item) for key, item in value.items()}


def _known_key(key: Any) -> Any:
    if not isinstance(key, str) or "|" not in key:
        return key
    field, *modifiers = key.split("|")
    return "|".join([field, *(_ALIASES.get(modifier, modifier) for modifier in modifiers)])


def _logsource(mapping: dict[str, Any]) -> LogSource:
    def part(name: str) -> str | None:
        value = mapping.get(name)
        return None if value is None else str(value).strip().lower()

    logsource = LogSource(part("category"), part("product"), part("service"))
    if logsource == LogSource():
        raise UnusableRuleError("the log source names no category, product or service")
    return logsource


def _identifier(mapping: dict[str, Any], document: str) -> str:
    """The rule's id; one made from its text where it has none, so that findings can name it."""
    return _word(mapping, "id").lower() or str(uuid.uuid5(_RULE_NAMESPACE, document))


def _word(mapping: dict[str, Any], key: str) -> str:
    value = mapping.get(key)
    return "" if value is None else str(value)


def _words(mapping: dict[str, Any], key: str) -> tuple[str, ...]:
    value = mapping.get(key)
    if value is None:
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)


def _reason(error: BaseException) -> str:
    """One line for people out of what the parsers say."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, KeyError):
        return f"missing {error}"
    text = str(error) or type(error).__name__
    return re.sub(r"\s+", " ", text)[:300].strip()
