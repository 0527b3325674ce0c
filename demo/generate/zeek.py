"""What a Zeek sensor on the core switch logged about the day's happenings, in Zeek's own fields."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from demo.generate import happenings as t
from demo.generate import hospital as h
from demo.generate.chance import Chance

#: Times and intervals are held in microseconds; writers turn them into seconds.
Cell = str | int | bool | tuple[str, ...] | None
Row = dict[str, Cell]

_ENDPOINTS = "ts:time uid:string id.orig_h:addr id.orig_p:port id.resp_h:addr id.resp_p:port"

#: The fields of each log with their Zeek types, in Zeek's order.
LOGS: dict[str, str] = {
    "conn": f"{_ENDPOINTS} proto:enum service:string duration:interval orig_bytes:count resp_bytes:count conn_state:string "
    "local_orig:bool local_resp:bool missed_bytes:count history:string orig_pkts:count orig_ip_bytes:count resp_pkts:count "
    "resp_ip_bytes:count tunnel_parents:set[string]",
    "dns": f"{_ENDPOINTS} proto:enum trans_id:count rtt:interval query:string qclass:count qclass_name:string qtype:count "
    "qtype_name:string rcode:count rcode_name:string AA:bool TC:bool RD:bool RA:bool Z:count answers:vector[string] "
    "TTLs:vector[interval] rejected:bool",
    "ssl": f"{_ENDPOINTS} version:string cipher:string curve:string server_name:string resumed:bool last_alert:string "
    "next_protocol:string established:bool",
    "http": f"{_ENDPOINTS} trans_depth:count method:string host:string uri:string referrer:string version:string "
    "user_agent:string origin:string request_body_len:count response_body_len:count status_code:count status_msg:string",
    "rdp": f"{_ENDPOINTS} cookie:string result:string security_protocol:string client_channels:vector[string] "
    "keyboard_layout:string client_build:string client_name:string client_dig_product_id:string desktop_width:count "
    "desktop_height:count requested_color_depth:string cert_type:string cert_count:count cert_permanent:bool "
    "encryption_level:string encryption_method:string",
    "smb_files": f"{_ENDPOINTS} fuid:string action:enum path:string name:string size:count prev_name:string "
    "times.modified:time times.accessed:time times.created:time times.changed:time",
    "smb_mapping": f"{_ENDPOINTS} path:string service:string native_file_system:string share_type:string",
    "ntlm": f"{_ENDPOINTS} username:string hostname:string domainname:string server_nb_computer_name:string "
    "server_dns_computer_name:string server_tree_name:string success:bool",
    "kerberos": f"{_ENDPOINTS} request_type:string client:string service:string success:bool error_msg:string from:time "
    "till:time cipher:string forwardable:bool renewable:bool client_cert_subject:string client_cert_fuid:string "
    "server_cert_subject:string server_cert_fuid:string",
    "dce_rpc": f"{_ENDPOINTS} rtt:interval named_pipe:string endpoint:string operation:string",
    "dhcp": "ts:time uids:set[string] client_addr:addr server_addr:addr mac:string host_name:string client_fqdn:string "
    "domain:string requested_addr:addr assigned_addr:addr lease_time:interval client_message:string server_message:string "
    "msg_types:vector[string] duration:interval",
}

_HISTORY = {"SF": "ShADadfF", "S0": "S", "REJ": "Sr", "RSTO": "ShADdaR"}


@dataclass
class Recorder:
    """The logs as they fill, and the SMB connections that are still open."""

    chance: Chance = field(default_factory=lambda: Chance("zeek"))
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    sessions: dict[str, Row] = field(default_factory=dict)

    def connection(self, flow: t.Flow, local_port: int | None = None) -> Row:
        """Log a connection; what it returns identifies it in other logs."""
        tcp = flow.protocol == "tcp"
        ends: Row = {
            "ts": flow.at,
            "uid": "C" + self.chance.letters(16),
            "id.orig_h": flow.source.address,
            "id.orig_p": local_port or (123 if flow.port == 123 else self.chance.port()),
            "id.resp_h": flow.target.address,
            "id.resp_p": flow.port,
        }
        answered = flow.state != "S0"
        sent_packets = 1 + (3 if tcp and answered else 0) + flow.sent // 1400
        received_packets = (1 + (2 if tcp else 0) + flow.received // 1400) if answered else 0
        header = 40 if tcp else 28
        self.rows["conn"].append(
            {
                **ends,
                "proto": flow.protocol,
                "service": flow.service or None,
                "duration": int(flow.seconds * t.SECOND) if answered else None,
                "orig_bytes": flow.sent if answered else None,
                "resp_bytes": flow.received if answered else None,
                "conn_state": flow.state,
                "local_orig": flow.source.address.startswith("10."),
                "local_resp": flow.target.address.startswith(("10.", "192.0.2.")),
                "missed_bytes": 0,
                "history": _HISTORY[flow.state] if tcp else "Dd",
                "orig_pkts": sent_packets,
                "orig_ip_bytes": flow.sent + sent_packets * header,
                "resp_pkts": received_packets,
                "resp_ip_bytes": flow.received + received_packets * header if answered else 0,
            }
        )
        return ends


def zeek_logs(day: Iterable[t.Happening]) -> dict[str, list[Row]]:
    """Rows of every log that saw something, in order of time."""
    recorder = Recorder()
    for happening in day:
        observe = _OBSERVERS.get(type(happening))
        if observe is not None and _passes_the_sensor(happening):
            observe(recorder, happening)
    return {log: sorted(rows, key=_time_of) for log, rows in sorted(recorder.rows.items())}


def _time_of(row: Row) -> int:
    at = row["ts"]
    assert isinstance(at, int)
    return at


def _passes_the_sensor(happening: t.Happening) -> bool:
    """What stays within one host never reaches the core switch."""
    return not (isinstance(happening, t.Logon) and happening.source == happening.target)


def _flow(recorder: Recorder, happening: t.Flow) -> None:
    ends = recorder.connection(happening)
    if happening.service == "dce_rpc":
        for _ in range(3):
            call: Row = {"rtt": 800, "named_pipe": str(happening.port), "endpoint": "drsuapi", "operation": "DRSGetNCChanges"}
            recorder.rows["dce_rpc"].append({**ends, **call})


def _lookup(recorder: Recorder, happening: t.Lookup) -> None:
    service_record = happening.name.startswith("_")
    flow = t.Flow(happening.at, happening.client, happening.resolver, 53, "dns", "udp", 0.003, 40 + len(happening.name), 120)
    ends = recorder.connection(flow)
    inside = happening.name.endswith(h.DOMAIN)
    row: Row = {
        "proto": "udp",
        "trans_id": recorder.chance.whole(1, 65535),
        "rtt": recorder.chance.whole(400, 9000),
        "query": happening.name,
        "qclass": 1,
        "qclass_name": "C_INTERNET",
        "qtype": 33 if service_record else 1,
        "qtype_name": "SRV" if service_record else "A",
        "rcode": 0 if happening.answers else 3,
        "rcode_name": "NOERROR" if happening.answers else "NXDOMAIN",
        "AA": inside and happening.resolver == h.DC1,
        "TC": False,
        "RD": True,
        "RA": True,
        "Z": 0,
        "answers": tuple(answer.rpartition(" ")[2] for answer in happening.answers) or None,
        "TTLs": ("600.000000",) * len(happening.answers) or None,
        "rejected": False,
    }
    recorder.rows["dns"].append({**ends, **row})


def _visit(recorder: Recorder, happening: t.Visit) -> None:
    flow = t.Flow(
        happening.at,
        happening.client,
        happening.server,
        443,
        "ssl",
        seconds=happening.seconds,
        sent=happening.sent,
        received=happening.received,
    )
    _handshake(recorder, recorder.connection(flow), happening.name)


def _handshake(recorder: Recorder, ends: Row, name: str | None) -> None:
    row: Row = {
        "version": "TLSv13",
        "cipher": "TLS_AES_256_GCM_SHA384",
        "curve": "x25519",
        "server_name": name,
        "resumed": False,
        "next_protocol": "h2" if name else None,
        "established": True,
    }
    recorder.rows["ssl"].append({**ends, **row})


def _portal_request(recorder: Recorder, happening: t.PortalRequest) -> None:
    flow = t.Flow(happening.at, happening.source, h.PORTAL, 443, "ssl", seconds=0.3, sent=700, received=900 + happening.length)
    _handshake(recorder, recorder.connection(flow), f"vpn.{h.PUBLIC_NAME}")


def _remote_desktop(recorder: Recorder, happening: t.RemoteDesktop) -> None:
    seconds = happening.seconds
    sent, received = (40_000 + int(seconds * 90), 300_000 + int(seconds * 4200)) if happening.granted else (1900, 2600)
    service = "ssl,rdp"
    if happening.user is None:
        sent, received, service = 47, 19, "rdp"
    flow = t.Flow(
        happening.at,
        happening.source,
        happening.target,
        3389,
        service,
        seconds=seconds,
        sent=sent,
        received=received,
    )
    ends = recorder.connection(flow)
    if happening.user is not None:
        _handshake(recorder, ends, None)
    row: Row = {
        "cookie": happening.user.name[:9] if happening.user else None,
        "result": "encrypted",
        "security_protocol": "HYBRID",
        "cert_count": 0,
    }
    recorder.rows["rdp"].append({**ends, **row})


def _smb_session(recorder: Recorder, at: int, source: h.Host, target: h.Host, seconds: float) -> Row:
    """A connection to file sharing."""
    flow = t.Flow(at, source, target, 445, "gssapi,smb", seconds=seconds, sent=22_000, received=31_000)
    return recorder.connection(flow)


def _logon(recorder: Recorder, happening: t.Logon) -> None:
    """Network logons that are not part of a file session: an SMB connection, and its NTLM exchange if there was one."""
    if happening.kind != 3:
        return
    ends = _smb_session(recorder, happening.at, happening.source, happening.target, happening.seconds)
    if happening.package != "NTLM":
        return
    row: Row = {
        "username": happening.user.name,
        "hostname": happening.source.name or None,
        "domainname": h.NETBIOS,
        "server_nb_computer_name": happening.target.name,
        "server_dns_computer_name": happening.target.fqdn,
        "server_tree_name": h.DOMAIN,
        "success": happening.granted,
    }
    recorder.rows["ntlm"].append({**ends, **row})


def _file_action(recorder: Recorder, happening: t.FileAction) -> None:
    ends = recorder.sessions.get(happening.session)
    if ends is None:
        ends = _smb_session(recorder, happening.at, happening.source, happening.target, 300)
        recorder.sessions[happening.session] = ends
    path = rf"\\{happening.target.name}\{happening.share}"
    mapped = f"{happening.session} {happening.share}"
    if mapped not in recorder.sessions:
        recorder.sessions[mapped] = ends
        pipe = happening.share == "IPC$"
        mapping: Row = {"path": path, "service": "IPC" if pipe else None, "share_type": "PIPE" if pipe else "DISK"}
        recorder.rows["smb_mapping"].append({**ends, "ts": happening.at, **mapping})
    row: Row = {
        "ts": happening.at,
        "action": f"SMB::FILE_{happening.action}",
        "path": None if happening.share == "IPC$" else path,
        "name": happening.name,
        "size": happening.size,
        "prev_name": happening.previous or None,
    }
    recorder.rows["smb_files"].append({**ends, **row})


def _ticket(recorder: Recorder, happening: t.Ticket) -> None:
    flow = t.Flow(happening.at, happening.client, h.DC1, 88, "krb_tcp", seconds=0.004, sent=1500, received=1600)
    ends = recorder.connection(flow)
    realm = h.DOMAIN.upper()
    logon = happening.service == "krbtgt"
    row: Row = {
        "request_type": "AS" if logon else "TGS",
        "client": f"{happening.user.name}/{realm}",
        "service": f"krbtgt/{realm}" if logon else happening.service,
        "success": True,
        "till": t.CLOSING,
        "cipher": "aes256-cts-hmac-sha1-96",
        "forwardable": True,
        "renewable": True,
    }
    recorder.rows["kerberos"].append({**ends, **row})


def _lease(recorder: Recorder, happening: t.Lease) -> None:
    flow = t.Flow(happening.at, happening.client, h.DC1, 67, "dhcp", "udp", 0.01, 300, 310)
    ends = recorder.connection(flow, local_port=68)
    row: Row = {
        "ts": happening.at,
        "uids": (str(ends["uid"]),),
        "client_addr": happening.client.address,
        "server_addr": h.DC1.address,
        "mac": happening.hardware,
        "host_name": happening.client.name or None,
        "domain": h.DOMAIN,
        "assigned_addr": happening.client.address,
        "lease_time": 28_800 * t.SECOND,
        "msg_types": ("REQUEST", "ACK"),
        "duration": 10_000,
    }
    recorder.rows["dhcp"].append(row)


_OBSERVERS: dict[type[t.Happening], Callable[[Recorder, Any], None]] = {
    t.Flow: _flow,
    t.Lookup: _lookup,
    t.Visit: _visit,
    t.PortalRequest: _portal_request,
    t.RemoteDesktop: _remote_desktop,
    t.Logon: _logon,
    t.FileAction: _file_action,
    t.Ticket: _ticket,
    t.Lease: _lease,
}


# Writing -------------------------------------------------------------------------------------------------------------


def _seconds(microseconds: int) -> str:
    return f"{microseconds // t.SECOND}.{microseconds % t.SECOND:06d}"


def _tsv_cell(value: Cell, kind: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, tuple):
        return ",".join(value) or "(empty)"
    if isinstance(value, int):
        return _seconds(value) if kind in ("time", "interval") else str(value)
    return value.replace("\\", "\\\\") if value else "(empty)"


def zeek_text(log: str, rows: Iterable[Row], opened: str, closed: str) -> str:
    """A log as Zeek's ASCII writer makes it; ``opened`` and ``closed`` are as in its header lines."""
    columns = [column.rpartition(":") for column in LOGS[log].split()]
    head = [
        "#separator \\x09",
        "#set_separator\t,",
        "#empty_field\t(empty)",
        "#unset_field\t-",
        f"#path\t{log}",
        f"#open\t{opened}",
        "#fields\t" + "\t".join(name for name, _, _ in columns),
        "#types\t" + "\t".join(kind for _, _, kind in columns),
    ]
    body = ("\t".join(_tsv_cell(row.get(name), kind) for name, _, kind in columns) for row in rows)
    return "\n".join((*head, *body, f"#close\t{closed}", ""))


def zeek_json(log: str, rows: Iterable[Row]) -> Iterator[str]:
    """Lines of a log as Zeek's JSON writer makes them: unset fields are left out."""
    columns = [column.rpartition(":") for column in LOGS[log].split()]
    for row in rows:
        cells = [f'"{name}":{_json_cell(row[name], kind)}' for name, _, kind in columns if row.get(name) is not None]
        yield "{" + ",".join(cells) + "}\n"


def _json_cell(value: Cell, kind: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ",".join(item if "interval" in kind else _quoted(item) for item in value) + "]"
    if isinstance(value, int):
        return _seconds(value) if kind in ("time", "interval") else str(value)
    return _quoted(str(value))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
