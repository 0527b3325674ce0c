"""Every message of the report has a French translation, well set, and the compiled catalogue is current."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from wardround.detect.detection import shipped
from wardround.report.texts import language

REPORT = Path(str(resources.files("wardround.report")))
CATALOGUE = REPORT / "locale" / "fr" / "LC_MESSAGES" / "wardround"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "counted": (1, 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def french() -> Catalog:
    with CATALOGUE.with_suffix(".po").open("rb") as file:
        return read_po(file)


def messages() -> Iterator[str]:
    """The messages in code and templates, plural ones by their singular."""
    methods = [("**.py", "python"), ("**.j2", "jinja2")]
    for _, _, message, _, _ in extract_from_dir(REPORT, method_map=methods, keywords=KEYWORDS):
        yield message if isinstance(message, str) else message[0]


def translations(french: Catalog) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    for message in french:
        if message.id:
            ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            yield ids, (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def test_every_message_is_translated_and_none_is_left_over(french: Catalog) -> None:
    needed = set(messages())
    assert len(needed) > 100
    translated = {ids[0] for ids, texts in translations(french) if all(texts)}
    assert needed - translated == set(), "add these to wardround.po"
    assert translated - needed == set(), "no longer used: remove these from wardround.po"
    assert not [message.id for message in french if message.id and message.fuzzy]


def test_the_compiled_catalogue_is_current(french: Catalog) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, french)
    compiled.seek(0)
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        committed = gettext.GNUTranslations(file)
    fresh = gettext.GNUTranslations(compiled)
    assert vars(committed)["_catalog"] == vars(fresh)["_catalog"], "run the pybabel command in docs/report.md"


def test_placeholders_are_the_same_in_both_languages(french: Catalog) -> None:
    for ids, texts in translations(french):
        names = {name for text in ids for name in PLACEHOLDER.findall(text)}
        for text in texts:
            assert set(PLACEHOLDER.findall(text)) == names, ids


def test_french_is_set_with_no_break_spaces(french: Catalog) -> None:
    for ids, texts in translations(french):
        for text in texts:
            assert not re.search(r" [:;!?»]|« ", text), (ids, "plain space before a double sign")
            assert not re.search(r"[^\W\d]'|\"", text), (ids, "straight quotation mark")


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_kind_of_subject_has_a_word(lang: str) -> None:
    kinds = {kind for item in shipped() for kind, _ in item.subjects}
    assert {"sender", "host", "folder"} <= kinds
    assert kinds - set(language(lang).subject_kinds()) == set()


def test_tallies_need_no_agreement() -> None:
    assert language("en").tally(2, "not found") == "2 not found"
    assert language("fr").tally(2, "non trouvé") == "non trouvé\u00a0: 2"


def test_usage_of_english() -> None:
    words = language("en")
    assert words.number(12345) == "12,345"
    assert words.size(69_206_016) == "69.2\u00a0MB"
    assert words.day("2026-03-01T08:05:00Z") == "1\u00a0March\u00a02026"
    assert words.moment("2026-03-02T08:05:59.5Z") == "2\u00a0March\u00a02026, 08:05\u00a0UTC"


def test_usage_of_french() -> None:
    words = language("fr")
    assert words.number(12345) == "12\u202f345"
    assert words.size(69_206_016) == "69,2\u00a0Mo"
    assert words.day("2026-03-01T08:05:00Z") == "1er\u00a0mars\u00a02026"
    assert words.moment("2026-08-02T08:05:59.5Z") == "2\u00a0août\u00a02026 à 08\u00a0h\u00a005 UTC"


def test_sizes_and_lists() -> None:
    words = language("en")
    assert [words.size(n) for n in (0, 999, 1000, 999_999_999_999, 5 * 10**15)] == [
        "0\u00a0B", "999\u00a0B", "1\u00a0kB", "1\u00a0TB", "5000\u00a0TB"]  # fmt: skip
    assert words.listed([]) == ""
    assert words.listed(["a"]) == "a"
    assert language("fr").listed(["a", "b", "c"]) == "a, b et c"
