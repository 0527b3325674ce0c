"""The history of breaches: any export is read, and the figures are those that counting by hand gives."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime
import gzip
import io
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.care import breaches, history
from wardround.errors import UserError

HEADER = (
    *("Name of Covered Entity", "State", "Covered Entity Type", "Individuals Affected", "Breach Submission Date"),
    *("Type of Breach", "Location of Breached Information", "Business Associate Present", "Web Description"),
)
ROWS = (
    (
        "A Radiology",
        "NY",
        "Healthcare Provider",
        "1000",
        "01/31/2020",
        "Hacking/IT Incident",
        "Email",
        "No",
        "Ransomware\nhit.",
    ),
    ("B", "TX", "Health Plan", "5,000", "01/31/2020", "Hacking/IT Incident, Theft", "Email, Network Server", "Yes", "A thief."),
    ("C", "TX", "Health Plan", "", "12/01/2021", "Loss", "Laptop", "No", ""),
    ("D", "CA", "Business Associate", "700", "07/04/2021", "Theft", "Other Portable Electronic Device, Other", "No", "Stolen"),
)


def text(rows: tuple[tuple[str, ...], ...] = ROWS, header: tuple[str, ...] = HEADER, delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([header, *rows])
    return out.getvalue()


def read(tmp_path: Path, *contents: bytes) -> breaches.Export:
    paths = []
    for place, content in enumerate(contents):
        paths.append(tmp_path / f"list{place}.csv")
        paths[-1].write_bytes(content)
    return breaches.read(paths)


def test_figures_of_a_small_list(tmp_path: Path) -> None:
    made = history.history(read(tmp_path, text().encode()), threshold=6000, as_of=datetime.date(2021, 7, 4))
    assert made.total == history.Sum(breaches=4, individuals=6700, largest=5000, median=1000)
    assert made.total.without_largest == 1700
    assert made.without_number == 1
    assert [(year.year, year.all.breaches, year.cumulative, year.hacking, year.email, year.server) for year in made.years] == [
        (2020, 2, 6000, 2, 2, 1),
        (2021, 2, 6700, 0, 0, 0),
    ]
    assert made.years[0].told_hacking == history.Told(told=2, ransomware=1)
    assert made.years[1].told_all == history.Told(told=1, ransomware=0)
    assert made.passings[0] == history.Passing("all", datetime.date(2020, 1, 31), 6000, 6700)
    assert made.passings[2] == history.Passing("server", None, 5000, 5000)
    assert made.as_of == history.Day(datetime.date(2021, 7, 4), 3, 6700)
    assert made.imaging == history.Sum(1, 1000, 1000, 1000)
    device, associate = made.others
    assert (device.sum.breaches, device.sum.individuals) == (2, 700)
    assert (associate.sum.breaches, associate.sum.individuals) == (1, 5000)


def test_names_that_only_contain_the_letters_are_not_imaging(tmp_path: Path) -> None:
    names = ("Franciscan Health", "SCAN Plan", "Stroke Scan", "Mribley Ltd", "Open MRI", "X-Ray House", "City Imaging")
    rows = tuple((name, *ROWS[0][1:]) for name in names)
    assert history.history(read(tmp_path, text(rows).encode())).imaging.breaches == 3


@pytest.mark.parametrize(
    "content",
    [
        text(delimiter=";").encode("utf-16"),
        text(delimiter="\t").encode("utf-8-sig"),
        text(header=tuple(name.replace(" ", "_") for name in HEADER)).encode(),
        ("Report of the portal\n\n" + text()).encode(),
        gzip.compress(text().encode()),
    ],
)
def test_any_way_of_exporting(tmp_path: Path, content: bytes) -> None:
    plain = history.history(read(tmp_path, text().encode()))
    assert dataclasses.replace(history.history(read(tmp_path, content)), files=plain.files) == plain


def test_columns_in_another_order_and_a_zip_of_both_lists(tmp_path: Path) -> None:
    turned = tuple(tuple(reversed(row)) for row in ROWS)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive.csv", text(turned[:3], tuple(reversed(HEADER))))
        archive.writestr("under investigation.csv", text(ROWS[2:]))
        archive.writestr("notes.txt", "no list")
    made = read(tmp_path, inner.getvalue())
    assert len(made.breaches) == 4
    assert (made.shared, made.repeated, made.unreadable) == (1, 0, 0)
    assert made.files == ("list0.csv!archive.csv", "list0.csv!under investigation.csv")


def test_a_row_that_a_list_repeats_is_kept_and_one_without_a_day_is_told(tmp_path: Path) -> None:
    broken = (*ROWS[0][:4], "yesterday", *ROWS[0][5:])
    made = read(tmp_path, text((*ROWS, ROWS[1], broken, ("X",))).encode())
    assert (len(made.breaches), made.repeated, made.unreadable) == (5, 1, 2)


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", text(()).encode(), b"PK\x03\x04 no zip", b"\x1f\x8bno gzip", b"\0" * 99]
)
def test_what_is_no_export_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UserError) as refused:
        read(tmp_path, content)
    assert "\n" not in str(refused.value)


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaches, "MAX_BYTES", 1 << 16)
    with pytest.raises(UserError, match="larger than"):
        read(tmp_path, gzip.compress(b"0" * (1 << 20)))


def test_no_breach_in_the_years_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no breach"):
        history.history(read(tmp_path, text().encode()), since=2030)


@given(st.integers(0, 3), st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_exports_leave_by_user_errors_only(
    tmp_path_factory: pytest.TempPathFactory, form: int, data: st.DataObject
) -> None:
    content = bytearray((text().encode(), text().encode("utf-16"), gzip.compress(text().encode()), _zipped())[form])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("ocr") / "list.csv"
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    with contextlib.suppress(UserError):
        history.history(breaches.read([path]))


def _zipped() -> bytes:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("list.csv", text())
    return inner.getvalue()


#: The yearly table of the list as it stood in May 2023: breaches, people, cumulative people.
YEARLY = {
    2009: (18, 134_773, 134_773),
    2010: (199, 5_932_276, 6_067_049),
    2011: (200, 13_162_158, 19_229_207),
    2012: (218, 2_854_525, 22_083_732),
    2013: (277, 7_018_839, 29_102_571),
    2014: (314, 19_073_551, 48_176_122),
    2015: (270, 112_466_720, 160_642_842),
    2016: (329, 16_712_554, 177_355_396),
    2017: (358, 5_313_996, 182_669_392),
    2018: (369, 14_232_822, 196_902_214),
    2019: (512, 44_917_698, 241_819_912),
    2020: (662, 34_603_028, 276_422_940),
    2021: (715, 58_015_056, 334_437_996),
}
#: Of the same table: per cent of the breaches that were hacking, in mail, on a network server.
SHARES = {
    2009: (0, 6, 11),
    2010: (4, 3, 11),
    2011: (8, 4, 14),
    2012: (8, 5, 12),
    2013: (10, 9, 14),
    2014: (12, 13, 20),
    2015: (21, 15, 19),
    2016: (35, 16, 31),
    2017: (42, 25, 30),
    2018: (45, 33, 21),
    2019: (61, 42, 26),
    2020: (69, 37, 42),
    2021: (76, 28, 57),
}


@pytest.fixture(scope="module")
def listed(corpora: Path) -> tuple[breaches.Export, history.History]:
    found = sorted((corpora / "ocr").glob("*.csv"))
    if not found:
        pytest.skip("no export of the breach list here")
    export = breaches.read(found)
    return export, history.history(export, until=2021)


@pytest.mark.corpus
def test_the_real_list_gives_the_known_table(listed: tuple[breaches.Export, history.History]) -> None:
    export, made = listed
    assert (len(export.breaches), export.repeated, export.unreadable) == (5356, 1, 0)
    assert sum(breach.individuals or 0 for breach in export.breaches) == 404_368_345
    assert {y.year: (y.all.breaches, y.all.individuals, y.cumulative) for y in made.years} == YEARLY
    for year in made.years:
        shares = tuple(100 * part / year.all.breaches for part in (year.hacking, year.email, year.server))
        assert all(abs(share - known) <= 0.51 for share, known in zip(shares, SHARES[year.year], strict=True)), year.year
    assert (made.total.breaches, made.total.individuals, made.total.largest) == (4441, 334_437_996, 78_800_000)


@pytest.mark.corpus
def test_the_real_list_passes_257_million_on_the_known_day(listed: tuple[breaches.Export, history.History]) -> None:
    everything, hacking, server = listed[1].passings
    assert (everything.day, round(everything.individuals / 1e6, 2)) == (datetime.date(2020, 9, 11), 257.04)
    assert (hacking.day, 257.0 <= hacking.individuals / 1e6 <= 257.9) == (datetime.date(2021, 8, 3), True)
    assert server.as_of == 257_124_865
    assert (listed[1].as_of.breaches, listed[1].as_of.individuals) == (4373, 330_293_113)


@pytest.mark.corpus
def test_the_real_list_gives_the_known_shares(listed: tuple[breaches.Export, history.History]) -> None:
    export, made = listed
    known = {
        **{"Hacking/IT Incident": (43.1, 82.8), "Unauthorized Access/Disclosure": (26.5, 5.0), "Theft": (22.7, 8.0)},
        **{"Loss": (5.1, 2.9), "Improper Disposal": (2.5, 0.6), "Network Server": (30.2, 77.8), "Email": (23.8, 10.4)},
        **{"Paper/Films": (18.4, 1.9), "Laptop": (10.7, 3.0), "Desktop Computer": (7.8, 3.5)},
        **{"Electronic Medical Record": (6.5, 2.7), "device": (17.1, 5.4)},
    }
    parts = {part.name: part.sum for part in (*made.types, *made.locations, *made.others)}
    for name, shares in known.items():
        part = parts[name]
        counted = (100 * part.breaches / made.total.breaches, 100 * part.individuals / made.total.individuals)
        assert tuple(round(share, 1) for share in counted) == shares, name
    assert round(100 * parts["associate"].breaches / made.total.breaches, 1) == 26.2
    imaging = history.history(export).imaging
    assert (imaging.breaches, imaging.individuals, imaging.largest) == (41, 3_146_566, 582_170)


@pytest.mark.corpus
def test_ransomware_of_the_real_list_is_what_counting_by_hand_gives(
    corpora: Path, listed: tuple[breaches.Export, history.History]
) -> None:
    """A later snapshot, which has more narratives, is known to give 45.3 % (2020) and 42.6 % (2021) of hacking."""
    counted: dict[int, list[int]] = {2020: [0, 0], 2021: [0, 0]}
    for path in sorted((corpora / "ocr").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                year = int(row["Breach Submission Date"][-4:])
                if year in counted and "Hacking" in row["Type of Breach"] and row["Web Description"].strip():
                    counted[year][0] += 1
                    counted[year][1] += bool(re.search("ransom", row["Web Description"], re.IGNORECASE))
    made = {year.year: year.told_hacking for year in listed[1].years}
    for year, (told, ransomware) in counted.items():
        assert (made[year].told, made[year].ransomware) == (told, ransomware)
    assert abs(100 * made[2020].ransomware / made[2020].told - 45.3) < 1.5
    assert abs(100 * made[2021].ransomware / made[2021].told - 42.6) < 1.5
