"""Mail told message by message: real messages through reader and judge, and what would have cleared them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.readers.conftest import Bytes, Found

from wardround.detect import judged_mail
from wardround.detect.tables import Tables
from wardround.detect.testing import rows_of
from wardround.mail import reasons
from wardround.mail.judge import model, probability
from wardround.readers.base import Span
from wardround.readers.mail.eml import READER

FRAUD = b"""\
From: Assurance Maladie <info@garage-solaire.example>
To: secretariat@chu.example
Subject: Votre nouvelle carte Vitale : action requise
Date: Mon, 02 Mar 2026 08:00:00 +0000
Message-ID: <1@garage-solaire.example>
Content-Type: text/html; charset=utf-8

<p>Cher(e) assur\xc3\xa9(e), votre carte Vitale arrive \xc3\xa0 expiration.
<a href="http://203.0.113.9/renouveler">Renouvelez-la sous 48 heures</a>, sinon votre compte sera suspendu.</p>
"""
LETTER = b"""\
From: Anna Martin <anna.martin@chu.example>
To: secretariat@chu.example
Subject: Staff de jeudi
Date: Mon, 02 Mar 2026 08:05:00 +0000
Message-ID: <2@chu.example>

Bonjour, le staff de jeudi est avanc\xe9 \xe0 14 h. Bonne journ\xe9e, Anna
"""


def told(messages: list[bytes]) -> Any:
    rows: dict[str, list[dict[str, Any]]] = {"mail_message": [], "mail_link": []}
    for number, data in enumerate(messages, 1):
        found = Found()
        READER.read(Bytes(data, None), Span(), found)
        for table, kept in rows.items():
            kept += [{**row, "record": number, "evidence_id": "e1"} for row in found.rows.get(table, [])]
    made = {}
    for table, kept in rows.items():
        names = {name for row in kept for name in row}
        made[table] = rows_of(table, [{name: row.get(name) for name in names} for row in kept], "rows")
    with Tables.of_arrow(made) as opened:
        return judged_mail.judged(opened)


def test_a_fraud_is_told_with_every_sign_that_was_weighed() -> None:
    mail = told([FRAUD, LETTER])
    assert (mail.fraud, mail.suspicious, mail.ordinary) == (1, 0, 1)
    (message,) = mail.messages
    assert (message.display, message.address, message.subject) == (
        "Assurance Maladie",
        "info@garage-solaire.example",
        "Votre nouvelle carte Vitale : action requise",
    )
    weights = [sign.weight for sign in message.signals]
    assert weights == sorted(weights, reverse=True)
    assert all(weights)
    assert {"name_of_brand", "link_to_address", "says_account"} <= {sign.name for sign in message.signals}
    assert mail.meanings.keys() == {sign.name for sign in message.signals}
    assert all(text["en"] and text["fr"] and text["en"] != text["fr"] for text in mail.meanings.values())
    favour = max(model().limit, sum(weight for weight in weights if weight < 0))
    odds = model().constant + sum(weight for weight in weights if weight > 0) + favour
    assert probability(odds, model()) == pytest.approx(message.probability, abs=0.01), "the weights shown make the verdict"


def test_without_what_is_named_it_would_be_ordinary_and_with_less_it_would_not() -> None:
    (message,) = told([FRAUD]).messages
    there = {sign.name: sign.weight for sign in message.signals}

    def value(gone: tuple[str, ...]) -> float:
        left = {name: weight for name, weight in there.items() if name not in gone}
        favour = max(model().limit, sum(weight for weight in left.values() if weight < 0))
        return probability(model().constant + sum(weight for weight in left.values() if weight > 0) + favour, model())

    assert value(message.without) < model().suspicious
    assert value(message.without[:-1]) >= model().suspicious
    for language in ("en", "fr"):
        for name in message.without:
            assert reasons.meaning(name)[language].rstrip(".") in message.cleared[language]


def test_what_would_have_outweighed_the_signs_is_named_where_it_could() -> None:
    by = model()
    barely = [("says_click", -by.constant + (1.2 - by.shift) / by.scale)]
    cleared = reasons.cleared(barely)
    assert cleared.without == ("says_click",)
    assert cleared.present == ("known_domain_proven",)
    assert "Or with these as well: It comes from the hospital or a partner, which is proven." in reasons.sentence(cleared)["en"]
    heavy = reasons.cleared([("says_click", 20.0)])
    assert heavy.present == ()
    assert "Rien de ce qui parle en faveur d’un message n’aurait suffi." in reasons.sentence(heavy)["fr"]


def test_every_campaign_is_told_before_a_second_message_of_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged_mail, "MOST", 3)
    other = FRAUD.replace(b"203.0.113.9", b"198.51.100.7").replace(b"garage-solaire", b"casa-brand")
    mail = told([FRAUD, FRAUD, FRAUD, FRAUD, other])
    assert mail.fraud == 5
    assert [message.evidence.record for message in mail.messages] in ([1, 5, 2], [5, 1, 2])


def test_where_no_mail_was_judged_nothing_is_told() -> None:
    with Tables.of_arrow({"mail_message": rows_of("mail_message", [{"subject": "x"}], "rows")}) as opened:
        assert judged_mail.judged(opened) is None
