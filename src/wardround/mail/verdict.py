"""What is said of a message: the verdict, the signals that made it, and the links that were found in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Literal

from wardround.mail.authentication import Authentication
from wardround.mail.message import Message
from wardround.model import Mail

Word = Literal["fraud", "suspicious", "ordinary"]


@dataclass(frozen=True, slots=True)
class Signal:
    """Something about a message that counts: a stable name, its weight in the verdict, and what exactly was seen.

    ``detail`` is a short text for people, without patients' data. ``where`` is the path of the part, or the URL, that it is
    about; empty for the message as a whole. A negative weight speaks for the message.
    """

    name: str
    weight: float = 0.0
    detail: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link: where it leads after taking off the wrapping of ``wrapper`` (safelinks, proofpoint …), and what it pretends.

    ``origin`` is html, text, form, qr, pdf, ics, svg, attachment; ``part`` the path of the part that it stands in.
    """

    url: str
    host: str
    text: str = ""
    text_host: str = ""
    wrapper: str = ""
    origin: str = "html"
    part: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``probability`` that the message is a fraud (0 to 1, None when it was not judged), in one word, and why."""

    probability: float | None = None
    verdict: Word | None = None
    signals: tuple[Signal, ...] = ()
    links: tuple[Link, ...] = ()
    language: str = ""
    #: The visible text, as far as the judge looked at it; None when it did not.
    visible: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the message: what the site tells of its mail, and what may be believed of authentication."""

    mail: Mail = field(default_factory=Mail)
    authentication: Authentication = field(default_factory=Authentication)


Judge = Callable[[Message, Context], Verdict]


def neutral(message: Message, context: Context) -> Verdict:
    """No judgement at all."""
    return Verdict()


@cache
def judge() -> Judge:
    """The judge of this installation: ``wardround.mail.judge.judge``."""
    if find_spec("wardround.mail.judge") is None:
        return neutral
    found: Judge = import_module("wardround.mail.judge").judge
    return found
