"""Configurations of DICOM archives: settings with their lines, secrets replaced."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardround import readers
from wardround.errors import ReaderError
from wardround.readers.device_config import archives, orthanc

Read = Callable[..., Any]

ORTHANC = b"""/**
 * The configuration, with "RemoteAccessAllowed" : false in a comment
 **/
{
  "Name" : "Archive", // shown
  "DicomAet" : "ARCHIVE1",
  "HttpPort" : 8042,
  "RemoteAccessAllowed" : true,
  "AuthenticationEnabled" : false,
  /* several
     lines */
  "RegisteredUsers" : { "alice" : "alicePassword", "maria" : "k9-Vq!//x2" },
  "DicomModalities" : { "ct" : [ "CT1", "10.2.0.10", 104 ] },
  "OrthancPeers" : { "other" : [ "http://10.2.0.6:8042/", "peer", "pe-er-pw" ] },
  "PostgreSQL" : { "Password" : "db-pw-17", "ConnectionUri" : "postgresql://user:uri-pw-3@10.2.0.9/x" }
}
"""

DCMTK = b"""# a comment
NetworkTCPPort  = 104
MaxPDUSize      = 16384
HostTable BEGIN
ct1 = (CT1, 10.2.0.10, 104)
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
COMMON       /home/dicom/db/COMMON       R  (200, 1024mb)  ANY
ARCHIVE      /home/dicom/db/ARCHIVE      RW (9, 1024mb)    ct1
AETable END
"""

CONQUEST = b"""# dicom.ini
[sscscp]
MicroPACS                = sscscp
MyACRNema                = CONQUESTSRV1
TCPPort                  = 5678
Username                 = conquest
Password                 = conquest
ACRNemaMap               = acrnema.map
"""

LDIF = b"""version: 1
dn: dicomDeviceName=archive,cn=Devices,cn=DICOM Configuration,dc=example
dicomDeviceName: archive
dicomInstalled: TRUE
userPassword:: c2VjcmV0LWxkYXA=

dn: dicomAETitle=DCM4CHEE,dicomDeviceName=archive,cn=Devices,cn=DICOM Configuration,dc=example
dicomAETitle: DCM4CHEE
dicomAssociationAcceptor: TRUE
"""

DEVICE_JSON = b"""{"dicomDeviceName": "archive", "dicomNetworkConnection": [{"cn": "dicom", "dicomPort": 11112}],
 "dicomNetworkAE": [{"dicomAETitle": "DCM4CHEE"}]}"""

CASES = [
    (ORTHANC, "orthanc_config", orthanc.READER),
    (DCMTK, "dcmtk_config", archives.READER),
    (CONQUEST, "conquest_config", archives.READER),
    (LDIF, "dcm4chee_config", archives.READER),
    (DEVICE_JSON, "dcm4chee_config", orthanc.READER),
]


def told(found: Any) -> dict[tuple[str, str], tuple[str, int]]:
    return {(row["block"] or "", row["key"]): (row["value"], row["record"]) for row in found.rows["device_config_item"]}


@pytest.mark.parametrize(("data", "kind", "reader"), CASES)
def test_each_is_recognised_and_read_whole(read_bytes: Read, data: bytes, kind: str, reader: Any) -> None:
    assert readers.identify(data) == (kind, reader)
    found = read_bytes(reader, data)
    assert found.diagnostics == []
    text = str(found)
    for secret in ("alicePassword", "k9-Vq", "pe-er-pw", "db-pw-17", "uri-pw-3", "c2VjcmV0"):
        assert secret not in text


def test_orthanc(read_bytes: Read) -> None:
    items = told(read_bytes(orthanc.READER, ORTHANC))
    assert items["", "RemoteAccessAllowed"] == ("true", 8)
    assert items["", "AuthenticationEnabled"] == ("false", 9)
    assert items["RegisteredUsers", "alice"] == ("(default secret)", 12)
    assert items["RegisteredUsers", "maria"] == ("(secret)", 12)
    assert items["DicomModalities / ct", "0"] == ("CT1", 13)
    assert items["OrthancPeers / other", "2"] == ("(secret)", 14)
    assert items["PostgreSQL", "ConnectionUri"] == ("postgresql://(secret)@10.2.0.9/x", 15)


def test_the_others(read_bytes: Read) -> None:
    items = told(read_bytes(archives.READER, DCMTK))
    assert items["AETable / COMMON", "peers"] == ("ANY", 10)
    assert items["AETable / ARCHIVE", "access"] == ("RW", 11)
    assert items["HostTable", "ct1"] == ("(CT1, 10.2.0.10, 104)", 5)
    found = read_bytes(archives.READER, CONQUEST)
    assert told(found)["sscscp", "Password"] == ("(default secret)", 7)
    assert {row["device"] for row in found.rows["device_config_item"]} == {"CONQUESTSRV1"}
    items = told(read_bytes(archives.READER, LDIF))
    assert any(key == "dicomAssociationAcceptor" and value == "TRUE" for (_, key), (value, _) in items.items())


def test_broken_json_is_read_up_to_the_break(read_bytes: Read) -> None:
    found = read_bytes(orthanc.READER, ORTHANC[: ORTHANC.index(b'"peer"') + 3])
    assert found.codes() == ["json_broken"]
    assert ("", "AuthenticationEnabled") in told(found)


def test_depth_is_bounded(read_bytes: Read) -> None:
    with pytest.raises(ReaderError):
        read_bytes(orthanc.READER, b'{"DicomAet": "A", "HttpPort": 1, "x": ' + b"[" * 100_000)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_hostile_text(read_bytes: Read, data: st.DataObject) -> None:
    sample, _, reader = data.draw(st.sampled_from(CASES))
    whole = bytearray(sample)
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    if (known := readers.identify(cut)) is not None and known[1] is reader:
        with suppress(ReaderError):
            read_bytes(reader, cut)
