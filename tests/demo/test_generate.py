"""The bundled evidence is what the generator makes, is the same every time, and names nothing that exists."""

from __future__ import annotations

import gzip
import io
import ipaddress
import json
import re
import tomllib
import zipfile

import pytest
from demo.generate import happenings as t
from demo.generate import hospital as h
from demo.generate.evidence import SITE_FILE, evidence_files, the_day

from wardround import site as site_module
from wardround.demo import evidence_directory

#: Where an address of the demonstration may come from: RFC 1918, RFC 5737, loopback and "unspecified".
_ALLOWED = [
    ipaddress.ip_network(n) for n in ("10.20.0.0/16", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "127.0.0.1/32")
]
_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
#: Version numbers of programs that look like addresses.
_VERSIONS = {"133.0.0.0", "4.18.25010.11"}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return evidence_files(the_day())


def _texts(files: dict[str, bytes]) -> dict[str, str]:
    """Every text of the evidence, decompressed: the compressed bytes depend on the machine's zlib, these do not."""
    found = {}
    for name, content in files.items():
        if name.endswith(".pcap.gz"):
            found[name] = gzip.decompress(content).decode("latin-1")
        elif name.endswith(".gz"):
            found[name] = gzip.decompress(content).decode()
        elif name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                found |= {f"{name}!{member}": archive.read(member).decode() for member in archive.namelist()}
        else:
            found[name] = content.decode("latin-1")
    return found


def test_the_bundled_evidence_is_what_the_generator_makes(files: dict[str, bytes]) -> None:
    """Refresh with ``python -m demo.generate``."""
    with evidence_directory() as directory:
        bundled = {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    assert sorted(bundled) == sorted(files)
    assert _texts(bundled) == _texts(files)


def test_two_runs_give_the_same_bytes(files: dict[str, bytes]) -> None:
    assert evidence_files(the_day()) == files


def test_the_evidence_is_small_enough_to_bundle(files: dict[str, bytes]) -> None:
    assert sum(map(len, files.values())) < 3_000_000


def test_every_address_is_private_or_reserved_for_documentation(files: dict[str, bytes]) -> None:
    for name, text in _texts(files).items():
        if name.endswith((".dmp", ".evtx", ".pcap.gz")):
            continue
        for address in set(_ADDRESS.findall(text)) - _VERSIONS:
            assert any(ipaddress.ip_address(address) in network for network in _ALLOWED), f"{address} in {name}"


def test_every_packet_goes_between_such_addresses(files: dict[str, bytes]) -> None:
    captures = [gzip.decompress(content) for name, content in files.items() if name.endswith(".pcap.gz")]
    assert captures
    for content in captures:
        at = 24
        while at < len(content):
            size = int.from_bytes(content[at + 8 : at + 12], "little")
            packet = content[at + 16 + 14 : at + 16 + size]
            for address in (packet[12:16], packet[16:20]):
                assert any(ipaddress.ip_address(address) in network for network in _ALLOWED)
            at += 16 + size


def test_json_evidence_is_json(files: dict[str, bytes]) -> None:
    for name, text in _texts(files).items():
        if text.startswith("{"):
            assert all(isinstance(json.loads(line), dict) for line in text.splitlines()), name


def test_zeek_rows_have_a_cell_for_every_field(files: dict[str, bytes]) -> None:
    logs = {name: text for name, text in _texts(files).items() if text.startswith("#separator") and "current" not in name}
    assert len(logs) >= 10
    for name, text in logs.items():
        lines = text.splitlines()
        width = next(line for line in lines if line.startswith("#fields")).count("\t")
        assert {line.count("\t") for line in lines if not line.startswith("#")} == {width - 1}, name
        assert lines[-1].startswith("#close")


def test_record_numbers_follow_each_other_within_a_log(files: dict[str, bytes]) -> None:
    numbers: dict[tuple[str, str], list[int]] = {}
    for name, text in _texts(files).items():
        if not name.startswith("windows/winlogbeat"):
            continue
        for line in text.splitlines():
            winlog = json.loads(line)["winlog"]
            numbers.setdefault((winlog["computer_name"], winlog["channel"]), []).append(winlog["record_id"])
    assert len(numbers) > 10
    for log, found in numbers.items():
        assert found == list(range(found[0], found[0] + len(found))), log


def test_the_day_keeps_to_its_hours_and_order() -> None:
    day = the_day()
    assert [happening.at for happening in day] == sorted(happening.at for happening in day)
    assert day[0].at >= t.OPENING
    assert day[-1].at <= t.CLOSING


def test_the_site_file_is_valid_and_knows_the_hosts() -> None:
    with evidence_directory() as directory:
        site = site_module.load(directory / "site.toml")
    for host in h.HOSTS:
        asset = site.asset_of(host.name)
        assert asset is not None, host.name
        assert host.address in {str(address) for address in asset.addresses}
    assert site.zone_of(h.POOL_INTRUDER.address) == "vpn_pool"
    assert site.zone_of(h.INTRUDER.address) == "internet"


def test_every_exception_has_an_owner_and_covers_the_day() -> None:
    declared = tomllib.loads(SITE_FILE.read_text(encoding="utf-8"))["exceptions"]
    assert declared
    for exception in declared:
        assert exception["owner"]
        assert exception["expires"] >= t.DAY
