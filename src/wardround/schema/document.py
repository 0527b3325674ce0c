"""The documentation of every table, from the tables themselves."""

from __future__ import annotations

from wardround.schema import PROVENANCE, Column, Table, tables


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")


def _row(column: Column) -> str:
    kind = f"{column.kind}, {column.unit}" if column.unit else column.kind
    return f"| `{column.name}` | {kind} | {_cell(column.doc)} |"


def _section(table: Table) -> list[str]:
    with_provenance = table.columns[: len(PROVENANCE)] == PROVENANCE
    own = table.columns[len(PROVENANCE) :] if with_provenance else table.columns
    lines = [f"## {table.name}", "", table.doc]
    remarks = [] if with_provenance else ["It has no provenance columns."]
    if table.open:
        remarks.append("It is open: further text columns may follow.")
    if remarks:
        lines += ["", " ".join(remarks)]
    return [*lines, "", "| column | type | meaning |", "|---|---|---|", *(_row(c) for c in own), ""]


def markdown() -> str:
    """docs/tables.md: what every table holds, column by column, as Markdown."""
    lines = [
        "# Tables",
        "",
        "What a round's readers fill and its detections ask. This page is generated from the tables themselves",
        "(`python -m wardround.schema.document > docs/tables.md`).",
        "",
        "Types: `time` is whole nanoseconds since 1970-01-01T00:00:00Z; `text`, `label` (few distinct values) and `address`",
        "are text; `port`, `count` and `int` are whole numbers; `real` and `seconds` are floating point; `flag` is true or",
        "false; `texts`, `reals` and `counts` are lists. Any cell may be null: the evidence does not say.",
        "",
        "Every table of events begins with the same columns:",
        "",
        "| column | type | meaning |",
        "|---|---|---|",
        *(_row(c) for c in PROVENANCE),
        "",
    ]
    for table in tables().values():
        lines += _section(table)
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
