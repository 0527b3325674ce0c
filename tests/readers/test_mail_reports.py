"""Reports and records about mail: DMARC, TLS, zones, checkdmarc; also those attached to messages, and hostile bytes."""

# ruff: noqa: E501 (reports have long lines)

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.mail.test_dkim import KEYS, MESSAGE, SIGNATURES

from wardround import reading
from wardround.errors import ReaderError
from wardround.evidence import Walk
from wardround.mail import told
from wardround.model import Mail
from wardround.readers import identify
from wardround.readers.mail import checkdmarc, dmarc, eml, tls_report, zone

Read = Callable[..., Any]

DMARC = b"""<?xml version="1.0"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
 <report_metadata><org_name>receiver.example</org_name><email>d@receiver.example</email><report_id>77</report_id>
  <date_range><begin>1772438400</begin><end>1772524799.0</end></date_range></report_metadata>
 <policy_published><domain>Hospital.example</domain><adkim>r</adkim><aspf>s</aspf><p>none</p><pct>50</pct></policy_published>
 <record><row><source_ip>203.0.113.7</source_ip><count>12</count>
   <policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>pass</spf>
    <reason><type>forwarded</type><comment>known list</comment></reason></policy_evaluated></row>
  <identifiers><envelope_to>receiver.example</envelope_to><header_from>hospital.example</header_from></identifiers>
  <auth_results><dkim><domain>esp.example</domain><selector>s1</selector><result>pass</result></dkim>
   <dkim><domain>hospital.example</domain><result>fail</result></dkim>
   <spf><domain>bounce.hospital.example</domain><scope>mfrom</scope><result>pass</result></spf></auth_results></record>
 <record><row><source_ip>2001:db8::7</source_ip><count>x</count></row></record>
</feedback>"""

TLS: dict[str, Any] = {
    "organization-name": "Receiver",
    "date-range": {"start-datetime": "2026-03-01T00:00:00Z", "end-datetime": "2026-03-01T23:59:59Z"},
    "contact-info": "tls@receiver.example",
    "report-id": "r1",
    "policies": [
        {
            "policy": {"policy-type": "sts", "policy-domain": "hospital.example", "policy-string": ["version: STSv1"]},
            "summary": {"total-successful-session-count": 10, "total-failure-session-count": 3},
            "failure-details": [
                {"result-type": "certificate-expired", "sending-mta-ip": "203.0.113.1", "failed-session-count": 2},
                {
                    "result-type": "starttls-not-supported",
                    "receiving-mx-hostname": "MX.hospital.example",
                    "failed-session-count": 1,
                },
            ],
        },
        {"policy": {"policy-type": "no-policy-found", "policy-domain": "other.example"}, "summary": {}},
    ],
}

ZONE = b"""; exported
$ORIGIN hospital.example.
$TTL 1h
@  IN SOA ns1 admin ( 2026030201 ; serial
      7200 3600 1209600 3600 )
   IN NS ns1
   3600 IN MX 10 mail
   IN TXT "v=spf1 include:_spf.example ip4:203.0.113.0/24 " "~all"
_dmarc IN TXT "v=DMARC1; p=quarantine; sp=none; pct=50; rua=mailto:d@hospital.example"
s1._domainkey 300 IN TXT ( "v=DKIM1; k=ed25519; "
   "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" )
old._domainkey IN TXT "v=DKIM1; p="
_mta-sts IN TXT "v=STSv1; id=1"
_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:t@hospital.example"
lab IN MX 20 mail.elsewhere.example.
www IN A 203.0.113.9
bad.hospital.example. IN TXT "v=spf1 +all"
bad.hospital.example. IN TXT "v=spf1 a:1.x a:2.x a:3.x a:4.x a:5.x a:6.x a:7.x a:8.x a:9.x mx ptr -all"
"""

CHECKED: list[dict[str, Any]] = [
    {
        "domain": "Hospital.example",
        "base_domain": "hospital.example",
        "mx": {"hosts": [{"preference": 10, "hostname": "mail.hospital.example", "starttls": True}], "warnings": []},
        "spf": {
            "record": "v=spf1 mx ~all", "valid": True, "dns_lookups": 3, "warnings": ["a warning"], "parsed": {"all": "softfail"},
        },
        "dmarc": {"record": "v=DMARC1; p=none", "valid": True, "location": "hospital.example", "tags": {"p": {"value": "none"}}},
    },
    {"domain": "other.example", "base_domain": "other.example", "dmarc": {"record": None, "valid": False, "error": "no record"}},
]  # fmt: skip


def test_a_dmarc_report(read_bytes: Read) -> None:
    known = identify(DMARC)
    assert known is not None
    assert known[1] is dmarc.READER
    found = read_bytes(dmarc.READER, DMARC)
    first, second = found.rows["dmarc_report"]
    assert first == {
        "ts": 1_772_524_799 * 10**9, "ts_zone": "utc", "evidence_id": "e1", "record": 6, "reporter": "receiver.example",
        "report_id": "77", "begin": 1_772_438_400 * 10**9, "end": 1_772_524_799 * 10**9, "domain": "hospital.example",
        "policy": "none", "subdomain_policy": "none", "percent": 50, "dkim_alignment": "r", "spf_alignment": "s",
        "source": "203.0.113.7", "messages": 12, "disposition": "none", "dkim": "fail", "spf": "pass",
        "reasons": ["forwarded: known list"], "header_from": "hospital.example", "envelope_from": None,
        "envelope_to": "receiver.example", "dkim_domains": ["esp.example", "hospital.example"],
        "dkim_results": ["pass", "fail"], "dkim_selectors": ["s1", None], "spf_domain": "bounce.hospital.example",
        "spf_result": "pass",
    }  # fmt: skip
    assert (second["source"], second["messages"]) == ("2001:db8::7", None)


def test_a_dmarc_report_that_breaks_off(read_bytes: Read) -> None:
    found = read_bytes(dmarc.READER, DMARC[: DMARC.index(b"<auth_results>")])
    assert found.rows["dmarc_report"][0]["messages"] == 12
    assert found.codes() == ["xml_broken"]


def test_entities_are_refused(read_bytes: Read) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a "aaaa">]><feedback><report_metadata>&a;</report_metadata></feedback>'
    with pytest.raises(ReaderError, match="entities"):
        read_bytes(dmarc.READER, bomb)


def test_a_tls_report(read_bytes: Read) -> None:
    data = json.dumps(TLS).encode()
    known = identify(data)
    assert known is not None
    assert known[1] is tls_report.READER
    expired, plain, none = read_bytes(tls_report.READER, data).rows["tls_report"]
    assert (expired["failure"], expired["failed_sessions"], expired["failures"], expired["domain"]) == (
        "certificate-expired", 2, 3, "hospital.example",
    )  # fmt: skip
    assert (plain["failure"], plain["receiving_host"]) == ("starttls-not-supported", "mx.hospital.example")
    assert (none["policy_type"], none["failure"], none["successes"]) == ("no-policy-found", None, None)
    assert expired["end"] == expired["ts"] == 1_772_409_599 * 10**9


@pytest.mark.parametrize("packed", ["gzip", "zip", "plain"])
def test_reports_attached_to_messages(read_bytes: Read, packed: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "d@receiver.example", "dmarc@hospital.example", "Report domain: x"
    message["MIME-Version"] = "1.0"
    message.set_content("attached")
    name = "receiver.example!hospital.example!1!2.xml"
    if packed == "gzip":
        message.add_attachment(gzip.compress(DMARC), maintype="application", subtype="gzip", filename=f"{name}.gz")
    elif packed == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, DMARC)
        message.add_attachment(buffer.getvalue(), maintype="application", subtype="zip", filename=f"{name}.zip")
    else:
        message.add_attachment(json.dumps(TLS).encode(), maintype="application", subtype="tlsrpt+json", filename="r.json")
    found = read_bytes(eml.READER, message.as_bytes())
    assert len(found.rows["mail_message"]) == 1
    assert len(found.rows.get("dmarc_report", found.rows.get("tls_report"))) >= 2


def policies(found: Any) -> dict[tuple[str, str, str | None], list[dict[str, Any]]]:
    by: dict[tuple[str, str, str | None], list[dict[str, Any]]] = {}
    for row in found.rows["mail_policy"]:
        by.setdefault((row["domain"], row["kind"], row["selector"]), []).append(row)
    return by


def test_a_zone(read_bytes: Read) -> None:
    known = identify(ZONE)
    assert known is not None
    assert known[1] is zone.READER
    by = policies(read_bytes(zone.READER, ZONE))
    (spf,) = by["hospital.example", "spf", None]
    assert (spf["policy"], spf["lookups"], spf["valid"], spf["record"]) == ("softfail", 1, True, 8)
    assert spf["value"] == "v=spf1 include:_spf.example ip4:203.0.113.0/24 ~all"
    (policy,) = by["hospital.example", "dmarc", None]
    assert (policy["policy"], policy["subdomain_policy"], policy["percent"]) == ("quarantine", "none", 50)
    assert by["hospital.example", "dkim", "s1"][0]["key_bits"] == 256
    assert by["hospital.example", "dkim", "old"][0]["policy"] == "revoked"
    assert ("hospital.example", "mta_sts", None) in by
    assert ("hospital.example", "tls_rpt", None) in by
    assert [row["value"] for row in by["lab.hospital.example", "spf", None]] == [None]
    assert [row["value"] for row in by["lab.hospital.example", "dmarc", None]] == [None]
    loose, tight = by["bad.hospital.example", "spf", None]
    assert (loose["policy"], loose["problems"]) == ("pass", None)
    assert tight["valid"] is False
    assert tight["lookups"] == 11
    assert len(tight["problems"]) == 3  # ptr, too many lookups, the second record of its kind


def test_a_transfer_without_directives(read_bytes: Read) -> None:
    data = (
        b"; <<>> DiG 9.18 <<>> axfr hospital.example\nhospital.example.\t3600\tIN\tSOA\tns1.x. a.x. 1 2 3 4 5\n"
        b'hospital.example.\t3600\tIN\tTXT\t"v=spf1 -all"\n'
    )
    assert identify(data) is not None
    by = policies(read_bytes(zone.READER, data))
    assert by["hospital.example", "spf", None][0]["policy"] == "fail"
    assert by["hospital.example", "dmarc", None][0]["value"] is None


@pytest.mark.parametrize(
    "text", [b"a b c\nd e f\n", b"key IN value\n", b"; comment only\n", b"$ORIGIN of species\n", b"SOA what\n"]
)
def test_other_text_is_no_zone(text: bytes) -> None:
    assert zone.READER.sniff(text) is None


def test_checkdmarc(read_bytes: Read) -> None:
    data = json.dumps(CHECKED, indent=2).encode()
    known = identify(data)
    assert known is not None
    assert known[1] is checkdmarc.READER
    by = policies(read_bytes(checkdmarc.READER, data))
    (spf,) = by["hospital.example", "spf", None]
    assert (spf["policy"], spf["lookups"], spf["valid"], spf["problems"]) == ("softfail", 3, True, ["a warning"])
    assert by["hospital.example", "dmarc", None][0]["policy"] == "none"
    assert by["hospital.example", "mx", None][0]["value"] == "10 mail.hospital.example"
    (missing,) = by["other.example", "dmarc", None]
    assert (missing["value"], missing["valid"], missing["problems"]) == (None, None, ["no record"])


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_damage_does_no_harm(read_bytes: Read, data: st.DataObject) -> None:
    reader, original = data.draw(
        st.sampled_from(
            [
                (dmarc.READER, DMARC),
                (tls_report.READER, json.dumps(TLS).encode()),
                (zone.READER, ZONE),
                (checkdmarc.READER, json.dumps(CHECKED).encode()),
            ]
        )
    )
    raw = bytearray(original)
    for _ in range(data.draw(st.integers(0, 10))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    reader.sniff(damaged)
    try:
        read_bytes(reader, damaged)
    except ReaderError:
        return


def test_keys_of_a_zone_check_signatures_of_other_evidence(
    read_bytes: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f'{owner}. IN TXT "{text[:120]}" "{text[120:]}"' for owner, text in KEYS.items()]
    (tmp_path / "zone").write_text("$ORIGIN sender.example.\n" + "\n".join(lines) + "\n")
    signed = SIGNATURES["relaxed"].encode() + MESSAGE
    (tmp_path / "mail").write_bytes(signed)
    (tmp_path / "scratch").mkdir()
    walked = Walk(tmp_path / "scratch").run([str(tmp_path / "mail"), str(tmp_path / "zone")])
    keys = dict(reading._keys(walked, reading.identify(walked), []))
    assert keys == KEYS
    monkeypatch.setattr(told.TOLD, "keys", {})
    assert read_bytes(eml.READER, signed).rows["mail_message"][0]["dkim"] is None
    told.tell(Mail(), keys)
    row = read_bytes(eml.READER, signed).rows["mail_message"][0]
    assert (row["dkim"], row["dkim_domains"], row["aligned"], row["authentication_source"]) == (
        "pass", ["sender.example"], True, "verified",
    )  # fmt: skip


def _locked() -> bytes:
    """A zip file that says its member is encrypted."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("report.xml", DMARC)
    data = bytearray(buffer.getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    return bytes(data)


def _many() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(9):
            archive.writestr(f"{number}.txt", b"x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "suffix", "code"),
    [
        (gzip.compress(DMARC)[:-20], "xml.gz", "archive_damaged"),
        (b"PK\x03\x04" + bytes(200), "zip", "archive_damaged"),
        (_locked(), "zip", "archive_damaged"),
        (_many(), "zip", "too_many_members"),
        (gzip.compress(bytes(33 << 20)), "xml.gz", "too_large"),
    ],
    ids=["cut", "broken", "locked", "many", "bomb"],
)
def test_a_report_that_cannot_be_unpacked_is_told(read_bytes: Read, data: bytes, suffix: str, code: str) -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "reports@example.org", "Report domain"
    message.set_content("attached")
    name = f"example.org!chu-valmont.example!1772409600!1772496000.{suffix}"
    message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    found = read_bytes(eml.READER, message.as_bytes())
    assert code in found.codes()
    assert len(found.rows["mail_message"]) == 1
