"""The tables in SQL: views, absent tables and columns, copies of events, macros, and the bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wardround import schema
from wardround.detect import relations
from wardround.detect import tables as module
from wardround.detect.tables import QueryError, Tables
from wardround.site import Site
from wardround.store import Narrow


def events(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of windows_event; columns that it does not declare are text."""
    declared = schema.tables()["windows_event"].arrow()
    further = sorted({name for row in rows for name in row} - set(declared.names))
    return pa.Table.from_pylist(list(rows), schema=pa.schema([*declared, *(pa.field(n, pa.string()) for n in further)]))


def event(**changed: Any) -> dict[str, Any]:
    return {"ts": 5, "evidence_id": "e1", "record": 1, "Computer": "ct1", "Channel": "Security", "EventID": 4624, **changed}


def test_every_table_can_be_asked_without_rows() -> None:
    with Tables.of_arrow({}) as tables:
        for name, table in schema.tables().items():
            assert all(tables.has_column(name, column.name.upper()) for column in table.columns)
            assert not tables.has_column(name, "Foo")
            assert tables.query(f"SELECT * FROM {name}") == []
            assert not tables.has_table(name)


def test_types_of_an_absent_table_are_those_of_the_schema() -> None:
    empty = {name: table.arrow().empty_table() for name, table in schema.tables().items()}
    with Tables.of_arrow({}) as absent, Tables.of_arrow(empty) as there:
        for name in empty:
            assert absent.query(f"DESCRIBE {name}") == there.query(f"DESCRIBE {name}")


def test_a_column_that_no_evidence_filled_is_null() -> None:
    with Tables.of_arrow({"windows_event": events([event()])}) as tables:
        assert tables.query("SELECT w.Foo, Bar FROM windows_event AS w WHERE Baz IS NULL") == [{"Foo": None, "Bar": None}]
        with pytest.raises(QueryError, match="Foo"):
            tables.query("SELECT Foo FROM conn")


def test_parts_of_an_open_table_are_joined_by_name(tmp_path: Path) -> None:
    pq.write_table(events([event(Image="a")]), tmp_path / "windows_event-00000-000.parquet")
    pq.write_table(events([event(record=2, CommandLine="b")]), tmp_path / "windows_event-00001-000.parquet")
    pq.write_table(schema.tables()["conn"].arrow().empty_table(), tmp_path / "conn.parquet")
    with Tables.of_round(tmp_path) as tables:
        found = tables.query("SELECT record, Image, CommandLine FROM windows_event ORDER BY record")
        assert found == [{"record": 1, "Image": "a", "CommandLine": None}, {"record": 2, "Image": None, "CommandLine": "b"}]
        assert tables.has_table("conn") and not tables.has_table("dns")


def test_narrow_copies_of_an_open_table_stand_for_it(tmp_path: Path) -> None:
    narrow = Narrow(tmp_path / "narrow", frozenset({"image", "absent"}))
    narrow.directory.mkdir()
    for number, rows in enumerate([[event(Image="a", Other="x")], [event(record=2, IMAGE="b")]]):
        file = f"windows_event-{number:05d}-000.parquet"
        pq.write_table(events(rows), tmp_path / file)
        narrow.write(file, schema.tables()["windows_event"], events(rows))
    with Tables.of_round(tmp_path, None, narrow) as tables:
        assert tables.query("SELECT record, Image, Absent FROM windows_event ORDER BY record") == [
            {"record": 1, "Image": "a", "Absent": None},
            {"record": 2, "Image": "b", "Absent": None},
        ]
        assert tables.has_column("windows_event", "Image") and not tables.has_column("windows_event", "absent")
        assert tables.has_column("windows_event", "other")
        # What the copies do not hold is looked for in the whole table.
        assert tables.query("SELECT Other, Image FROM windows_event ORDER BY record") == [
            {"Other": "x", "Image": "a"},
            {"Other": None, "Image": "b"},
        ]


def test_commands_are_derived_from_events() -> None:
    sysmon = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}
    rows = [
        event(**sysmon, record=1, CommandLine='CMD "x"', User="u"),
        event(**sysmon, record=2, CommandLine='CMD "x"'),
        event(record=3, EventID=4688, CommandLine="b", SubjectUserName="s"),
        event(record=4, CommandLine="not a command"),
        event(record=5, EventID=4688),
    ]
    with Tables.of_arrow({"windows_event": events(rows)}) as tables:
        found = tables.query("SELECT record, account, text, line FROM windows_command ORDER BY record")
        assert [tuple(row.values()) for row in found] == [
            (1, "u", 'CMD "x"', "cmd x"),
            (2, None, 'CMD "x"', "cmd x"),
            (3, "s", "b", "b"),
        ]
        assert tables.query("SELECT record FROM windows_command WHERE line = 'b'") == [{"record": 3}]


def test_what_kinds_of_events_are_there_answers_for_all_of_them() -> None:
    with Tables.of_arrow({"windows_event": events([event(Image="a"), event(EventID=1)])}) as tables:
        assert tables.has_rows("windows_event", "Channel = 'Security' AND EventID IN (1, 2)")
        assert not tables.has_rows("windows_event", "Channel = 'System' OR EventID = 3")
        assert tables.has_rows("windows_event", "EventID = 4624 AND Image = 'a'", ["Image"])
        assert not tables.has_rows("windows_event", "EventID = 1 AND Image = 'a'")
        with pytest.raises(QueryError):
            tables.has_rows("windows_event", "EventID = = 1")


def test_names_that_differ_in_case_are_one_column(tmp_path: Path) -> None:
    pq.write_table(events([event(ProcessId="1"), event(record=2, ProcessID="2")]), tmp_path / "windows_event-0.parquet")
    pq.write_table(events([event(record=3, ProcessID="3")]), tmp_path / "windows_event-1.parquet")
    with Tables.of_round(tmp_path) as tables:
        found = tables.query("SELECT ProcessId AS p FROM windows_event ORDER BY record")
        assert [row["p"] for row in found] == ["1", "2", "3"]


def test_copies_of_an_event_are_seen_once() -> None:
    rows = [
        event(EventRecordID=7),
        event(EventRecordID=7, evidence_id="e2", record=90),
        event(EventRecordID=8, record=2),
        event(EventRecordID=7, evidence_id="e3", Computer="mr1"),
        event(EventRecordID=7, evidence_id="e3", record=3, ts=6),
        event(record=4),
        event(record=5),
    ]
    with Tables.of_arrow({"windows_event": events(rows)}) as tables:
        found = tables.query("SELECT evidence_id, record FROM windows_event ORDER BY ALL")
        assert [(row["evidence_id"], row["record"]) for row in found] == [
            ("e1", 1), ("e1", 2), ("e1", 4), ("e1", 5), ("e3", 1), ("e3", 3),
        ]  # fmt: skip


def test_macros() -> None:
    with Tables.of_arrow({}, Site.model_validate({"zones": {"imaging": ["10.1.0.0/16"]}})) as tables:
        (row,) = tables.query("""
            SELECT seconds(2) AS s, minutes(1.5) AS m, hours(1) AS h, days(1) AS d, ns_text(0) AS t,
                   site_zone('10.1.2.3') AS z, site_zone('8.8.8.8') AS i, site_zone(NULL) AS n,
                   present(' - ') AS absent, present('') AS empty, present('::FFFF:10.0.0.1') AS mapped,
                   present(' a ') AS kept, subject_key('DC1') AS key""")
    assert row == {
        "s": 2 * 10**9, "m": 90 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9, "t": "1970-01-01 00:00:00 UTC",
        "z": "imaging", "i": "internet", "n": None, "absent": None, "empty": None, "mapped": "10.0.0.1", "kept": "a",
        "key": "dc1",
    }  # fmt: skip


def test_pointers_are_the_first_ten_those_without_a_time_last() -> None:
    rows = [event(record=number, ts=None if number == 0 else 100 - number) for number in range(30)]
    with Tables.of_arrow({"windows_event": events(rows)}) as tables:
        (row,) = tables.query("SELECT pointers('windows_event', evidence_id, record, ts) AS p FROM windows_event")
        assert [pointer["record"] for pointer in row["p"]] == list(range(29, 19, -1))
        (few,) = tables.query(
            "SELECT pointers('windows_event', CASE WHEN record < 2 THEN evidence_id END, record, ts) AS p FROM windows_event"
        )
        assert [(pointer["record"], pointer["ts"]) for pointer in few["p"]] == [(1, 99), (0, None)]


def test_has_rows_asks_for_rows_and_for_columns_that_are_filled() -> None:
    rows = [event(IpAddress="-"), event(record=2, IpAddress="", TargetUserName="anna")]
    with Tables.of_arrow({"windows_event": events(rows)}) as tables:
        assert tables.has_rows("windows_event")
        assert tables.has_rows("windows_event", "EventID = 4624", ["TargetUserName"])
        assert not tables.has_rows("windows_event", "EventID = 4625")
        assert not tables.has_rows("windows_event", "", ["IpAddress"])
        assert not tables.has_rows("windows_event", "", ["TargetUserName", "Absent"])
        assert not tables.has_rows("dns")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SET threads = 8",
        "COPY (SELECT 1) TO '/tmp/wardround-must-not-exist'",
        "INSTALL httpfs",
        "ATTACH '/tmp/wardround-must-not-exist.db'",
    ],
)
def test_a_query_reaches_nothing_but_the_tables(statement: str) -> None:
    with Tables.of_arrow({}) as tables, pytest.raises(QueryError):
        tables.query(statement)
    assert not Path("/tmp/wardround-must-not-exist").exists()


def test_a_query_that_takes_too_long_is_stopped_and_the_next_one_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUERY_SECONDS", 0.2)
    with Tables.of_arrow({}) as tables:
        with pytest.raises(QueryError, match=r"(?i)interrupt"):
            tables.query("SELECT sum(i * j) FROM range(10000000) a(i), range(1000000) b(j)")
        monkeypatch.setattr(module, "QUERY_SECONDS", 60.0)
        assert tables.query("SELECT 1 AS one") == [{"one": 1}]


def test_a_limit_takes_the_first_rows_in_the_order_of_values() -> None:
    with Tables.of_arrow({}) as tables:
        assert tables.query("SELECT 9 - i AS n FROM range(10) r(i);", limit=2) == [{"n": 0}, {"n": 1}]


def test_what_is_cut_is_told_once() -> None:
    rows = {"dns": pa.Table.from_pylist([{"query": f"n{i}.example"} for i in range(5)])}
    with Tables.of_arrow(rows) as tables:
        assert len(tables.query("SELECT query FROM dns", most=5)) == 5
        assert tables.cuts() == []
        assert [row["query"] for row in tables.query("SELECT query FROM dns;", most=2)] == ["n0.example", "n1.example"]
        assert tables.cuts() == ["more than 2 rows of dns"]
        assert tables.cuts() == []


def test_temporary_files_are_gone_after_closing() -> None:
    tables = Tables.of_arrow({})
    directory = Path(tables._relations._temporary)
    assert directory.is_dir()
    tables.close()
    assert not directory.exists()


def test_twins_see_the_same_tables_and_tell_their_own_cuts() -> None:
    rows = {"windows_event": events([event()]), "dns": pa.Table.from_pylist([{"query": f"n{i}.example"} for i in range(5)])}
    with Tables.of_arrow(rows) as tables:
        twin = tables.twin()
        first = iter(tables.batches("SELECT query FROM dns"))
        assert twin.query("SELECT Foo, record FROM windows_event") == [{"Foo": None, "record": 1}]
        assert len(twin.query("SELECT query FROM dns", most=2)) == 2
        assert sum(batch.num_rows for batch in first) == 5
        assert tables.cuts() == []
        assert twin.cuts() == ["more than 2 rows of dns"]


def test_threads_ask_for_the_same_relations_and_missing_columns_at_a_time() -> None:
    names = [f"Missing{i}" for i in range(12)]
    with Tables.of_arrow({"windows_event": events([event(Image="a")])}) as tables:
        hands = [tables, *(tables.twin() for _ in range(3))]

        def asked(hand: Tables) -> list[dict[str, Any]]:
            for name in names:
                hand.query(f"SELECT {name}, w.record, c.line FROM windows_event w LEFT JOIN windows_command c ON {name} = line")
            return hand.query(f"SELECT {', '.join(names)}, Image FROM windows_event")

        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(asked, hands))
    assert told == [[{**dict.fromkeys(names), "Image": "a"}]] * 4


def test_few_rows_that_unfold_to_more_than_the_memory_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relations, "MEMORY_LIMIT", "64MB")
    rows = relations.HELD_ROWS
    long = {"query": ["x" * 32_000] * rows, "evidence_id": [str(i) for i in range(rows)]}  # some 130 MB of text
    pq.write_table(pa.table(long), tmp_path / "dns.parquet")
    assert (tmp_path / "dns.parquet").stat().st_size < relations.HELD_BYTES
    with Tables.of_round(tmp_path) as tables:
        assert tables.query("SELECT count(*) AS n, min(length(query)) AS least FROM dns") == [{"n": rows, "least": 32_000}]


def test_the_site_file_can_be_asked_for_application_entities_and_assets() -> None:
    told = Site.model_validate(
        {
            "assets": [{"name": "O'Brien's CT", "role": "ct", "addresses": ["10.1.1.3", "10.1.1.4"], "ae_titles": ["CT1"]}],
            "application_entities": [{"title": "TELERAD", "operations": ["C-STORE"], "destinations": ["WS1"]}],
        }
    )
    with Tables.of_arrow({}, told) as tables:
        entities = tables.query("SELECT * FROM site_application_entity ORDER BY ALL")
        assets = tables.query("SELECT * FROM site_asset ORDER BY ALL")
    assert [(row["title"], row["address"]) for row in entities] == [("CT1", "10.1.1.3"), ("CT1", "10.1.1.4"), ("TELERAD", None)]
    assert entities[-1]["destinations"] == ["WS1"]
    assert [(row["name"], row["role"], row["address"]) for row in assets] == [
        ("O'Brien's CT", "ct", "10.1.1.3"),
        ("O'Brien's CT", "ct", "10.1.1.4"),
    ]


def test_a_missing_user_is_nobody_and_not_the_database_s_own() -> None:
    """``"User"`` is a function of SQL where no event has such a field."""
    rows = pa.table(
        {
            "EventID": pa.array([4688], pa.int64()),
            "CommandLine": ["whoami"],
            "SubjectUserName": ["marie"],
            "Channel": ["Security"],
        }
    )
    with Tables.of_arrow({"windows_event": rows}, Site()) as tables:
        assert tables.query('SELECT "User" AS who FROM windows_event') == [{"who": None}]
        assert tables.query("SELECT account FROM windows_command") == [{"account": "marie"}]
