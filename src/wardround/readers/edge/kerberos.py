"""Key distribution centres of MIT Kerberos (FreeIPA, Samba with MIT) in syslog or their own file: who asked for which ticket.

Source: MIT krb5, ``src/kdc/kdc_log.c`` (``log_as_req``, ``log_tgs_req``). A request that is refused says why in a word or two
(PREAUTH_FAILED, CLIENT_NOT_FOUND), one that is granted says ISSUE and the kinds of encryption: numbers, or names with numbers
from release 1.18 on. A first request without a proof of the password is refused with NEEDED_PREAUTH; that is how a logon begins.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_messages import Kind, Messages, Output, apply, chosen

#: The file of its own names the severity beside the number of the process.
_HEAD = r"^(?:(?:krb5kdc|kadmind)\[\d+\]\(\w+\): )?"
_ASKED = _HEAD + r"(?P<kind>AS|TGS)_REQ \(\d{1,4} etypes \{[^}]*\}\) (?P<client_address>\S+?)(?:\(\d+\))?: "
_ISSUED = (
    _ASKED + r"ISSUE: authtime \d+, (?:etypes \{[^}]*?\btkt=(?P<cipher>[^,} ]*)[^}]*\}, )?(?P<client>\S+) for (?P<service>\S+)$"
)
#: ``LOOKING_UP_SERVER: authtime 0,  user@REALM for …`` of the ticket-granting service has a time before the names.
_REFUSED = (
    _ASKED
    + r"(?P<reason>[A-Z][A-Za-z0-9_ -]{1,60}?): (?:authtime \d+, +)?(?:etypes \{[^}]*\},? )?(?P<client>.*?) for (?P<service>[^ ,]+)(?:, .*)?$"
)

PATTERN = r"^(?:AS|TGS)_REQ |^\.\.\. (?:PROTOCOL-TRANSITION|CONSTRAINED-DELEGATION) |^(?:krb5kdc|kadmind)\[\d+\]\(\w+\): "

#: What the table calls the kinds of encryption (RFC 3961 and its registry).
_CIPHERS = {
    "1": "des-cbc-crc",
    "2": "des-cbc-md4",
    "3": "des-cbc-md5",
    "16": "des3-cbc-sha1-kd",
    "17": "aes128-cts-hmac-sha1-96",
    "18": "aes256-cts-hmac-sha1-96",
    "19": "aes128-cts-hmac-sha256-128",
    "20": "aes256-cts-hmac-sha384-192",
    "23": "rc4-hmac",
    "24": "rc4-hmac-exp",
    "25": "camellia128-cts-cmac",
    "26": "camellia256-cts-cmac",
}

#: Error codes of RFC 4120, 7.5.9, where the word stands for one of them.
_CODES = {
    "client_not_found": "6",
    "server_not_found": "7",
    "looking_up_server": "7",
    "client locked out": "18",
    "locked_out": "18",
    "client key expired": "23",
    "preauth_failed": "24",
    "needed_preauth": "25",
}


def read(messages: Messages, output: Output) -> Messages:
    """Write one row per request; returns what is none."""
    for pattern, granted in ((_ISSUED, True), (_REFUSED, False)):
        if not len(messages):
            return messages
        parts = pc.extract_regex(messages.text, pattern)
        found = chosen(parts.is_valid())
        if found.any():
            _write(messages.take(found), parts.filter(pa.array(found)), granted, output)
            messages = messages.take(~found)
    # A second line tells of a request on behalf of another client; the rest is about the program itself.
    return apply((Kind("krb5kdc", None, PATTERN),), "mit_kerberos", messages, output)


def _write(messages: Messages, parts: pa.StructArray, granted: bool, output: Output) -> None:
    def group(name: str) -> pa.Array:
        return pc.struct_field(parts, name)

    columns: dict[str, pa.Array | str | None] = {
        "id.orig_h": group("client_address"),
        "request_type": group("kind"),
        # Names as sensors on the network write them: user/REALM, and the service without its realm.
        "client": pc.replace_substring_regex(group("client"), r"^(.*)@([^@]*)$", r"\1/\2"),
        "service": pc.replace_substring_regex(group("service"), r"^(.*)@[^@]*$", r"\1"),
        "success": pa.repeat(pa.scalar(granted), len(messages)),
    }
    if granted:
        number = pc.replace_substring_regex(group("cipher"), r"^.*\((-?\d+)\)$", r"\1")
        columns["cipher"] = pc.coalesce(cells.mapped(number, _CIPHERS), number)
    else:
        reason = group("reason")
        columns["error_msg"] = reason
        columns["error_code"] = cells.mapped(reason, _CODES)
    output.write("kerberos", "mit_kerberos", messages, columns)
