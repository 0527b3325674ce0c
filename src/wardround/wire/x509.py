"""Certificates as rows of table x509, with names and algorithms in the text form that OpenSSL and Zeek give them.

The reader is tolerant: what a certificate of old equipment has wrong costs its own column and no other.
Sources: RFC 5280 (certificates), RFC 2253 (text of names), RFC 3279, 5480 and 8410 (keys).
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from wardround.wire import der
from wardround.wire.connection import Malformed, Rows
from wardround.wire.oid_names import ALGORITHMS, ATTRIBUTES, CURVES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_TIME = (1 << 63) - 1

_SUBJECT_ALTERNATIVE_NAME, _BASIC_CONSTRAINTS = "2.5.29.17", "2.5.29.19"
_COMMON_NAME = "2.5.4.3"
_STRINGS = {
    der.UTF8, der.PRINTABLE, der.T61, der.IA5, der.VISIBLE, der.UNIVERSAL, der.BMP, der.NUMERIC,
}  # fmt: skip

#: Keys whose length in bits is not that of their encoding.
_FIXED_LENGTHS = {"ED25519": 253, "X25519": 253, "ED448": 456, "X448": 448}

#: Alternative names that are kept of one certificate.
_MAX_NAMES = 1024


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate: its SHA-256, and its columns of table x509 (none when it could not be read)."""

    fingerprint: str
    columns: dict[str, Any] = field(default_factory=dict)
    common_name: str | None = None

    @staticmethod
    def read(encoded: bytes) -> Certificate:
        """Read a certificate in DER. Never raises."""
        return _remembered(encoded) if len(encoded) <= 8192 else _read(encoded)

    @property
    def subject(self) -> str | None:
        """The distinguished name of the holder."""
        return self.columns.get("certificate.subject")

    @property
    def issuer(self) -> str | None:
        """The distinguished name of the issuer."""
        return self.columns.get("certificate.issuer")

    def is_for(self, server_name: str) -> bool:
        """Whether the certificate names that server (RFC 6125: ``*`` stands for the whole first label)."""
        wanted = server_name.lower().rstrip(".")
        names = self.columns.get("san.dns") or ([self.common_name] if self.common_name else [])
        _, _, parent = wanted.partition(".")
        return any(name.lower() == wanted or (parent != "" and name.lower() == f"*.{parent}") for name in names)


#: Certificates that were already written, per collector of rows: one row for each certificate in each role.
_written: WeakKeyDictionary[Rows, set[tuple[str, bool, bool]]] = WeakKeyDictionary()

#: After so many certificates the memory of what was written begins again.
_MAX_WRITTEN = 1 << 17


def add_certificates(rows: Rows, chain: list[Certificate], ts: int, frame: int, *, from_client: bool = False) -> None:
    """Write a chain of certificates, the holder's own first, unless they were written before."""
    written = _written.setdefault(rows, set())
    if len(written) > _MAX_WRITTEN:
        written.clear()
    for index, certificate in enumerate(chain):
        role = (certificate.fingerprint, index == 0, from_client)
        if role in written:
            continue
        written.add(role)
        if not certificate.columns:
            rows.weird(None, "x509_malformed", certificate.fingerprint, ts=ts, record=frame)
            continue
        columns = {"host_cert": index == 0, "client_cert": from_client, **certificate.columns}
        rows.row("x509", {"ts": ts, "ts_zone": "utc", "record": frame, "fingerprint": certificate.fingerprint, **columns})


@lru_cache(maxsize=1024)
def _remembered(encoded: bytes) -> Certificate:
    return _read(encoded)


def _read(encoded: bytes) -> Certificate:
    fingerprint = hashlib.sha256(encoded).hexdigest()
    try:
        whole = der.first(encoded)
        parts = der.children(whole)
        if whole.tag != der.SEQUENCE or not parts or parts[0].tag != der.SEQUENCE:
            return Certificate(fingerprint)
        columns, common_name = _signed_part(parts[0])
        if len(parts) > 1:
            columns["certificate.sig_alg"] = _algorithm(parts[1])[0]
    except Malformed:
        return Certificate(fingerprint)
    return Certificate(fingerprint, columns, common_name)


def _signed_part(element: der.Element) -> tuple[dict[str, Any], str | None]:
    """The columns of the TBSCertificate; raises Malformed when its beginning is none."""
    fields = der.children(element)
    version = 1
    if fields and fields[0].tag == 0xA0:
        version = int.from_bytes(der.first(fields[0].body).body[:4], "big") + 1
        fields = fields[1:]
    if len(fields) < 6 or fields[0].tag != der.INTEGER:
        raise Malformed("x509_malformed", "a certificate lacks fields")
    serial, _, issuer, validity, subject, key = fields[:6]
    times = [_time(element) for element in der.children(validity)] + [None, None]
    columns: dict[str, Any] = {
        "certificate.version": version,
        "certificate.serial": _serial(serial.body),
        "certificate.subject": name(subject),
        "certificate.issuer": name(issuer),
        "certificate.not_valid_before": times[0],
        "certificate.not_valid_after": times[1],
        **_key(key),
    }
    for extra in fields[6:]:
        if extra.tag == 0xA3:
            columns |= _extensions(extra)
    return columns, _common_name(subject)


def _serial(body: bytes) -> str:
    number = int.from_bytes(body, "big", signed=True)
    digits = f"{abs(number):X}"
    return ("-" if number < 0 else "") + ("0" + digits if len(digits) % 2 else digits)


def _time(element: der.Element) -> int | None:
    """A time in ns since 1970 UTC, at most what 64 bits hold (the year 2262); None when it is none."""
    text = element.body.decode("ascii", "replace").rstrip("Z")
    digits, _, _ = text.partition(".")
    if element.tag == der.UTC_TIME and len(digits) in (10, 12):
        digits = ("19" if digits >= "5" else "20") + digits
    digits += "00" if len(digits) == 12 else ""
    if len(digits) != 14 or not (digits.isascii() and digits.isdigit()):
        return None
    year, *rest = int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, 14, 2))
    month, day, hour, minute, second = rest
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    since = moment - _EPOCH
    return max(-LAST_TIME, min((since.days * 86_400 + since.seconds) * 1_000_000_000, LAST_TIME))


def _attributes(element: der.Element) -> list[tuple[bool, str, der.Element]]:
    """The attributes of a name in order: whether it belongs with the one before, object identifier, value."""
    found: list[tuple[bool, str, der.Element]] = []
    for group in der.children(element):
        for index, attribute in enumerate(der.children(group)):
            pair = der.children(attribute)
            if len(pair) >= 2:
                found.append((index > 0, der.object_identifier(pair[0].body), pair[1]))
    return found


def name(element: der.Element) -> str:
    """A distinguished name as RFC 2253 writes it: the last attribute first, ``+`` within a group."""
    text = ""
    attributes = _attributes(element)
    for index in range(len(attributes) - 1, -1, -1):
        joined, kind, value = attributes[index]
        text += f"{ATTRIBUTES.get(kind, kind)}={_value(kind, value)}"
        if index:
            text += "+" if joined else ","
    return text


def _value(kind: str, value: der.Element) -> str:
    if value.tag not in _STRINGS or kind not in ATTRIBUTES:
        return "#" + value.encoded.hex().upper()
    text = der.string(value)
    escaped = []
    for index, character in enumerate(text):
        at_end = index in (0, len(text) - 1)
        if character in ',+"\\<>;' or (character == " " and at_end) or (character == "#" and index == 0):
            escaped.append("\\" + character)
        elif " " <= character <= "~":
            escaped.append(character)
        else:
            escaped.append("".join(f"\\{octet:02X}" for octet in character.encode("utf-8", "replace")))
    return "".join(escaped)


def _common_name(element: der.Element) -> str | None:
    return next((der.string(value) for _, kind, value in reversed(_attributes(element)) if kind == _COMMON_NAME), None)


def _algorithm(element: der.Element) -> tuple[str | None, list[der.Element]]:
    """The name of an algorithm (its number in dots when it has none) and its parameters."""
    parts = der.children(element)
    if not parts or parts[0].tag != der.OBJECT:
        return None, []
    number = der.object_identifier(parts[0].body)
    return ALGORITHMS.get(number, number), parts[1:]


def _key(element: der.Element) -> dict[str, Any]:
    """The columns of a SubjectPublicKeyInfo."""
    parts = der.children(element)
    if len(parts) < 2:
        return {}
    algorithm, parameters = _algorithm(parts[0])
    key = parts[1].body[1:]  # a bit string tells first how many bits of its last octet are unused
    columns: dict[str, Any] = {"certificate.key_alg": algorithm}
    if algorithm is None:
        return columns
    if "RSA" in algorithm or "rsa" in algorithm:
        columns |= {"certificate.key_type": "rsa", **_rsa(key)}
    elif algorithm == "id-ecPublicKey":
        number = der.object_identifier(parameters[0].body) if parameters and parameters[0].tag == der.OBJECT else ""
        curve, bits = CURVES.get(number, (number or None, 0))
        columns |= {"certificate.key_type": "ecdsa", "certificate.curve": curve}
        columns["certificate.key_length"] = bits or (len(key) - 1) * 4
    elif algorithm == "dsaEncryption":
        prime = der.children(parameters[0])[:1] if parameters else []
        columns |= {"certificate.key_type": "dsa", "certificate.key_length": _bits(prime[0].body) if prime else None}
    else:
        columns |= {"certificate.key_type": algorithm, "certificate.key_length": _FIXED_LENGTHS.get(algorithm, len(key) * 8)}
    return columns


def _rsa(key: bytes) -> dict[str, Any]:
    try:
        numbers = der.children(der.first(key))
    except Malformed:
        return {}
    if len(numbers) < 2:
        return {}
    exponent = numbers[1].body[:1024]  # the digits of a longer one are not worth their time
    return {
        "certificate.key_length": _bits(numbers[0].body),
        "certificate.exponent": str(int.from_bytes(exponent, "big")),
    }


def _bits(body: bytes) -> int:
    return int.from_bytes(body, "big").bit_length()


def _extensions(element: der.Element) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for outer in der.children(element):
        for extension in der.children(outer):
            parts = der.children(extension)
            if len(parts) < 2 or parts[-1].tag != der.OCTET_STRING:
                continue
            kind = der.object_identifier(parts[0].body)
            try:
                if kind == _SUBJECT_ALTERNATIVE_NAME:
                    columns |= _alternative_names(der.first(parts[-1].body))
                elif kind == _BASIC_CONSTRAINTS:
                    columns |= _basic_constraints(der.first(parts[-1].body))
            except Malformed:
                continue
    return columns


def _alternative_names(element: der.Element) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    for entry in der.children(element, _MAX_NAMES):
        column = {0x81: "san.email", 0x82: "san.dns", 0x86: "san.uri", 0x87: "san.ip"}.get(entry.tag)
        if column == "san.ip":
            if len(entry.body) in (4, 16):
                found.setdefault(column, []).append(str(ipaddress.ip_address(entry.body)))
        elif column is not None:
            found.setdefault(column, []).append(entry.body.decode("ascii", "backslashreplace"))
    return dict(found)


def _basic_constraints(element: der.Element) -> dict[str, Any]:
    columns: dict[str, Any] = {"basic_constraints.ca": False}
    for part in der.children(element):
        if part.tag == der.BOOLEAN:
            columns["basic_constraints.ca"] = any(part.body)
        elif part.tag == der.INTEGER and 0 < len(part.body) <= 4:
            columns["basic_constraints.path_len"] = max(0, int.from_bytes(part.body, "big", signed=True))
    return columns
