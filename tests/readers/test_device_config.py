"""Configurations of every manufacturer: recognised, taken apart, and none of their secrets kept."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from wardround.errors import ReaderError
from wardround.readers import identify, readers
from wardround.readers.device_config.configuration import MAX_ITEMS, is_secret

_SPEC = importlib.util.spec_from_file_location("device_configs", Path(__file__).with_name("device_configs.py"))
assert _SPEC is not None and _SPEC.loader is not None
_configs = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_configs)
SAMPLES: dict[str, tuple[str, str]] = _configs.SAMPLES

Read = Callable[..., Any]


def _read(read_bytes: Read, data: bytes) -> Any:
    known = identify(data)
    assert known is not None
    return read_bytes(known[1], data)


def _items(read_bytes: Read, name: str) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for row in _read(read_bytes, SAMPLES[name][0].encode()).rows["device_config_item"]:
        found.setdefault((row["block"] or "", row["key"]), []).append(row["value"] or "")
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_is_recognised_and_nothing_is_left_out(read_bytes: Read, name: str) -> None:
    text, vendor = SAMPLES[name]
    known = identify(text.encode())
    assert known is not None and known[0] == f"{vendor}_config"
    found = _read(read_bytes, text.encode())
    assert found.diagnostics == []
    assert {row["vendor"] for row in found.rows["device_config_item"]} == {vendor}


@pytest.mark.parametrize("name", SAMPLES)
def test_no_secret_is_kept(read_bytes: Read, name: str) -> None:
    found = _read(read_bytes, SAMPLES[name][0].encode())
    assert "CANARY" not in str(found.rows) + str(found.diagnostics)
    assert "43414e415259" not in str(found.rows)


@pytest.mark.parametrize(
    ("name", "device", "model", "version"),
    [
        ("ios", "edge1", None, "15.2"),
        ("asa", "fw1", None, "9.12(4)18"),
        ("fortios", "fw-vpn", "FGT60F", "7.0.12"),
        ("panos xml", "pa1", None, "10.1.6"),
        ("mikrotik", "router1", "RB750", "6.49.6"),
        ("openwrt", "gw", None, None),
        ("pfsense", "pf1", None, None),
        ("junos", "sw1", None, "21.2R3"),
        ("comware", "sw2", None, "5.20"),
        ("registry", "memory", None, None),
    ],
)
def test_the_device_tells_who_it_is(read_bytes: Read, name: str, device: str, model: str | None, version: str | None) -> None:
    rows = _read(read_bytes, SAMPLES[name][0].encode()).rows["device_config_item"]
    assert {(row["device"], row["model"], row["version"]) for row in rows} == {(device, model, version)}


def test_ios(read_bytes: Read) -> None:
    items = _items(read_bytes, "ios")
    assert items["", "service password-encryption"] == ["no"]
    assert items["", "ip http server"] == [""]
    assert items["", "ip name-server"] == ["8.8.8.8 1.1.1.1"]
    assert items["", "snmp-server community"] == ["(secret) RO 80", "(default secret) RW"]
    assert items["", "username"] == ["admin privilege 15 password 0 (secret)", "two secret 9 (secret)"]
    assert items["line vty 0 4", "transport input"] == ["telnet ssh"]
    assert items["crypto isakmp policy 10", "encr"] == ["3des"]
    assert items["", "crypto isakmp key"] == ["(secret) address 198.51.100.4"]
    assert items["", "ip nat inside source static"] == ["tcp 10.1.1.4 3389 interface GigabitEthernet0/1 3389"]
    assert items["route-map A permit 10", "set"] == ["community 65001:100 additive"]
    row = _read(read_bytes, SAMPLES["ios"][0].encode()).rows["device_config_item"][0]
    assert (row["record"], row["ts"], row["saved"]) == (2, None, 1_511_242_655 * 10**9)


def test_asa(read_bytes: Read) -> None:
    items = _items(read_bytes, "asa")
    assert items["", "http"] == ["0.0.0.0 0.0.0.0 outside"]
    assert items["object network RIS", "nat"] == ["(inside,outside) static interface service tcp 3389 3389"]
    assert items["", "ssl server-version"] == ["tlsv1"]


def test_fortios(read_bytes: Read) -> None:
    items = _items(read_bytes, "fortios")
    assert items["system interface / wan1", "allowaccess"] == ["ping https ssh"]
    assert items["vpn ipsec phase1-interface / site b", "mode"] == ["aggressive"]
    assert items["firewall policy / 7", "srcaddr"] == ["all, site b hosts"]
    assert items["vpn certificate local / c", "range"] == ["global"]  # what follows a text over several lines
    assert items["user local / garde", "two-factor"] == ["unset"]


def test_panos_in_both_forms(read_bytes: Read) -> None:
    of_xml, of_set = _items(read_bytes, "panos xml"), _items(read_bytes, "panos set")
    profile = ("network / profiles / interface-management-profile / outside", "https")
    rule = ("rulebase / security / rules / r1", "source")
    assert of_xml[profile] == of_set[profile] == ["yes"]
    assert of_xml[rule] == of_set[rule] == ["any lan"]
    assert of_set["rulebase / security / rules / rule 2", "action"] == ["allow"]


def test_mikrotik(read_bytes: Read) -> None:
    items = _items(read_bytes, "mikrotik")
    assert items["/ip service / telnet", "address"] == ["10.0.0.0/8"]
    assert items["/ip firewall filter / 1", "in-interface"] == ["ether1"]
    assert items["/ip firewall filter / 2", "action"] == ["drop"]
    assert items["/ip dns", "allow-remote-requests"] == ["yes"]
    assert items["/ip socks", "enabled"] == ["yes"]


def test_openwrt_in_both_forms(read_bytes: Read) -> None:
    assert _items(read_bytes, "openwrt")["firewall / zone / 1", "network"] == ["wan", "wan6"]
    assert _items(read_bytes, "openwrt show")["firewall / zone[1]", "network"] == ["wan wan6"]


def test_pfsense(read_bytes: Read) -> None:
    items = _items(read_bytes, "pfsense")
    assert items["nat / rule", "local-port"] == ["3389"]
    assert items["nat / rule 2", "interface"] == ["wan"]
    assert items["system", "dnsserver 2"] == ["1.1.1.1"]
    rows = _read(read_bytes, SAMPLES["pfsense"][0].encode()).rows["device_config_item"]
    assert {row["saved"] for row in rows} == {1_772_438_400 * 10**9}


def test_registry_and_its_usual_encoding(read_bytes: Read) -> None:
    items = _items(read_bytes, "registry")
    desktop = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp"
    assert items[desktop, "UserAuthentication"] == ["0"]
    assert items[desktop, "PortNumber"] == ["3389"]
    assert ("8.8.8.8") in {value for values in items.values() for value in values}
    assert not any("Somebody" in block for block, _ in items)
    wide = _read(read_bytes, SAMPLES["registry"][0].replace("\n", "\r\n").encode("utf-16"))
    assert len(wide.rows["device_config_item"]) == sum(map(len, items.values()))


def test_portproxy(read_bytes: Read) -> None:
    assert _items(read_bytes, "portproxy")["interface portproxy", "0.0.0.0:4489"] == ["10.1.1.4:3389"]


@pytest.mark.parametrize(
    "other",
    [
        b"Protocol  Address   Age(min)  Hardware Addr   Type   Interface\nInternet  10.1.1.1  -  0000.0c59.f892  ARPA  Eth0\n",
        b"<config><a/></config>",
        b"[section]\nname = value\n",
        b"A letter to the head of radiology.\n\nversion 2 of the plan is attached\n",
        b"",
        b"\0" * 4096,
    ],
)
def test_other_texts_are_not_configurations(other: bytes) -> None:
    assert identify(other) is None


def test_what_a_device_logs_is_a_log() -> None:
    found = identify(b"Mar  2 08:00:00 edge1 1234: %SYS-5-CONFIG_I: Configured from console by admin\n" * 20)
    assert found is not None
    assert found[0] == "syslog"


def test_the_number_of_settings_is_bounded(read_bytes: Read) -> None:
    text = SAMPLES["ios"][0] + "ip route 10.0.0.0 255.0.0.0 10.1.1.1\n" * (MAX_ITEMS + 10)
    found = _read(read_bytes, text.encode())
    assert len(found.rows["device_config_item"]) == MAX_ITEMS
    assert found.codes() == ["too_many_settings"]


def test_a_line_without_end_is_cut(read_bytes: Read) -> None:
    found = _read(read_bytes, (SAMPLES["ios"][0] + "ip host " + "x" * 300_000 + "\nip http secure-server\n").encode())
    assert found.codes() == ["line_too_long"]
    assert found.rows["device_config_item"][-1]["key"] == "ip http secure-server"


@pytest.mark.parametrize(
    ("name", "secret"),
    [("password", True), ("wpa2-pre-shared-key", True), ("psksecret", True), ("bcrypt-hash", True), ("rocommunity", False),
     ("password-encryption", False), ("passwordexpire", False), ("keyboard", False), ("compass", False), ("hashing", False)],
)  # fmt: skip
def test_names_of_secrets(name: str, secret: bool) -> None:
    assert is_secret(name) is secret


_READERS = [reader for reader in readers() if reader.name.endswith("_config")]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_never_breaks_a_reader(read_bytes: Read, data: st.DataObject) -> None:
    text, _ = data.draw(st.sampled_from(list(SAMPLES.values())))
    raw = bytearray(text.encode(data.draw(st.sampled_from(["utf-8", "utf-16"]))))
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)), max_size=8)):
        raw[place] = byte
    damaged = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    known = identify(damaged)
    reader = known[1] if known else data.draw(st.sampled_from(_READERS))
    with contextlib.suppress(ReaderError):
        read_bytes(reader, damaged)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.text(st.sampled_from('set config edit "[]{};=\\/\n\t no x 1 ! # password CANARY'), max_size=300))
@example('set "')
@example("[\\\n=")
def test_odd_texts_never_break_a_reader(read_bytes: Read, data: str) -> None:
    for reader in _READERS:
        with contextlib.suppress(ReaderError):
            read_bytes(reader, data.encode())
