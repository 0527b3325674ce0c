"""Certificates: what the cryptography library wrote is read alike; names as RFC 2253; damage costs no more than itself."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.certificates import BEGIN, certificate, der
from tests.wire.protocols.talk import Kept

from wardround.wire.x509 import Certificate, add_certificates


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("rsa", {"key_alg": "rsaEncryption", "key_type": "rsa", "key_length": 2048, "exponent": "65537",
                 "sig_alg": "sha256WithRSAEncryption"}),
        ("ec", {"key_alg": "id-ecPublicKey", "key_type": "ecdsa", "key_length": 256, "curve": "prime256v1",
                "sig_alg": "ecdsa-with-SHA256"}),
        ("ed25519", {"key_alg": "ED25519", "key_type": "ED25519", "key_length": 253, "sig_alg": "ED25519"}),
    ],
)  # fmt: skip
def test_every_column(kind: str, columns: dict[str, Any]) -> None:
    encoded = der(certificate(kind))
    read = Certificate.read(encoded)
    assert read.fingerprint == hashlib.sha256(encoded).hexdigest()
    expected = {f"certificate.{name}": value for name, value in columns.items()} | {
        "certificate.version": 3,
        "certificate.serial": "0FEE",
        "certificate.subject": "CN=pacs.example",
        "certificate.issuer": "CN=pacs.example",
        "certificate.not_valid_before": int(BEGIN.timestamp()) * 1_000_000_000,
        "certificate.not_valid_after": 2_556_144_000_000_000_000,
        "san.dns": ["pacs.example"],
        "san.ip": ["192.0.2.7"],
        "san.uri": ["urn:a:b"],
        "basic_constraints.ca": True,
        "basic_constraints.path_len": 2,
    }
    assert read.columns == expected


def test_names_are_reversed_and_escaped() -> None:
    pairs = [(NameOID.COUNTRY_NAME, "FR"), (NameOID.ORGANIZATION_NAME, ' Hôpital, "A" '), (NameOID.EMAIL_ADDRESS, "a@b.fr")]
    group = x509.RelativeDistinguishedName([
        x509.NameAttribute(NameOID.COMMON_NAME, "#x"), x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "y\n")
    ])  # fmt: skip
    name = x509.Name([*(x509.RelativeDistinguishedName([x509.NameAttribute(k, v)]) for k, v in pairs), group])
    subject = Certificate.read(der(certificate("ec", name))).subject
    assert subject is not None
    first, rest = subject.split(",", 1)
    assert sorted(first.split("+")) == ["CN=\\#x", "OU=y\\0A"]
    assert rest == 'emailAddress=a@b.fr,O=\\ H\\C3\\B4pital\\, \\"A\\"\\ ,C=FR'


@pytest.mark.parametrize(
    ("names", "server_name", "matches"),
    [
        (("pacs.example",), "PACS.example", True),
        (("*.example",), "ris.example", True),
        (("*.example",), "a.ris.example", False),
        (("other.example",), "pacs.example", False),  # the common name does not count beside alternative names
    ],
)
def test_which_server_a_certificate_is_for(names: tuple[str, ...], server_name: str, matches: bool) -> None:
    assert Certificate.read(der(certificate("ec", names=names))).is_for(server_name) is matches


def test_a_certificate_is_written_once_in_each_role() -> None:
    rows = Kept()
    own, issuer = (Certificate.read(der(certificate("ec", serial=serial))) for serial in (1, 2))
    add_certificates(rows, [own, issuer], 5, 6)
    add_certificates(rows, [own, issuer], 7, 8)
    add_certificates(rows, [own], 9, 10, from_client=True)
    written = [(row["fingerprint"], row["host_cert"], row["client_cert"], row["ts"]) for row in rows.tables["x509"]]
    assert written == [
        (own.fingerprint, True, False, 5), (issuer.fingerprint, False, False, 5), (own.fingerprint, True, True, 9),
    ]  # fmt: skip


def test_what_is_no_certificate_is_a_weird() -> None:
    rows = Kept()
    add_certificates(rows, [Certificate.read(b"\x30\x03\x02\x01\x05")], 1, 1)
    assert rows.weirds == ["x509_malformed"]
    assert not rows.tables


def test_a_broken_extension_costs_only_itself() -> None:
    encoded = der(certificate())
    damaged = encoded.replace(
        b"\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x08\x30\x06", b"\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x08\x30\x7f"
    )
    assert damaged != encoded
    columns = Certificate.read(damaged).columns
    assert "basic_constraints.ca" not in columns
    assert columns["san.dns"] == ["pacs.example"]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_certificates_are_read_without_fail(data: st.DataObject) -> None:
    encoded = bytearray(der(certificate()))
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(encoded[: data.draw(st.integers(0, len(encoded)))])
    assert Certificate.read(cut).fingerprint == hashlib.sha256(cut).hexdigest()
