"""The comparison of two rounds in words, in both languages: what the terminal and the page say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wardround.report.changes_document import Change, Changes, Drift
from wardround.report.texts import Language


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that changed in the same way; ``note`` says what that means."""

    name: str
    title: str
    note: str
    changes: Sequence[Change]


def headline(changes: Changes, words: Language) -> str:
    """The comparison in a sentence; only what was looked at again counts as closed."""
    _ = words.gettext
    closed = sum(change.kind == "exposure" for change in changes.closed)
    counts = (
        (words.counted("%(n)s new finding", "%(n)s new findings", len(changes.new)), True),
        (words.counted("%(n)s worse", "%(n)s worse", len(changes.worse)), bool(changes.worse)),
        (words.counted("%(n)s milder", "%(n)s milder", len(changes.better)), bool(changes.better)),
        (words.counted("%(n)s closed", "%(n)s closed", closed), True),
        (
            words.counted("%(n)s not seen again", "%(n)s not seen again", len(changes.closed) - closed),
            len(changes.closed) > closed,
        ),
        (
            words.counted("%(n)s that could not be looked at again", "%(n)s that could not be looked at again", lost)
            if (lost := len(changes.not_assessed))
            else "",
            bool(lost),
        ),
        (words.counted("%(n)s as before", "%(n)s as before", changes.unchanged), bool(changes.unchanged)),
    )
    told = words.listed([text for text, shown in counts if shown])
    return _("Since the round of %(day)s: %(told)s.") % {"day": words.moment(changes.before), "told": told}


def groups(changes: Changes, words: Language) -> list[Group]:
    """What changed, in the order in which it matters; groups without findings are left out."""
    _ = words.gettext
    told = (
        Group("new", _("New"), "", changes.new),
        Group("worse", _("Worse"), "", changes.worse),
        Group(
            "not_assessed",
            _("Could not be looked at again"),
            _("They may still be there: their evidence was missing this time. They are not closed."),
            changes.not_assessed,
        ),
        Group(
            "closed",
            _("Closed"),
            _("The same check was made again on the same source and no longer finds them."),
            [change for change in changes.closed if change.kind == "exposure"],
        ),
        Group(
            "not_seen",
            _("Not seen again"),
            _("Signs of an attack that did not return; what made them possible may still be there."),
            [change for change in changes.closed if change.kind == "attack"],
        ),
        Group("better", _("Milder"), "", changes.better),
    )
    return [group for group in told if group.changes]


def reason(change: Change, words: Language) -> str:
    """Why a finding stands where it stands, where that needs saying."""
    _ = words.gettext
    told = {
        "": "",
        "not_checked_before": _("not checked before"),
        "check": _("the check could not be made"),
        "table": _("no such rows this time: %(source)s"),
        "source": _("not read this time: %(source)s"),
        "damaged": _("damaged this time: %(source)s"),
        "exception": _("declared as an exception"),
    }[change.reason]
    return told % {"source": change.source} if change.source else told


def sentences(changes: Changes, words: Language) -> Iterator[str]:
    """What changed beside the findings: checks, the archive, the knowledge of flaws."""
    _ = words.gettext
    if changes.other_site:
        yield _("The two rounds name different sites: are they of the same hospital?")
    if changes.checks_lost:
        yield _("No longer possible, for want of evidence: %(checks)s.") % {"checks": ", ".join(changes.checks_lost)}
    if changes.checks_gained:
        yield _("Possible now and not before: %(checks)s.") % {"checks": ", ".join(changes.checks_gained)}
    yield from _archive(changes, words)
    for item in changes.knowledge:
        facts = {
            "kind": item.kind.upper(),
            "before": words.day(item.before) if item.before else "–",
            "after": words.day(item.after) if item.after else "–",
        }
        if item.days is None:
            yield _("List of known flaws %(kind)s: of %(before)s then, of %(after)s now.") % facts
        else:
            age = words.counted("%(n)s day old", "%(n)s days old", item.days)
            yield _("List of known flaws %(kind)s: of %(before)s then, of %(after)s now (%(age)s).") % {**facts, "age": age}


def _archive(changes: Changes, words: Language) -> Iterator[str]:
    _ = words.gettext
    archive = changes.archive
    if archive is None:
        return
    facts = {
        name: words.number(getattr(archive, name))
        for name in ("files_before", "files_after", "studies_before", "studies_after", "gone", "appeared", "altered")
    }
    yield (
        _("Image files: %(files_before)s then, %(files_after)s now; examinations: %(studies_before)s, now %(studies_after)s.")
        % facts
    )
    if archive.comparable:
        yield _("Of the images, %(gone)s are gone, %(appeared)s are new and %(altered)s have other pixels than before.") % facts
    else:
        yield _("Image by image they cannot be compared: no image is known to be in both rounds.")
    if archive.unreadable_after > archive.unreadable_before:
        yield words.counted(
            "%(n)s more file cannot be read than before.",
            "%(n)s more files cannot be read than before.",
            archive.unreadable_after - archive.unreadable_before,
        )
    if archive.programs_appeared:
        yield _("Programs that had written no file before: %(programs)s.") % {"programs": ", ".join(archive.programs_appeared)}


def drift_words(drift: Drift, words: Language) -> str:
    """What a machine or AE title did: appeared, was not seen, says something else."""
    _ = words.gettext
    return {"new": _("new"), "not_seen": _("not seen this time"), "changed": _("changed")}[drift.change]


def drift_kind(drift: Drift, words: Language) -> str:
    """A machine, or an AE title at an address."""
    return words.gettext("machine") if drift.kind == "machine" else words.gettext("AE title")
