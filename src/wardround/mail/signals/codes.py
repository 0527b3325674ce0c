"""QR codes in pictures and in PDF documents, and the links that PDF documents carry."""

from __future__ import annotations

from collections.abc import Iterator

from wardround.mail import pictures
from wardround.mail.letter import Led, Letter, Seen
from wardround.mail.links import target
from wardround.mail.pdf import inside

#: Pictures of a message that are searched for codes, its documents that are opened.
PICTURES = 6
DOCUMENTS = 3


def see(letter: Letter) -> Iterator[Seen]:
    """Signals about codes; what they lead to is added to the links of the letter."""
    codes: list[tuple[str, str]] = []
    for part in letter.pictures[:PICTURES]:
        codes.extend((text, part.path) for text in pictures.codes(part.data))
    documents = [p for p in letter.message.leaves if p.kind == "pdf"][:DOCUMENTS]
    for part in documents:
        content = inside(part.data)
        for picture in content.pictures[:PICTURES]:
            codes.extend((text, part.path) for text in pictures.codes_of(picture))
        for url in content.links[:20]:
            letter.found.append(Led(target(url), "", "pdf", part.path))
        if content.active:
            yield Seen("document_active", 1.0, content.active, part.path)
        if content.links and letter.author_kind == "freemail":
            yield Seen("document_link_from_freemail", 1.0, target(content.links[0]).host[:80], part.path)
        if content.encrypted:
            yield Seen("attached_encrypted", 0.6, part.filename[:80], part.path)
    for text, where in codes:
        led = Led(target(text), "", "qr", where)
        if led.to.scheme in ("http", "https") and led.to.host:
            letter.found.append(led)
            yield Seen("code_leads_to_web", 1.0, led.to.host[:80], led.to.url)
            if led.to.owner != letter.owner:
                yield Seen("code_leads_elsewhere", 1.0, led.to.host[:80], led.to.url)
            break
        if text.lower().startswith(("bitcoin:", "ethereum:")):
            yield Seen("wallet_address", 1.0, text[:20])
            break
