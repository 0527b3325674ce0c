"""Inventories of programs and bills of materials, as the usual tools write them."""
# ruff: noqa: E501

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardround.errors import ReaderError
from wardround.readers import identify

Read = Callable[..., Any]

SCCM = '"Netbios_Name0","DisplayName0","Version0","Publisher0"\r\n"CT-CONSOLE1","TeamViewer","15.2.2756","TeamViewer"\r\n"RIS1","Zoom, the client","5.0.1 (23502.0430)","Zoom Video Communications, Inc."\r\n'
SCCM_WITH_DISPLAY_VERSION = SCCM.replace("Version0", "DisplayVersion0")
FRENCH = "Nom de l’ordinateur;Logiciel;Version installée;Éditeur;Utilisateur\r\nposte-12;Zoom Workplace;6.1.0;Zoom;dupont\r\n"
INTUNE = "ApplicationName,ApplicationPublisher,ApplicationVersion,DeviceName,OSDescription,EmailAddress\n7-Zip,Igor Pavlov,19.00,PC-7,Windows,someone@hospital.example\n"
INTUNE_DEVICES = (
    "Device name,Managed by,OS,OS version,Primary user UPN\nPC-7,Intune,Windows,10.0.19045.3930,someone@hospital.example\n"
)
WAZUH = "agent.name,package.name,package.version,package.vendor,package.architecture\nris1,Microsoft Teams,1.2.00.9999,Microsoft,x64\n"
POWERSHELL = '#TYPE Selected.System.Management.Automation.PSCustomObject\n"PSComputerName"\t"DisplayName"\t"DisplayVersion"\t"Publisher"\nct1\tJava 8 Update 60\t8.0.600.27\tOracle Corporation\n'
WINGET = (
    "\r   - \r   \\ \r                                                                      \rName                     Id                       Version         Available   Source\r\n"
    "-----------------------------------------------------------------------------------------\r\n"
    "Zoom Workplace           Zoom.Zoom                6.1.0.1205      6.2.3       winget\r\n"
    "AnyDesk                  AnyDeskSoftwareGmbH.A…   ad 7.0.14                   winget\r\n"
)
WINGET_FRENCH = WINGET.replace("Name                     Id ", "Nom                      ID ").replace(
    "Available  ", "Disponible "
)
DPKG = """Desired=Unknown/Install/Remove/Purge/Hold
| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)
||/ Name                 Version                 Architecture Description
+++-====================-=======================-============-===========
ii  openssh-server       1:7.9p1-10+deb10u2      amd64        secure shell server
rc  telnetd              0.17-41                 amd64        removed, configuration left
ii  libc6:amd64          2.28-10                 amd64        library
"""
QUERY = "".join(f"package{i}\t1:2.{i}-1\n" for i in range(8))
RPM = "".join(f"openssl-libs-1.0.2k-{i}.el7_9.x86_64\n" for i in range(8))
STATUS = """Package: openssh-server
Status: install ok installed
Priority: optional
Version: 1:7.9p1-10+deb10u2
Depends: adduser (>= 3.9)
Description: secure shell server
 Version: of a continuation line, which names nothing

Package: telnetd
Status: deinstall ok config-files
Version: 0.17-41
"""
APT = "Listing... Done\n" + "".join(f"openssl/stable,now 3.0.{i}-1~deb12u2 amd64 [installed,automatic]\n" for i in range(7))
APT_FRENCH = APT.replace("Listing... Done", "En train de lister… Fait").replace("installed,automatic", "installé, automatique")
WMIC = (
    "Name                                      Vendor                  Version        \r\r\n"
    "TeamViewer 15                             TeamViewer              15.2.2756      \r\r\n"
    "Microsoft Visual C++ 2015 Redistributable Microsoft Corporation   14.0.24215     \r\r\n\r\r\n"
)
FORMAT_TABLE = (
    "\r\nDisplayName DisplayVersion Publisher \r\n----------- -------------- --------- \r\n"
    "Zoom        5.0.1                    \r\nTeamViewer  15.2.2756      TeamViewer\r\n"
)

CYCLONEDX = {
    "bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"timestamp": "2026-01-01T00:00:00Z", "component": {"type": "application", "name": "viewer", "version": "2.1", "bom-ref": "v"}},
    "components": [{"type": "library", "name": "log4j-core", "version": "2.13.2", "purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.13.2", "supplier": {"name": "Apache"}, "components": [{"type": "library", "name": "inner", "version": "1"}]}],
    "vulnerabilities": [{"id": "CVE-2021-44228", "ratings": [{"score": 10, "severity": "Critical"}], "analysis": {"state": "not_affected"}, "affects": [{"ref": "v"}]}],
}  # fmt: skip
CYCLONEDX_XML = b"""<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1"><metadata><component type="application"><name>viewer</name><version>2.1</version></component></metadata>
<components><component type="library"><publisher>Apache</publisher><name>log4j-core</name><version>2.13.2</version><licenses><license><name>Apache-2.0</name></license></licenses>
<components><component type="library"><name>inner</name><version>1</version></component></components></component></components>
<vulnerabilities><vulnerability><id>CVE-2021-44228</id><ratings><rating><severity>critical</severity></rating></ratings><analysis><state>exploitable</state></analysis><affects><target><ref>v</ref></target></affects></vulnerability></vulnerabilities></bom>"""
SPDX = {
    "spdxVersion": "SPDX-2.3", "name": "viewer", "creationInfo": {"created": "2026-01-01T00:00:00Z"},
    "packages": [{"name": "log4j-core", "versionInfo": "2.13.2", "supplier": "Organization: Apache", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:maven/org.apache.logging.log4j/log4j-core@2.13.2"}]}, {"name": "x", "versionInfo": "NOASSERTION", "supplier": "NOASSERTION"}],
}  # fmt: skip
SPDX_TAGS = b"""SPDXVersion: SPDX-2.2
DocumentName: viewer
Created: 2026-01-01T00:00:00Z
PackageName: log4j-core
PackageVersion: 2.13.2
PackageSupplier: Organization: Apache
ExternalRef: PACKAGE-MANAGER purl pkg:maven/org.apache.logging.log4j/log4j-core@2.13.2
PackageName: x
"""

Row = tuple[Any, Any, Any, Any]
CASES: dict[str, tuple[bytes, str, list[Row]]] = {
    "sccm": (
        SCCM.encode(),
        "software_table",
        [
            ("CT-CONSOLE1", "TeamViewer", "15.2.2756", "TeamViewer"),
            ("RIS1", "Zoom, the client", "5.0.1 (23502.0430)", "Zoom Video Communications, Inc."),
        ],
    ),
    "french": (FRENCH.encode("cp1252"), "software_table", [("poste-12", "Zoom Workplace", "6.1.0", "Zoom")]),
    "french with mark": (FRENCH.encode("utf-8-sig"), "software_table", [("poste-12", "Zoom Workplace", "6.1.0", "Zoom")]),
    "utf-16": (FRENCH.encode("utf-16"), "software_table", [("poste-12", "Zoom Workplace", "6.1.0", "Zoom")]),
    "intune": (INTUNE.encode(), "software_table", [("PC-7", "7-Zip", "19.00", "Igor Pavlov")]),
    "intune devices": (INTUNE_DEVICES.encode(), "software_table", [("PC-7", "Windows", "10.0.19045.3930", None)]),
    "wazuh": (WAZUH.encode(), "software_table", [("ris1", "Microsoft Teams", "1.2.00.9999", "Microsoft")]),
    "powershell": (POWERSHELL.encode(), "software_table", [("ct1", "Java 8 Update 60", "8.0.600.27", "Oracle Corporation")]),
    "winget": (
        WINGET.encode(),
        "winget_list",
        [("memory", "Zoom Workplace", "6.1.0.1205", None), ("memory", "AnyDesk", "ad 7.0.14", None)],
    ),
    "winget, french": (
        WINGET_FRENCH.encode(),
        "winget_list",
        [("memory", "Zoom Workplace", "6.1.0.1205", None), ("memory", "AnyDesk", "ad 7.0.14", None)],
    ),
    "dpkg": (
        DPKG.encode(),
        "dpkg_list",
        [("memory", "openssh-server", "1:7.9p1-10+deb10u2", None), ("memory", "libc6", "2.28-10", None)],
    ),
    "dpkg status": (STATUS.encode(), "dpkg_status", [("memory", "openssh-server", "1:7.9p1-10+deb10u2", None)]),
    "apt": (APT.encode(), "package_list", [("memory", "openssl", f"3.0.{i}-1~deb12u2", None) for i in range(7)]),
    "apt, french": (APT_FRENCH.encode(), "package_list", [("memory", "openssl", f"3.0.{i}-1~deb12u2", None) for i in range(7)]),
    "wmic product": (
        WMIC.encode("utf-16"),
        "software_columns",
        [
            ("memory", "TeamViewer 15", "15.2.2756", "TeamViewer"),
            ("memory", "Microsoft Visual C++ 2015 Redistributable", "14.0.24215", "Microsoft Corporation"),
        ],
    ),
    "Format-Table": (
        FORMAT_TABLE.encode(),
        "software_columns",
        [("memory", "Zoom", "5.0.1", None), ("memory", "TeamViewer", "15.2.2756", "TeamViewer")],
    ),
    "dpkg-query": (QUERY.encode(), "package_list", [("memory", f"package{i}", f"1:2.{i}-1", None) for i in range(8)]),
    "rpm": (RPM.encode(), "package_list", [("memory", "openssl-libs", f"1.0.2k-{i}.el7_9", None) for i in range(8)]),
    "cyclonedx": (
        json.dumps(CYCLONEDX).encode(),
        "cyclonedx_json",
        [
            ("viewer 2.1", "viewer", "2.1", None),
            ("viewer 2.1", "log4j-core", "2.13.2", "Apache"),
            ("viewer 2.1", "inner", "1", None),
        ],
    ),
    "cyclonedx xml": (
        CYCLONEDX_XML,
        "cyclonedx_xml",
        [
            ("viewer 2.1", "viewer", "2.1", None),
            ("viewer 2.1", "inner", "1", None),
            ("viewer 2.1", "log4j-core", "2.13.2", "Apache"),
        ],
    ),
    "spdx": (
        json.dumps(SPDX).encode(),
        "spdx_json",
        [("viewer", "log4j-core", "2.13.2", "Apache"), ("viewer", "x", None, None)],
    ),
    "spdx, members sorted, long": (
        json.dumps({"SPDXID": "SPDXRef-DOCUMENT", "files": [{"n": "x" * 60}] * 2000} | SPDX, sort_keys=True).encode(),
        "spdx_json",
        [("viewer", "log4j-core", "2.13.2", "Apache"), ("viewer", "x", None, None)],
    ),
    "spdx tags": (SPDX_TAGS, "spdx_tag_value", [("viewer", "log4j-core", "2.13.2", "Apache"), ("viewer", "x", None, None)]),
}


@pytest.mark.parametrize("name", CASES)
def test_programs(read_bytes: Read, name: str) -> None:
    data, kind, expected = CASES[name]
    known = identify(data)
    assert known is not None and known[0] == kind
    found = read_bytes(known[1], data)
    assert found.diagnostics == []
    rows = found.rows["software"]
    assert [(row["host"], row["name"], row["version"], row["vendor"]) for row in rows] == expected
    assert {row["source"] for row in rows} == {"sbom" if kind.startswith(("cyclonedx", "spdx")) else "inventory"}
    assert all(row["record"] > 0 for row in rows)
    assert "dupont" not in str(rows) and "someone@" not in str(rows)


def test_the_operating_system_is_told_as_one(read_bytes: Read) -> None:
    known = identify(INTUNE_DEVICES.encode())
    assert known is not None
    assert read_bytes(known[1], INTUNE_DEVICES.encode()).rows["software"][0]["software_type"] == "os"


def test_what_a_bill_says_of_vulnerabilities(read_bytes: Read) -> None:
    for data, status in ((json.dumps(CYCLONEDX).encode(), "not_affected"), (CYCLONEDX_XML, "affected")):
        known = identify(data)
        assert known is not None
        (row,) = read_bytes(known[1], data).rows["vulnerability"]
        assert (row["cve"], row["product"], row["status"], row["severity"], row["source"]) == (
            "CVE-2021-44228",
            "v",
            status,
            "critical",
            "sbom",
        )


def test_names_that_contain_the_separator_and_line_breaks(read_bytes: Read) -> None:
    data = b'Computer,Software,Version,Publisher\r\nct1,"A ""quoted"", name\r\nover two lines",1.0,X\r\nct2,B,2\r\n'
    known = identify(data)
    assert known is not None
    found = read_bytes(known[1], data)
    assert [row["name"] for row in found.rows["software"]] == ['A "quoted", name\r\nover two lines', "B"]
    assert found.codes() == ["short_row"]


@pytest.mark.parametrize(
    "other",
    [
        b"date,amount\n2026-03-02,5\n",
        b"name,version,flavour,colour,weight,height\nan apple,2,sweet,red,1,2\n",
        b"Time,Source,Destination,Protocol\n",
        b"A name and a version; that is all\nof this letter\n",
        b"x\ty\n" * 10,
        b"",
    ],
)
def test_other_tables_are_not_inventories(other: bytes) -> None:
    assert identify(other) is None


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_never_breaks_a_reader(read_bytes: Read, data: st.DataObject) -> None:
    text, _, _ = data.draw(st.sampled_from(list(CASES.values())))
    known = identify(text)
    assert known is not None
    raw = bytearray(text)
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)), max_size=8)):
        raw[place] = byte
    with contextlib.suppress(ReaderError):
        read_bytes(known[1], bytes(raw[: data.draw(st.integers(0, len(raw)))]))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_bills_of_another_shape_never_break_a_reader(read_bytes: Read, data: st.DataObject) -> None:
    document: Any = copy.deepcopy(data.draw(st.sampled_from([CYCLONEDX, SPDX])))
    kind = "spdx" if "spdxVersion" in document else "cyclonedx"
    part: Any = document
    while isinstance(part, dict | list) and part:
        key = data.draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part))))
        if data.draw(st.booleans()) or not isinstance(part[key], dict | list):
            part[key] = data.draw(st.none() | st.integers() | st.text(max_size=3) | st.just([1, {}]) | st.just({"name": []}))
            break
        part = part[key]
    known = identify(CASES[kind][0])
    assert known is not None
    with contextlib.suppress(ReaderError):
        read_bytes(known[1], json.dumps(document).encode())
