"""Fraudulent and suspicious messages as the report tells them: the signs of each with their weights."""

from __future__ import annotations

from dataclasses import dataclass

from wardround.report.mail_document import JudgedMail, JudgedMessage
from wardround.report.texts import Language


@dataclass(frozen=True, slots=True)
class SignTold:
    """A sign as a row: what it means, its weight, what exactly was seen."""

    text: str
    weight: str
    seen: str


@dataclass(frozen=True, slots=True)
class MessageTold:
    """A message, ready for the page; ``sender`` is the displayed name and the address behind it."""

    message: JudgedMessage
    sender: str
    probability: str
    signs: tuple[SignTold, ...]
    cleared: str


@dataclass(frozen=True, slots=True)
class MailsTold:
    """The section of the judged mail; ``rest`` says how many messages are not shown, empty when all are."""

    counted: str
    sum: str
    messages: tuple[MessageTold, ...]
    rest: str


def told(mail: JudgedMail | None, words: Language, most: int) -> MailsTold | None:
    """The first messages; None where no mail was judged or all of it is ordinary."""
    if mail is None or not mail.fraud + mail.suspicious:
        return None
    _ = words.gettext
    every = mail.fraud + mail.suspicious + mail.ordinary
    counted = _("Of %(all)s messages, %(fraud)s count as frauds and %(suspicious)s as suspicious.") % {
        "all": words.number(every),
        "fraud": words.number(mail.fraud),
        "suspicious": words.number(mail.suspicious),
    }
    summed = _(
        "The weights are added to %(constant)s, where a message without any sign begins; what speaks for a message is written "
        "with a minus. From a probability of %(threshold)s a message is suspicious."
    ) % {"constant": _signed(mail.constant, words), "threshold": _share(mail.threshold, words)}
    shown = mail.messages[:most]
    left = mail.fraud + mail.suspicious - len(shown)
    rest = words.counted(
        "%(n)s more, not shown here; it stands in the table mail_message.",
        "%(n)s more, not shown here; they stand in the table mail_message.",
        left,
    )
    told_one_by_one = tuple(_message(message, mail.meanings, words) for message in shown)
    return MailsTold(counted, summed, told_one_by_one, rest if left > 0 else "")


def _message(message: JudgedMessage, meanings: dict[str, dict[str, str]], words: Language) -> MessageTold:
    sender = f"{message.display} <{message.address}>" if message.display and message.address else ""
    return MessageTold(
        message=message,
        sender=sender or message.display or message.address or "?",
        probability=_share(message.probability, words),
        signs=tuple(
            SignTold(words.note(meanings.get(sign.name, {})) or sign.name, _signed(sign.weight, words), sign.seen)
            for sign in message.signals
        ),
        cleared=words.note(message.cleared),
    )


def _share(probability: float, words: Language) -> str:
    """In per cent, cut, not rounded: no message is a fraud for certain."""
    return words.share(int(1000 * probability), 1000)


def _signed(weight: float, words: Language) -> str:
    written = f"{weight:+.2f}".replace("-", "\u2212")
    return written if words.code == "en" else written.replace(".", ",")
