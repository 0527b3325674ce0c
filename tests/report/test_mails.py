"""Each message judged a fraud is told with all its signs, their weights, and what would have cleared it: page and document."""

from __future__ import annotations

import dataclasses
import html as markup
import re

import orjson
import pytest
from tests.report import sample

from wardround import report
from wardround.report.html import LIMITS


def page(lang: str, messages: int = 1) -> str:
    made = dataclasses.replace(sample.bad_day(), mail=sample.judged_mail(messages))
    text = report.export(report.build(made), "html", lang).decode()
    found = re.search(r'<section id="mails">.*?</section>', text, re.DOTALL)
    return markup.unescape(found[0]) if found else ""


def rows(text: str) -> list[list[str]]:
    body = text.split("<tbody>")[1].split("</tbody>")[0]
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", body)]


def test_every_sign_stands_in_the_page_with_its_weight_the_heaviest_first() -> None:
    text = page("en")
    assert rows(text) == [
        ["A borrowed name.", "+1.59", "Ameli: info@garage.example"],
        ["It presses for time.", "+0.89", "sous 48 heures"],
        ["It is plain text.", "\u22121.00", ""],
    ]
    assert "It would have counted as ordinary without this." in text
    assert "Of 42 messages, 1 count as frauds and 1 as suspicious." in text
    assert "added to \u22123.40" in text
    assert "from a probability of 75.7%" in text.lower()
    assert "Ameli <info@garage.example>" in text
    assert "evidence/mail/secretariat.mbox, message 7" in text


def test_the_page_says_it_in_french() -> None:
    text = page("fr")
    assert rows(text)[0] == ["Un nom emprunté.", "+1,59", "Ameli: info@garage.example"]
    assert rows(text)[2][1] == "\u22121,00"
    assert "Il aurait passé pour ordinaire sans ceci." in text
    assert "Sur 42 messages, 1 comptent comme frauduleux et 1 comme suspects." in text
    assert "fraude · 98,1" in text


def test_what_is_not_shown_is_counted() -> None:
    text = page("en", messages=LIMITS.mails + 12)
    assert text.count('<details class="finding">') == LIMITS.mails
    assert "13 more, not shown here; they stand in the table mail_message." in text
    assert "1 more, not shown here; it stands in the table mail_message." in page("en")


def test_the_document_holds_it_all_and_gives_it_back() -> None:
    document = report.build(sample.bad_day())
    data = report.export(document, "json")
    mail = orjson.loads(data)["mail"]
    assert (mail["fraud"], mail["suspicious"], mail["ordinary"], mail["threshold"]) == (1, 1, 40, 0.7572)
    (message,) = mail["messages"]
    assert [(sign["name"], sign["weight"]) for sign in message["signals"]] == [
        ("name_of_brand", 1.59),
        ("says_urgency", 0.89),
        ("plain_text", -1.0),
    ]
    assert mail["meanings"]["name_of_brand"] == {"en": "A borrowed name.", "fr": "Un nom emprunté."}
    assert (message["without"], message["present"]) == (["name_of_brand"], ["links_fit"])
    assert message["ts"] == "2026-03-02T08:00:00Z"
    assert report.from_json(data) == document


@pytest.mark.parametrize("lang", report.LANGUAGES)
def test_nothing_is_said_where_no_mail_is_out_of_the_ordinary(lang: str) -> None:
    ordinary = dataclasses.replace(sample.judged_mail(0), suspicious=0)
    for mail in (None, ordinary):
        made = dataclasses.replace(sample.bad_day(), mail=mail)
        assert b'id="mails"' not in report.export(report.build(made), "html", lang)
