"""What is asked of the reader, by whom and which way: money, cards, accounts, a call to make.

Every signal wants several pieces together (:mod:`wardround.mail.deeds`) and looks at who asks: a private mailbox for an
employee's salary, somebody outside for gift cards, an answer in a conversation for another account.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardround.mail.letter import ANSWER, Letter, Seen
from wardround.mail.signals.payments import account_in
from wardround.mail.suffixes import organization

_MONEY = re.compile(
    r"(?:us\$|\$|€|£|usd|eur|gbp)\s?\d[\d.,]{1,12}|\d[\d.,]{1,12}\s?(?:[$€£]|(?:usd|gbp|euros?|dollars?|eur|btc)\b)"
)
# National French numbers, and international ones; a number within a longer row of digits is none.
_TELEPHONE = re.compile(
    r"(?<![\d+])0[1-9](?:[ .-]?\d{2}){4}(?!\d)"
    r"|\+\d{1,3}[ (.-]{1,2}\d{1,4}[ ).-]{1,2}\d{2,4}(?:[ .-]?\d{2,4}){1,3}"
    r"|(?<!\d)\(?8\d\d\)?[ .-]\d{3}[ .-]\d{4}(?!\d)"
)
_MINE = re.compile(r"\b(?:my|mon|ma|mes|j'ai|i)\b")


def see(letter: Letter) -> Iterator[Seen]:
    """Signals about what is asked."""
    if letter.listed or letter.reports:
        return
    yield from _call(letter)
    yield from _cards(letter)
    yield from _salary(letter)
    yield from _account(letter)
    yield from _papers(letter)


def inside(letter: Letter) -> bool:
    """Whether the author is of the organization that receives, and nothing says that this is forged.

    The site tells its domains; where it does not, the mailbox that received stands for it, then the one that is named. A
    message from an address to itself proves nothing: its readers stand elsewhere.
    """
    results, message = letter.context.authentication, letter.message
    if letter.author_kind or not letter.owner or "fail" in (results.spf, results.dmarc):
        return False
    if own := letter.context.mail.domains:
        return any(letter.owner == organization(domain.lower()) for domain in own)
    if message.delivered_to:
        return letter.owner == organization(message.delivered_to.rpartition("@")[2].lower())
    named = [a for a in (*message.to, *message.cc) if a.domain and a.address != letter.author.address]
    return any(letter.owner == organization(a.domain) for a in named)


def borrowed(letter: Letter) -> bool:
    """Whether the author names a known organization that is not his own."""
    return any(not brand.owns(letter.author.domain) for brand in letter.brands_above)


def _call(letter: Letter) -> Iterator[Seen]:
    """A purchase that was never made, and a number to contest it; or a computer said to be locked, and a number."""
    told = letter.deeds
    if letter.answering or not (told.says("charged", "contest") or told.says("locked_computer", "call")):
        return
    number = _TELEPHONE.search(letter.own_text[:6_000])
    if number is None:
        return
    if told.says("locked_computer"):
        yield Seen("call_to_contest", 1.0, f"{told.words('locked_computer', 'call')}: {number.group()[:40]}")
    elif told.together("charged", "contest", within=4) and _MONEY.search(letter.own_text[:6_000]):
        stranger = letter.author_kind == "freemail" or borrowed(letter)
        strength = 1.0 if stranger else 0.85 if not letter.web else 0.0
        if strength:
            yield Seen("call_to_contest", strength, f"{told.words('charged', 'contest', 'call')}: {number.group()[:40]}")


def _cards(letter: Letter) -> Iterator[Seen]:
    """Cards to buy, and their numbers to send, in secret, for somebody who cannot be called."""
    told = letter.deeds
    if not told.together("card", "buy", within=4) or inside(letter):
        return
    signs = ("numbers", "hush", "away", "repay", "favour")
    if (count := told.count(*signs)) >= (4 if letter.web else 2):
        yield Seen("asks_gift_cards", min(1.0, 0.6 + 0.2 * count), told.words("card", "buy", *signs))


def _salary(letter: Letter) -> Iterator[Seen]:
    """An employee who wants the salary sent to another account, and writes from outside."""
    told = letter.deeds
    if not told.together("pay", "account", "change", within=3) or inside(letter) or not _MINE.search(letter.own_text[:4_000]):
        return
    links = [link for link in letter.leading if link.origin in ("html", "text")]
    if not links and not letter.message.has("list-unsubscribe"):
        strength = 1.0 if letter.author_kind == "freemail" else 0.9
        yield Seen("asks_salary_account", strength, f"{told.words('pay', 'account', 'change')}: {letter.author.address[:80]}")


def _account(letter: Letter) -> Iterator[Seen]:
    """Another account for what is owed, told in an answer, with a reason or a payment to confirm."""
    told = letter.deeds
    if not (letter.answering or ANSWER.match(letter.message.subject)) or letter.passed_on or inside(letter):
        return
    why, there = told.says("account_why"), told.says("pay_there")
    another = told.says("account_new") or told.together("account", "change", "pay_there", within=3)
    if another and told.says("account") and (why or there):
        brought = bool(account_in(letter.above_quoted[:8_000])) or any(p.kind == "pdf" for p in letter.message.attachments)
        strength = 1.0 if brought or (why and there) else 0.8
        yield Seen("conversation_changes_account", strength, told.words("account_new", "account_why", "pay_there"))


def _papers(letter: Letter) -> Iterator[Seen]:
    """A copy of an identity paper or of a card of the profession, wanted by a private mailbox or in a borrowed name."""
    told = letter.deeds
    stranger = letter.author_kind == "freemail" or borrowed(letter)
    if stranger and told.says("papers") and not letter.answering and not inside(letter):
        yield Seen("asks_papers", 1.0, f"{told.words('papers')}: {letter.author.address[:80]}")
