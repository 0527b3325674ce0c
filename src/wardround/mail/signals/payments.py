"""Bank details: an account number together with the wish that payments go there from now on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardround.mail.letter import Letter, Seen

_IBAN = re.compile(r"\b([A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z0-9]{4}){3,7}(?:[ \u00a0]?[A-Z0-9]{1,3})?)\b")
_RIB = re.compile(r"\b\d{5}[ .]?\d{5}[ .]?[0-9A-Z]{11}[ .]?\d{2}\b")
_FILE = re.compile(r"\b(?:rib|iban|bank[ _-]?details|coordonnees[ _-]?bancaires)\b", re.IGNORECASE)


def see(letter: Letter) -> Iterator[Seen]:
    """Signals about a change of bank details (French and English)."""
    change = letter.said.get("bank_change", set())
    if not change:
        return
    account = account_in(letter.visible[:40_000])
    named = any(_FILE.search(p.filename.replace("_", " ")) for p in letter.message.attachments)
    if account or named or len(change) >= 3:
        yield Seen("bank_details_change", 1.0 if account or named else 0.7, ", ".join(sorted(change)[:3])[:120])
        reply = letter.message.reply_to[0] if letter.message.reply_to else None
        if letter.author_kind == "freemail" or (reply and reply.domain != letter.author.domain):
            yield Seen("bank_details_change_by_stranger", 1.0, letter.author.address[:80])


def account_in(text: str) -> str:
    """The country and the last digits of the first IBAN with right check digits (ISO 13616), or of a French RIB; else empty."""
    for match in _IBAN.finditer(text):
        plain = re.sub(r"[ \u00a0]", "", match.group(1))
        for length in range(len(plain), 14, -1):
            if valid_iban(plain[:length]):
                return f"{plain[:2]}…{plain[length - 3 : length]}"
    french = _RIB.search(text)
    return f"RIB…{french.group()[-2:]}" if french else ""


def valid_iban(iban: str) -> bool:
    """Whether the check digits are right: ISO 7064, MOD 97-10."""
    if not 15 <= len(iban) <= 34 or not iban.isalnum():
        return False
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1
