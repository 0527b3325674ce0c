"""Which of our tables a log of Zeek is, and how old versions of Zeek named a column."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from wardround.schema import PROVENANCE, Column, Table, network, network_added

#: The tables that a log of Zeek may fill, by its name.
LOGS: dict[str, Table] = {table.name: table for table in network.TABLES if table not in network_added.TABLES}

#: Logs in which the sensor speaks of itself: left out on purpose.
OPERATIONAL = frozenset(
    {
        "broker",
        "cluster",
        "communication",
        "config",
        "conn_summary",
        "loaded_scripts",
        "packet_filter",
        "print",
        "prof",
        "reporter",
        "stats",
        "stderr",
        "stdout",
        "telemetry",
    }
)

#: Columns of ours that no log can fill.
_PROVENANCE_NAMES = frozenset(column.name for column in PROVENANCE) - {"ts"}

#: Columns under the names of older versions.
_OLD_NAMES = {
    ("dhcp", "assigned_ip"): "assigned_addr",
    ("dhcp", "id.orig_h"): "client_addr",
    ("dhcp", "id.orig_p"): "client_port",
    ("dhcp", "id.resp_h"): "server_addr",
    ("dhcp", "id.resp_p"): "server_port",
    ("dhcp", "uid"): "uids",
    ("pe", "fuid"): "id",
    ("ssl", "issuer_subject"): "issuer",
    ("ssl", "client_issuer_subject"): "client_issuer",
}

#: A log whose telling columns count only where no other log's are: SIP counts the bytes of bodies as HTTP does.
WEAK = "http"

#: Columns of which a record of that log has at least one and no other log has any; for records that don't name their log.
_MARKS: dict[str, tuple[str, ...]] = {
    "conn": ("conn_state", "orig_ip_bytes", "missed_bytes"),
    "dns": ("qtype_name", "qclass", "rejected", "rcode_name"),
    "dhcp": ("msg_types", "assigned_addr", "assigned_ip", "requested_addr"),
    "http": ("request_body_len", "resp_mime_types", "info_code"),
    "ssl": ("ssl_history", "established", "cert_chain_fuids"),
    "x509": ("certificate.serial", "certificate.version", "certificate.subject"),
    "files": ("overflow_bytes", "missing_bytes", "seen_bytes"),
    "pe": ("compile_ts", "section_names", "machine"),
    "rdp": ("security_protocol", "client_dig_product_id", "encryption_level", "keyboard_layout"),
    "rfb": ("client_major_version", "server_major_version", "share_flag"),
    "smb_files": ("prev_name", "times.modified", "times.accessed"),
    "smb_mapping": ("share_type", "native_file_system"),
    "smb_cmd": ("sub_command", "tree_service"),
    "ntlm": ("domainname", "server_nb_computer_name", "server_dns_computer_name"),
    "kerberos": ("request_type", "renewable", "till"),
    "dce_rpc": ("named_pipe", "operation"),
    "ldap_search": ("base_object", "deref_aliases", "result_count"),
    "smtp": ("mailfrom", "rcptto", "helo", "last_reply"),
    "ftp": ("reply_code", "data_channel.resp_h"),
    "ssh": ("auth_attempts", "host_key_alg", "kex_alg", "hassh"),
    "sip": ("request_from", "call_id", "response_from"),
    "snmp": ("get_requests", "get_bulk_requests", "set_requests"),
    "syslog": ("facility",),
    "radius": ("framed_addr", "connect_info"),
    "quic": ("client_initial_dcid", "client_scid", "server_scid"),
    "tunnel": ("tunnel_type",),
    "notice": ("suppress_for", "peer_descr", "email_dest"),
    "weird": ("notice",),
    "dpd": ("analyzer",),
    "ldap": ("object",),
    "mysql": ("cmd",),
    "websocket": ("subprotocol", "client_protocols"),
    "known_services": ("port_proto",),
    "known_certs": ("issuer_subject",),
    "analyzer": ("analyzer_kind", "analyzer_name"),
    "software": ("software_type", "unparsed_version"),
    "capture_loss": ("percent_lost",),
    "ocsp": ("certStatus",),
    "socks": ("request_p", "bound_p", "bound.host"),
    "ntp": ("stratum", "root_delay"),
    "dnp3": ("fc_request", "fc_reply"),
    "intel": ("seen.indicator",),
    "irc": ("nick", "dcc_file_name"),
    "signatures": ("sig_id",),
    "modbus": ("pdu_type",),
    "postgresql": ("frontend", "backend"),
}


@cache
def marks() -> dict[str, str]:
    """Telling column → the table it belongs to."""
    return {column: table for table, columns in _MARKS.items() for column in columns}


def recognise(fields: Iterable[str]) -> str | None:
    """The table of records that have these fields, None when they do not tell it beyond doubt."""
    found = {marks()[field] for field in fields if field in marks()}
    found = found - {WEAK} or found
    return found.pop() if len(found) == 1 else None


def is_record(record: object) -> bool:
    """Whether a JSON value looks like a record of a Zeek log: it names one, or has a time and keys under Zeek's names."""
    if not isinstance(record, dict):
        return False
    path = record.get("_path")
    if isinstance(path, str) and (path in LOGS or path in OPERATIONAL or "ts" in record):
        return True
    names = set(record)
    if isinstance(record.get("id"), dict):
        names.update(f"id.{key}" for key in record["id"])
    return "ts" in names and ({"uid", "id.orig_h"} <= names or recognise(names) is not None)


def known_columns(table: Table, fields: tuple[str, ...]) -> tuple[dict[int, Column], list[str]]:
    """Which field is which column of the table, by position, and the names of the fields that it lacks."""
    found: dict[int, Column] = {}
    unknown = []
    taken = set()
    for position, field in enumerate(fields):
        column = None if field in _PROVENANCE_NAMES else table.column(_OLD_NAMES.get((table.name, field), field))
        if column is None or column.name in taken:
            # Shippers and clusters put fields of their own in front, beginning with _ or @.
            if not field.startswith(("_", "@")):
                unknown.append(field)
        else:
            found[position] = column
            taken.add(column.name)
    return found, unknown
