"""Port scans of nmap and masscan: every field, scans that were cut short, and bytes that are hostile."""
# The samples have long lines, as the tools write them.
# ruff: noqa: E501

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardround.errors import ReaderError
from wardround.readers import identify
from wardround.readers.nmap import MASSCAN, MASSCAN_LIST, READER, XML

Read = Callable[..., Any]

SCAN = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<?xml-stylesheet href="file:///usr/bin/../share/nmap/nmap.xsl" type="text/xsl"?>
<!-- Nmap 7.94 scan initiated Mon Mar  2 08:00:00 2026 as: nmap -sV -oX - 10.1.1.0/24 -->
<nmaprun scanner="nmap" args="nmap -sV" start="1772438400" version="7.94" xmloutputversion="1.05">
<host starttime="1772438401" endtime="1772438409"><status state="up"/>
<address addr="10.1.1.7" addrtype="ipv4"/><address addr="00:1B:21:AA:BB:CC" addrtype="mac"/>
<hostnames><hostname name="ris1.hospital.example" type="PTR"/></hostnames>
<ports><extraports state="closed" count="998"/>
<port protocol="tcp" portid="3389"><state state="open" reason="syn-ack"/><service name="ms-wbt-server" product="Microsoft Terminal Services" method="probed"/>
<script id="rdp-enum-encryption" output="&#xa;  Security layer&#xa;    CredSSP (NLA): SUCCESS&#xa;    Native RDP: SUCCESS"><elem key="x">y</elem></script></port>
<port protocol="tcp" portid="443"><state state="open"/><service name="http" product="nginx" version="1.18.0" extrainfo="Ubuntu" tunnel="ssl"><cpe>cpe:/a:igor_sysoev:nginx:1.18.0</cpe><cpe>cpe:/o:linux:linux_kernel</cpe></service>
<script id="mysql-dump-hashes" output="root:*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"/></port>
<port protocol="tcp" portid="104"><state state="closed"/><service name="acr-nema"/></port>
</ports>
<os><osmatch name="Windows Vista" accuracy="85"/><osmatch name="Microsoft Windows 7 SP1" accuracy="98"/></os>
<hostscript><script id="smb-protocols" output="&#xa;  dialects: &#xa;    NT LM 0.12 (SMBv1) [dangerous, but default]"/></hostscript>
</host>
<host><status state="up"/><address addr="2001:db8::7" addrtype="ipv6"/>
<ports><port protocol="udp" portid="161"><state state="open|filtered"/></port></ports></host>
<runstats/></nmaprun>
"""

JSON = b"""[
{   "ip": "198.51.100.4",   "timestamp": "1772438400", "ports": [ {"port": 104, "proto": "tcp", "status": "open", "reason": "syn-ack", "ttl": 57} ] }
,
{   "ip": "198.51.100.4",   "timestamp": "1772438402", "ports": [ {"port": 22, "proto": "tcp", "service": {"name": "ssh", "banner": "SSH-2.0-OpenSSH_7.4"} } ] },
]
"""


def test_every_field_of_a_port(read_bytes: Read) -> None:
    found = read_bytes(READER, SCAN)
    assert found.diagnostics == []
    desktop, web, imaging, snmp = found.rows["service"]
    assert desktop == {
        "ts": 1_772_438_401 * 10**9, "ts_zone": "utc", "evidence_id": "e1", "record": 10, "host": "10.1.1.7",
        "hostname": "ris1.hospital.example", "mac": "00:1b:21:aa:bb:cc", "port": 3389, "proto": "tcp", "state": "open",
        "service": "ms-wbt-server", "product": "Microsoft Terminal Services", "version": None, "extra": None,
        "os": "Microsoft Windows 7 SP1", "cpe": None, "tls": False,
        "scripts": [
            "rdp-enum-encryption: Security layer CredSSP (NLA): SUCCESS Native RDP: SUCCESS",
            "smb-protocols: dialects: NT LM 0.12 (SMBv1) [dangerous, but default]",
        ],
        "origin": None,
    }  # fmt: skip
    assert (web["product"], web["version"], web["tls"]) == ("nginx", "1.18.0", True)
    assert web["cpe"] == ["cpe:/a:igor_sysoev:nginx:1.18.0", "cpe:/o:linux:linux_kernel"]
    assert (imaging["state"], imaging["scripts"]) == ("closed", None)
    assert (snmp["host"], snmp["state"], snmp["proto"], snmp["ts"]) == (
        "2001:db8::7",
        "open|filtered",
        "udp",
        1_772_438_400 * 10**9,
    )


def test_programs_are_software_of_the_host(read_bytes: Read) -> None:
    rows = read_bytes(READER, SCAN).rows["software"]
    assert [(row["host"], row["host_p"], row["name"], row["version"], row["source"]) for row in rows] == [
        ("10.1.1.7", 3389, "Microsoft Terminal Services", None, "scan"),
        ("10.1.1.7", 443, "nginx", "1.18.0", "scan"),
    ]


def test_scripts_that_print_secrets_are_left_out(read_bytes: Read) -> None:
    assert "2470C0C0" not in str(read_bytes(READER, SCAN).rows)


def test_a_scan_cut_short_keeps_its_hosts(read_bytes: Read) -> None:
    found = read_bytes(READER, SCAN[: SCAN.index(b"<os>")])
    assert [row["port"] for row in found.rows["service"]] == [3389, 443, 104]
    assert found.codes() == ["xml_broken"]


def test_entities_are_refused(read_bytes: Read) -> None:
    bomb = SCAN.replace(b"<!DOCTYPE nmaprun>", b'<!DOCTYPE nmaprun [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>')
    with pytest.raises(ReaderError, match="entities"):
        read_bytes(READER, bomb)


def test_depth_and_length_are_bounded(read_bytes: Read) -> None:
    with pytest.raises(ReaderError, match="deep"):
        read_bytes(READER, b"<nmaprun>" + b"<a>" * 300)
    with pytest.raises(ReaderError, match="longer"):
        read_bytes(READER, b"<nmaprun><a b='" + b"x" * (9 << 20))


def test_masscan_lines(read_bytes: Read) -> None:
    assert identify(JSON) == (MASSCAN, READER)
    found = read_bytes(READER, JSON)
    assert found.diagnostics == []
    rows = [
        (row["host"], row["port"], row["state"], row["service"], row["extra"], row["record"]) for row in found.rows["service"]
    ]
    assert rows == [
        ("198.51.100.4", 104, "open", None, None, 2),
        ("198.51.100.4", 22, "open", "ssh", "SSH-2.0-OpenSSH_7.4", 4),
    ]


def test_masscan_list(read_bytes: Read) -> None:
    data = (
        b"#masscan\nopen tcp 22 10.1.1.7 1772438400\nopen tcp 104 10.1.1.8 1772438401\n"
        b"banner tcp 22 10.1.1.7 1772438405 ssh SSH-2.0-OpenSSH_9.6\nno port\n# end\n"
    )
    assert READER.sniff(data) == MASSCAN_LIST
    sink = read_bytes(READER, data)
    told = [
        (row["host"], row["port"], row["state"], row["service"], row["extra"], row["record"]) for row in sink.rows["service"]
    ]
    assert told == [
        ("10.1.1.7", 22, "open", None, None, 2),
        ("10.1.1.8", 104, "open", None, None, 3),
        ("10.1.1.7", 22, "open", "ssh", "SSH-2.0-OpenSSH_9.6", 4),
    ]
    assert len(sink.diagnostics) == 1


def test_masscan_xml(read_bytes: Read) -> None:
    text = (
        b'<?xml version="1.0"?>\n<!-- masscan v1.0 scan -->\n<nmaprun scanner="masscan" start="1772438400" version="1.0-BETA">\n'
        b'<host endtime="1772438400"><address addr="198.51.100.4" addrtype="ipv4"/><ports><port protocol="tcp" portid="80">'
        b'<state state="open" reason="syn-ack" reason_ttl="64"/></port></ports></host>\n</nmaprun>'
    )
    assert identify(text) == (XML, READER)
    (row,) = read_bytes(READER, text).rows["service"]
    assert (row["host"], row["port"], row["state"], row["ts"]) == ("198.51.100.4", 80, "open", 1_772_438_400 * 10**9)


@pytest.mark.parametrize("other", [b"<html><nmaprun></html>", b'{"ip": "1.2.3.4"}', b"nmaprun", b"", b"<!-- <nmaprun> -->"])
def test_other_bytes_are_not_known(other: bytes) -> None:
    assert READER.sniff(other) is None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_never_breaks_the_reader(read_bytes: Read, data: st.DataObject) -> None:
    scan = bytearray(data.draw(st.sampled_from([SCAN, JSON])))
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(scan) - 1), st.integers(0, 255)), max_size=8)):
        scan[place] = byte
    cut = bytes(scan[: data.draw(st.integers(0, len(scan)))])
    with contextlib.suppress(ReaderError):
        read_bytes(READER, cut)


@pytest.mark.skipif(shutil.which("nmap") is None, reason="nmap is not installed")
def test_a_scan_of_loopback_by_nmap_itself(read_bytes: Read, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        out = tmp_path / "scan.xml"
        subprocess.run(["nmap", "-sT", "-Pn", "-n", f"-p{port}", "-oX", str(out), "127.0.0.1"], check=True, capture_output=True)
    (row,) = read_bytes(READER, out.read_bytes()).rows["service"]
    assert (row["host"], row["port"], row["state"], row["proto"]) == ("127.0.0.1", port, "open", "tcp")
