"""Names of what IKE negotiates, by number.

Sources: the IANA registries "Internet Key Exchange (IKE) Attributes" and "Internet Key Exchange Version 2 (IKEv2)
Parameters"; draft-ietf-ipsec-isakmp-xauth for extended authentication, draft-ietf-ipsec-isakmp-hybrid-auth for hybrid.
"""

from __future__ import annotations

from collections.abc import Mapping

EXCHANGES = {
    2: "main", 4: "aggressive", 5: "informational", 6: "transaction", 32: "quick", 33: "new_group",
    34: "ike_sa_init", 35: "ike_auth", 36: "create_child_sa", 37: "informational",
    38: "ike_session_resume", 43: "ike_intermediate", 44: "ike_followup_ke",
}  # fmt: skip

ENCRYPTION_1 = {
    1: "des", 2: "idea", 3: "blowfish", 4: "rc5", 5: "3des", 6: "cast", 7: "aes-cbc", 8: "camellia-cbc",
}  # fmt: skip
HASH_1 = {1: "md5", 2: "sha1", 3: "tiger", 4: "sha2-256", 5: "sha2-384", 6: "sha2-512"}
AUTHENTICATION_1 = {
    1: "psk", 2: "dss", 3: "rsa", 4: "rsa-encryption", 5: "rsa-encryption-revised",
    9: "ecdsa-256", 10: "ecdsa-384", 11: "ecdsa-521", 64221: "hybrid-rsa", 64222: "hybrid-rsa",
    64223: "hybrid-dss", 64224: "hybrid-dss", 65001: "xauth-psk", 65002: "xauth-psk", 65003: "xauth-dss",
    65004: "xauth-dss", 65005: "xauth-rsa", 65006: "xauth-rsa",
}  # fmt: skip

ENCRYPTION_2 = {
    1: "des-iv64", 2: "des", 3: "3des", 4: "rc5", 5: "idea", 6: "cast", 7: "blowfish", 8: "3idea", 9: "des-iv32",
    11: "null", 12: "aes-cbc", 13: "aes-ctr", 14: "aes-ccm-8", 15: "aes-ccm-12", 16: "aes-ccm-16",
    18: "aes-gcm-8", 19: "aes-gcm-12", 20: "aes-gcm-16", 21: "aes-gmac", 23: "camellia-cbc", 24: "camellia-ctr",
    25: "camellia-ccm-8", 26: "camellia-ccm-12", 27: "camellia-ccm-16", 28: "chacha20-poly1305",
}  # fmt: skip
PRF = {
    1: "md5", 2: "sha1", 3: "tiger", 4: "aes-xcbc", 5: "sha2-256", 6: "sha2-384", 7: "sha2-512", 8: "aes-cmac",
}  # fmt: skip
INTEGRITY = {
    0: "none", 1: "md5-96", 2: "sha1-96", 3: "des-mac", 4: "kpdk-md5", 5: "aes-xcbc-96", 6: "md5-128", 7: "sha1-160",
    8: "aes-cmac-96", 9: "aes-128-gmac", 10: "aes-192-gmac", 11: "aes-256-gmac", 12: "sha2-256-128",
    13: "sha2-384-192", 14: "sha2-512-256",
}  # fmt: skip
GROUPS = {
    0: "none", 1: "modp768", 2: "modp1024", 3: "ec2n155", 4: "ec2n185", 5: "modp1536", 14: "modp2048", 15: "modp3072",
    16: "modp4096", 17: "modp6144", 18: "modp8192", 19: "ecp256", 20: "ecp384", 21: "ecp521", 22: "modp1024s160",
    23: "modp2048s224", 24: "modp2048s256", 25: "ecp192", 26: "ecp224", 27: "ecp224bp", 28: "ecp256bp",
    29: "ecp384bp", 30: "ecp512bp", 31: "curve25519", 32: "curve448", 35: "mlkem512", 36: "mlkem768", 37: "mlkem1024",
}  # fmt: skip

NOTIFICATIONS_1 = {
    1: "invalid_payload_type", 2: "doi_not_supported", 3: "situation_not_supported", 4: "invalid_cookie",
    5: "invalid_major_version", 6: "invalid_minor_version", 7: "invalid_exchange_type", 9: "invalid_message_id",
    11: "invalid_spi", 14: "no_proposal_chosen", 15: "bad_proposal_syntax", 16: "payload_malformed",
    17: "invalid_key_information", 18: "invalid_id_information", 20: "invalid_certificate",
    23: "invalid_hash_information", 24: "authentication_failed", 25: "invalid_signature",
    24576: "responder_lifetime", 24577: "replay_status", 24578: "initial_contact", 36136: "r_u_there",
    36137: "r_u_there_ack",
}  # fmt: skip
NOTIFICATIONS_2 = {
    1: "unsupported_critical_payload", 4: "invalid_ike_spi", 5: "invalid_major_version", 7: "invalid_syntax",
    9: "invalid_message_id", 11: "invalid_spi", 14: "no_proposal_chosen", 17: "invalid_ke_payload",
    24: "authentication_failed", 34: "single_pair_required", 35: "no_additional_sas", 36: "internal_address_failure",
    37: "failed_cp_required", 38: "ts_unacceptable", 39: "invalid_selectors", 43: "temporary_failure",
    44: "child_sa_not_found", 16384: "initial_contact", 16385: "set_window_size",
    16388: "nat_detection_source_ip", 16389: "nat_detection_destination_ip", 16390: "cookie",
    16391: "use_transport_mode", 16393: "rekey_sa", 16396: "mobike_supported", 16404: "multiple_auth_supported",
    16406: "redirect_supported", 16407: "redirect", 16418: "childless_ikev2_supported",
    16430: "ikev2_fragmentation_supported", 16431: "signature_hash_algorithms", 16435: "use_ppk",
    16438: "intermediate_exchange_supported",
}  # fmt: skip


def name(names: Mapping[int, str], number: int) -> str:
    """The name of a number, or the number itself."""
    return names.get(number, str(number))


def cipher(names: Mapping[int, str], number: int, bits: int) -> str:
    """The name of a cipher with the length of its key where one is stated."""
    return f"{name(names, number)}-{bits}" if bits else name(names, number)
