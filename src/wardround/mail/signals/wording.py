"""What the message says: themes of fraud by their phrases, amounts, codes, wallets, and how it addresses people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardround.mail.domains import kind_of
from wardround.mail.letter import Letter, Seen
from wardround.mail.phrases import worth

#: Themes whose single phrase says little: strength grows to 1 with this many different phrases (default 2).
# ruff: noqa: E501 - a list is easier to read on few lines
_ENOUGH = {"advance": 4, "prize": 3, "offer": 2, "health": 2, "invest": 3, "document": 3, "fine": 3, "verify": 3, "click": 2, "bec": 2,
           "urgency": 3, "account": 3, "mailbox": 3, "delivery": 3, "callback": 3, "legal": 3, "dating": 2, "b2b": 3, "password": 3}  # fmt: skip

_BITCOIN = re.compile(r"\b(?:bc1[ac-hj-np-z02-9]{25,62}|[13][a-km-zA-HJ-NP-Z1-9]{26,34})\b")
_TELEPHONE = re.compile(
    r"(?:\+?1[\s.()-]{0,3})?\(?8(?:00|08|33|44|55|66|77|88)\)?[\s.()-]{1,3}\d{3}[\s.()-]{1,3}\d{4}|\+1[\s(.-]{0,2}\d{3}[\s).-]{1,2}\d{3}[\s.-]\d{4}"
)
_MONEY = re.compile(r"(?:us\$|r\$|\$|€|£|usd|eur)\s?\d[\d.,]{1,12}|\d[\d.,]{1,12}\s?(?:\$|€|£|usd|euros?|dollars?|eur)\b")
_MILLIONS = re.compile(
    r"(?:us\$|\$|€|£|usd|eur)\s?\d{1,3}(?:[.,]\d{3}){2,}|(?<!\d)\d{1,15}(?:[.,]\d{1,15})?\s?(?:million|millions|millionen|milhoes|millones|milioni)\b"
)
_CODE = re.compile(
    r"(?:[-#:\[(\s]|^)(?=[A-Za-z0-9]*\d)(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{8,}[\])]?\s*$|\b\d{7,}\s*$|\b(?:id|ref|protocolo|case|order|ticket)\s?[:#-]\s?[a-z0-9-]{5,}",
    re.IGNORECASE,
)
_GREETED = re.compile(
    r"\b(?:dear|hello|hi|hey|ola|prezado\S*|caro|bonjour|cher\S*|hallo|liebe\S*|beste|ciao|gentile|hola|estimado\S*)\W{1,4}[\w.+-]{2,64}@[\w-]{2,63}\b"
)
_MAILBOX = re.compile(r"\b[\w.+-]{2,64}@((?:[\w-]{1,63}\.){1,3}[a-z]{2,10})\b")
_GAIN = re.compile(r"\+\s?\d[\d,.]{2,}\s?[$€£]|[$€£]\s?\d{1,3}[.,]?\d{3}|\d{1,3}[.,]\d{3}\s?[$€£]|[+]?[$€£]\d{3,}")
_SHOUT = re.compile(r"\b[A-ZÀ-Ý]{4,}\b")
_PICTOGRAM = re.compile("[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")

#: Themes that ask for something to be done with an account, a payment or a parcel: two of them together are a lure's skeleton.
_DEMANDS = frozenset(["account", "verify", "mailbox", "delivery", "fine", "callback", "bank_change", "extortion", "crypto"])
_SCAMS = frozenset(["advance", "loan", "health", "dating", "gambling", "invest", "extortion", "crypto", "offer"])


def see(letter: Letter) -> Iterator[Seen]:
    """Signals about words."""
    if letter.listed and letter.answering:
        return
    said, above = letter.said, letter.said_above
    for theme, phrases in sorted(said.items()):
        strength = min(1.0, worth(phrases) / _ENOUGH.get(theme, 2))
        if strength < 0.25:
            continue
        yield Seen(f"says_{theme}", strength, ", ".join(sorted(phrases)[:4])[:160])
    for theme, phrases in sorted(above.items()):
        if theme in _DEMANDS or theme in _SCAMS or theme in ("urgency", "prize", "document"):
            name = "subject_of_fraud" if theme in _DEMANDS else "subject_of_scam" if theme in _SCAMS else f"subject_{theme}"
            yield Seen(name, min(1.0, 0.3 + 0.7 * worth(phrases)), ", ".join(sorted(phrases)[:3])[:160])
    scams = [theme for theme in _SCAMS if worth(said.get(theme, set())) >= 2]
    if scams:
        yield Seen("scam_told", min(1.0, max(worth(said[theme]) for theme in scams) / 4), ", ".join(sorted(scams)))
    if letter.author_kind == "freemail" and not letter.answering and not letter.reports:
        trade = [t for t in (*_DEMANDS, *_SCAMS, "prize", "bec", "b2b") if worth(said.get(t, set())) >= 1.4]
        if trade:
            yield Seen("freemail_with_a_scheme", 1.0, ", ".join(sorted(trade)[:3]))
    demands = [theme for theme in _DEMANDS if worth(said.get(theme, set())) >= 1.4]
    pressed = len(said.get("urgency", ())) >= 1
    if demands and pressed and ("click" in said or "verify" in said):
        yield Seen("demand_under_pressure", min(1.0, (len(demands) + 1) / 3), ", ".join(sorted(demands)))
    yield from _figures(letter)
    yield from _addresses(letter)
    yield from _subject(letter)


def _figures(letter: Letter) -> Iterator[Seen]:
    text = letter.own_text
    if not letter.said.keys().isdisjoint(("extortion", "crypto")) and (match := _BITCOIN.search(letter.visible[:20_000])):
        yield Seen("wallet_address", 1.0, match.group()[:12] + "…")
    if (
        "callback" in letter.said
        and (match := _TELEPHONE.search(text))
        and (_MONEY.search(text) or worth(letter.said["callback"]) >= 3)
    ):
        yield Seen("call_this_number", min(1.0, worth(letter.said["callback"]) / 3), match.group()[:40])
    if worth(letter.said.get("advance", set())) >= 1.4 and (match := _MILLIONS.search(text)):
        yield Seen("millions_offered", 1.0, match.group()[:40])
    if len(text) < 600 and letter.web and not letter.answering and _MONEY.search(text):
        yield Seen("short_with_money", 1.0)


def _addresses(letter: Letter) -> Iterator[Seen]:
    """The reader greeted by an address instead of a name; another private mailbox to answer to."""
    if letter.answering or letter.listed or letter.reports:
        return
    text = letter.own_text[:8_000]
    if "@" not in text:
        return
    if match := _GREETED.search(text[:1_500]):
        yield Seen("greets_an_address", 1.0, match.group()[:60])
    known = {
        a.address for a in (*letter.message.to, *letter.message.cc, *letter.message.reply_to, letter.author, letter.sent_by)
    }
    for match in _MAILBOX.finditer(text):
        if match.group() not in known and kind_of(match.group(1)) == "freemail" and letter.author.address:
            yield Seen("answer_to_other_mailbox", 1.0, match.group()[:80])
            break


def _subject(letter: Letter) -> Iterator[Seen]:
    subject = letter.message.subject
    if (match := _CODE.search(subject)) and not letter.answering and not letter.listed:
        yield Seen("subject_code", 1.0, match.group().strip()[:40])
    if len(_SHOUT.findall(subject)) >= 3 and not letter.listed:
        yield Seen("subject_shouts", 1.0, subject[:80])
    if _PICTOGRAM.search(subject):
        yield Seen("subject_pictogram", min(1.0, len(_PICTOGRAM.findall(subject)) / 2))
    if _GAIN.search(letter.subject.text) and not letter.answering:
        yield Seen("subject_money", 1.0, subject[:80])
    if not subject.strip():
        yield Seen("subject_empty")
    if letter.subject.styled or letter.subject.mixed or letter.subject.split:
        yield Seen("subject_disguised", 1.0, subject[:80])
    if subject.count("_") >= 3 or "==" in subject or subject.startswith(("#", "=>", ">>", "[[")):
        yield Seen("subject_odd", 1.0, subject[:80])
