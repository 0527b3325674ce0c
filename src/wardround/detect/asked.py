"""Which columns detections ask for, as far as their texts tell: known before anything is read, without the database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from wardround.detect import derived
from wardround.detect.detection import CorrelationBody, Detection, SqlBody
from wardround.detect.logsource import columns_for
from wardround.detect.rule import Correlation, ParsedRules, Rule
from wardround.detect.wording import placeholders

_NAMES = re.compile(r'"([^"\n]{1,200})"|([A-Za-z_][A-Za-z0-9_]{0,200})')


def columns_asked(detections: Sequence[Detection], user: ParsedRules) -> frozenset[str]:
    """The names, in lower case, of the columns that may be asked of the open table, as far as the texts of detections tell.

    They are the words of these texts: names too many do no harm, and a column that is not among them can be asked as well.
    """
    texts: list[str] = [derived.COMMANDS]
    for item in detections:
        asked = [column for _, column in item.subjects]
        asked += placeholders(item.summary.values())
        correlations = item.body.correlations if isinstance(item.body, CorrelationBody) else ()
        texts += [item.body.sql] if isinstance(item.body, SqlBody) else []
        texts += [part for need in item.needs for part in (need.where, *need.columns)]
        texts += _columns_asked(item.rules, correlations, asked)
    texts += _columns_asked(user.rules if user.correlations else (), user.correlations, [])
    return _names_in(texts)


def _names_in(texts: Iterable[str]) -> frozenset[str]:
    return frozenset((quoted or plain).lower() for text in texts for quoted, plain in _NAMES.findall(text))


def _columns_asked(rules: Sequence[Rule], correlations: Sequence[Correlation], asked: list[str]) -> list[str]:
    """Fields that are asked for and those of correlations, with the columns that hold them for these rules."""
    fields = asked + [
        name
        for correlation in correlations
        for name in (*correlation.group_by, *correlation.fields, *_names_in([str(correlation.aliases)]))
    ]
    sources = {rule.logsource for rule in rules}
    columns = [column for source in sources for name in fields for column in columns_for(source, "windows_event", name)]
    return [f'"{name}"' for name in (*fields, *columns)]
