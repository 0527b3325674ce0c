"""Wording of extortion, by classes: what a ransom note says, in English and in French, whoever wrote it.

A text is scored by the number of classes it has words of. Instructions on security, policies and the documentation of
backup programs use some of them; hardly any other text uses four. RE2: linear in the text, whatever it is.
"""

# The wordings are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import re
from functools import cache
from typing import Any

from wardround.mail.entities import unescaped

#: More of a text is not looked at; notes are short.
MOST_BYTES = 64 * 1024

#: Class -> what the text says. Matched against the text in lower case with typographic apostrophes made plain.
CLASSES: dict[str, str] = {
    "encrypted": r"\bencrypt(?:ed|ion|s)?\b|\b(?:files?|data|network|servers?|systems?|documents?) (?:has been|have been|are|is|were|was) "
    r"(?:\w+ ){0,3}(?:locked|crypted|hacked|compromised)|\bchiffr(?:és?|ées?|ement|e)\b|\bcrypt(?:és?|ées?)\b|"
    r"\b(?:fichiers?|données|réseau|serveurs?|systèmes?) (?:ont été|a été|sont|est) (?:\w+ ){0,3}(?:verrouill|bloqu|compromis|pirat)",
    "recovery": r"\bdecrypt\w*|\b(?:restore|recover|unlock|get back|return) (?:\w+ ){0,4}(?:files?|data|documents?|network|systems?|access)|"
    r"\b(?:get|return|have|want) (?:\w+ ){0,4}(?:files?|data|documents?) back\b|\bto (?:unlock|restore|recover) (?:them|it all)\b|"
    r"\bdéchiffr\w*|\bdecrypteur|\bdécrypt\w*|\b(?:restaurer|récupérer|retrouver|débloquer|déverrouiller) (?:\w+ ){0,4}(?:fichiers?|données|documents?|accès|réseau|système)|"
    r"\bpour les (?:récupérer|restaurer|débloquer|déverrouiller|retrouver)\b|\b(?:obtenir|recevoir|acquérir|acheter) (?:la|une|votre|cette|notre) clé\b",
    "hidden_service": r"\.onion\b|\btor[ -]?browser|\bnavigateur tor\b|torproject\.org",
    "contact": r"\b(?:contact|e-?mail|write(?: to)?|message) (?:us|me)\b|\bcontact(?:ez|er)[ -](?:nous|moi)|\bécri(?:vez|re)[ -](?:nous|moi)|"
    r"\b(?:write|e-?mail|mail|message|send) (?:\w+ ){0,6}(?:on|to|at|in|via) (?:our|my|this|the following|live) (?:e-?mail|mail|address|chat|telegram)|\bwrite to (?:live )?chat\b|\be-?mail (?:us|me) at\b|"
    r"\b(?:your|votre) (?:personal |decrypt(?:ion)? |unique )?(?:id|identifiant personnel)\b ?:|\b(?:à l'|a l')adresse suivante\b|\benvoyez[ -](?:nous|moi)\b|"
    r"\b(?:tox|session|telegram|jabber|qtox|signal)[ -]?(?:id|chat|messenger)?\s*[:=]|\b(?:our|this|following|notre|cette|suivante) e?-?(?:mail|adresse|address)\b|"
    r"\b(?:chat|support|negotiat\w+|négociat\w+|négocier) (?:\w+ ){0,3}(?:us|link|room|portal|nous|lien|portail)|[\w.+-]{2,40}@[\w-]{2,40}\.[a-z.]{2,12}",
    "payment": r"\b(?:bitcoins?|btc|monero|xmr|usdt|ransom|rançon|crypto-?(?:currency|monnaies?))\b|\bpa(?:y|ying|yment|yments) (?:\w+ ){0,4}"
    r"(?:us|for|ransom|price|amount|decrypt\w*|wallet)|\b(?:buy|purchase|purchasing|obtain) (?:\w+ ){0,4}(?:decrypt\w*|private key|special software)|\bmoney reward\b|"
    r"\bprice (?:for|of) (?:\w+ ){0,2}(?:private key|decrypt\w*|restor\w*|recover\w*)|\b(?:acheter|acquérir|achetez) (?:\w+ ){0,3}(?:clé privée|déchiffr\w*|décrypt\w*)|\b(?:payer|paiement|payez|versement) (?:\w+ ){0,4}(?:pour|rançon|somme|montant|prix)|"
    r"\b(?:price|amount|prix|montant) (?:\w+ ){0,5}(?:double\w*|increase\w*|depends|doubler\w*|augment\w*|dépend\w*)",
    "threat": r"\b(?:lost|lose|gone|deleted|destroyed) (?:\w+ ){0,3}forever\b|\b(?:will|be) (?:be )?(?:lost|deleted|destroyed|unrecoverable|published) (?:\w+ ){0,3}(?:if|unless|until)\b|\bbecome unrecoverable\b|"
    r"\byou(?:'ll| will) (?:never|not be able to) (?:restore|recover|get|see|decrypt)\b|\b(?:permanently|irreversibly) (?:deleted|lost|destroyed|corrupt)|"
    r"\bvous (?:perdrez|ne pourrez plus|ne pourrez jamais)\b|\b(?:perdus?|perdues?|supprimés?|supprimées?|détruits?|détruites?|effacés?|effacées?) (?:définitivement|à jamais|pour toujours)\b|"
    r"\b(?:leak(?:ed|s)?|publish(?:ed)?|stolen|exfiltrat\w*|downloaded|disclos\w+|sold)\b|\bdark ?(?:web|net)\b|\bdata leak|"
    r"\b(?:publi(?:er|ées?|ons|erons)|divulgu\w+|vol(?:é|és|ée|ées)\b|exfiltr\w+|fuite de (?:vos )?données|revend\w+|télécharg(?:é|és|ée|ées)\b)",
    "warning": r"\b(?:the )?only (?:\w+ ){0,2}(?:way|method|chance|choice|possibility|one who can) (?:\w+ ){0,4}(?:decrypt|restor|recover|return|get|unlock)\w*|\bthird[ -]?party (?:software|tools?|decrypt\w*|recovery)|\bno(?:body|one)? (?:\w+ ){0,2}can (?:decrypt|recover|restore)|"
    r"\b(?:seule?|unique) (?:façon|moyen|manière|chance|solution|personne) (?:\w+ ){0,3}(?:récupér|déchiffr|décrypt|restaur|retrouv)\w*|\bpersonne (?:d'autre )?ne (?:peut|pourra)\b|\bimpossible sans (?:notre|nos|la) clé\b|"
    r"\b(?:do not|don't|dont|never|not to|any attempts?(?: to)?) (?:\w+ ){0,3}(?:rename|modify|move|delete|edit|change|decrypt|recover|restore|use|contact|call|shut|turn|reboot|reset|try|hire)|"
    r"\b(?:ne|n'|de ne pas|évitez de|toute tentative(?: de)?|sans) ?(?:\w+ ){0,2}(?:renomm|modifi|déplac|supprim|édit|chang|déchiffr|récupér|restaur|utilis|contact|appel|étei|étein|redémarr|essay|tent)\w*",
}

_TAG = re.compile(r"<[^<>]{0,2000}>")
_RTF = re.compile(r"\\'([0-9a-fA-F]{2})|\\[a-z]{1,32}-?[0-9]{0,10} ?|[{}]")


@cache
def _patterns() -> tuple[tuple[str, Any], ...]:
    import re2

    options = re2.Options()
    options.log_errors = False
    return tuple((name, re2.compile(pattern, options)) for name, pattern in CLASSES.items())


def text_of(data: bytes, magic: str) -> str:
    """The readable text of a small file: HTML and RTF without their marks, UTF-16 and UTF-8, else Windows-1252."""
    data = data[:MOST_BYTES]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
    elif data[1:64:2].count(0) > 24:
        text = data.decode("utf-16-le", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    if magic == "rtf":
        text = _RTF.sub(lambda found: bytes.fromhex(found[1]).decode("cp1252", "replace") if found[1] else " ", text)
    elif "<" in text and magic in ("html", "text", "xml"):
        text = unescaped(_TAG.sub(" ", text))
    return text


def classes_of(text: str) -> list[str]:
    """The classes of which a text has words, in the order of :data:`CLASSES`."""
    plain = " ".join(text.lower().replace("\u2019", "'").split()).encode("utf-8", "replace").decode()
    return [name for name, pattern in _patterns() if pattern.search(plain)]
