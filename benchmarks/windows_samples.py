"""Recordings of attacks on Windows, one by one: which detections find them, and which speak where nothing was to be found.

    python benchmarks/windows_samples.py CORPORA [--save FILE] [--from FILE]

CORPORA holds ``evtx`` (recordings whose path names the technique) and ``evidence`` with its MANIFEST.tsv. What a path or a row
of the manifest names is translated by EXPECTED, which speaks of techniques and tools, never of a single recording. A finding
of a detection that the path does not name is *beside*: most recordings hold more than their name says (a log erased before the
recording, a tool started by another), so these are listed to be looked at rather than counted as false. ``--save`` keeps what
was found, ``--from`` makes the table again of what was kept.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from smb_workloads import tables_of

from wardround import schema
from wardround.detect.decide import decide
from wardround.detect.detection import Detection, shipped
from wardround.detect.matcher import Matcher
from wardround.detect.rule import ParsedRules
from wardround.detect.tables import Tables
from wardround.detect.testing import _matches
from wardround.site import Site

KINDS = ("evtx_ransom", "evtx_lateral", "evtx_brute", "evtx_rdp", "evtx_benign")

#: A recording: its name, what it says of itself, its label, and the gravest severity by detection.
Kept = tuple[str, str, str, dict[str, str]]

#: What a path or a manifest row names, and the detections that must then find something.
EXPECTED: tuple[tuple[str, str], ...] = (
    (r"T1490|delete.{0,8}(VSS|shadow)|shadow copies deleted", "RW-A01"),
    (r"Defender (service (deactivation|disabled)|critical features|disabled)", "RW-A05"),
    (r"Defender exclusion", "RW-E03"),
    (r"log.?cleared|wevtutil|disablestop-eventlog", "RW-A06"),
    (
        r"psexec-native-target-system|smbexec|atexec|wmiexec|docmexec|WMImplant|ScheduledTask_ATSVC|Tchopper|smbmap_upload"
        r"|service registration|deployed with service|namedpipe_privesc",
        "RW-A07",
    ),
    # PowerShell's own log, which does not know whence it was started; the payload takes the antivirus out of its way first
    (r"CrackMapExec payload", "RW-A05 RW-A07"),
    (r"MS17|Eternal.?Romance", "RW-A08"),
    (
        r"lsass(?!y)|sekurlsa|memssp|secret dump|DonPAPI|hashdump_cmd|babyshark_mimikatz|LSASSY|IFM created|DCSync_4662|ppldump"
        r"|New service for Mimikatz|LSA SSP|Zerologon_CVE",
        "RW-A09",
    ),
    (r"T1486|BitLocker", "RW-A10"),
    (r"Kerberoast", "RW-A15"),
    (r"AS-?REP", "RW-A15"),
    (r"spooler bug|PetitPotam", "RW-A16"),
    (r"password-guessing|(Kerberos|OpenSSH).brut|password guessing|Kerberos brute|OpenSSH brute", "RDP-A01 RDP-A02"),
    (r"RDP.brut", "RDP-A03 RDP-A05"),
    (r"RDP.Tun|rdp-tun|portforward_netsh_rdp|loopback to 3389", "RDP-A07"),
    (r"RDP port changed", "RDP-A08"),
    (r"RDP.hijack", "RDP-A10"),
    (r"LM_5145_Remote_FileCopy|remote file copy over", "BR-A12"),
    (r"sniffer", "INT-A07"),
    (r"hosts files modified|proxy configuration changed", "RT-A11"),
    (r"CompiledHTML", "PH-A11"),
)


def expected(says: str) -> list[set[str]]:
    """For each thing a recording names, the detections of which one must find it."""
    return [set(names.split()) for pattern, names in EXPECTED if re.search(pattern, says, re.IGNORECASE)]


def samples(corpora: Path) -> Iterator[tuple[str, Path, str, str]]:
    """Name, path, what it says of itself, and the label of every recording."""
    for path in sorted((corpora / "evtx").rglob("*.evtx")):
        name = str(path.relative_to(corpora / "evtx"))
        yield name, path, name, "attack"
    with (corpora / "evidence" / "MANIFEST.tsv").open(newline="") as manifest:
        for row in csv.DictReader(manifest, delimiter="\t"):
            if row["kind"] in KINDS and row["path"].endswith(".evtx"):
                yield row["path"], corpora / "evidence" / row["path"], f"{row['path']} {row['must_show']}", row["label"]


class Decider:
    """All detections that look at Windows events, on one recording at a time."""

    def __init__(self) -> None:
        asks = "windows_event"
        self.detections: list[Detection] = [item for item in shipped() if any(need.table == asks for need in item.needs)]
        self.rules = [rule for item in self.detections for rule in item.rules]
        self.matcher = Matcher(self.rules)

    def found(self, path: Path) -> dict[str, str]:
        """The attacks found in a recording, with the gravest severity of each."""
        tables = tables_of(path)
        assessed = [False] * len(self.rules)
        matches = []
        for name, table in tables.items():
            matches.append(_matches(self.matcher, name, table))
            assessed = [was or bool(now) for was, now in zip(assessed, self.matcher.assessed(name, table), strict=True)]
        if matches:
            tables["match"] = pa.concat_tables(matches)
        evidence = {"evidence_id": "e1", "path": "sample", "records": 1}
        tables["evidence"] = pa.Table.from_pylist([evidence], schema=schema.tables()["evidence"].arrow())
        order = ("info", "low", "medium", "high", "critical")
        with Tables.of_arrow(tables, Site()) as opened:
            decision = decide(opened, self.detections, ParsedRules(), self.rules, assessed, Site())
        told: dict[str, str] = {}
        for finding in decision.findings:
            told[finding.detection] = max(told.get(finding.detection, "info"), finding.severity, key=order.index)
        return told


def table(kept: list[Kept]) -> Iterator[str]:
    """The lines of the table, and below it what was missed, what was found beside, and what harmless recordings gave."""
    counts: list[Counter[str]] = [Counter() for _ in range(4)]
    lines: list[str] = []
    for name, says, label, told in kept:
        wanted = expected(says) if label != "benign" else []
        attacks = {item for item in told if "-A" in item or item == "RW-E03"}
        for choice in wanted:
            met = choice & attacks
            key = min(choice) if not met else min(met)
            counts[0][key] += 1
            counts[1][key] += bool(met)
            if not met:
                lines.append(f"missed {'/'.join(sorted(choice))}: {name}")
        asked: set[str] = set().union(*wanted)
        for item in sorted(attacks - asked):
            counts[2][item] += 1
            lines.append(f"{'FALSE' if label == 'benign' else 'beside'} {item} {told[item]}: {name}")
        for item in attacks:
            counts[3][item] += 1
    yield "| detection | recordings that name it | found | recall | found in all | beside the name |"
    yield "|---|--:|--:|--:|--:|--:|"
    for item in sorted({*counts[0], *counts[3]}):
        recall = f"{counts[1][item] / counts[0][item]:.0%}" if counts[0][item] else "–"
        yield f"| {item} | {counts[0][item]} | {counts[1][item]} | {recall} | {counts[3][item]} | {counts[2][item]} |"
    benign = [told for _, _, label, told in kept if label == "benign"]
    grave = sum(severity in ("high", "critical") for told in benign for severity in told.values())
    yield f"\n{len(kept)} recordings, {len(benign)} of them harmless; high or critical in harmless ones: {grave}\n"
    yield from sorted(lines)


def main() -> None:
    """Decide every recording, or take what was kept, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--from", dest="kept", type=Path)
    arguments = parser.parse_args()
    if arguments.kept:
        kept: list[Kept] = [tuple(json.loads(line)) for line in arguments.kept.read_text().splitlines()]
    else:
        decider, kept = Decider(), []
        for name, path, says, label in samples(arguments.corpora):
            kept.append((name, says, label, decider.found(path)))
            print(f"\r{len(kept)}", end="", file=sys.stderr)
        if arguments.save:
            arguments.save.write_text("".join(json.dumps(item) + "\n" for item in kept))
    print("\n".join(table(kept)))


if __name__ == "__main__":
    main()
