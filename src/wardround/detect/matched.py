"""Hits of plain Sigma rules: what table ``match`` says, grouped by the subjects of the events."""
# Queries are put together from names of the schema, from quoted identifiers and from the content that we ship.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wardround import schema
from wardround.detect.findings import Hit
from wardround.detect.logsource import columns_for
from wardround.detect.rule import Rule
from wardround.detect.sql import MAX_HITS, hit_of
from wardround.detect.sql_text import literal, quoted
from wardround.detect.tables import Tables

#: The earliest event first, those without a time last, and always in the same order.
_ORDER = "(coalesce(t.ts, 9223372036854775807), t.evidence_id, t.record)"


class Matched:
    """What table ``match`` holds: how many events of which table a rule matched. Raises QueryError when made."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        counted = tables.query('SELECT rule_id, "table", count(*) AS events FROM match GROUP BY ALL ORDER BY ALL')
        self.counts: dict[str, dict[str, int]] = {}
        for row in counted:
            if row["table"] in schema.tables():
                self.counts.setdefault(row["rule_id"], {})[row["table"]] = row["events"]

    def events(self, rule_id: str) -> int:
        """How many events a rule matched."""
        return sum(self.counts.get(rule_id, {}).values())

    def hits(self, rule: Rule, subjects: Sequence[str], shown: Sequence[str]) -> Iterator[Hit]:
        """One hit per table and distinct tuple of ``subjects``, with the values ``shown`` of the earliest event.

        Both are fields in the words of the rule's log source. At most MAX_HITS + 1 per table. Raises QueryError.
        """
        for table in sorted(self.counts.get(rule.id, {})):
            fields = list(dict.fromkeys((*subjects, *shown)))
            held = {name: field_expression(self._tables, rule, table, name) for name in fields}
            values = [f"arg_min({held[name]}, {_ORDER}) AS {quoted(name)}" for name in fields]
            keys = [f"lower({held[name]})" for name in subjects]
            query = f"""
                SELECT {", ".join([*values, *_shape(table)])}
                FROM {joined(table)}
                WHERE m.rule_id = ? AND m."table" = {literal(table)}
                {"GROUP BY " + ", ".join(keys) if keys else "HAVING count(*) > 0"}"""
            yield from map(hit_of, self._tables.query(query, (rule.id,), limit=MAX_HITS + 1))

    def hits_by_host(self, rule_ids: Sequence[str]) -> Iterator[tuple[str, str, Hit]]:
        """For any number of rules at once: (rule id, subject kind, hit) per rule and host, the host as column ``subject``.

        The rules are the users', so the host is what the table calls one. Raises QueryError.
        """
        wanted = set(rule_ids)
        for table in sorted({table for rule_id in wanted for table in self.counts.get(rule_id, {})}):
            kind, column = host_column(table)
            host = present_expression(column) if column else "CAST(NULL AS VARCHAR)"
            query = f"""
                SELECT m.rule_id AS rule, min({host}) AS subject, {", ".join(_shape(table))}
                FROM {joined(table)}
                WHERE m."table" = {literal(table)}
                GROUP BY m.rule_id, lower({host})
                ORDER BY ALL"""
            for row in self._tables.query(query):
                if row["rule"] in wanted:
                    yield row["rule"], kind, hit_of(row)


def joined(table: str) -> str:
    """The FROM clause that gives matched events ``m`` with their rows ``t``; copies of an event are left out with it.

    Logs put together from several ones hold a record number more than once: a match is each row with its number and time,
    but only once.
    """
    same = "m.evidence_id = t.evidence_id AND m.record = t.record AND m.ts IS NOT DISTINCT FROM t.ts"
    distinct = 'SELECT DISTINCT rule_id, "table", evidence_id, record, ts FROM match'
    return f"({distinct}) AS m JOIN {table} AS t ON {same}"


def field_expression(tables: Tables, rule: Rule, table: str, field: str) -> str:
    """SQL for the value of a rule's field in a row ``t`` of ``table``: NULL when absent or not known there."""
    there = [column for column in columns_for(rule.logsource, table, field) if tables.has_column(table, column)]
    if not there:
        return "CAST(NULL AS VARCHAR)"
    return f"coalesce({', '.join(present_expression(column) for column in there)})"


def present_expression(column: str) -> str:
    """SQL for a column of ``t`` as text, NULL when it is absent."""
    return f"present(t.{quoted(column)})"


def host_column(table: str) -> tuple[str, str]:
    """The subject kind and column that say which host an event of a table is about; empty when the table does not say."""
    declared = {column.name for column in schema.tables()[table].columns}
    for column, kind in (("Computer", "host"), ("id.orig_h", "address"), ("src", "address"), ("client_addr", "address")):
        if column in declared:
            return kind, column
    return "", ""


def _shape(table: str) -> list[str]:
    return [
        "min(t.ts) AS first_ts",
        "max(t.ts) AS last_ts",
        "count(*) AS events",
        f"pointers({literal(table)}, t.evidence_id, t.record, t.ts) AS evidence",
    ]
