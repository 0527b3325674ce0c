"""Numbers straight from the bytes are those that the texts give, and the quick way to FortiGate's lines is the slow one."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wardround.readers import syslog_cells as cells
from wardround.readers.edge import fortinet
from wardround.readers.lines import line_edges
from wardround.readers.syslog import messages_of
from wardround.readers.syslog_messages import Messages, Output
from wardround.readers.syslog_pairs import Pairs, Vocabulary

_WORDS = st.one_of(
    st.integers(0, 10**20).map(str),
    st.sampled_from(
        ["", "-", "N/A", "0", "00", " 7", "7 ", "-1", "65535", "65536", "1.5", "0x10", "n/a", "12a", '"443"', '""']
    ),
    st.text("0123456789-/ .a", max_size=8),
)


class _Sink:
    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def write(self, table: str, rows: pa.Table) -> None:
        self.rows[table] += rows.to_pylist()

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        self.rows["diagnostic"].append({"code": code, "message": message, "offset": offset})


def _messages(text: str) -> Messages:
    found = messages_of(text.encode(), 1, _Sink())
    assert found is not None
    return found


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(_WORDS, _WORDS), min_size=1, max_size=8), st.sampled_from([65535, 2**62]))
def test_numbers_are_what_the_texts_give(values: list[tuple[str, str]], largest: int) -> None:
    """The first key that is filled counts, whatever shape its value has."""
    pairs = Pairs.of(_messages("".join(f"x=y one={a} two={b} z=1\n" for a, b in values)), Vocabulary(["one", "two", "three"]))
    texts = cells.integers(pairs.get("three", "one", "two"))
    wanted = pc.if_else(pc.less_equal(texts, largest), texts, pa.scalar(None, pa.int64()))
    assert pairs.numbers("three", "one", "two", largest=largest).to_pylist() == wanted.to_pylist()


_HEADS = ["date=2026-03-10 time=08:00:00 ", "date=2026-03-10,time=08:00:00,", "logver=7 date=2026-03-10 ", "date=2026-3-10 "]
_LINES = st.lists(
    st.tuples(
        st.sampled_from(_HEADS),
        st.sampled_from(["traffic", "utm", "event"]),
        _WORDS, _WORDS, _WORDS,
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(_LINES)
@example([(_HEADS[0], "traffic", "0", "0", "9007199254740993")])
def test_the_quick_way_gives_the_same_rows(lines: list[tuple[str, str, str, str, str]]) -> None:
    """Lines known by their first bytes become the rows that a look at the whole line gives."""
    text = "".join(
        f'{head}logid="0000000013" type="{kind}" subtype="forward" srcip=10.1.1.7 srcport={a} sentbyte={b} duration={c}\n'
        for head, kind, a, b, c in lines
    )
    quick, slow = _Sink(), _Sink()
    messages = _messages(text)
    left = fortinet.read_plain(messages, Output(quick))
    known = np.isin(messages.records, left.records, invert=True)
    if known.any():
        fortinet.read(_messages(text).take(known), Output(slow))

    def ordered(rows: dict[str, list[dict[str, Any]]]) -> list[str]:
        return sorted(repr((table, sorted(row.items()))) for table, listed in rows.items() for row in listed)

    assert ordered(quick.rows) == ordered(slow.rows)
    begins, _ = line_edges(text.encode())
    assert len(left) == sum(head.startswith(("logver", "date=2026-3-")) for head, *_ in lines)
    assert begins.size == len(lines)
