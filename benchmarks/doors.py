"""The samples of the doors, one by one: what the manifest or the catalogue says that each shows, and what a round finds in it.

    python benchmarks/doors.py [--only TEXT] [--keep FILE]

Samples come from two lists. Every capture of the kinds below in the corpora's manifest; those labelled benign must give no
attack.
Every sample that the catalogue of detections marks as seen. ``doors.tsv`` says which detection each must give: one of those
separated by ``|``; a detection after ``!`` must stay silent. A line with a reason is a miss that is known and told in
docs/verification.md. Ends with 1 when anything else is missed, said of an ordinary sample, or when a known miss is one no more.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpora import corpora

from wardround.pipeline import Request, examine

KINDS = ("rdp", "vpn", "videoconf", "l2_spoof", "dns", "tls", "cleartext", "web", "benign")

#: Labels of the manifest under which nothing may be called an attack.
ORDINARY = ("benign",)


@dataclass(frozen=True, slots=True)
class Expected:
    """What one line of ``doors.tsv`` asks of the samples that match."""

    sample: str
    must: tuple[frozenset[str], ...]
    silent: frozenset[str]
    reason: str
    says: str


@dataclass(frozen=True, slots=True)
class Found:
    """Detections that a round of one sample gave, by kind."""

    attacks: tuple[str, ...]
    exposures: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", default="", help="only samples whose path has this text")
    parser.add_argument("--keep", type=Path, help="a file that remembers what was found, so that judging again is quick")
    told = parser.parse_args()
    kept = json.loads(told.keep.read_text()) if told.keep and told.keep.exists() else {}
    expected, counts = list(_expected()), dict.fromkeys(("as said", "known miss", "MISSED", "FALSE ALARM", "NOT JUDGED"), 0)
    for sample, label, says in _samples(expected):
        if told.only not in sample:
            continue
        if sample not in kept:
            kept[sample] = _round(corpora() / sample)
            if told.keep:
                told.keep.write_text(json.dumps(kept))
        found = Found(*map(tuple, kept[sample]))
        verdict, why = _verdict(found, label, [line for line in expected if fnmatch.fnmatch(sample, line.sample)])
        counts[verdict] += 1
        print(f"{verdict:11}  {sample}\n             says: {label}, {says}")
        print(f"             found: {', '.join(found.attacks) or '–'}; exposures {', '.join(found.exposures) or '–'}{why}")
    print("\n" + ", ".join(f"{number} {verdict}" for verdict, number in counts.items()))
    sys.exit(1 if counts["MISSED"] or counts["FALSE ALARM"] or counts["NOT JUDGED"] else 0)


def _expected() -> Iterator[Expected]:
    with Path(__file__).with_suffix(".tsv").open(encoding="utf-8") as stream:
        for row in csv.DictReader((line for line in stream if not line.startswith("#")), delimiter="\t"):
            parts = row["detections"].split()
            must = tuple(frozenset(part.split("|")) for part in parts if not part.startswith("!"))
            silent = frozenset(part[1:] for part in parts if part.startswith("!"))
            yield Expected(row["sample"], must, silent, row["reason"] or "", row["says"] or "")


def _samples(expected: list[Expected]) -> Iterator[tuple[str, str, str]]:
    """Path, label and words of every sample: those of the manifest, then those that only the catalogue names."""
    seen = set()
    with (corpora() / "evidence" / "MANIFEST.tsv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            if row["kind"].removeprefix("pcap_") in KINDS and row["kind"].startswith("pcap_") and row["label"] != "reference":
                seen.add(f"evidence/{row['path']}")
                yield f"evidence/{row['path']}", row["label"], row["must_show"]
    for line in expected:
        pattern = line.sample.replace("[", "[[]")
        matching = [str(path.relative_to(corpora())) for path in sorted(corpora().glob(pattern))]
        if not matching and line.sample not in seen:
            print(f"not here     {line.sample}")
        for sample in matching:
            if sample not in seen:
                seen.add(sample)
                yield sample, "catalogue", line.says


def _round(path: Path) -> list[list[str]]:
    with tempfile.TemporaryDirectory() as directory:
        document = examine(Request((str(path),), Path(directory) / "round"))
    kinds = {finding.detection: finding.kind for finding in document.findings}
    return [sorted(name for name, kind in kinds.items() if kind == wanted) for wanted in ("attack", "exposure")]


def _verdict(found: Found, label: str, lines: list[Expected]) -> tuple[str, str]:
    names = {*found.attacks, *found.exposures}
    wrong = names & {name for line in lines for name in line.silent}
    if wrong or (label in ORDINARY and found.attacks):
        return "FALSE ALARM", ""
    missing = ["|".join(sorted(group)) for line in lines for group in line.must if not group & names]
    reason = " ".join(line.reason for line in lines if line.reason)
    if missing:
        return (
            "known miss" if reason else "MISSED"
        ), f"\n             not: {', '.join(missing)} {f'({reason})' if reason else ''}"
    if reason:
        return "NOT JUDGED", f"\n             a known miss that is one no more: {reason}"
    return ("as said" if label in ORDINARY or any(line.must or line.silent for line in lines) else "NOT JUDGED"), ""


if __name__ == "__main__":
    main()
