"""Numbers of LDAP by name, as Zeek's ldap log prints them. Sources: RFC 4511; IANA, LDAP parameters; RFC 3909, 4532."""

from __future__ import annotations

#: Application tags of requests and responses, and the operation they belong to.
OPERATIONS = {
    0x60: "bind", 0x61: "bind", 0x42: "unbind", 0x63: "search", 0x64: "search", 0x65: "search", 0x66: "modify",
    0x67: "modify", 0x68: "add", 0x69: "add", 0x4A: "delete", 0x6B: "delete", 0x6C: "modify", 0x6D: "modify",
    0x6E: "compare", 0x6F: "compare", 0x50: "abandon", 0x73: "search", 0x77: "extended", 0x78: "extended",
    0x79: "intermediate",
}  # fmt: skip

RESULTS = {
    0: "success", 1: "operations error", 2: "protocol error", 3: "time limit exceeded", 4: "size limit exceeded",
    5: "compare false", 6: "compare true", 7: "auth method not supported", 8: "stronger auth required",
    9: "partial results", 10: "referral", 11: "admin limit exceeded", 12: "unavailable critical extension",
    13: "confidentiality required", 14: "SASL bind in progress", 16: "no such attribute",
    17: "undefined attribute type", 18: "inappropriate matching", 19: "constraint violation",
    20: "attribute or value exists", 21: "invalid attribute syntax", 32: "no such object", 33: "alias problem",
    34: "invalid DN syntax", 36: "alias dereferencing problem", 48: "inappropriate authentication",
    49: "invalid credentials", 50: "insufficient access rights", 51: "busy", 52: "unavailable",
    53: "unwilling to perform", 54: "loop detect", 60: "sort control missing", 61: "offset range error",
    64: "naming violation", 65: "object class violation", 66: "not allowed on non-leaf", 67: "not allowed on RDN",
    68: "entry already exists", 69: "object class mods prohibited", 70: "results too large",
    71: "affects multiple DSAs", 76: "control error", 80: "other", 81: "server down", 82: "local error",
    83: "encoding error", 84: "decoding error", 85: "timeout", 86: "auth unknown", 87: "filter error",
    88: "user canceled", 89: "param error", 90: "no memory", 91: "connect error", 92: "not supported",
    93: "control not found", 94: "no results returned", 95: "more results to return", 96: "client loop",
    97: "referral limit exceeded", 100: "invalid response", 101: "ambiguous response", 112: "TLS not supported",
    113: "intermediate response", 114: "unknown type", 118: "canceled", 119: "no such operation", 120: "too late",
    121: "cannot cancel", 122: "assertion failed", 123: "authorization denied",
}  # fmt: skip

SCOPES = {0: "base", 1: "single", 2: "tree"}
DEREFERENCES = {0: "never", 1: "searching", 2: "finding", 3: "always"}

START_TLS = "1.3.6.1.4.1.1466.20037"
EXTENDED = {START_TLS: "StartTLS", "1.3.6.1.4.1.4203.1.11.3": "whoami"}

CHANGES = {0: "add", 1: "delete", 2: "replace", 3: "increment"}

BINDS = {0x80: "bind simple", 0xA3: "bind SASL", 0x8A: "bind SICILY_NEGOTIATE", 0x8B: "bind SICILY_RESPONSE"}
