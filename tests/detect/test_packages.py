"""Packages by their URLs and ecosystems, and advisories by their makers' words."""
# ruff: noqa: E501

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.detect import advisories, packages
from wardround.detect.packages import Package
from wardround.detect.versions import Range
from wardround.pipeline import Request, examine


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("pkg:npm/%40angular/core@11.0.0", [Package("npm/@angular/core")]),
        ("pkg:pypi/Zope.Interface@5.1?file_name=a", [Package("pypi/zope-interface")]),
        (
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.13.2?type=jar",
            [Package("maven/org.apache.logging.log4j/log4j-core")],
        ),
        ("pkg:golang/github.com/gorilla/mux@v1.8.0#sub", [Package("golang/github.com/gorilla/mux")]),
        (
            "pkg:deb/debian/libssl1.1@1.1.1n-0%2Bdeb11u3?arch=amd64&upstream=openssl&distro=debian-11",
            [Package("deb/debian/libssl1.1", "11"), Package("deb/debian/openssl", "11")],
        ),
        ("pkg:generic", []),
        ("https://example.org/x", []),
        ("pkg:npm/" + "x" * 5000, []),
        ("", []),
        (None, []),
    ],
)
def test_package_urls(url: str | None, expected: list[Package]) -> None:
    assert packages.of_url(url) == expected


@pytest.mark.parametrize(
    ("ecosystem", "name", "expected"),
    [
        ("PyPI", "Zope.Interface", Package("pypi/zope-interface")),
        ("npm", "@angular/core", Package("npm/@angular/core")),
        ("Maven", "org.apache.logging.log4j:log4j-core", Package("maven/org.apache.logging.log4j/log4j-core")),
        ("crates.io", "tokio", Package("cargo/tokio")),
        ("Debian:12", "openssl", Package("deb/debian/openssl", "12")),
        ("Ubuntu:22.04:LTS", "openssl", Package("deb/ubuntu/openssl", "22.04")),
        ("Ubuntu:Pro:18.04:LTS", "openssl", Package("deb/ubuntu/openssl", "18.04")),
        ("Alpine:v3.18", "openssl", Package("apk/alpine/openssl", "v3.18")),
        ("Red Hat:enterprise_linux:8::baseos", "openssl", Package("rpm/redhat/openssl", "8")),
        ("Rocky Linux:9", "openssl", Package("rpm/rocky-linux/openssl", "9")),
        ("OSS-Fuzz", "openssl", None),
        ("", "openssl", None),
    ],
)
def test_ecosystems(ecosystem: str, name: str, expected: Package | None) -> None:
    assert packages.of_ecosystem(ecosystem, name) == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("installed", "told", "same"),
    [
        (Package("deb/debian/sudo", "12"), Package("deb/debian/sudo", "12"), True),
        (Package("deb/debian/sudo", "12"), Package("deb/debian/sudo", "11"), False),
        (Package("deb/debian/sudo", ""), Package("deb/debian/sudo", "11"), False),
        (Package("deb/debian/sudo", "1"), Package("deb/debian/sudo", "11"), False),
        (Package("apk/alpine/zlib", "3.18.4"), Package("apk/alpine/zlib", "v3.18"), True),
        (Package("apk/alpine/zlib", "3.1"), Package("apk/alpine/zlib", "v3.18"), False),
        (Package("rpm/redhat/sudo", "8.9"), Package("rpm/redhat/sudo", "8"), True),
        (Package("rpm/redhat/sudo", "8.9"), Package("rpm/redhat/sudo", "unknown"), False),
        (Package("pypi/jinja2"), Package("pypi/jinja2"), True),
        (Package("npm/jinja2"), Package("pypi/jinja2"), False),
    ],
)
def test_a_correction_for_one_release_says_nothing_of_another(installed: Package, told: Package, same: bool) -> None:
    assert installed.is_of(told) is same


def test_lists_of_distributions_tell_their_release() -> None:
    assert packages.of_listing("sudo", "1.9.5p2-3+deb11u1") == [Package("deb/debian/sudo", "11")]
    assert packages.of_listing("sudo", "1.9.9-1ubuntu2.4") == []
    assert packages.of_listing("curl", "7.81.0-1ubuntu1.22.04.2") == [Package("deb/ubuntu/curl", "22.04")]
    assert packages.of_listing("curl", "7.81.0-1ubuntu1.16", "deb/ubuntu 22.04") == [Package("deb/ubuntu/curl", "22.04")]
    assert packages.of_listing("linux-base", "4.5ubuntu9~22.04.1") == [Package("deb/ubuntu/linux-base", "22.04")]
    assert Package("rpm/rocky-linux/sudo", "8") in packages.of_listing("sudo", "1.8.29-8.el8_8.1")
    assert packages.of_listing("sudo", "1.9.5p2-3") == []


@pytest.mark.parametrize(
    ("url", "version", "range_", "inside"),
    [
        ("deb/debian/sudo", "1.9.5p2-3+deb11u0", Range("", "1.9.5p2-3+deb11u1", excluded=True), True),
        ("deb/debian/sudo", "1.9.5p2-3+deb11u1", Range("", "1.9.5p2-3+deb11u1", excluded=True), False),
        ("rpm/redhat/sudo", "1.8.29-8.el8", Range("", "0:1.8.29-8.el8_8.1", excluded=True), True),
        ("rpm/redhat/sudo", "1.8.29-10.el8", Range("", "0:1.8.29-8.el8_8.1", excluded=True), False),
        ("npm/core", "11.1.0-next.2", Range("11.0.0", "11.1.0", excluded=True), True),
        ("npm/core", "11.1", Range("11.0.0", "11.1.0", excluded=True), False),
        ("golang/x", "v1.8.0", Range("1.7.0", "1.8.1", excluded=True), True),
    ],
)
def test_versions_as_the_ecosystem_counts(url: str, version: str, range_: Range, inside: bool) -> None:
    assert Package(url).holds(range_, version) is inside


def _statement(vendor: str, product: str, **columns: Any) -> dict[str, Any]:
    empty = {"versions": None, "version_from": None, "version_to": None, "excluded": False}
    return {**empty, "vendor": vendor, "product": product, **columns}


BD = "Becton, Dickinson and Company (BD)"


@pytest.mark.parametrize(
    ("statement", "vendor", "name", "same"),
    [
        (_statement(BD, "BD Alaris Point-of-Care Unit (PCU) Model 8015"), "BD", "Alaris PCU 8015", True),
        (_statement(BD, "BD Alaris Point-of-Care Unit (PCU) Model 8015"), "BD", "Alaris Systems Manager", False),
        (_statement(BD, "BD Viper LT system"), "Becton Dickinson", "Viper LT", True),
        (_statement(BD, "BD Viper LT system"), "Dell", "Viper LT", False),
        (_statement("Philips", "Patient Information Center iX (PIC iX)"), "Philips Healthcare", "PIC iX", True),
        (_statement("Philips", "Patient Information Center iX (PIC iX)"), "", "Philips Patient Information Center iX", True),
        (_statement("Philips", "Patient Information Center iX (PIC iX)"), "Philips", "Patient Information Portal", False),
        (_statement("Philips", "Vue PACS"), "", "Vue PACS", False),
        (_statement("Hillrom", "Welch Allyn Connex Cardio"), "Welch Allyn", "Connex Cardio", True),
        (_statement("Hillrom", "Welch Allyn Connex Cardio"), "Connex GmbH", "Welch Allyn Cardio", False),
        (_statement("B. Braun Medical", "SpaceStation with SpaceCom 2"), "B. Braun", "SpaceStation with SpaceCom 2", True),
        (_statement("Acme", "Viewer (Windows)"), "Acme", "Editor for Windows", False),
        (_statement("Acme", "System"), "Acme", "System", False),
        (_statement("", "Vue PACS"), "Philips", "Vue PACS", False),
    ],
)
def test_products_by_their_makers_words(statement: dict[str, Any], vendor: str, name: str, same: bool) -> None:
    assert advisories.is_named(statement, {"vendor": vendor, "name": name}) is same


@pytest.mark.parametrize(
    ("part", "inside", "outside"),
    [
        ("<= C.00.04", ["C.00.04", "B.09", "C.00.00"], ["C.00.05", "C.01", "12"]),
        ("A10 < A11", ["A10"], ["A11", "A09"]),
        ("5.x.x", ["5.0", "5.7.1"], ["6.0", "50.1"]),
        ("A.01 <= C.0x", ["A.01", "C.09", "B.12"], ["C.10", "D.00", "A.00"]),
        ("<= 3.0 D15", ["3.0 D15", "3.0 D02", "2.9"], ["3.0 D16", "3.1"]),
        ("3.1", ["3.1"], ["3.10", "3"]),
        ("LPI 3.5.12.P30", ["3.5.12.P30", "LPI 3.5.12.P30"], ["3.5.12.P3", "P31"]),
        ("<= 2.x", ["2.9", "1.0"], ["3.0", "20.1"]),
    ],
)
def test_versions_as_makers_of_devices_write_them(part: str, inside: list[str], outside: list[str]) -> None:
    assert [version for version in inside if not advisories.part_holds(part, version)] == []
    assert [version for version in outside if advisories.part_holds(part, version)] == []


def test_no_range_is_every_version_and_a_range_needs_one() -> None:
    assert advisories.within(_statement("A", "B"), "")
    assert advisories.within(_statement("A", "B"), "7")
    assert not advisories.within(_statement("A", "B", version_to="8"), "")
    assert not advisories.within(_statement("A", "B", version_to="8"), "unknown")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_the_comparison(vendor: str, product: str, version: str) -> None:
    statement = _statement(vendor, product, versions=version or None)
    for text in (product, f"pkg:{product}", f"pkg:npm/{product}@{version}?{vendor}"):
        packages.of_url(text)
    packages.of_ecosystem(vendor, product)
    packages.of_listing(product, version)
    advisories.is_named(statement, {"vendor": version, "name": product})
    advisories.keys(vendor, product)
    advisories.within(statement, version)


#: A device as an inventory may name it, and whether the published advisory concerns that version.
DEVICES = [
    ("Philips", "Vue PACS", "12.2.8.400", True), ("Philips", "Vue PACS", "12.2.8.410", False), ("Philips Healthcare", "PIC iX", "C.03", True),
    ("Philips", "PIC iX", "C.04", False), ("Philips", "IntelliBridge EC 40", "C.00.04", True), ("Philips", "IntelliBridge EC 40", "C.00.05", False),
    ("Philips", "Efficia CM Series", "C.05", True), ("Philips", "Efficia CM Series", "C.10", False), ("Philips", "MRI 3T", "5.7.1", True),
    ("Philips", "MRI 3T", "6.0", False), ("BD", "Alaris PCU 8015", "12.1.2", True), ("BD", "Alaris PCU 8015", "12.1.4", False),
    ("BD", "Pyxis MedStation ES", "1.6", True), ("Becton Dickinson", "Viper LT", "4.00", True), ("Omnicell", "MedStation ES", "1.6", False),
    ("Welch Allyn", "Connex Cardio", "1.1.1", True), ("Welch Allyn", "Connex Cardio", "1.1.2", False), ("Medtronic", "Paceart Optima", "1.11", True),
    ("Medtronic", "Paceart Optima", "1.12", False), ("Santesoft", "Sante DICOM Viewer Pro", "14.0.3", True),
    ("Santesoft", "Sante DICOM Viewer Pro", "14.0.4", False), ("MicroDicom", "DICOM Viewer", "2023.3", True), ("MicroDicom", "DICOM Viewer", "2024.1", False),
    ("Swisslog Healthcare", "Nexus Control Panel", "7.2.5.6", True), ("Swisslog Healthcare", "Nexus Control Panel", "7.2.5.7", False),
    ("Fresenius Kabi", "Agilia Link+", "3.0 D15", True), ("Fresenius Kabi", "Agilia Link+", "3.0 D16", False), ("Siemens", "syngo.via", "VB60", False),
]  # fmt: skip


@pytest.mark.corpus
def test_published_medical_advisories_against_an_inventory(corpora: Path, tmp_path: Path) -> None:
    listing = tmp_path / "devices.csv"
    rows = [f"dev{number},{vendor},{name},{version}\n" for number, (vendor, name, version, _) in enumerate(DEVICES)]
    listing.write_text("Computer,Publisher,Name,Version\n" + "".join(rows))
    advised = corpora / "evidence" / "csaf_medical"
    told = examine(Request((str(listing), str(advised)), tmp_path / "round"))
    found = {s.name for f in told.findings if f.detection == "BR-E07" for s in f.subjects if s.kind == "host"}
    assert found == {f"dev{number}" for number, (*_, inside) in enumerate(DEVICES) if inside}


ADVISORY = """{"document": {"csaf_version": "2.0", "title": "T", "tracking": {"id": "I", "current_release_date": "%s"}},
"product_tree": {"branches": [{"category": "vendor", "name": "Acme", "branches": [{"category": "product_name", "name": "Infusor",
"branches": [{"category": "product_version_range", "name": "<5.0", "product": {"name": "x", "product_id": "P1"}}]}]}]},
"vulnerabilities": [{"cve": "CVE-2030-0001", "product_status": {"known_affected": ["P1"]}}]}"""


@pytest.mark.parametrize(
    ("days", "version", "result", "reason"),
    [
        (3, "5.0", "not_found", ""),
        (45, "5.0", "not_assessed", "newest advisory (CSAF, OSV) is 45 days old"),
        (45, "4.9", "found", ""),
    ],
)
def test_old_advisories_clear_nothing(tmp_path: Path, days: int, version: str, result: str, reason: str) -> None:
    """From files: an inventory and an advisory of so many days ago."""
    (tmp_path / "devices.csv").write_text(f"Computer,Publisher,Name,Version\npump1,Acme,Infusor,{version}\n")
    (tmp_path / "a.json").write_text(ADVISORY % (datetime.now(UTC) - timedelta(days=days)).isoformat())
    told = examine(Request((str(tmp_path / "devices.csv"), str(tmp_path / "a.json")), tmp_path / "round"))
    (row,) = (row for row in told.coverage if row.detection == "BR-E07")
    assert (row.result, reason in row.reason) == (result, True)


def test_without_advisories_nothing_is_checked(tmp_path: Path) -> None:
    (tmp_path / "devices.csv").write_text("Computer,Publisher,Name,Version\npump1,Acme,Infusor,4.9\n")
    told = examine(Request((str(tmp_path / "devices.csv"),), tmp_path / "round"))
    (row,) = (row for row in told.coverage if row.detection == "BR-E07")
    assert row.result == "not_assessed" and "not the same as none known" in row.reason
