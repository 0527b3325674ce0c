"""Names of TLS versions, groups and alerts by number, as Zeek writes them.

Sources: the IANA TLS registries; RFC 8446, RFC 9147 and RFC 8701.
"""

from __future__ import annotations

from wardround.wire.tls_ciphers import GREASE

_VERSIONS = {
    0x0002: "SSLv2",
    0x0300: "SSLv3",
    0x0301: "TLSv10",
    0x0302: "TLSv11",
    0x0303: "TLSv12",
    0x0304: "TLSv13",
    0xFEFF: "DTLSv10",
    0xFEFD: "DTLSv12",
    0xFEFC: "DTLSv13",
}

#: The groups numbered from 1 on without a hole.
_FIRST_GROUPS = (
    "sect163k1 sect163r1 sect163r2 sect193r1 sect193r2 sect233k1 sect233r1 sect239k1 sect283k1 sect283r1 "
    "sect409k1 sect409r1 sect571k1 sect571r1 secp160k1 secp160r1 secp160r2 secp192k1 secp192r1 secp224k1 "
    "secp224r1 secp256k1 secp256r1 secp384r1 secp521r1 brainpoolP256r1 brainpoolP384r1 brainpoolP512r1 "
    "x25519 x448 brainpoolP256r1tls13 brainpoolP384r1tls13 brainpoolP512r1tls13 GC256A GC256B GC256C GC256D "
    "GC512A GC512B GC512C curveSM2"
)

_GROUPS = {
    **dict(enumerate(_FIRST_GROUPS.split(), 1)),
    0x0100: "ffdhe2048",
    0x0101: "ffdhe3072",
    0x0102: "ffdhe4096",
    0x0103: "ffdhe6144",
    0x0104: "ffdhe8192",
    0x0200: "MLKEM512",
    0x0201: "MLKEM768",
    0x0202: "MLKEM1024",
    0x11EB: "SecP256r1MLKEM768",
    0x11EC: "X25519MLKEM768",
    0x11ED: "SecP384r1MLKEM1024",
    0x6399: "X25519Kyber768Draft00",
    0x639A: "SecP256r1Kyber768Draft00",
    0xFF01: "arbitrary_explicit_prime_curves",
    0xFF02: "arbitrary_explicit_char2_curves",
}

_ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
    121: "ech_required",
}

TLS13 = 0x0304


def is_tls13(version: int) -> bool:
    """Whether a version is TLS 1.3, DTLS 1.3 or a draft of it (the drafts, and the experiments with ``7E xx``)."""
    return version in (TLS13, 0xFEFC) or version >> 8 in (0x7E, 0x7F)


def version_name(number: int) -> str:
    """The name of a protocol version."""
    if number >> 8 == 0x7F:
        return f"TLSv13-draft{number & 0xFF}"
    return _VERSIONS.get(number) or f"unknown-{number}"


def group_name(number: int) -> str:
    """The name of a group or elliptic curve."""
    if number in GREASE:
        return f"grease_0x{number:04X}"
    return _GROUPS.get(number) or f"unknown-{number}"


def alert_name(number: int) -> str:
    """The name of an alert."""
    return _ALERTS.get(number) or f"unknown-{number}"
