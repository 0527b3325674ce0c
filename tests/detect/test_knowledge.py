"""What wardround knows of flaws itself, and what the age of such knowledge means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from wardround.detect import detection
from wardround.detect.freshness import Knowledge, dated, notes, rests_on_knowledge
from wardround.detect.knowledge.products import known, load
from wardround.detect.versions import affected
from wardround.errors import ContentError
from wardround.model import Coverage, CoverageResult

DAY = 86_400 * 1_000_000_000
NOW = 20_000 * DAY

#: Product, version, flaws that it must have, flaws that it must not have; as the makers' advisories say.
FACTS = [
    ("FortiOS", "6.0.4", {"CVE-2018-13379", "CVE-2020-12812"}, {"CVE-2024-55591"}),
    ("FortiOS", "6.0.5", {"CVE-2020-12812"}, {"CVE-2018-13379"}),
    ("FortiOS", "7.0.6", {"CVE-2022-40684", "CVE-2022-42475", "CVE-2023-27997", "CVE-2024-55591"}, {"CVE-2020-12812"}),
    ("FortiOS", "7.0.7", set(), {"CVE-2022-40684"}),
    ("FortiOS", "7.4.2", {"CVE-2024-21762"}, {"CVE-2024-55591"}),
    ("FortiOS", "7.4.3", set(), {"CVE-2024-21762"}),
    ("Ivanti Connect Secure", "8.3R7", {"CVE-2019-11510"}, set()),
    ("Ivanti Connect Secure", "9.0R3.4", {"CVE-2021-22893"}, {"CVE-2019-11510"}),
    ("Ivanti Connect Secure", "9.1R11.4", set(), {"CVE-2021-22893"}),
    ("NetScaler", "13.0-47.22", {"CVE-2019-19781"}, set()),
    ("NetScaler", "NS13.0 47.24", {"CVE-2023-3519"}, {"CVE-2019-19781"}),
    ("NetScaler", "13.1-49.15", set(), {"CVE-2023-4966", "CVE-2023-3519"}),
    ("NetScaler", "14.1-8.49", {"CVE-2023-4966"}, set()),
    ("PAN-OS", "10.2.9", {"CVE-2024-3400"}, set()),
    ("PAN-OS", "10.2.9-h1", set(), {"CVE-2024-3400"}),
    ("PAN-OS", "10.2.8-h3", set(), {"CVE-2024-3400"}),
    ("Cisco ASA", "9.12(3)11", {"CVE-2020-3452"}, set()),
    ("Cisco ASA", "9.12(3)12", set(), {"CVE-2020-3452"}),
    ("RouterOS", "6.42", {"CVE-2018-14847"}, set()),
    ("RouterOS", "6.42.1", set(), {"CVE-2018-14847"}),
    ("Cisco IOS XE", "17.9.4", {"CVE-2023-20198"}, set()),
    ("Cisco IOS XE", "17.9.4a", set(), {"CVE-2023-20198"}),
    ("ConnectWise ScreenConnect", "23.9.7.8804", {"CVE-2024-1709"}, set()),
    ("Zoom", "5.0.1 (23502.0430)", {"CVE-2024-24691"}, set()),
    # The last vulnerable version, the first corrected one, and corrections of older releases, in every maker's way to count.
    ("FortiOS", "6.2.13", {"CVE-2022-41328", "CVE-2023-27997"}, {"CVE-2022-42475"}),
    ("FortiOS", "6.0.17", {"CVE-2024-21762"}, {"CVE-2022-41328", "CVE-2023-27997"}),
    ("FortiOS", "6.0.18", set(), {"CVE-2024-21762"}),
    ("FortiOS", "5.6.14", {"CVE-2022-42475"}, {"CVE-2018-13379", "CVE-2022-41328"}),
    ("FortiOS", "v7.4.9,build2829", set(), {"CVE-2025-59718", "CVE-2024-21762"}),
    ("Ivanti Connect Secure", "22.5R2.1", {"CVE-2023-46805", "CVE-2024-21887"}, set()),
    ("Ivanti Connect Secure", "22.5R2.2", {"CVE-2025-22457"}, {"CVE-2023-46805", "CVE-2024-21887"}),
    ("Ivanti Connect Secure", "22.6R2", {"CVE-2023-46805"}, set()),
    ("Ivanti Connect Secure", "22.6R2.2", set(), {"CVE-2023-46805"}),
    ("Ivanti Connect Secure", "9.1R15.2", {"CVE-2024-21887"}, set()),
    ("Ivanti Connect Secure", "9.1R15.3", set(), {"CVE-2024-21887"}),
    ("Ivanti Connect Secure", "9.1R16.3", set(), {"CVE-2024-21887"}),
    ("Ivanti Connect Secure", "22.1R6.1", set(), {"CVE-2024-21887"}),
    ("Ivanti Connect Secure", "22.7R2.4", {"CVE-2025-0282", "CVE-2025-22457"}, {"CVE-2024-21887"}),
    ("Ivanti Connect Secure", "22.7R2.5", {"CVE-2025-22457"}, {"CVE-2025-0282"}),
    ("Ivanti Connect Secure", "22.7R2.6", set(), {"CVE-2025-22457", "CVE-2025-0282"}),
    ("NetScaler", "13.1-37.236-FIPS", set(), {"CVE-2023-3519", "CVE-2023-4966", "CVE-2025-5777", "CVE-2025-6543"}),
    ("NetScaler", "13.1-37.235", {"CVE-2025-6543"}, {"CVE-2025-5777", "CVE-2023-4966"}),
    ("NetScaler", "13.1-37.38", {"CVE-2023-3519", "CVE-2023-4966", "CVE-2025-5777"}, set()),
    ("NetScaler", "12.1-55.300", {"CVE-2025-5777"}, {"CVE-2023-4966", "CVE-2023-3519", "CVE-2025-6543"}),
    ("NetScaler", "12.1-65.39", {"CVE-2023-3519", "CVE-2023-4966", "CVE-2025-5777", "CVE-2025-6543"}, {"CVE-2019-19781"}),
    ("NetScaler", "13.0.92.31", {"CVE-2025-5777"}, {"CVE-2023-4966"}),
    (
        "NetScaler",
        "NS14.1: Build 47.46.nc, Date: Jun 7 2025, 13:53:15",
        set(),
        {"CVE-2025-6543", "CVE-2025-5777", "CVE-2023-4966"},
    ),
    ("PAN-OS", "10.2.4-h31", {"CVE-2024-0012"}, {"CVE-2024-3400"}),
    ("PAN-OS", "10.2.4-h32", {"CVE-2025-0108"}, {"CVE-2024-0012"}),
    ("PAN-OS", "11.1.2-h15", {"CVE-2025-0108"}, {"CVE-2024-0012", "CVE-2024-3400"}),
    ("PAN-OS", "11.1.2-h18", set(), {"CVE-2025-0108", "CVE-2024-0012"}),
    ("PAN-OS", "11.1.4-h9", {"CVE-2025-0108"}, {"CVE-2024-0012"}),
    ("PAN-OS", "10.2.9-h21", set(), {"CVE-2025-0108", "CVE-2024-0012", "CVE-2024-3400"}),
    ("PAN-OS", "10.2.10-h13", {"CVE-2025-0108"}, {"CVE-2024-0012"}),
    ("PAN-OS", "11.0.6-h1", {"CVE-2025-0108"}, {"CVE-2024-0012"}),
    ("PAN-OS", "10.1.14-h9", set(), {"CVE-2025-0108", "CVE-2024-0012"}),
    ("PAN-OS", "8.0.11-h1", {"CVE-2019-1579", "CVE-2020-2021"}, set()),
    ("PAN-OS", "7.0.19", {"CVE-2019-1579"}, {"CVE-2020-2021"}),
    ("Cisco ASA", "9.5(3)", {"CVE-2020-3452", "CVE-2018-0296"}, set()),
    ("Cisco ASA", "9.8(4)48", {"CVE-2025-20362"}, {"CVE-2020-3452", "CVE-2018-0296"}),
    ("Cisco ASA", "9.12.4.67", {"CVE-2025-20362"}, set()),
    ("Cisco ASA", "9.12(4)72", set(), {"CVE-2025-20362"}),
    ("Cisco ASA", "9.17(1)46", {"CVE-2025-20362"}, set()),
    ("Cisco ASA", "9.19(1)42", {"CVE-2025-20362"}, set()),
    ("Cisco ASA", "9.20(4)7", {"CVE-2025-20362"}, set()),
    ("Cisco ASA", "9.20(4)10", set(), {"CVE-2025-20362"}),
    ("SonicOS", "6.5.4.14-109n", {"CVE-2024-40766"}, set()),
    ("SonicOS", "6.5.4.15.116n", set(), {"CVE-2024-40766"}),
    ("SonicOS", "6.5.2.8-2n", set(), {"CVE-2024-40766"}),
    ("SonicOS", "5.9.2.14-13o", set(), {"CVE-2024-40766"}),
    ("SonicOS", "7.1.2-7019", {"CVE-2024-53704"}, {"CVE-2024-40766"}),
    ("BIG-IP", "12.1.6", {"CVE-2022-1388"}, {"CVE-2020-5902"}),
    ("BIG-IP", "11.6.5.3", {"CVE-2022-1388"}, {"CVE-2020-5902"}),
    ("BIG-IP", "16.1.2.2", set(), {"CVE-2022-1388"}),
    ("RouterOS", "6.42rc26", {"CVE-2018-7445", "CVE-2018-14847"}, set()),
    ("RouterOS", "6.42rc27", {"CVE-2018-14847"}, {"CVE-2018-7445"}),
    ("RouterOS", "6.43rc3", {"CVE-2018-14847"}, {"CVE-2018-7445"}),
    ("RouterOS", "6.43rc4", set(), {"CVE-2018-14847"}),
    ("RouterOS", "6.40.9", set(), {"CVE-2018-14847"}),
    ("Cisco IOS XE", "17.12.1a", {"CVE-2023-20198"}, set()),
    ("Cisco IOS XE", "17.12.2", set(), {"CVE-2023-20198"}),
    ("Cisco IOS XE", "16.12.10a", set(), {"CVE-2023-20198"}),
    ("Zyxel ZLD", "V5.21 Patch 1", {"CVE-2022-30525", "CVE-2023-28771"}, set()),
    ("Zyxel ZLD", "5.35(ABUJ.0)C0", {"CVE-2023-28771"}, {"CVE-2022-30525"}),
    ("Zyxel ZLD", "V5.36(ABUJ.0)", set(), {"CVE-2023-28771"}),
    ("Zyxel ZyWALL/USG", "4.73", {"CVE-2023-28771"}, set()),
    ("Zyxel ZyWALL/USG", "V4.73(AALA.1)C0", set(), {"CVE-2023-28771"}),
    ("Zoom", "5.16.5 (24296)", {"CVE-2025-49457"}, {"CVE-2024-24691"}),
    ("Zoom", "6.3.10", set(), {"CVE-2025-49457"}),
    ("Microsoft Teams", "1.6.00.24078", {"CVE-2023-4863"}, set()),
    ("Microsoft Teams", "1.6.00.26474", set(), {"CVE-2023-4863"}),
    ("Microsoft Teams", "24004.1307.2669.7070", set(), {"CVE-2023-4863"}),
    ("Cisco Webex", "44.5.0.29672", set(), {"CVE-2025-20236"}),
    ("Cisco Webex", "44.6.0.30148", {"CVE-2025-20236"}, set()),
    ("Cisco Webex", "44.6.2.30589", set(), {"CVE-2025-20236"}),
    ("Cisco Webex", "44.7.0.30285", {"CVE-2025-20236"}, set()),
    ("Cisco Webex", "44.8.0.30404", set(), {"CVE-2025-20236"}),
    ("ConnectWise ScreenConnect", "25.2.3.9209", {"CVE-2025-3935"}, {"CVE-2024-1709"}),
    ("ConnectWise ScreenConnect", "25.2.4.9229", set(), {"CVE-2025-3935"}),
    ("SimpleHelp", "5.4.9", {"CVE-2024-57727"}, set()),
    ("SimpleHelp", "5.4.10", set(), {"CVE-2024-57727"}),
    ("SimpleHelp", "5.5.8", {"CVE-2026-48558"}, {"CVE-2024-57726", "CVE-2024-57727", "CVE-2024-57728"}),
    ("SimpleHelp", "5.5.16", set(), {"CVE-2026-48558"}),
    ("SimpleHelp", "6.0-rc1", {"CVE-2026-48558"}, set()),
    ("SimpleHelp", "6.0", set(), {"CVE-2026-48558"}),
    ("ConnectWise ScreenConnect", "23.9.8.8811", set(), {"CVE-2024-1708", "CVE-2024-1709"}),
    ("FortiOS", "7.4.6", {"CVE-2025-68686"}, set()),
    ("FortiOS", "7.4.7", set(), {"CVE-2025-68686"}),
    ("NetScaler", "14.1-47.46", {"CVE-2025-7775", "CVE-2026-3055"}, set()),
    ("NetScaler", "13.1-37.241-FIPS", {"CVE-2026-3055"}, {"CVE-2025-7775"}),
    ("NetScaler", "13.1-62.23", set(), {"CVE-2026-3055", "CVE-2025-7775"}),
    ("PAN-OS", "11.2.7-h13", {"CVE-2026-0257"}, {"CVE-2026-0300"}),
    ("PAN-OS", "11.2.7-h14", set(), {"CVE-2026-0257", "CVE-2026-0300"}),
    ("PAN-OS", "11.1.14", {"CVE-2026-0257", "CVE-2026-0300"}, set()),
    ("PAN-OS", "12.1.4-h5", {"CVE-2026-0257"}, {"CVE-2026-0300"}),
    ("PAN-OS", "12.1.7", set(), {"CVE-2026-0257", "CVE-2026-0300"}),
    ("TeamViewer", "14.7.1965", {"CVE-2019-18988"}, set()),
    ("Mitel MiCollab", "9.8.1.201", {"CVE-2024-41713"}, set()),
    ("Mitel MiCollab", "9.8.2.12", set(), {"CVE-2024-41713"}),
]


@pytest.mark.parametrize(("name", "version", "has", "has_not"), FACTS, ids=[f"{fact[0]} {fact[1]}" for fact in FACTS])
def test_flaws_of_versions(name: str, version: str, has: set[str], has_not: set[str]) -> None:
    product = next(item for item in known().products if item.name == name)
    found = {flaw.cve for flaw in product.flaws if affected(product.scheme, version, flaw.ranges)}
    assert has <= found
    assert not has_not & found


@pytest.mark.parametrize(
    ("program", "product"),
    [
        ("Fortinet FortiGate-60F", "FortiOS"),
        ("Zoom", "Zoom"),
        ("Zoom Video Communications, Inc. Zoom Workplace (64-bit)", "Zoom"),
        ("zoom.us", None),
        ("Zyxel USG FLEX 200", "Zyxel ZLD"),
        ("Zyxel USG20-VPN", "Zyxel ZLD"),
        ("Zyxel ATP500", "Zyxel ZLD"),
        ("Zyxel USG60W", "Zyxel ZyWALL/USG"),
        ("Zyxel VPN client", None),
        ("Zyxel ZyWALL 110", "Zyxel ZyWALL/USG"),
        ("BIG-IP Edge Client", None),
        ("Cisco Webex Meetings", None),
        ("Microsoft Teams", "Microsoft Teams"),
        ("Cisco Adaptive Security Appliance", "Cisco ASA"),
        ("Zoom Player", None),
        ("ZoomText 2024", None),
        ("FortiClient VPN", None),
        ("Microsoft Teams Meeting Add-in for Microsoft Office", None),
        ("Teams and people: a game", None),
        ("Pulse Secure Connect Client", None),
        ("MikroTik RouterOS", "RouterOS"),
    ],
)
def test_names_of_programs(program: str, product: str | None) -> None:
    assert [item.name for item in known().products if item.is_named(program)] == ([product] if product else [])


@pytest.mark.parametrize("versions", ["7.0.0", "seven .. eight", "7.0.0 ... 7.0.1", "7.0.0 ..7.0.1"])
def test_a_range_that_is_none_is_refused(versions: str) -> None:
    text = (
        "date: 2026-01-01\nproducts:\n  - {product: X, category: edge, scheme: fortios, flaws: "
        f"[{{cve: C, exploited: true, ransomware: false, source: S, versions: ['{versions}']}}]}}\n"
    )
    with pytest.raises(ContentError, match="is not a range"):
        load(text)


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ("flaws: [{cve: C, exploited: true, ransomware: false, versions: ['7.0.0 .. 7.0.1']}]", "no source"),
        ("ended: [{versions: '..< 7.2.0', since: 2025-09-30}], flaws: []", "no source"),
        ("without: [edge client], flaws: []", "not one word"),
    ],
)
def test_a_row_without_source_or_with_a_word_that_is_none_is_refused(part: str, why: str) -> None:
    text = f"date: 2026-01-01\nproducts:\n  - {{product: X, category: edge, scheme: fortios, {part}}}\n"
    with pytest.raises(ContentError, match=why):
        load(text)


@pytest.mark.corpus
def test_what_is_exploited_is_what_the_catalogue_says(corpora: Path) -> None:
    """The flags of our table are those of KEV of the same day."""
    catalogue = orjson.loads((corpora / "feeds" / "known_exploited_vulnerabilities.json").read_bytes())
    listed = {v["cveID"]: v["knownRansomwareCampaignUse"] == "Known" for v in catalogue["vulnerabilities"]}
    assert catalogue["catalogVersion"].replace(".", "-") == known().date.isoformat()
    for product in known().products:
        for flaw in product.flaws:
            assert (flaw.exploited, flaw.ransomware) == (flaw.cve in listed, listed.get(flaw.cve, False)), flaw.cve


def _coverage(result: CoverageResult) -> list[Coverage]:
    empty = {"en": "", "fr": ""}
    return [
        Coverage("VPN-E01", "vpn", "exposure", {"en": "a", "fr": "b"}, result, empty),
        Coverage("RDP-A01", "remote_desktop", "attack", {"en": "a", "fr": "b"}, result, empty),
    ]


def _lists(*days: tuple[str, int]) -> Sequence[Knowledge]:
    return [Knowledge("wardround", 1, NOW - 200 * DAY), *(Knowledge(kind, 1, NOW - age * DAY) for kind, age in days)]


@pytest.mark.parametrize(
    ("lists", "expected"),
    [((), "not_assessed"), ((("kev", 31),), "not_assessed"), ((("kev", 30),), "not_found"), ((("epss", 1),), "not_assessed")],
)
def test_old_knowledge_clears_nothing(lists: tuple[tuple[str, int], ...], expected: str) -> None:
    rows = list(dated(_coverage("not_found"), detection.shipped(), _lists(*lists), NOW))
    assert [row.result for row in rows] == [expected, "not_found"]
    assert bool(rows[0].reason["en"].startswith("Not checked")) == (expected == "not_assessed")


@pytest.mark.parametrize(
    ("lists", "expected", "reason"),
    [
        ((("kev", 1),), "not_assessed", "no advisory (CSAF, OSV) with a date"),
        ((("csaf", 31), ("osv", 200)), "not_assessed", "newest advisory (CSAF, OSV) is 31 days old"),
        ((("csaf", 400), ("osv", 2)), "not_found", ""),
    ],
)
def test_advisories_are_judged_by_their_own_age(lists: tuple[tuple[str, int], ...], expected: str, reason: str) -> None:
    row = Coverage("BR-E07", "record_leak", "exposure", {"en": "a", "fr": "b"}, "not_found", {"en": "", "fr": ""})
    (told,) = dated([row], detection.shipped(), _lists(*lists), NOW)
    assert told.result == expected and reason in told.reason["en"] and bool(told.reason["fr"]) == bool(reason)


def test_old_likelihoods_are_told() -> None:
    *_, last = notes(_coverage("found"), detection.shipped(), _lists(("kev", 1), ("epss", 60)), NOW)
    assert "60 days ago" in last["en"] and "il y a 60 jours" in last["fr"]
    assert len(list(notes(_coverage("found"), detection.shipped(), _lists(("kev", 1), ("epss", 2)), NOW))) == 1


def test_what_was_found_stays_found() -> None:
    assert [row.result for row in dated(_coverage("found"), detection.shipped(), _lists(), NOW)] == ["found", "found"]


def test_the_report_tells_the_age_of_every_list() -> None:
    first, second = notes(_coverage("found"), detection.shipped(), _lists(("kev", 45), ("epss", 1)), NOW)
    assert "(200 days old)" in first["en"] and "KEV of 2024-08-20 (45 days old)" in first["en"] and "(1 day old)" in first["en"]
    assert "KEV du 2024-08-20 (45 jours)" in first["fr"]
    assert "45 days old" in second["en"] and "pas été vérifié" in second["fr"]


def test_nothing_is_said_of_knowledge_that_was_not_used() -> None:
    assert list(notes(_coverage("not_assessed"), detection.shipped(), _lists(), NOW)) == []


def test_detections_that_rest_on_knowledge() -> None:
    assert {item.name for item in detection.shipped() if rests_on_knowledge(item)} >= {
        "VPN-E01",
        "RT-E01",
        "VC-E01",
        "VC-E07",
        "BR-E06",
    }
