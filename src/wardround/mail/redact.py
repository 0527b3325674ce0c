"""Texts without what could identify a patient: names with the words that go before them, dates, numbers, addresses.

Mails of a hospital name patients everywhere. What is kept of them is short and passes through here. It takes out too much
rather than too little: no list of names can be complete, and a subject without its numbers can still be recognised.
"""

from __future__ import annotations

import re
from functools import lru_cache

_UPPER = "A-ZÀ-ÖØ-ÞŒŠŽ"
_LOWER = "a-zà-öø-ÿœšž"

#: Words that go before a name.
_CUES = (
    r"patiente?s?|patient name|nom|pr[ée]nom|name|monsieur|madame|mademoiselle|mme|mlle|mr|mrs|ms|miss|m\.|dr|pr|docteur|"
    r"professeur|doctor|concernant|concerning|re patient|enfant|b[ée]b[ée]|n[ée]e|dossier"
)
# The same by their first letters, which are searched for first: that is faster than to try every word at every place.
_CUED = "".join(
    rf"|(?<={first})(?:{'|'.join(cue[1:] for cue in _CUES.split('|') if cue[0] == first)})" for first in "pnmdcebr"
)[1:]
# What follows such a word when it goes before a name: something between, and words with a capital.
_A_NAME = rf"((?:[\s_:.\-,]|\bde\b|\bde la\b)+)((?:[{_UPPER}][{_UPPER}{_LOWER}'’\-]{{1,40}}[\s_,]{{0,2}}){{1,4}})"
_NAMED = re.compile(rf"([PpNnMmDdCcEeBbRr](?<!\w.)(?i:{_CUED})){_A_NAME}")
_SURNAME = re.compile(
    rf"([{_UPPER}](?<![{_UPPER}{_LOWER}].)['’\-{_UPPER}]{{2,40}})([\s_,.^]{{1,3}})([{_UPPER}][{_LOWER}]{{1,30}})(?![{_UPPER}])"
)
_REVERSED = re.compile(
    rf"([{_UPPER}](?<![{_UPPER}{_LOWER}].)[{_LOWER}]{{1,30}})([\s_,.^]{{1,3}})([{_UPPER}]['’\-{_UPPER}]{{2,40}})(?![{_LOWER}])"
)
_CAPITAL = re.compile(rf"[{_UPPER}]")
_CAPITALS = re.compile(rf"[{_UPPER}]{{2}}|[{_UPPER}]['’-][{_UPPER}]")
_DIGITS = re.compile(r"\d\D?\d")
_CARET = re.compile(r"[^\s^]{1,64}\^[^\s]{0,64}")
_MAILBOX = re.compile(r"[^\s<>\"'(),;:]{1,64}@[^\s<>\"'(),;:]{1,255}")
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}[./\- ]\d{1,2}[./\- ](?:19|20)?\d\d"
    r"|(?:19|20)\d\d[./\-]?[01]\d[./\-]?[0-3]\d"
    r"|[0-3]\d[01]\d(?:19|20)\d\d)(?!\d)"
)
# What _DATE and _NUMBER find holds one of these, which begin with a digit and are found faster.
_DATED = re.compile(r"\d(?:[./\- ]\d|\d{5}|\d{3}[./\-])")
_NUMBERED = re.compile(r"\d(?:[ .\-/]?\d){5}")
_DOTS = 4
_IDENTIFIER = re.compile(rf"\d+(?:\.\d+){{{_DOTS},}}")
_NUMBER = re.compile(r"[A-Za-z]{0,6}\d(?:[ .\-/]?\d){5,}\w{0,10}")

#: Capitals that are no names.
_COMMON = frozenset(
    """
    URGENT URGENCE IMPORTANT RE FW FWD TR REF INFO ALERT ALERTE WARNING ATTENTION ACTION REQUIRED NOTICE INVOICE FACTURE RIB
    IBAN BIC PACS RIS DICOM IRM MRI SCANNER CT PET ECHO RADIO IT DSI RSSI CHU CHR CH APHP HCL ARS ANS CPAM AMELI RPPS CPS PRO
    OFFICE MICROSOFT TEAMS ZOOM OUTLOOK GOOGLE DHL UPS TNT FEDEX COLISSIMO CHRONOPOST LA POSTE PAYPAL AMAZON APPLE NETFLIX
    BANK BANQUE SECURITY UPDATE ACCOUNT PASSWORD EMAIL MAIL EXTERNAL EXTERNE SPAM PDF SMS OTP VPN MFA USA UK EU FR NEW FINAL
    YOUR YOU THE AND FOR FROM DEAR HELLO BONJOUR MERCI VOTRE VOS NOUS POUR DES LES UNE
    """.split()  # noqa: SIM905 - a list of words is easier to read
)


def redacted(text: str, most: int = 240) -> str:
    """The beginning of a text without what could identify a patient, at most ``most`` characters."""
    return _redacted(text[: 2 * most], most) if len(text) <= _CACHED else _anew(text[: 2 * most], most)


def _anew(piece: str, most: int) -> str:
    piece = piece.replace("\n", " ").replace("\r", " ")
    if "@" in piece:
        piece = _MAILBOX.sub("(address)", piece)
    if "^" in piece:
        piece = _CARET.sub("(name)", piece)
    if _DIGITS.search(piece):
        piece = _IDENTIFIER.sub("(number)", piece) if piece.count(".") >= _DOTS else piece
        piece = _DATE.sub("(date)", piece) if _DATED.search(piece) else piece
        piece = _NUMBER.sub("(number)", piece) if _NUMBERED.search(piece) else piece
    if _CAPITAL.search(piece):
        piece = _NAMED.sub(lambda m: f"{m.group(1)}{m.group(2)}(name) ", piece)
    if _CAPITALS.search(piece):
        piece = _SURNAME.sub(_name, piece)
        piece = _REVERSED.sub(_name, piece)
    return piece[:most].strip()


#: Short texts (words of links, reasons) are the same in many messages.
_CACHED = 100
_redacted = lru_cache(maxsize=8_192)(_anew)


def _name(match: re.Match[str]) -> str:
    surname = match.group(1) if match.group(1).isupper() else match.group(3)
    return match.group() if surname in _COMMON else "(name)"
