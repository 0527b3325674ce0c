"""Rows as dictionaries, handed to the sink in batches: for evidence of thousands of rows, not of millions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wardround.readers.base import Sink

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows collected before they are handed on.
BATCH_ROWS = 16_384

#: Characters kept of one text; evidence with longer ones is not about names and settings.
TEXT_CHARACTERS = 4_096

#: Characters of all texts together after which rows are handed on, however few they are.
BATCH_CHARACTERS = 16 * 1024 * 1024


class Batches:
    """Collects rows per table for one sink, texts shortened to ``characters``; call :meth:`close` at the end."""

    def __init__(self, sink: Sink, characters: int = TEXT_CHARACTERS) -> None:
        self.sink = sink
        self._characters = characters
        self._held = 0
        self._rows: dict[str, list[dict[str, Any]]] = {}
        #: Columns that every row gets: the evidence id where rows of many pieces of evidence are collected.
        self.common: dict[str, Any] = {}

    def add(self, table: str, **columns: Any) -> None:
        """Add a row; texts are shortened, empty ones are nothing."""
        rows = self._rows.setdefault(table, [])
        row: dict[str, Any] = {}
        most, held = self._characters, 0
        for name, value in columns.items():
            if value.__class__ is str:
                length = len(value)
                if length > most or not value.isascii():
                    value = self._clean(value)
                row[name] = value or None
                held += length
            else:
                row[name] = self._list(value) if isinstance(value, list) else value
        row.update(self.common)
        rows.append(row)
        if most > TEXT_CHARACTERS:
            self._held += min(held, most * len(row))
        if len(rows) >= BATCH_ROWS:
            self._hand_on(table)
        elif self._held > BATCH_CHARACTERS:
            self.close()

    def close(self) -> None:
        """Hand on what is left."""
        self._held = 0
        for table in list(self._rows):
            self._hand_on(table)

    def _hand_on(self, table: str) -> None:
        import pyarrow as pa

        from wardround import schema

        rows = self._rows.pop(table)
        columns = _columns(rows)
        fields = [field for field in schema.tables()[table].arrow() if field.name in columns]
        if schema.tables()[table].open:
            fields += [pa.field(name, pa.string()) for name in sorted(columns.keys() - {field.name for field in fields})]
        arrays = [self._array(table, field, columns[field.name]) for field in fields]
        self.sink.write(table, pa.table(arrays, schema=pa.schema(fields)))

    def _array(self, table: str, field: pa.Field, values: Sequence[Any]) -> pa.Array:
        """A column; numbers that are too large for it are left out, and told."""
        import pyarrow as pa

        try:
            return pa.array(values, field.type)
        except OverflowError:
            fitting = [value if not isinstance(value, int) or abs(value) < 1 << 63 else None for value in values]
            self.sink.diagnose("bad_cell", f"Values of {table}.{field.name} are larger than a number of 64 bits.")
            return pa.array(fitting, field.type)

    def _list(self, value: list[Any]) -> list[Any] | None:
        return [self._clean(item) if isinstance(item, str) else item for item in value] or None

    def _clean(self, text: str) -> str | None:
        """A text that Arrow takes: lone surrogates replaced, not too long, None when empty."""
        short = text[: self._characters]
        return short.encode("utf-8", "replace").decode("utf-8") or None


def _columns(rows: list[dict[str, Any]]) -> dict[str, Sequence[Any]]:
    """The rows as columns; a row without one has None there."""
    shapes = {tuple(row) for row in rows}
    if len(shapes) == 1:  # as readers usually write them
        return dict(zip(shapes.pop(), zip(*(row.values() for row in rows), strict=True), strict=True))
    names = dict.fromkeys(name for shape in shapes for name in shape)
    return {name: [row.get(name) for row in rows] for name in names}


def whole(text: object, most: int) -> int | None:
    """A whole number from 0 to ``most`` in decimal digits, None when it is not that."""
    written = str(text).strip() if text is not None else ""
    if not written.isascii() or not written.isdigit() or len(written) > 19:
        return None
    number = int(written)
    return number if number <= most else None
