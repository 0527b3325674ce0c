"""Events as Suricata writes them, one of every kind and shape, and what the tables must hold of them."""

from __future__ import annotations

import json
from typing import Any

COMMON = {
    "timestamp": "2024-01-02T03:04:05.678901+0100",
    "flow_id": 1567838537225881,
    "src_ip": "10.0.0.5",
    "src_port": 50000,
    "dest_ip": "10.0.0.9",
    "dest_port": 443,
    "proto": "TCP",
    "community_id": "1:abc=",
}
TS = 1704161045678901000


def event(kind: str, /, **more: Any) -> dict[str, Any]:
    return {**COMMON, "event_type": kind, **more}


def text(*events: object) -> bytes:
    return "".join(f"{json.dumps(one)}\n" for one in events).encode()


def flow(orig: str, resp: str, sent: int = 2, answered: int = 2, proto: str = "TCP") -> dict[str, Any]:
    counts = {"pkts_toserver": sent, "pkts_toclient": answered, "bytes_toserver": 60 * sent, "bytes_toclient": 60 * answered}
    times = {"start": "2024-01-02T02:04:05.000000+0000", "end": "2024-01-02T02:04:07.250000+0000"}
    tcp = {"tcp": {"tcp_flags_ts": orig, "tcp_flags_tc": resp}} if orig else {}
    return event("flow", app_proto="tls", proto=proto, flow={**counts, **times, "state": "closed"}, **tcp)


def dns(second: int, flow_id: int = 7, **more: Any) -> dict[str, Any]:
    return event("dns", flow_id=flow_id, timestamp=f"2024-01-02T03:04:{second:02d}.000000+0000", dns=more)


ANSWERS = [
    {"rrname": "a.b", "rrtype": "CNAME", "ttl": 60, "rdata": "c.b"},
    {"rrname": "c.b", "rrtype": "A", "ttl": 5, "rdata": "10.1.1.1"},
]
FLAGS: dict[str, Any] = {"flags": "8180", "qr": True, "rd": True, "ra": True, "rcode": "NOERROR"}
DNS_SHAPES = {
    "v2": [
        dns(1, type="query", id=9, rrname="a.b", rrtype="A", tx_id=0),
        dns(2, version=2, type="answer", id=9, rrname="a.b", rrtype="A", answers=ANSWERS, **FLAGS),
    ],
    "v3": [
        dns(1, version=3, type="request", id=9, tx_id=0, queries=[{"rrname": "a.b", "rrtype": "A"}]),
        dns(2, version=3, type="response", id=9, tx_id=0, queries=[{"rrname": "a.b", "rrtype": "A"}], answers=ANSWERS, **FLAGS),
    ],
    "grouped": [
        dns(1, type="query", id=9, rrname="a.b", rrtype="A"),
        dns(2, type="answer", id=9, rrname="a.b", rrtype="A", grouped={"CNAME": ["c.b"], "A": ["10.1.1.1"]}, **FLAGS),
    ],
}


#: kind, what the event adds, table, what the row must hold.
CASES: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    (
        "http",
        {
            "tx_id": 0,
            "http": {
                "hostname": "pacs.example.org",
                "url": "/dicom-web/studies",
                "http_user_agent": "curl/8",
                "http_method": "GET",
                "protocol": "HTTP/1.1",
                "status": 200,
                "length": 47,
                "http_refer": "http://x/",
                "http_content_type": "text/html",
            },
        },
        "http",
        {
            "trans_depth": 1,
            "method": "GET",
            "host": "pacs.example.org",
            "uri": "/dicom-web/studies",
            "version": "1.1",
            "status_code": 200,
            "response_body_len": 47,
            "referrer": "http://x/",
            "resp_mime_types": ["text/html"],
        },
    ),
    (
        "tls",
        {
            "tls": {
                "version": "TLS 1.2",
                "sni": "vpn.example.org",
                "session_resumed": True,
                "ja3": {"hash": "aa"},
                "ja4": "t13d",
            }
        },
        "ssl",
        {"version": "TLSv12", "server_name": "vpn.example.org", "resumed": True, "ja3": "aa", "ja4": "t13d", "cipher": None},
    ),
    (
        "tls",
        {
            "tls": {
                "subject": "CN=a",
                "issuerdn": "CN=b",
                "serial": "0A:FF",
                "fingerprint": "2d:d1",
                "notbefore": "2020-03-19T09:44:08",
                "notafter": "2022-03-20T09:44:08",
                "subjectaltname": ["a", "b"],
            }
        },
        "x509",
        {
            "certificate.serial": "0AFF",
            "certificate.subject": "CN=a",
            "id": "2dd1",
            "certificate.not_valid_before": 1584611048000000000,
            "san.dns": ["a", "b"],
            "client_cert": False,
        },
    ),
    (
        "quic",
        {"quic": {"version": "1", "sni": "dns.example", "ja3": {"hash": "bb"}, "ja4": "q13d"}},
        "quic",
        {"version": "1", "server_name": "dns.example", "ja3": "bb", "ja4": "q13d"},
    ),
    (
        "smb",
        {
            "smb": {
                "command": "SMB2_COMMAND_CREATE",
                "status": "STATUS_SUCCESS",
                "filename": "a\\b.exe",
                "disposition": "FILE_OPEN",
                "share": "\\\\h\\C$",
                "size": 7,
                "created": 1577836800,
                "fuid": "f-1",
                "dialect": "3.11",
            }
        },
        "smb_files",
        {
            "action": "SMB::FILE_OPEN",
            "name": "a\\b.exe",
            "path": "\\\\h\\C$",
            "size": 7,
            "times.created": 1577836800000000000,
            "fuid": "f-1",
        },
    ),
    (
        "smb",
        {"smb": {"command": "SMB2_COMMAND_SET_INFO", "rename": {"from": "a.jpg", "to": "a.locked"}}},
        "smb_files",
        {"action": "SMB::FILE_RENAME", "name": "a.locked", "prev_name": "a.jpg"},
    ),
    (
        "smb",
        {"smb": {"command": "SMB2_COMMAND_TREE_CONNECT", "share": "\\\\h\\IPC$", "share_type": "PIPE"}},
        "smb_mapping",
        {"path": "\\\\h\\IPC$", "share_type": "PIPE"},
    ),
    (
        "smb",
        {
            "smb": {
                "command": "SMB2_COMMAND_SESSION_SETUP",
                "status": "STATUS_LOGON_FAILURE",
                "ntlmssp": {"user": "scan", "host": "WS1", "domain": "HOSP"},
            }
        },
        "ntlm",
        {"username": "scan", "hostname": "WS1", "domainname": "HOSP", "success": False, "status": "STATUS_LOGON_FAILURE"},
    ),
    (
        "smb",
        {
            "smb": {
                "command": "SMB2_COMMAND_IOCTL",
                "dcerpc": {"request": "REQUEST", "opnum": 12, "interface": {"uuid": "367abb81"}},
                "named_pipe": "svcctl",
            }
        },
        "dce_rpc",
        {"endpoint": "367abb81", "operation": "12", "named_pipe": "svcctl"},
    ),
    (
        "smb",
        {"smb": {"command": "SMB1_COMMAND_NEGOTIATE_PROTOCOL", "dialect": "NT LM 0.12"}},
        "smb_cmd",
        {"version": "NT LM 0.12"},
    ),
    (
        "dcerpc",
        {"dcerpc": {"request": "REQUEST", "req": {"opnum": 3}, "interfaces": [{"uuid": "e3514235"}]}},
        "dce_rpc",
        {"endpoint": "e3514235", "operation": "3"},
    ),
    (
        "krb5",
        {
            "krb5": {
                "msg_type": "KRB_ERROR",
                "failed_request": "KRB_AS_REQ",
                "error_code": "KDC_ERR_PREAUTH_FAILED",
                "cname": "scan",
                "realm": "HOSP",
                "sname": "krbtgt/HOSP",
            }
        },
        "kerberos",
        {
            "request_type": "AS",
            "success": False,
            "error_msg": "KDC_ERR_PREAUTH_FAILED",
            "client": "scan/HOSP",
            "service": "krbtgt/HOSP",
        },
    ),
    (
        "krb5",
        {"krb5": {"msg_type": "KRB_TGS_REP", "cname": "a", "encryption": "rc4-hmac"}},
        "kerberos",
        {"request_type": "TGS", "success": True, "cipher": "rc4-hmac", "client": "a"},
    ),
    (
        "smtp",
        {
            "tx_id": 1,
            "smtp": {"helo": "mx", "mail_from": "<a@b>", "rcpt_to": ["<c@d>", "<e@f>"]},
            "email": {"from": "A <a@b>", "to": ["c@d"], "subject": "invoice"},
        },
        "smtp",
        {
            "trans_depth": 2,
            "helo": "mx",
            "mailfrom": "<a@b>",
            "rcptto": ["<c@d>", "<e@f>"],
            "subject": "invoice",
            "to": ["c@d"],
        },
    ),
    (
        "dhcp",
        {
            "src_ip": "10.0.0.1",
            "src_port": 67,
            "dhcp": {
                "type": "reply",
                "dhcp_type": "ack",
                "client_mac": "00:11",
                "assigned_ip": "10.0.0.7",
                "client_ip": "0.0.0.0",
                "lease_time": 600,
                "routers": ["10.0.0.1"],
                "dns_servers": ["10.0.0.2", "10.0.0.3"],
                "hostname": "ct1",
            },
        },
        "dhcp",
        {
            "server_addr": "10.0.0.1",
            "assigned_addr": "10.0.0.7",
            "client_addr": None,
            "mac": "00:11",
            "msg_types": ["ACK"],
            "lease_time": 600.0,
            "routers": ["10.0.0.1"],
            "dns_servers": ["10.0.0.2", "10.0.0.3"],
            "uids": ["S1567838537225881"],
        },
    ),
    (
        "ssh",
        {
            "ssh": {
                "client": {"proto_version": "2.0", "software_version": "PuTTY", "hassh": {"hash": "cc"}},
                "server": {"proto_version": "2.0", "software_version": "OpenSSH_9"},
            }
        },
        "ssh",
        {"version": 2, "client": "SSH-2.0-PuTTY", "server": "SSH-2.0-OpenSSH_9", "hassh": "cc"},
    ),
    (
        "ftp",
        {"ftp": {"command": "USER", "command_data": "anonymous", "completion_code": ["331"], "reply": ["Password, please"]}},
        "ftp",
        {"user": "anonymous", "command": "USER", "arg": "anonymous", "reply_code": 331, "reply_msg": "Password, please"},
    ),
    ("ftp_data", {"ftp_data": {"filename": "a.dcm", "command": "RETR"}}, "ftp", {"command": "RETR", "arg": "a.dcm"}),
    (
        "sip",
        {"sip": {"method": "REGISTER", "uri": "sip:x", "code": "401", "reason": "Unauthorized"}},
        "sip",
        {"method": "REGISTER", "uri": "sip:x", "status_code": 401, "status_msg": "Unauthorized"},
    ),
    (
        "snmp",
        {"snmp": {"version": 2, "community": "public", "pdu_type": "get_bulk_request"}},
        "snmp",
        {"version": "2c", "community": "public", "get_requests": 0, "get_bulk_requests": 1},
    ),
    (
        "rfb",
        {
            "rfb": {
                "server_protocol_version": {"major": "003", "minor": "008"},
                "authentication": {"security_type": 1, "security_result": "OK"},
                "screen_shared": False,
                "framebuffer": {"width": 800, "height": 600, "name": "ct1"},
            }
        },
        "rfb",
        {
            "server_major_version": "003",
            "server_minor_version": "008",
            "authentication_method": "None",
            "auth": True,
            "share_flag": False,
            "width": 800,
            "desktop_name": "ct1",
        },
    ),
    (
        "ike",
        {
            "ike": {
                "version_major": 1,
                "version_minor": 0,
                "exchange_type": 4,
                "init_spi": "aa",
                "resp_spi": "bb",
                "message_id": 0,
                "role": "responder",
                "alg_enc": "EncAesCbc",
                "alg_dh": "GroupModp1024Bit",
                "ikev1": {"encrypted_payloads": False, "vendor_ids": ["4a"]},
            }
        },
        "ike",
        {
            "version": "1.0",
            "exchange_type": "aggressive",
            "initiator_spi": "aa",
            "is_orig": False,
            "encryption": ["EncAesCbc"],
            "groups": ["GroupModp1024Bit"],
            "vendor_ids": ["4a"],
            "encrypted": False,
        },
    ),
    (
        "fileinfo",
        {
            "app_proto": "http",
            "direction": "to_client",
            "fileinfo": {"filename": "/a.exe", "state": "CLOSED", "size": 9, "sha256": "dd", "tx_id": 0},
        },
        "files",
        {
            "filename": "/a.exe",
            "seen_bytes": 9,
            "total_bytes": 9,
            "sha256": "dd",
            "source": "HTTP",
            "tx_hosts": ["10.0.0.5"],
            "rx_hosts": ["10.0.0.9"],
            "id.orig_h": "10.0.0.9",
            "id.orig_p": 443,
        },
    ),
    (
        "fileinfo",
        {"fileinfo": {"filename": "/b", "state": "TRUNCATED", "size": 5}},
        "files",
        {"total_bytes": None, "id.orig_h": None, "id.resp_p": None, "tx_hosts": ["10.0.0.5"]},
    ),
    (
        "alert",
        {
            "app_proto": "tls",
            "alert": {
                "action": "blocked",
                "gid": 1,
                "signature_id": 2403388,
                "rev": 2,
                "signature": "ET X",
                "category": "Misc Attack",
                "severity": 2,
                "metadata": {"tag": ["A", "B"], "cve": ["CVE_2019_11510"]},
            },
            "http": {"hostname": "h", "url": "/u"},
        },
        "suricata_alert",
        {
            "action": "blocked",
            "signature_id": 2403388,
            "severity": 2,
            "app_proto": "ssl",
            "host": "h",
            "uri": "/u",
            "proto": "tcp",
            "metadata": ["tag=A", "tag=B", "cve=CVE_2019_11510"],
            "community_id": "1:abc=",
            "id.orig_h": "10.0.0.5",
        },
    ),
    (
        "anomaly",
        {"anomaly": {"app_proto": "http", "type": "applayer", "event": "BAD", "layer": "proto_parser"}},
        "weird",
        {"name": "BAD", "addl": "proto_parser", "source": "http"},
    ),
    (
        "arp",
        {"arp": {"opcode": "reply", "src_mac": "00:aa", "src_ip": "10.0.0.1", "dest_mac": "00:bb", "dest_ip": "10.0.0.2"}},
        "arp",
        {"operation": "reply", "sender_mac": "00:aa", "sender_addr": "10.0.0.1", "target_addr": "10.0.0.2"},
    ),
    (
        "netflow",
        {
            "app_proto": "failed",
            "netflow": {
                "pkts": 3,
                "bytes": 180,
                "start": "2024-01-02T03:04:00.000000+0100",
                "end": "2024-01-02T03:04:01.500000+0100",
            },
        },
        "conn",
        {"orig_pkts": 3, "orig_ip_bytes": 180, "duration": 1.5, "service": None, "conn_state": None, "ts": 1704161040000000000},
    ),
]
