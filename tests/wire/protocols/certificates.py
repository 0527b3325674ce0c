"""Certificates for tests, made on the spot."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

BEGIN, END = datetime(2024, 2, 29, 12, 30, 5, tzinfo=UTC), datetime(2051, 1, 1, tzinfo=UTC)


@cache
def key(kind: str) -> Key:
    """A key of that kind, the same for the whole run."""
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else ed25519.Ed25519PrivateKey.generate()


@cache
def certificate(
    kind: str = "ec", subject: x509.Name | None = None, names: tuple[str, ...] = ("pacs.example",), serial: int = 0x0FEE
) -> x509.Certificate:
    """A self-signed certificate, the same for the whole run."""
    subject = subject or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pacs.example")])
    alternative: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    alternative += [x509.IPAddress(ipaddress.ip_address("192.0.2.7")), x509.UniformResourceIdentifier("urn:a:b")]
    own = key(kind)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(own.public_key())
        .serial_number(serial)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
        .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=2), critical=True)
    )
    return builder.sign(own, None if kind == "ed25519" else hashes.SHA256())


def der(made: x509.Certificate) -> bytes:
    """The encoding of a certificate."""
    return made.public_bytes(Encoding.DER)


def write_pem(folder: Path, kind: str = "ec") -> Path:
    """A file with a key and its certificate, as a server wants them."""
    path = folder / f"{kind}.pem"
    own = key(kind).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(own + certificate(kind).public_bytes(Encoding.PEM))
    return path
