"""Versions are compared as their makers count them."""
# ruff: noqa: E501

from __future__ import annotations

import itertools
import re
import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wardround.detect.versions import SCHEMES, Range, affected, compare, key

#: Per scheme, versions from old to young as the manufacturers' release notes order them.
ORDERED = {
    "fortios": ["5.4.6", "5.6.3", "6.0.4", "6.0.16", "v6.2.3", "6.4.0", "7.0.9", "7.0.12", "7.2.0", "7.10.1"],
    "asa": ["8.4(7)31", "9.1(7)16", "9.6.4.42", "9.12(4)", "9.12(4)18", "9.12(4)72", "9.16.4.85", "9.18(1)", "9.23.1.19"],
    "panos": ["8.1.15", "9.0.9", "10.1.14", "10.1.14-h9", "10.2.9", "10.2.9-h1", "10.2.9-h18", "10.2.10", "11.1.2-h3"],
    "citrix": ["10.5-70.12", "11.1-63.15", "NS12.1 55.18", "13.0-47.24", "13.0-92.19", "13.1: Build 49.15.nc", "14.1-8.50", "14.1-43.56"],
    "pulse": ["8.2R12.1", "8.3R7.1", "9.0R3.4", "9.1R1", "9.1R8", "9.1R11.4", "9.1R14", "22.5R1.1", "22.7R2", "22.7R2.5"],
    "sonicos": ["5.9.2.14-12o", "6.5.4.4-44n", "6.5.4.14-109n", "7.0.1-5035", "7.0.1-5145", "7.1.1-7058", "8.0.0-8035"],
    "ios": ["12.4", "15.2(4)M3", "15.2(4)M10", "16.8.1b", "16.12.10", "16.12.10a", "17.3.8a", "17.9.4", "17.9.4a", "17.9.5"],
    "semver": ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "4.4.1", "4.10.0"],
    "zoom": ["4.6.9", "5.0.1 (23502.0430)", "5.10.0", "5.16.5", "6.1.0.1205", "6.3.10 (60150)"],
    "zyxel": ["4.60", "4.73", "V4.73 Patch 1", "5.00", "5.21 Patch 1", "5.35(ABUJ.0)C0", "ZLD5.36", "V5.36(ABFW.2)C0", "5.37 Patch 1"],
    "dpkg": ["1.0~rc1-1", "1.0-1~bpo1", "1.0-1", "1.0-1+deb10u2", "1.0a-1", "1.0.1-1", "2.28-10", "1:0.1-1"],
    "rpm": ["1.0~rc1-1.el8", "1.0-1.el8", "1.0-2.el8", "1.0-2.el8_9", "1.0-10.el8", "1.0^git1-1.el8", "1.0a-1.el8", "1.0.1-1.el8", "8.0p1-19.el8", "1:0.1-1.el8"],
    "generic": ["1.5.00.9163", "2.0-beta9", "2.0-rc1", "2.0", "2.0.1", "2.12.2", "2.13.0", "2.15.0", "23.9.8", "44.6.2.30589", "24004.1307.2669.7070"],
}  # fmt: skip

EQUAL = [
    ("asa", "9.12(4)18", "9.12.4.18"), ("asa", "9.1(7.16)", "9.1(7)16"), ("fortios", "v7.0.12,build0523", "7.0.12"), ("panos", "10.2.9-b44", "10.2.9"),
    ("citrix", "NS13.0 47.24", "13.0-47.24"), ("zoom", "5.0.1 (23502.0430)", "5.0.1"), ("generic", "7.0", "7.0.0"), ("semver", "v1.0.0+build", "1.0.0"),
    ("sonicos", "6.5.4.4-44n", "6.5.4.4-44"), ("sonicos", "6.5.4.15.116n", "6.5.4.15-116n"), ("citrix", "13.0.47.24", "13.0-47.24"),
    ("citrix", "13.1-37.236-FIPS", "NS13.1: Build 37.236.nc, Date: Jun 25 2025"), ("citrix", "12.1-FIPS 55.328", "12.1-55.328"),
    ("zyxel", "5.36 Patch 2", "V5.36(ABUJ.2)C0"), ("zyxel", "ZLD V5.36", "5.36(ABUJ.0)"), ("generic", "1.0-rc1", "1.0.0-rc1"),
]  # fmt: skip


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_has_its_order(scheme: str) -> None:
    for (i, left), (j, right) in itertools.product(enumerate(ORDERED[scheme]), repeat=2):
        assert compare(scheme, left, right) == (i > j) - (i < j), (left, right)


@pytest.mark.parametrize(("scheme", "left", "right"), EQUAL)
def test_two_ways_to_write_one_version(scheme: str, left: str, right: str) -> None:
    assert compare(scheme, left, right) == 0


@pytest.mark.parametrize(
    ("scheme", "text"),
    [("fortios", "seven"), ("asa", "9"), ("panos", "10.2.9-hotfix"), ("citrix", "13.0"), ("pulse", "9.1.11"), ("ios", ""), ("semver", "1.0"),
     ("generic", "unknown"), ("generic", "1." + "9" * 40), ("rpm", "-1"), ("zyxel", "5.36(ABUJ)"), ("zyxel", "5"), ("zoom", "x" * 500), ("dpkg", "é1"), ("generic", "(none)")],
)  # fmt: skip
def test_what_is_no_version_has_no_key(scheme: str, text: str) -> None:
    assert key(scheme, text) is None
    assert compare(scheme, text, ORDERED[scheme][0]) is None
    assert Range("", ORDERED[scheme][0]).holds(scheme, text) is None


def test_ranges() -> None:
    known = [Range("10.2.0", "10.2.0-h3", excluded=True), Range("10.2.9", "10.2.9-h1", excluded=True), Range("11.0", "11.0.3")]
    inside = ["10.2.0", "10.2.0-h2", "10.2.9", "11.0.0", "11.0.3"]
    outside = ["10.2.0-h3", "10.2.9-h1", "10.2.10", "11.0.3-h1", "9.1.0", "not a version"]
    assert [affected("panos", version, known) is not None for version in inside + outside] == [True] * 5 + [False] * 6
    assert Range().holds("panos", "1.0.0") is True


def _version(data: st.DataObject, scheme: str) -> str:
    """A version of the scheme with other numbers in it."""
    text = data.draw(st.sampled_from(ORDERED[scheme]))
    return re.sub(r"\d+", lambda _: str(data.draw(st.integers(0, 20))), text)


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_order_is_total(scheme: str, data: st.DataObject) -> None:
    """Any two versions compare, in opposite ways from both sides, and three of them in a row."""
    a, b, c = (_version(data, scheme) for _ in range(3))
    order = compare(scheme, a, b)
    assert order is not None
    assert compare(scheme, b, a) == -order
    assert compare(scheme, a, a) == 0
    first, second, third = sorted((a, b, c), key=lambda text: key(scheme, text) or ())
    assert all(compare(scheme, x, y) in (-1, 0) for x, y in ((first, second), (second, third), (first, third)))


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is not installed")
@settings(max_examples=40, deadline=None)
@example(left="0~", right="0")
@example(left="0a~", right="0a0")
@example(left="1.0", right="1.")
@given(left=st.from_regex(r"\A[0-9][0-9a-z.+~]{0,6}(-[0-9a-z.+~]{1,4})?\Z"), right=st.from_regex(r"\A[0-9][0-9a-z.+~]{0,6}\Z"))
def test_debian_versions_as_dpkg_itself(left: str, right: str) -> None:
    order = compare("dpkg", left, right)
    done = {
        op: subprocess.run(["dpkg", "--compare-versions", left, op, right], check=False).returncode == 0 for op in ("lt", "eq")
    }
    assert (order == -1, order == 0) == (done["lt"], done["eq"])
