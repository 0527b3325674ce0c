"""The tables: well formed, documented, and complete with regard to what Zeek writes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from wardround.schema import PROVENANCE, TYPES, columns, tables
from wardround.schema.document import markdown

ROOT = Path(__file__).resolve().parent.parent

#: Words for types of Zeek's logs, and those of ours that hold them without loss.
HOLDS = {
    "time": {"time"},
    "interval": {"seconds"},
    "count": {"count", "int"},
    "int": {"int"},
    "double": {"real"},
    "port": {"port"},
    "addr": {"address"},
    "bool": {"flag"},
    "string": {"text", "label"},
    "enum": {"label", "text"},
}


@pytest.mark.parametrize("name", tables())
def test_columns_are_unique_typed_and_documented(name: str) -> None:
    table = tables()[name]
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    for column in table.columns:
        assert column.kind in TYPES
        assert len(column.doc) > 3
        assert not column.doc.endswith(".")
    assert table.arrow().names == names


def test_tables_of_events_begin_with_provenance() -> None:
    without = {"evidence", "diagnostic", "match", "previous_dicom_file"}
    for table in tables().values():
        assert (table.columns[: len(PROVENANCE)] == PROVENANCE) == (table.name not in without)


def test_times_are_whole_nanoseconds() -> None:
    assert TYPES["time"] == pa.int64()
    for table in tables().values():
        for column in table.columns:
            assert (column.unit == "ns since 1970-01-01T00:00:00Z") == (column.kind == "time")


def test_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown type wrod"):
        columns("name wrod What it is")


def test_documentation_is_up_to_date() -> None:
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert page == markdown(), "run: python -m wardround.schema.document > docs/tables.md"


def _zeek_headers(folder: Path) -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    for log in sorted(folder.rglob("*.log")):
        header = {}
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("#path", "#fields", "#types")):
                word, *cells = line.split("\t")
                header[word] = cells
        found |= {(header["#path"][0], *pair) for pair in zip(header["#fields"], header["#types"], strict=True)}
    return found


@pytest.mark.corpus
def test_every_column_that_zeek_writes_has_its_place(corpora: Path) -> None:
    headers = _zeek_headers(corpora / "zeek" / "expected")
    assert len(headers) > 300
    for path, field, kind in sorted(headers):
        column = tables()[path].column(field)
        assert column is not None, f"{path}.{field}"
        if kind.startswith(("set[", "vector[")):
            expected = {"reals"} if "interval" in kind or "double" in kind else {"texts"}
        else:
            expected = HOLDS[kind]
        assert column.kind in expected, f"{path}.{field} is {kind}, not {column.kind}"
