"""Patterns and the texts they cannot do without."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.detect.literals import compile_regex, regex_literals, split_wildcards, wildcard_literal, wildcard_regex
from wardround.detect.rule import fold


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("PowerShell", ("powershell",)),
        ("(?i)abc.*defgh", ("defgh",)),
        ("abc|defg", ("abc", "defg")),
        ("(?:abc|defg)h", ("abc", "defg")),
        ("x(abc)?y", None),
        ("abcd?", ("abc",)),
        ("abcd*e", ("abc",)),
        ("abcd+e", ("abcd",)),
        ("(abcd){2,3}", ("abcd",)),
        ("(abcd){0,3}", None),
        (r"C:\\Windows\\", ("c:\\windows\\",)),
        (r"abc\dxyzw", ("xyzw",)),
        ("[abc]defg[]x]hi", ("defg",)),
        ("ab|cdef", None),
        (r"\Qabc\E", None),
        (r"\x41bcd", None),
        ("éabc", ("abc",)),
        ("(?P<name>abcd)", ("abcd",)),
        ("(?x) a b c d", None),
        ("abc(?i)?", None),
        ("(?i)abc", ("abc",)),
    ],
)
def test_what_an_expression_needs(pattern: str, expected: tuple[str, ...] | None) -> None:
    assert regex_literals(pattern) == expected


ATOMS = st.sampled_from(["a", "B", "abc", "XYZ", ".", "[ab]", r"\.", r"\d", r"\\", "é", "^", "$", "(?i)", "[^]a]"])
QUANTIFIERS = st.sampled_from(["", "", "", "?", "*", "+", "{0,2}", "{2}", "{1,}"])


def expressions() -> st.SearchStrategy[str]:
    def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        groups = st.tuples(st.sampled_from(["(", "(?:", "(?i:", "(?P<g>"]), inner, QUANTIFIERS).map(
            lambda p: f"{p[0]}{p[1]}){p[2]}"
        )
        return (
            groups
            | st.lists(inner, min_size=2, max_size=3).map("|".join)
            | st.lists(inner, min_size=2, max_size=4).map("".join)
        )

    return st.recursive(st.tuples(ATOMS, QUANTIFIERS).map("".join), extend, max_leaves=8)


@settings(max_examples=500, deadline=None)
@given(expressions(), st.text("aAbBcxXyYzZ1.\\é", max_size=14))
def test_a_match_has_one_of_the_needed_texts(pattern: str, text: str) -> None:
    try:
        matched = compile_regex(pattern).search(text) is not None
    except ValueError:
        return
    needed = regex_literals(pattern)
    if matched and needed is not None:
        assert any(literal in fold(text) for literal in needed)


@settings(max_examples=200, deadline=None)
@given(st.text(r"ab*?\.é", max_size=8))
def test_wildcard_patterns_are_cut_without_loss(pattern: str) -> None:
    tokens = split_wildcards(pattern)
    assert wildcard_literal(pattern) in {"", *(token[1:] for token in tokens)}
    example = "".join({"*": "anything", "?": "é"}.get(token) or token[1:] for token in tokens)
    assert compile_regex(wildcard_regex(pattern)).search(example) is not None


@pytest.mark.parametrize("pattern", ["(a)\\1", "a(?=b)", "a{5000}", "("])
def test_what_re2_cannot_do_is_a_value_error(pattern: str) -> None:
    with pytest.raises(ValueError, match="not supported"):
        compile_regex(pattern)


def test_folding_keeps_the_number_of_characters_and_knows_no_context() -> None:
    assert fold("ΑΣ ΣΑ İ ÉK") == "ας σα i ék".replace("ς", "σ")
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000:
            assert len(fold(chr(code))) == 1
