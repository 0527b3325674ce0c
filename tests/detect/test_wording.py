"""Sentences of findings: numbers and the words that agree with them, French typography."""

from __future__ import annotations

import pytest

from wardround.detect import findings, wording

EN = "{hosts} {hosts|computer|computers} of {zone}"
FR = "{hosts} {hosts|ordinateur|ordinateurs} de {zone}"


@pytest.mark.parametrize(
    ("text", "language", "hosts", "expected"),
    [
        (EN, "en", "1", "1 computer of ward"),
        (EN, "en", "0", "0 computers of ward"),
        (EN, "en", "2", "2 computers of ward"),
        (EN, "en", "1.5", "1.5 computers of ward"),
        (EN, "en", "unknown", "unknown computers of ward"),
        (FR, "fr", "0", "0 ordinateur de ward"),
        (FR, "fr", "1.5", "1.5 ordinateur de ward"),
        (FR, "fr", "2", "2 ordinateurs de ward"),
    ],
)
def test_words_agree_with_numbers(text: str, language: str, hosts: str, expected: str) -> None:
    assert wording.fill(text, {"hosts": hosts, "zone": "ward"}.__getitem__, language) == expected


def test_values_are_not_read_as_sentences() -> None:
    assert wording.fill("{name}", lambda name: "{other|a|b}", "en") == "{other|a|b}"


def test_columns_are_named_once_and_without_what_every_finding_has() -> None:
    assert wording.placeholders([EN, FR, "{events|event|events} {first} {last}"]) == ["hosts", "zone"]


@pytest.mark.parametrize("text", ["{hosts} computers", "{a|b} of", "{a|b|c|d}", "{"])
def test_problems_in_english(text: str) -> None:
    assert wording.problems(text, "en", [])


def test_names_are_not_counts() -> None:
    assert wording.problems("{host} uses {events} {events|tunnel|tunnels} and {hosts} address", "en", ["host"]) == []
    assert wording.problems("L’hôte {host} a perdu {events}\u00a0% : rien", "fr", ["host"])
    assert wording.problems("L’hôte {host} a répondu\u00a0: {events} fois\u202f; c’est tout.", "fr", ["host"]) == []


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [(True, "yes", "oui"), (False, "no", "non"), (1.5, "1.5", "1,5"), (1234.5, "1234", "1234"), ("a.b", "a.b", "a.b")],
)  # fmt: skip
def test_values_are_shown_in_the_language_of_the_sentence(value: object, english: str, french: str) -> None:
    assert findings._shown(value, "en") == english
    assert findings._shown(value, "fr") == french


def test_a_decimal_comma_agrees_like_the_number_that_it_is() -> None:
    assert wording.fill("{n} {n|jour|jours}", lambda _: "1,5", "fr") == "1,5 jour"
    assert wording.fill("{n} {n|jour|jours}", lambda _: "2,5", "fr") == "2,5 jours"
