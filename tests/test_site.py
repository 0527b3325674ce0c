"""The site file: zones, assets, exceptions, and mistakes told in one line."""

from __future__ import annotations

import datetime
import ipaddress
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardround import site
from wardround.errors import UserError


@pytest.mark.parametrize(
    ("address", "zone"),
    [
        ("10.2.3.4", "internal"),
        ("fd00::1", "internal"),
        ("fe80::1%eth0", "internal"),
        ("100.64.3.1", "internal"),
        ("8.8.8.8", "internet"),
        ("::ffff:8.8.8.8", "internet"),
        ("203.0.113.9", "internet"),
        ("2001:db8::1", "internet"),
        ("127.0.0.1", "local"),
        ("224.0.0.251", "multicast"),
        ("-", "unknown"),
        ("", "unknown"),
    ],
)
def test_zones_are_inferred(address: str, zone: str) -> None:
    assert site.Site().zone_of(address) == zone


def test_the_most_specific_network_wins() -> None:
    told = site.Site.model_validate(
        {"zones": {"imaging": ["10.1.0.0/16"], "vpn_pool": ["10.1.9.0/24"], "partner": ["192.0.2.0/24"]}}
    )
    assert [told.zone_of(a) for a in ("10.1.2.3", "10.1.9.3", "192.0.2.1")] == ["imaging", "vpn_pool", "partner"]


def test_assets_are_found_by_name_domain_and_address() -> None:
    told = site.Site.model_validate({"assets": [{"name": "PACS1", "role": "pacs", "addresses": ["10.1.1.2"]}]})
    found = [told.asset_of(name) for name in ("pacs1", "PACS1.chv.example", "10.1.1.2", "other")]
    assert [asset.role if asset else None for asset in found] == ["pacs", "pacs", "pacs", None]


def test_exceptions_have_an_end_and_meet_every_attribute() -> None:
    rule = site.ExceptionRule.model_validate(
        {"reason": "scanner", "owner": "CISO", "expires": "2026-12-31", "addresses": ["10.9.0.0/24"], "users": ["Scan"]}
    )
    inside = [("address", "10.9.0.4"), ("user", "scan")]
    assert rule.covers("RDP-A02", inside, datetime.date(2026, 12, 31))
    assert not rule.covers("RDP-A02", inside, datetime.date(2027, 1, 1))
    assert not rule.covers("RDP-A02", inside[:1], datetime.date(2026, 1, 1))
    assert not rule.covers("RDP-A02", [("address", "10.8.0.4"), ("user", "scan")], datetime.date(2026, 1, 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zones = 3", "zones"),
        ("[zones]\nimaging = ['10.1.0.0/99']", "zones.imaging.0"),
        ("[zones]\nmoon = ['10.1.0.0/16']", "zones.moon: unknown zone"),
        ("[hospital]\nnmae = 'x'", "hospital.nmae: unknown key; did you mean name?"),
        ("[mail]\ndomian = ['chu.example']", "mail.domian: unknown key; did you mean domains?"),
        ("[mail]\ndomains = 'chu.example'", "mail.domains: must be a list"),
        ("[[network]]\nbad = 1", "network: unknown key; known here: hospital, zones, assets"),
        ("[[assets]]\nname = 'CT1'\nadresses = []", "assets.0.adresses: unknown key; did you mean addresses?"),
        ("[controls.x]\nzzz = 1", "controls.x.zzz: unknown key; known here: "),
        ("[zones]\nimaging = ['10.1.2.3/16']", "10.1.2.3/16 is an address within a network; the network is 10.1.0.0/16"),
        ("[[exceptions]]\nreason = 'x'", "exceptions.0"),
        ("not toml", "not valid TOML"),
        ("[zones]\nmodalité = ['10.1.0.0/16']", 'line 2: the key modalité must stand in quotation marks: "modalité"'),
        ("zones.modalité = ['10.1.0.0/16']", 'line 1: the key modalité must stand in quotation marks: "modalité"'),
        ("[zones.Salle 2]", 'the key Salle 2 must stand in quotation marks: "Salle 2"'),
        ('[zones]\n"modalité" = ["10.1.0.0/16"]', "zones.modalité: unknown zone; did you mean modality?"),
        ("[hospital]\nname = Brumeval", "line 2: a text must stand in quotation marks"),
        ("[hospital]\nname = “Brumeval”", "line 2: quotation marks must be straight ones"),
        ("[hospital]\nname = 'l’hôpital' x", "line 2: something stands behind the value"),
        ("[hospital]\nname = 'a\nb'", "line 2: a quotation mark is not closed"),
        ("[hospital]\nname = 'a", "at its end: a quotation mark is not closed"),
        ('[hospital]\nname = "C:\\dossier"', r"line 2: a \ in double quotation marks must be doubled"),
        ("[zones]\nimaging = ['10.1.0.0/16'\n", "a list has no closing ]"),
        ("[hospital]\n[hospital]\n", "line 2: this table stands twice"),
        ("[[exceptions]]\nreason='x'\nowner='y'\nexpires='soon'", "exceptions.0.expires: must be a date like 2026-12-31"),
        ("[[exceptions]]\nreason='x'\nexpires=2026-12-31", "exceptions.0.owner: is required and missing"),
        ("resolvers = ['10.1.0.0.1']", "resolvers.0: 10.1.0.0.1 is not an IP address"),
        ("[[assets]]\nname=3", "assets.0.name: must be a text in quotation marks"),
        ("[[assets]]\nname='a'\nbuffer_hours=-1", "assets.0.buffer_hours: must be at least 0"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "site.toml"
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        site.load(file)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.french != str(caught.value)
    assert not re.search(r" [:;?]|must|unknown|known", caught.value.french)


def test_a_byte_order_mark_is_no_mistake_and_another_encoding_is_told(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text("[hospital]\nname = 'Hôpital'\n", encoding="utf-8-sig")
    assert site.load(file).hospital.name == "Hôpital"
    file.write_text("[hospital]\nname = 'Hôpital'\n", encoding="utf-16")
    with pytest.raises(UserError, match="not text in UTF-8"):
        site.load(file)


def test_a_missing_site_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        site.load(tmp_path / "none.toml")


def test_application_entities_are_those_stated_and_those_of_the_assets() -> None:
    told = site.Site.model_validate(
        {
            "assets": [{"name": "CT1", "addresses": ["10.1.1.3"], "ae_titles": ["CT1", "PACS"]}],
            "application_entities": [{"title": "PACS ", "addresses": ["10.1.1.2"], "port": 104, "operations": ["C-FIND"]}],
        }
    )
    found = {entity.title.strip(): [str(address) for address in entity.addresses] for entity in told.registry}
    assert found == {"PACS": ["10.1.1.2"], "CT1": ["10.1.1.3"]}


def test_services_readiness_and_controls_are_optional_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(
        "[readiness]\nrestore_test = 2026-01-15\non_call_list = true\n[controls.C05]\ncost = 3\nin_place = true\n"
        '[[services]]\nname = "ct"\nneeds = [["CT1", "CT2"], ["PACS1"]]\nexams_per_day = 60\n'
    )
    told = site.load(path)
    assert told.services[0].needs == (("CT1", "CT2"), ("PACS1",))
    assert told.readiness.restore_test == datetime.date(2026, 1, 15)
    assert told.controls["C05"].in_place
    assert site.Site().services == ()
    assert site.Site().readiness.on_call_list is None
    path.write_text('[hospital]\ntimezone = "Europe/Atlantis"\n')
    with pytest.raises(UserError, match="no such time zone"):
        site.load(path)


@given(st.integers(0, (1 << 32) - 1))
def test_the_zone_of_any_ipv4_address_is_that_of_its_class(number: int) -> None:
    address = ipaddress.IPv4Address(number)
    assert site.inferred_zone(address) == site._zone_by_class(address)


def test_zones_at_the_edges_of_special_blocks() -> None:
    edges, _ = site._ipv4_zones()
    for edge in edges:
        for number in (edge - 1, edge, edge + 1):
            if 0 <= number < 1 << 32:
                address = ipaddress.IPv4Address(number)
                assert site.inferred_zone(address) == site._zone_by_class(address), address
