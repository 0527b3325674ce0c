"""Character references: as the library reads them, and numbers of any length."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardround.mail.entities import unescaped
from wardround.mail.markup import read
from wardround.mail.visible import visible

_PIECES = st.sampled_from(
    ["&#", "&#x", "&#X", "&amp;", "&lt", "&", ";", "0", "00", "65", "x41", "9", "a", "f", "é", " ", "&#8205;"]
)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_as_the_library_reads_them(text: str) -> None:
    assert unescaped(text) == html.unescape(text)


@pytest.mark.parametrize("digits", ["9" * 80_003, "0" * 80_000 + "9" * 80_003])
def test_a_number_of_any_length(digits: str) -> None:
    for form in (f"a&#{digits};b", f"a&#x{digits};b", f"a&#{digits}"):
        assert unescaped(form).rstrip("b") == "a\ufffd"
        assert visible(f"<p>{form}</p>").startswith("a\ufffd")
        assert read(f"<p>{form}</p><a href='{form}'>x</a>").text.strip().startswith("a\ufffd")
    assert unescaped("&#" + "0" * 80_000 + "65;") == "A"
