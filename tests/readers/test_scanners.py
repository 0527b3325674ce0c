"""Reports of Nessus and OpenVAS: hosts, ports, programs and flaws, and nothing of what checks printed."""

# Lines of evidence are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.readers.conftest import Found, damaged

from wardround.errors import ReaderError
from wardround.readers import identify
from wardround.readers.scanners import nessus, openvas
from wardround.readers.scanners.report import MOST_PORTS

Read = Callable[..., Found]

NESSUS = """<?xml version="1.0" ?>
<NessusClientData_v2>
<Policy><policyName>Imaging</policyName><Preferences><ServerPreferences><preference><name>password</name><value>geheim</value></preference></ServerPreferences></Preferences></Policy>
<Report name="Imaging" xmlns:cm="http://www.nessus.org/cm">
<ReportHost name="pacs1"><HostProperties>
<tag name="HOST_START_TIMESTAMP">1773126000</tag><tag name="HOST_START">Tue Mar 10 07:00:00 2026</tag><tag name="host-ip">10.2.0.5</tag><tag name="host-fqdn">pacs1.chu.example</tag>
<tag name="operating-system">Microsoft Windows Server 2012 R2
Microsoft Windows Server 2012</tag><tag name="mac-address">AA:BB:CC:00:00:01
AA:BB:CC:00:00:02</tag><tag name="cpe-0">cpe:/o:microsoft:windows_server_2012:r2</tag>
</HostProperties>
<ReportItem port="0" svc_name="general" protocol="tcp" severity="0" pluginID="45590" pluginName="CPE" pluginFamily="General"><plugin_output>The remote operating system matched the following CPE :

  cpe:/o:microsoft:windows_server_2012:r2

Following application CPE's matched on the remote system :

  cpe:/a:apache:http_server:2.4.49 -&gt; Apache HTTP Server</plugin_output></ReportItem>
<ReportItem port="0" svc_name="general" protocol="tcp" severity="4" pluginID="100464" pluginName="MS17-010" pluginFamily="Windows"><cve>CVE-2017-0143</cve><cve>CVE-2017-0144</cve><cvss3_base_score>8.1</cvss3_base_score><cvss_base_score>9.3</cvss_base_score></ReportItem>
<ReportItem port="80" svc_name="www" protocol="tcp" severity="0" pluginID="10107" pluginName="HTTP Server Type" pluginFamily="Web Servers"><plugin_output>The remote web server type is :

Apache/2.4.49 (Win64) DUPONT</plugin_output></ReportItem>
<ReportItem port="80" svc_name="www" protocol="tcp" severity="4" pluginID="153953" pluginName="Apache" pluginFamily="Web Servers"><cve>CVE-2021-41773</cve><cvss_base_score>7.5</cvss_base_score></ReportItem>
<ReportItem port="3389" svc_name="msrdp?" protocol="tcp" severity="0" pluginID="56984" pluginName="SSL / TLS Versions Supported" pluginFamily="General"><plugin_output>x</plugin_output></ReportItem>
</ReportHost>
<ReportHost name="10.2.0.6"><HostProperties><tag name="HOST_START">Tue Mar 10 07:00:00 2026</tag></HostProperties>
<ReportItem port="104" svc_name="dicom" protocol="tcp" severity="0" pluginID="11219" pluginName="scanner" pluginFamily="Port scanners"/>
</ReportHost>
</Report></NessusClientData_v2>
"""
OPENVAS = """<report id="a" format_id="b" extension="xml" content_type="text/xml"><owner><name>admin</name></owner><report id="a"><gmp><version>22.4</version></gmp>
<task id="t"><name>Imaging</name></task>
<ports start="1" max="-1"><count>2</count>
<port>443/tcp<host>10.2.0.5</host><severity>7.5</severity><threat>High</threat></port>
<port>104/tcp<host>10.2.0.6</host><severity>0.0</severity><threat>Log</threat></port>
<port>general/tcp<host>10.2.0.5</host></port></ports>
<results start="1" max="100">
<result id="r1"><name>Weak</name><host>10.2.0.5<asset asset_id="x"/><hostname>pacs1.chu.example</hostname></host><port>443/tcp</port>
<nvt oid="1"><type>nvt</type><name>Weak</name><cvss_base>7.5</cvss_base><refs><ref type="cve" id="CVE-2021-41773"/><ref type="url" id="https://x"/></refs></nvt><threat>High</threat><severity>9.8</severity><qod><value>98</value></qod><description>DUPONT Jean</description></result>
<result id="r2"><host>10.2.0.5</host><port>general/tcp</port><nvt oid="2"><cve>CVE-2017-0143, CVE-2017-0144</cve><cvss_base>8.1</cvss_base></nvt><qod><value>80</value></qod></result>
<result id="r3"><host>10.2.0.5</host><port>https (8443/tcp)</port><nvt oid="3"><refs><ref type="cve" id="CVE-2019-0001"/></refs></nvt><severity>9.0</severity><qod><value>30</value></qod></result>
</results>
<host><ip>10.2.0.5</ip><start>2026-03-10T08:00:00+01:00</start><end>2026-03-10T08:30:00+01:00</end>
<detail><name>best_os_txt</name><value>Windows Server 2012 R2</value></detail><detail><name>OS</name><value>cpe:/o:microsoft:windows_server_2012:r2</value></detail>
<detail><name>App</name><value>cpe:/a:apache:http_server:2.4.49</value></detail><detail><name>MAC</name><value>AA:BB:CC:00:00:01</value></detail><detail><name>Services</name><value>443,tcp,www</value></detail></host>
<host><ip>10.2.0.6</ip><start>2026-03-10T08:00:00+01:00</start></host>
</report></report>
"""
WHEN = int(datetime(2026, 3, 10, 7, tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (NESSUS, "nessus"),
        (OPENVAS, "openvas"),
        (f"<get_reports_response status='200'>{OPENVAS}</get_reports_response>", "openvas"),
        ('<?xml version="1.0"?>\n' + OPENVAS, "openvas"),
    ],
)
def test_each_is_known_by_its_root(text: str, name: str) -> None:
    known = identify(text.encode())
    assert known is not None
    assert known[1].name == name


@pytest.mark.parametrize(
    "text", ["<report><body>x</body></report>", "<report/>", "<nmaprun/>", "<html>NessusClientData_v2</html>"]
)
def test_other_documents_are_left_alone(text: str) -> None:
    assert nessus.READER.sniff(text.encode()) is None
    assert openvas.READER.sniff(text.encode()) is None


def test_nessus(read_bytes: Read) -> None:
    found = read_bytes(nessus.READER, NESSUS.encode())
    rows = found.rows["service"]
    assert [
        (r["host"], r["port"], r["state"], r["service"], r["product"], r["version"], r["tls"], r["scripts"]) for r in rows
    ] == [
        ("10.2.0.5", None, "host", None, None, None, False, ["scanner: CVE-2017-0143 8.1 CVE-2017-0144 8.1"]),
        ("10.2.0.5", 80, "open", "http", "Apache", "2.4.49", False, ["scanner: CVE-2021-41773 7.5"]),
        ("10.2.0.5", 3389, "open", "ms-wbt-server", None, None, True, None),
        ("10.2.0.6", 104, "open", "dicom", None, None, False, None),
    ]
    assert {(r["ts"], r["ts_zone"]) for r in rows} == {(WHEN, "utc"), (WHEN, "assumed")}
    assert (rows[0]["hostname"], rows[0]["mac"], rows[0]["os"]) == (
        "pacs1.chu.example",
        "aa:bb:cc:00:00:01",
        "Microsoft Windows Server 2012 R2",
    )
    assert [(r["host"], r["vendor"], r["name"], r["version"], r["source"]) for r in found.rows["software"]] == [
        ("10.2.0.5", "apache", "http server", "2.4.49", "scan")
    ]
    assert not any(word in str(found.rows) for word in ("geheim", "DUPONT"))
    assert found.codes() == []


def test_openvas(read_bytes: Read) -> None:
    found = read_bytes(openvas.READER, OPENVAS.encode())
    rows = found.rows["service"]
    assert sorted((r["host"], r["port"] or 0, r["state"], r["service"], str(r["scripts"])) for r in rows) == [
        ("10.2.0.5", 0, "host", None, "['scanner: CVE-2017-0143 8.1 CVE-2017-0144 8.1']"),
        ("10.2.0.5", 443, "open", "http", "['scanner: CVE-2021-41773 9.8']"),
        ("10.2.0.5", 8443, "open", None, "None"),
        ("10.2.0.6", 104, "open", None, "None"),
    ]
    assert {(r["ts"], r["ts_zone"]) for r in rows} == {(WHEN, "stated")}
    assert {r["os"] for r in rows if r["host"] == "10.2.0.5"} == {"Windows Server 2012 R2"}
    assert [(r["name"], r["version"], r["cpe"]) for r in found.rows["software"]] == [
        ("http server", "2.4.49", "cpe:/a:apache:http_server:2.4.49")
    ]
    assert "DUPONT" not in str(found.rows)


def test_a_report_that_breaks_off_gives_what_stands_before(read_bytes: Read) -> None:
    cut = NESSUS[: NESSUS.index("</ReportHost>")]
    found = read_bytes(nessus.READER, cut.encode())
    assert found.codes() == ["xml_broken"]
    assert len(found.rows["service"]) == 3
    found = read_bytes(openvas.READER, OPENVAS[: OPENVAS.index('<result id="r2"')].encode())
    assert found.codes() == ["xml_broken"]
    assert [row["port"] for row in found.rows["service"]] == [443, 104]


def test_entities_are_not_expanded(read_bytes: Read) -> None:
    hostile = NESSUS.replace("<NessusClientData_v2>", '<!DOCTYPE x [<!ENTITY a "b">]><NessusClientData_v2>', 1)
    with pytest.raises(ReaderError):
        read_bytes(nessus.READER, hostile.encode())


def test_more_ports_than_a_host_has_are_told(read_bytes: Read) -> None:
    items = "".join(
        f'<ReportItem port="{1 + i % 65535}" svc_name="x" protocol="tcp" pluginID="1"/>' for i in range(MOST_PORTS + 2)
    )
    found = read_bytes(
        nessus.READER,
        f'<NessusClientData_v2><Report><ReportHost name="10.1.1.1">{items}</ReportHost></Report></NessusClientData_v2>'.encode(),
    )
    assert len(found.rows["service"]) == MOST_PORTS
    assert found.codes() == ["too_many_ports"] * 2


def test_many_flaws_are_told_gravest_first(read_bytes: Read) -> None:
    cves = "".join(f"<cve>CVE-2020-{1000 + i}</cve>" for i in range(300))
    text = f'<NessusClientData_v2><Report><ReportHost name="10.1.1.1"><ReportItem port="80" svc_name="x" protocol="tcp">{cves}<cvss3_base_score>4.0</cvss3_base_score></ReportItem><ReportItem port="80" svc_name="x" protocol="tcp"><cve>CVE-2021-1234</cve><cvss3_base_score>9.9</cvss3_base_score></ReportItem></ReportHost></Report></NessusClientData_v2>'
    (row,) = read_bytes(nessus.READER, text.encode()).rows["service"]
    assert row["scripts"][0].startswith("scanner: CVE-2021-1234 9.9 CVE-2020-1000 4")
    assert sum(text.count("CVE-") for text in row["scripts"]) == 301
    assert all(len(text) <= 2000 for text in row["scripts"])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_happens_to_the_bytes_only_readererror_comes_out(read_bytes: Read, data: st.DataObject) -> None:
    for reader, text in ((nessus.READER, NESSUS), (openvas.READER, OPENVAS)):
        broken = damaged(data, text.encode())
        reader.sniff(broken)
        try:
            found = read_bytes(reader, broken)
        except ReaderError:
            continue
        for row in found.rows.get("service", []):
            assert row["host"]
