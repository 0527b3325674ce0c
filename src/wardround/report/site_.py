"""A draft of the site file (TOML): the assets and application entities of a round, for a person to check and keep.

What an attack was found on is written as a comment: a stranger must not become known by being copied.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from wardround.report import care_story, safe
from wardround.report.care_document import Service
from wardround.report.document import ApplicationEntity, Asset, ResultDocument, presentable
from wardround.report.texts import Language, language

_LONGEST = 200


def export(document: ResultDocument, lang: str) -> bytes:
    """The draft as UTF-8, its comments in ``lang``."""
    shown, words = presentable(document, _LONGEST), language(lang)
    return ("\n".join(_lines(shown, words)) + "\n").encode()


def _lines(document: ResultDocument, words: Language) -> Iterator[str]:
    _ = words.gettext
    yield "# " + _("Draft of a site file, from what was seen. Check every line: what is named here is no stranger any more.")
    yield from ("", "[hospital]", f"name = {_quoted(document.site)}")
    suspects = _suspects(document)
    for asset in document.assets:
        yield ""
        yield from _commented(_asset(asset, words), suspects, (asset.name, *asset.addresses), words)
    for entity in document.application_entities:
        yield ""
        yield from _commented(_entity(entity, words), suspects, (entity.title, entity.address), words)
    for service in document.services:
        yield ""
        yield from _service(service, words)


def _service(service: Service, words: Language) -> Iterator[str]:
    """A service to be filled in: all of it is a comment, since what is stated replaces what is inferred."""
    _ = words.gettext
    yield f"# {care_story.title_of(service, words)}. {_('Activity')}{_(': ')}{care_story.activity(service.activity, words)}"
    yield "# [[services]]"
    yield f"# name = {_quoted(service.name)}"
    yield f"# exams_per_day = {service.activity.per_day or 0:g}"
    if service.emergency:
        yield f"# emergencies_per_day = {service.emergencies_per_day or 0:g}"


def _suspects(document: ResultDocument) -> dict[str, str]:
    """Addresses, hosts and destinations that an attack was found on, with the name of the detection.

    A host with a role that answers others is more often who suffers than who does it: hosts that findings name as the
    target stay, which is why only addresses and destinations count.
    """
    return {
        subject.name.casefold(): finding.detection
        for finding in document.findings
        if finding.kind == "attack" and finding.severity != "info"
        for subject in finding.subjects
        if subject.kind in ("address", "destination")
    }


def _commented(lines: Iterable[str], suspects: dict[str, str], names: Iterable[str], words: Language) -> Iterator[str]:
    found = next((suspects[name.casefold()] for name in names if name.casefold() in suspects), None)
    if found is None:
        yield from lines
        return
    yield "# " + words.gettext("Left out: an attack was found on it (%(detection)s).") % {"detection": found}
    yield from (line if line.startswith("#") else f"# {line}" for line in lines)


def _asset(asset: Asset, words: Language) -> Iterator[str]:
    for role in asset.roles:
        because = "; ".join(words.note(reason) for reason in role.reasons)
        yield f"# {words.role(role.name)} ({words.confidence(role.confidence)}) {because}".rstrip()
    yield "[[assets]]"
    yield f"name = {_quoted(asset.name)}"
    if asset.roles:
        yield f"role = {_quoted(asset.roles[0].name)}"
    if asset.addresses:
        yield f"addresses = {_listed(asset.addresses)}"
    if asset.ae_titles:
        yield f"ae_titles = {_listed(asset.ae_titles)}"
    if asset.critical:
        yield "critical = true"


def _entity(entity: ApplicationEntity, words: Language) -> Iterator[str]:
    span = f"{words.stamp(entity.first_ts)} – {words.stamp(entity.last_ts)}"
    yield "# " + words.counted("%(n)s association", "%(n)s associations", entity.associations) + f", {span}"
    yield "[[application_entities]]"
    yield f"title = {_quoted(entity.title)}"
    yield f"addresses = {_listed([entity.address])}"
    if entity.port is not None:
        yield f"port = {entity.port}"
    if entity.operations:
        yield f"operations = {_listed(entity.operations)}"
    if entity.destinations:
        yield f"destinations = {_listed(entity.destinations)}"


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are TOML's too, but for DEL, which TOML wants escaped."""
    return json.dumps(safe.encodable(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _listed(texts: Iterable[str]) -> str:
    return "[" + ", ".join(map(_quoted, texts)) + "]"
