"""A message as the signals look at it: everything that several of them need, worked out once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from wardround.mail import brands, deeds, markup, phrases
from wardround.mail.domains import kind_of
from wardround.mail.folding import Folded, fold
from wardround.mail.languages import language_of
from wardround.mail.links import Target, target, written_in
from wardround.mail.message import Address, Message, Part
from wardround.mail.suffixes import organization
from wardround.mail.verdict import Context

#: Characters of visible text in which phrases are looked for; a fraud says what it wants at the beginning.
TEXT_CHARACTERS = 40_000

_HOST = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,6}")

_FORWARD = re.compile(r"^\s*(?:fwd?|tr|enc|wg|rv|i|doorst)\s*:", re.IGNORECASE)
# The header that mail programs put over a forwarded text: the line of its author.
_PASSED = re.compile(
    r"(?:\bFrom|\bDe|\bVon|\bVan|\bDa)\s?:\s{0,5}([^<>\n]{0,120}?)\s{0,3}[<\[(]([\w.+=-]{1,64}@[\w.-]{1,120})[>\])]"
)
# Some programs write only the name there.
_PASSED_NAME = re.compile(
    r"(?:\bFrom|\bDe|\bVon|\bVan|\bDa)\s?:\s{0,5}([^<>\n@:]{1,60}?)\s{1,3}"
    r"(?:Sent|Date|Envoyé|Enviado|Gesendet|Datum|Verzonden|Inviato|Data)\s?:"
)

#: How the subject of an answer or of a message passed on begins.
ANSWER = re.compile(r"^\s*(?:(?:re|fwd?|tr|rep|aw|wg|enc|res|rv|sv|vs|i|r)\s*(?:\[\d+\])?\s*:|\[fwd)", re.IGNORECASE)

# Where a quoted text begins: its header, the line that names its author, or the sign before its lines.
_QUOTE = re.compile(
    r"\b(?:From|De|Von|Van|Da)\s?:\s{0,5}[^<>\n]{0,120}?[<\[(](?:mailto:)?[\w.+=-]{1,64}@[\w.-]{1,120}[>\])]"
    r"|(?:^|\n)[ \t]{0,3}>"
    r"|-----\s?(?:original message|message d|urspr)"
    r"|[>\])]\s{0,3}(?:wrote|a ecrit|a écrit|schrieb|escribi[oó]|ha scritto|schreef)\s{0,3}:",
    re.IGNORECASE,
)
_PERSON = re.compile(r"[<\[](?:mailto:)?([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5})[>\]]")

#: Characters of text in which quoted people are looked for, people that count, characters of a name.
_QUOTED_CHARACTERS = 20_000
_QUOTED_PEOPLE = 30
_NAME_CHARACTERS = 80

#: Links of a message that are looked at.
LINKS = 300

#: Classes of hosts that say nothing about where a reader is led: fonts, schemas, social networks in the footer.
FURNITURE = ("infrastructure", "social")


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that a signal saw: its name, how strongly (0 to 1), what exactly, and where (URL or path of the part)."""

    name: str
    strength: float = 1.0
    detail: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Led:
    """A link of the message: where it leads, its visible text, and where it stands (html, text, form, qr, pdf, ics …)."""

    to: Target
    text: str = ""
    origin: str = "html"
    part: str = ""
    pictured: bool = False


@dataclass
class Letter:
    """A message with its context, and what signals share. Values are hostile text."""

    message: Message
    context: Context = field(default_factory=Context)
    #: Links that were found in pictures, documents and attachments, by :mod:`wardround.mail.signals.codes` and others.
    found: list[Led] = field(default_factory=list)

    @cached_property
    def page(self) -> markup.Page:
        """The HTML, walked; an empty page when there is none."""
        return markup.read(self.message.html) if self.message.html else markup.Page()

    @cached_property
    def visible(self) -> str:
        """The text that people see: that of the HTML when it says anything, else the plain one."""
        seen = self.page.text
        return seen if len(seen.strip()) > 20 or self.page.images else self.message.plain

    @cached_property
    def body(self) -> Folded:
        """The visible text folded, its beginning."""
        return fold(self.visible[:TEXT_CHARACTERS])

    @cached_property
    def subject(self) -> Folded:
        """The subject folded."""
        return fold(self.message.subject[:2_000])

    @cached_property
    def written(self) -> str:
        """Subject and text together, folded."""
        return f"{self.subject.text} . {self.body.text}"

    @cached_property
    def display(self) -> Folded:
        """The display name of the author folded."""
        return fold(self.author.display[:500])

    @cached_property
    def said(self) -> dict[str, set[str]]:
        """Phrases by theme, in what the author wrote: text that is quoted from others does not count."""
        return phrases.said(f"{self.subject.text} . {self.own_text}", self.language)

    @cached_property
    def deeds(self) -> deeds.Told:
        """What the author tells and asks, sentence by sentence; what is quoted below does not count."""
        shown = self.own_text
        answer = self.passed_on is None and (self.answering or ANSWER.match(self.message.subject) is not None)
        if answer and self.page.tags and self._quote < min(len(self.visible), _QUOTED_CHARACTERS):
            shown = fold(self.above_quoted).text
        return deeds.told(f"{self.subject.text} . {shown}")

    @cached_property
    def said_above(self) -> dict[str, set[str]]:
        """Phrases by theme in subject and display name."""
        return phrases.said(f"{self.subject.text} . {self.display.text}", self.language)

    @cached_property
    def own_text(self) -> str:
        """The text folded, without the lines that quote others."""
        if self.page.tags:
            return self.body.text
        lines = [line for line in self.message.plain[:TEXT_CHARACTERS].splitlines() if not line.lstrip().startswith((">", "|"))]
        return fold("\n".join(lines)).text

    @cached_property
    def author(self) -> Address:
        """Who wrote what is read: the author of a message passed on without a word of one's own, else the first of From."""
        return self.passed_on or self.sent_by

    @cached_property
    def passed_on(self) -> Address | None:
        """The author that the header of a forwarded text names, when hardly anything stands above it."""
        if not _FORWARD.match(self.message.subject):
            return None
        match = _PASSED.search(self.visible[:3_000])
        if match is None and (named := _PASSED_NAME.search(self.visible[:3_000])):
            above = len(self.visible[: named.start()].split())
            return Address(named.group(1).strip(" \"'*")[:200], "") if above <= 25 else None
        if match is None or len(self.visible[: match.start()].split()) > 25:
            return None
        local, _, domain = match.group(2).rpartition("@")
        return Address(match.group(1).strip(" \"'*[]")[:200], f"{local}@{domain.lower()}")

    @cached_property
    def sent_by(self) -> Address:
        """The first address of From that is one, else the first."""
        return next((a for a in self.message.sender_from if "@" in a.address), self.message.author)

    @cached_property
    def owner(self) -> str:
        """Organizational domain of the author."""
        return organization(self.author.domain) if self.author.domain else ""

    @cached_property
    def author_kind(self) -> str:
        """Class of the author's domain (freemail, bulk, hosting …)."""
        return kind_of(self.author.domain) if self.author.domain else ""

    @cached_property
    def language(self) -> str:
        """Language of what is written."""
        return language_of(self.written)

    @cached_property
    def links(self) -> list[Led]:
        """Every link: of the HTML, written out in the text, of forms, and those found elsewhere."""
        part = next((p.path for p in self.message.leaves if p.declared == "text/html"), "")
        led: dict[tuple[str, str], Led] = {}
        for anchor in self.page.anchors:
            led.setdefault((anchor.href, anchor.text), Led(target(anchor.href), anchor.text, "html", part, anchor.pictured))
        for action in self.page.forms:
            if action:
                led.setdefault((action, ""), Led(target(action), "", "form", part))
        text = self.page.text if self.page.tags else self.message.plain
        for url in written_in(text):
            if (url, url) not in led:
                led.setdefault((url, ""), Led(target(url), "", "text"))
        return [*list(led.values())[:LINKS], *self.found]

    @cached_property
    def web(self) -> list[Led]:
        """Links that lead to a web host, furniture left out."""
        return [
            link
            for link in self.links
            if link.to.scheme in ("http", "https") and link.to.host and link.to.kind not in FURNITURE
        ]

    @cached_property
    def owners(self) -> dict[str, int]:
        """Organizational domains that web links lead to, with the number of links."""
        found: dict[str, int] = {}
        for link in self.web:
            found[link.to.owner] = found.get(link.to.owner, 0) + 1
        return found

    @cached_property
    def leading(self) -> list[Led]:
        """Links that a reader is meant to follow: web links without those that unsubscribe, show a page or name a policy."""
        return [link for link in self.web if not _aside(link.text)]

    @cached_property
    def brands_above(self) -> list[brands.Brand]:
        """Brands that the display name, subject or title names."""
        above = brands.called(self.display.text) + brands.named(f"{self.subject.text} . {fold(self.page.title).text}")
        return list({brand.name: brand for brand in above}.values())

    @cached_property
    def brands_below(self) -> list[brands.Brand]:
        """Brands that the beginning of the text names."""
        return brands.named(self.own_text[:600])

    @cached_property
    def listed(self) -> bool:
        """Whether it came over a mailing list: it says so, and what handed it over is of the list's organization.

        Anybody can write List headers; a list that others write through has an envelope or a server of its own.
        """
        message = self.message
        if (
            not message.has("list-post")
            and not (message.has("list-id") and message.has("list-help"))
            and not message.has("x-beenthere")
        ):
            return False
        written = " ".join(message.header(name) for name in ("list-id", "list-post", "x-beenthere", "list-help"))
        lists = {organization(host) for host in _HOST.findall(written.lower())}
        named = {organization(a.domain) for a in (*message.to, *message.cc) if a.domain}
        if not named & lists:
            return False
        handing = [message.return_path.domain if message.return_path else "", message.sender.domain if message.sender else ""]
        handing += [self.context.authentication.external_helo, self.context.authentication.external_name]
        return (any(organization(host) in lists for host in handing if host) and self.owner not in lists) or (
            self.answering and bool(lists)
        )

    @cached_property
    def answering(self) -> bool:
        """Whether it answers another message; one passed on without a word of one's own answers nothing."""
        return bool(self.message.in_reply_to or self.message.references) and self.passed_on is None

    @cached_property
    def reports(self) -> bool:
        """Whether a mail server writes about a message that was or was not delivered (RFC 3464)."""
        return self.author.local.lower() in ("mailer-daemon", "postmaster") or self.message.root.declared == "multipart/report"

    @cached_property
    def _quote(self) -> int:
        """Where the quoted text begins in the visible one; its length where nothing is quoted."""
        shown = self.visible[:_QUOTED_CHARACTERS]
        match = _QUOTE.search(shown)
        if match is None:
            return len(shown)
        if match.group()[0] in ">])":  # the line names its author before
            return max(0, shown.rfind("\n", 0, match.start()), match.start() - 2 * _NAME_CHARACTERS)
        return match.start()

    @cached_property
    def above_quoted(self) -> str:
        """The visible text above what is quoted."""
        return self.visible[: self._quote]

    @cached_property
    def quoted_people(self) -> list[tuple[str, str]]:
        """Names and addresses (domains in lower case) in the headers of quoted text."""
        quoted = self.visible[self._quote : _QUOTED_CHARACTERS]
        found = []
        for match in _PERSON.finditer(quoted):
            before = quoted[max(0, match.start() - _NAME_CHARACTERS) : match.start()]
            local, _, domain = match.group(1).rpartition("@")
            found.append((re.split(r"[:;,<>\n\[\]\"]", before.rstrip(" \"'"))[-1].strip(" \"'"), f"{local}@{domain.lower()}"))
            if len(found) >= _QUOTED_PEOPLE:
                break
        return found

    @cached_property
    def pictures(self) -> list[Part]:
        """Pictures that came along."""
        return [p for p in self.message.leaves if p.kind in ("png", "jpeg", "gif", "webp", "bmp", "tiff")]

    @cached_property
    def anchored(self) -> list[str]:
        """Image sources on the web."""
        return [source for source in self.page.images if source.startswith(("http", "//"))]


@lru_cache(maxsize=4_096)
def _aside(text: str) -> bool:
    """Whether the text of a link says that it unsubscribes, shows the page or names a policy."""
    lowered = text.lower()
    return any(word in lowered for word in _ASIDE)


_ASIDE = (
    "unsubscribe", "opt out", "opt-out", "preferences", "privacy", "terms", "view in browser", "view online", "view this email",
    "désabonner",
    "désinscrire", "désinscription", "se désabonner", "confidentialité", "version en ligne", "abmelden", "datenschutz",
    "descadastrar", "cancelar inscrição", "darse de baja", "privacidad", "annulla iscrizione", "afmelden", "uitschrijven",
)  # fmt: skip
