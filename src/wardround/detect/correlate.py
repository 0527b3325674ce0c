"""Carries out Sigma correlations on the tables of a round: matched events in, hits per group out.

What a correlation means is settled in :mod:`wardround.detect.correlation`.
"""
# Queries are put together from names of the schema, from quoted identifiers and from the content that we ship.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wardround.detect import sliding
from wardround.detect.correlation import (
    ABSENT,
    NUMERIC,
    Labels,
    Leaves,
    Result,
    Rows,
    check,
    evaluate,
    falling,
    field_of,
    ranges,
    rows_of_result,
    stacked,
)
from wardround.detect.findings import POINTERS, Hit
from wardround.detect.matched import Matched, field_expression, joined
from wardround.detect.rule import Correlation, Rule
from wardround.detect.sliding import Windows
from wardround.detect.sql import MAX_HITS
from wardround.detect.sql_text import literal
from wardround.detect.tables import QueryError, Tables
from wardround.errors import ContentError

#: More events than this are not correlated (about 50 bytes each are held).
MAX_EVENTS = 20_000_000

#: Correlations of correlations of correlations …
MAX_DEPTH = 8


class Correlator:
    """Carries out correlations on the tables of a round. ``without_time`` counts events that had to be left out."""

    def __init__(self, tables: Tables, matched: Matched, rules: Sequence[Rule], correlations: Sequence[Correlation]) -> None:
        self._tables = tables
        self._matched = matched
        items: list[Rule | Correlation] = [*correlations, *rules]
        self._named = {item.name: item for item in reversed(items) if item.name} | {item.id: item for item in items}
        self._table_names = Labels()
        self._evidence_ids = Labels()
        self.without_time = 0

    def base_rules(self, correlation: Correlation, depth: int = 0) -> list[Rule]:
        """The rules at the bottom of a correlation.

        Raises ContentError when a reference leads nowhere or in circles, or a correlation on the way cannot be carried out.
        """
        check(correlation)
        if depth > MAX_DEPTH:
            raise ContentError(f"{correlation.title}: correlations refer to each other in circles or too deeply")
        found: list[Rule] = []
        for reference in correlation.rules:
            item = self._item(correlation, reference)
            found += [item] if isinstance(item, Rule) else self.base_rules(item, depth + 1)
        return found

    def hits(self, correlation: Correlation, columns: Sequence[str]) -> list[Hit]:
        """One hit per group in which the correlation fired, at most MAX_HITS + 1; ``columns`` are group-by fields.

        A hit's values are the group-by fields and ``value``, the measured number of the most extreme window. Raises
        QueryError, and ContentError for a correlation that cannot be carried out.
        """
        self.base_rules(correlation)
        unknown = [column for column in columns if column not in correlation.group_by]
        if unknown:
            raise ContentError(f"{unknown[0]} is not a group-by field of the correlation")
        result = self._carry_out(correlation)
        by_group: dict[tuple[str, ...], list[int]] = {}
        for number, key in enumerate(result.keys[result.fired.end].tolist()):
            names = tuple(labels.texts[code] for labels, code in zip(result.labels, key, strict=True))
            by_group.setdefault(names, []).append(number)
        return [self._hit(result, names, by_group[names]) for names in sorted(by_group)[: MAX_HITS + 1]]

    def _hit(self, result: Result, names: tuple[str, ...], numbers: list[int]) -> Hit:
        chosen = np.array(numbers, np.int64)
        windows = sliding.merged(Windows(result.fired.start[chosen], result.fired.end[chosen]))
        rows = result.rows(ranges(windows.start, windows.end))
        measures = result.measure[chosen]
        value = float(measures.min() if falling(result.correlation) else measures.max())
        events = [
            (self._table_names.texts[t], self._evidence_ids.texts[e], record, ts)
            for ts, t, e, record in rows[:POINTERS].tolist()
        ]
        return Hit(
            values={
                **dict(zip(result.correlation.group_by, names, strict=True)),
                "value": int(value) if value.is_integer() else value,
            },
            first_ts=int(rows[0, 0]),
            last_ts=int(rows[-1, 0]),
            events=len(rows),
            evidence=tuple(events),
        )

    def _item(self, correlation: Correlation, reference: str) -> Rule | Correlation:
        item = self._named.get(reference)
        if item is None:
            raise ContentError(f"{correlation.title}: refers to {reference}, which is not among the usable rules")
        return item

    def _carry_out(self, correlation: Correlation, carried: tuple[str, ...] = ()) -> Result:
        """Carry out a correlation; ``carried`` are further fields of its events that the one above it asks for."""
        labels = tuple(Labels() for _ in (*correlation.group_by, *carried))
        counted = Labels()
        parts = []
        for reference in correlation.rules:
            item = self._item(correlation, reference)
            if isinstance(item, Rule):
                parts.append(self._of_rule(correlation, item, carried, labels, counted))
                continue
            fields = [field_of(correlation, item, name) for name in (*correlation.group_by, *carried)]
            below = tuple(dict.fromkeys(name for name in (*fields, *correlation.fields) if name not in item.group_by))
            result = self._carry_out(item, below)
            parts.append(rows_of_result(correlation, result, (*item.group_by, *below), fields, labels, counted))
        if sum(len(part.ts) for part in parts) > MAX_EVENTS:
            raise QueryError(f"more than {MAX_EVENTS} events to correlate")
        return evaluate(correlation, tuple(parts), labels)

    def _of_rule(
        self, correlation: Correlation, rule: Rule, carried: tuple[str, ...], labels: tuple[Labels, ...], counted: Labels
    ) -> Rows:
        """The events that a rule matched, those without a time or with an absent field left out."""
        batches: list[list[NDArray[Any]]] = []
        for table in sorted(self._matched.counts.get(rule.id, {})):
            table_code = self._table_names.code(table)
            for batch in self._batches(correlation, rule, table, carried):
                ts = batch["ts"]
                self.without_time += ts.null_count
                present = ts.is_valid().to_numpy(zero_copy_only=False)
                keys = [column.encode(batch[f"k{number}"]) for number, column in enumerate(labels)]
                codes, numbers = np.zeros(len(ts), np.int64), np.zeros(len(ts))
                if correlation.type == "value_count":
                    codes = counted.encode(batch["value"])
                elif correlation.type in NUMERIC:
                    present = present & batch["value"].is_valid().to_numpy(zero_copy_only=False)
                    numbers = batch["value"].fill_null(0.0).to_numpy(zero_copy_only=False)
                for column in (*keys[: len(correlation.group_by)], codes):
                    present = present & (column != ABSENT)
                columns = (
                    ts.fill_null(0).to_numpy(zero_copy_only=False),
                    stacked(keys, len(ts)),
                    codes,
                    numbers,
                    np.full(len(ts), table_code),
                    self._evidence_ids.encode(batch["evidence_id"]),
                    batch["record"].fill_null(-1).to_numpy(zero_copy_only=False),
                )
                batches.append([column[present] for column in columns])
        if not batches:
            none = np.empty(0, np.int64)
            batches = [[none, stacked([none] * len(labels), 0), none, np.empty(0), none, none, none]]
        times, key, codes, numbers, tables, evidence, record = (np.concatenate(c) for c in zip(*batches, strict=True))
        places = np.arange(len(times))
        return Rows(times, key, codes, numbers, Leaves(times, tables, evidence, record), places, places)

    def _batches(
        self, correlation: Correlation, rule: Rule, table: str, carried: tuple[str, ...]
    ) -> Iterator[Mapping[str, pa.Array]]:
        """The events of a rule in one table: ts, evidence_id, record, k0 … (group-by and carried fields) and value."""
        columns = []
        for number, name in enumerate((*correlation.group_by, *carried)):
            held = field_expression(self._tables, rule, table, field_of(correlation, rule, name))
            columns.append(f"{held} AS k{number}")
        if correlation.type.startswith("value_"):
            # Several fields count as tuples; NULL when one of them is absent.
            value = " || chr(31) || ".join(field_expression(self._tables, rule, table, name) for name in correlation.fields)
            if correlation.type in NUMERIC:
                value = f"CASE WHEN isfinite(TRY_CAST({value} AS DOUBLE)) THEN TRY_CAST({value} AS DOUBLE) END"
            columns.append(f"{value} AS value")
        query = f"""
            SELECT {", ".join(["t.ts AS ts", "t.evidence_id AS evidence_id", "t.record AS record", *columns])}
            FROM {joined(table)} WHERE m.rule_id = ? AND m."table" = {literal(table)}"""
        events = 0
        for batch in self._tables.batches(query, (rule.id,)):
            events += batch.num_rows
            if events > MAX_EVENTS:
                raise QueryError(f"more than {MAX_EVENTS} events to correlate")
            yield dict(zip(batch.schema.names, batch.columns, strict=True))
