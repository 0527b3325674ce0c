"""Rows as dictionaries, handed to the sink in batches: for evidence of thousands of rows, not of millions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wardround.readers.base import Sink

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows collected before they are handed on.
BATCH_ROWS = 16_384

#: Characters kept of one text; evidence with longer ones is not about names and settings.
TEXT_CHARACTERS = 4_096


class Batches:
    """Collects rows per table for one sink; call :meth:`close` at the end."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def add(self, table: str, **columns: Any) -> None:
        """Add a row; texts are shortened, empty ones are nothing."""
        rows = self._rows.setdefault(table, [])
        rows.append({name: _value(value) for name, value in columns.items()})
        if len(rows) >= BATCH_ROWS:
            self._hand_on(table)

    def close(self) -> None:
        """Hand on what is left."""
        for table in list(self._rows):
            self._hand_on(table)

    def _hand_on(self, table: str) -> None:
        import pyarrow as pa

        from wardround import schema

        rows = self._rows.pop(table)
        known = {name for row in rows for name in row}
        fields = [field for field in schema.tables()[table].arrow() if field.name in known]
        arrays: list[pa.Array] = [pa.array([row.get(field.name) for row in rows], field.type) for field in fields]
        self.sink.write(table, pa.table(arrays, schema=pa.schema(fields)))


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, list):
        return [_clean(item) if isinstance(item, str) else item for item in value] or None
    return value


def _clean(text: str) -> str | None:
    """A text that Arrow takes: lone surrogates replaced, not too long, None when empty."""
    short = text[:TEXT_CHARACTERS]
    return short.encode("utf-8", "replace").decode("utf-8") or None


def whole(text: object, most: int) -> int | None:
    """A whole number from 0 to ``most`` in decimal digits, None when it is not that."""
    written = str(text).strip() if text is not None else ""
    if not written.isascii() or not written.isdigit() or len(written) > 19:
        return None
    number = int(written)
    return number if number <= most else None
