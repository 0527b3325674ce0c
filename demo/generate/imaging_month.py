"""A month of an imaging department as rows of tables, with one thief in it: what detections of mass retrieval are proven on.

Rows are made directly (no capture): a month of packets would take longer to write than to judge, and how packets become
rows is proven elsewhere. The same seed gives the same month.

``python -m demo.generate.imaging_month`` prints what the shipped detections find in it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from wardround import schema
from wardround.detect import detection
from wardround.detect.decide import Decision, decide
from wardround.detect.rule import ParsedRules
from wardround.detect.tables import Tables
from wardround.site import Site

SEED = 20260301
DAYS = 30
MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
DAY = 24 * HOUR
#: Monday, 2 March 2026, 00:00 UTC.
START = 1772409600 * 10**9

#: The night (counted from the first day) in which the thief works, and the one of the migration.
THEFT, MIGRATION = 19, 12

ARCHIVE = "10.20.11.10"
STATIONS = {"LECT1": "10.20.30.21", "LECT2": "10.20.30.22", "ONCALL": "10.20.30.23"}
THIEF = STATIONS["ONCALL"]
PREFETCH, INTELLIGENCE, MOVER = "10.20.11.30", "10.20.11.40", "10.20.11.50"

#: What the site says of itself: the migration is announced, as such nights are; nothing else is.
SITE = {"assets": [{"name": "MIGRATION1", "role": "migration", "addresses": [MOVER]}]}


@dataclass(slots=True)
class Month:
    """The rows made so far, by table."""

    chance: random.Random
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    studies: int = 0

    def add(self, table: str, at: int, **values: Any) -> None:
        """One row."""
        rows = self.rows.setdefault(table, [])
        rows.append({"ts": at, "ts_zone": "utc", "evidence_id": "month", "record": len(rows) + 1, **values})

    def order(self, at: int, patient: str, planned: int) -> None:
        """An examination is ordered or an appointment made."""
        self.add(
            "hl7_message", at, **{"id.orig_h": "10.20.40.9", "id.resp_h": "10.20.11.20"}, is_orig=True, transport="mllp",
            message_type="ORM", trigger_event="O01", patient_token=patient, scheduled_ts=planned, answer="AA", has_pid=True,
        )  # fmt: skip

    def fetch(self, at: int, client: str, title: str, destination: str, patient: str) -> None:
        """One examination of a patient is moved: the request names the study alone, the image that follows its patient."""
        self.studies += 1
        uid, study = f"C{self.studies}", f"s{self.studies}"
        ends = {"id.orig_h": client, "id.resp_h": ARCHIVE, "id.resp_p": 104}
        common = {"uid": uid, "calling_ae": title, "called_ae": "PACS", "tls": False}
        self.add("dicom_association", at, **ends, **common, result="accepted", released=True, user_identity="none")
        self.add(
            "dicom_operation", at + 10**8, **ends, **common, transport="dimse", operation="C-MOVE", is_orig=True,
            query_level="STUDY", study_token=study, move_destination=destination, status="0x0000", status_class="success",
            completed=self.chance.randint(2, 400),
        )  # fmt: skip
        self.add(
            "dicom_operation", at + 2 * 10**8, **{"id.orig_h": ARCHIVE, "id.resp_h": STATIONS.get(destination, client)},
            uid=f"D{self.studies}", transport="dimse", operation="C-STORE", is_orig=True, calling_ae="PACS",
            called_ae=destination, move_originator=title, study_token=study, patient_token=patient, modality="CT",
            status_class="success",
        )  # fmt: skip


def month(seed: int = SEED) -> dict[str, pa.Table]:
    """The tables of the month."""
    made = Month(random.Random(seed))
    for day in range(DAYS):
        _working_day(made, day)
        _night(made, day)
    _migration(made, START + MIGRATION * DAY + 21 * HOUR)
    _theft(made, START + THEFT * DAY + 21 * HOUR)
    return {
        table: pa.Table.from_pylist(sorted(rows, key=lambda row: row["ts"]), schema=schema.tables()[table].arrow())
        for table, rows in made.rows.items()
    }


def _working_day(made: Month, day: int) -> None:
    """Orders, readers who open them with earlier examinations, and now and then a meeting or a lesson."""
    chance, morning = made.chance, START + day * DAY + 7 * HOUR
    weekend = day % 7 >= 5
    for number in range(chance.randint(20, 40) if weekend else chance.randint(110, 150)):
        patient, planned = f"p{day}-{number}", morning + chance.randrange(11 * HOUR)
        made.order(planned - chance.randint(1, 30) * HOUR, patient, planned)
        station = chance.choice(("LECT1", "LECT2"))
        for _ in range(chance.choice((1, 1, 2, 4))):
            made.fetch(planned + chance.randint(20, 300) * MINUTE, STATIONS[station], station, station, patient)
    for _ in range(0 if weekend else chance.randint(15, 30)):
        # advice, comparisons, telephone calls: nothing was ordered
        station = chance.choice(("LECT1", "LECT2"))
        made.fetch(morning + chance.randrange(11 * HOUR), STATIONS[station], station, station, _former(chance))
    if day % 7 == 1:
        for number in range(chance.randint(24, 30)):
            made.fetch(morning + 9 * HOUR + number * 4 * MINUTE, STATIONS["LECT2"], "LECT2", "LECT2", _former(chance))
    if day == 22:
        for number in range(15):
            made.fetch(morning + 6 * HOUR + number * 8 * MINUTE, STATIONS["LECT1"], "LECT1", "LECT1", _former(chance))


def _night(made: Month, day: int) -> None:
    """The doctor on call, earlier examinations of tomorrow's patients, and a service that computes on today's."""
    chance, evening = made.chance, START + day * DAY + 20 * HOUR
    for minute in _moments(chance, 10 * 60, 6 / 60):
        patient = f"n{day}-{minute}"
        if chance.random() < 0.5:
            made.order(evening + minute * MINUTE - 10 * MINUTE, patient, evening + minute * MINUTE)
        made.fetch(evening + minute * MINUTE, STATIONS["ONCALL"], "ONCALL", "ONCALL", patient)
    for number in range(chance.randint(120, 180)):
        patient = f"f{day}-{number}"
        made.order(evening - 5 * HOUR, patient, evening + 14 * HOUR)
        made.fetch(evening + 5 * HOUR + number * 10**10, PREFETCH, "PREFETCH", chance.choice(("LECT1", "LECT2")), patient)
    for number in range(chance.randint(90, 140)):
        made.fetch(evening + 6 * HOUR + number * 2 * 10**10, INTELLIGENCE, "AI", "AI", _former(chance))


def _migration(made: Month, at: int) -> None:
    for number in range(3000):
        made.fetch(at + number * 8 * 10**9, MOVER, "MIGRATION", "NEWPACS", _former(made.chance))


def _theft(made: Month, at: int) -> None:
    """The workstation on call works for somebody else: with its own six an hour, three times what it usually fetches."""
    for minute in _moments(made.chance, 8 * 60, 12 / 60):
        made.fetch(at + minute * MINUTE, THIEF, "ONCALL", "ONCALL", _former(made.chance))


def _moments(chance: random.Random, minutes: int, rate: float) -> Iterator[int]:
    """Minutes at which something happens that happens so often per minute, by chance."""
    at = chance.expovariate(rate)
    while at < minutes:
        yield int(at)
        at += chance.expovariate(rate)


def _former(chance: random.Random) -> str:
    """A patient of the past."""
    return f"old{chance.randrange(200_000)}"


def judged(tables: dict[str, pa.Table], site: Site) -> Decision:
    """What the shipped detections that need no Sigma rule say of the month."""
    pieces = pa.Table.from_pylist([{"evidence_id": "month", "path": "month"}], schema=schema.tables()["evidence"].arrow())
    items = [item for item in detection.shipped() if not item.rules]
    with Tables.of_arrow({**tables, "evidence": pieces}, site) as opened:
        return decide(opened, items, ParsedRules(), (), (), site)


def main() -> None:
    """Print the attacks found with and without the site's word about the migration."""
    tables = month()
    print(", ".join(f"{table.num_rows:,} rows of {name}" for name, table in tables.items()))
    for told in (Site.model_validate(SITE), Site()):
        found = [finding for finding in judged(tables, told).findings if finding.kind == "attack"]
        print(f"with a site file: {bool(told.assets)}")
        print("\n".join(f"  {finding.detection} {finding.severity} {finding.summary['en']}" for finding in found))


if __name__ == "__main__":
    main()
