"""Values that no EVE event holds as such: Suricata's words in Zeek's, and what follows from several values."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.shred import Shredded
from wardround.readers.suricata_columns import Derived, lists, one_of, translated, words

TLS_VERSIONS: dict[str, str | int | None] = {
    "SSLv2": "SSLv2",
    "SSLv3": "SSLv3",
    "TLSv1": "TLSv10",
    "TLS 1.0": "TLSv10",
    "TLS 1.1": "TLSv11",
    "TLS 1.2": "TLSv12",
    "TLS 1.3": "TLSv13",
    "UNDETERMINED": None,
}

EXCHANGES: dict[str, str | int | None] = {
    "1": "base",
    "2": "main",
    "3": "authentication_only",
    "4": "aggressive",
    "5": "informational",
    "6": "transaction",
    "32": "quick",
    "33": "new_group",
    "34": "ike_sa_init",
    "35": "ike_auth",
    "36": "create_child_sa",
    "37": "informational",
}

RFB_SECURITY: dict[str, str | int | None] = {
    "0": "Invalid",
    "1": "None",
    "2": "VNC",
    "16": "Tight",
    "17": "Ultra",
    "18": "TLS",
    "19": "VeNCrypt",
    "20": "GTK-VNC SASL",
    "21": "MD5 hash authentication",
    "22": "Colin Dean xvp",
    "30": "Apple Remote Desktop",
}

#: Commands of SMB 1 and 2 and, for opened files, dispositions, in the words of Zeek's actions.
SMB_ACTIONS: dict[str, str | int | None] = {
    "SMB2_COMMAND_CREATE": "SMB::FILE_OPEN",
    "SMB2_COMMAND_READ": "SMB::FILE_READ",
    "SMB2_COMMAND_WRITE": "SMB::FILE_WRITE",
    "SMB2_COMMAND_CLOSE": "SMB::FILE_CLOSE",
    "SMB2_COMMAND_SET_INFO": "SMB::FILE_SET_ATTRIBUTE",
    "SMB1_COMMAND_NT_CREATE_ANDX": "SMB::FILE_OPEN",
    "SMB1_COMMAND_OPEN_ANDX": "SMB::FILE_OPEN",
    "SMB1_COMMAND_READ_ANDX": "SMB::FILE_READ",
    "SMB1_COMMAND_WRITE_ANDX": "SMB::FILE_WRITE",
    "SMB1_COMMAND_CLOSE": "SMB::FILE_CLOSE",
    "SMB1_COMMAND_DELETE": "SMB::FILE_DELETE",
    "SMB1_COMMAND_RENAME": "SMB::FILE_RENAME",
}


def not_any_address(path: str) -> Derived:
    """An address, null for 0.0.0.0, which says that there is none."""
    return words(path, {"0.0.0.0": None})  # noqa: S104 (a value, nothing is bound to it)


def from_server(path: str) -> Derived:
    """The value at a path for DHCP replies, null for requests."""

    def derive(events: Shredded) -> pa.Array:
        is_reply = one_of("dhcp.type", "reply")(events).fill_null(False)
        return pc.if_else(is_reply, events.text(path), pa.scalar(None, pa.string()))

    return derive


def smb_action(events: Shredded) -> pa.Array:
    """What happened to the file: renamed or deleted where EVE says so, else what the command does."""
    action = translated(events.text("smb.command"), SMB_ACTIONS)
    renamed = pc.or_(events.text("smb.rename.to").is_valid(), events.text("smb.rename.from").is_valid())
    deleted = pc.or_(
        events.flag("smb.delete_on_close").fill_null(False),
        events.flag("smb.set_info.delete_on_close").fill_null(False),
    )
    return pc.if_else(renamed, "SMB::FILE_RENAME", pc.if_else(deleted, "SMB::FILE_DELETE", action))


def _swapped(events: Shredded) -> pa.Array:
    return one_of("direction", "to_client")(events).fill_null(False)


def endpoint(of_flow: str, forward: str, backward: str) -> Derived:
    """One end of a connection: events about a packet or file name its sender first, whoever opened the connection."""

    def derive(events: Shredded) -> pa.Array:
        sender = pc.if_else(_swapped(events), events.text(backward), events.text(forward))
        return pc.coalesce(events.text(of_flow), sender)

    return derive


def end_port(of_flow: str, forward: str, backward: str) -> Derived:
    """The port of one end of a connection, as :func:`endpoint`."""

    def derive(events: Shredded) -> pa.Array:
        sender = pc.if_else(_swapped(events), events.int(backward), events.int(forward))
        ports = pc.coalesce(events.int(of_flow), sender)
        good = pc.and_(pc.greater_equal(ports, 0), pc.less_equal(ports, 65535))
        return pc.if_else(good, ports, pa.scalar(None, pa.int64()))

    return derive


ENDPOINTS: dict[str, Derived] = {
    "id.orig_h": endpoint("flow.src_ip", "src_ip", "dest_ip"),
    "id.orig_p": end_port("flow.src_port", "src_port", "dest_port"),
    "id.resp_h": endpoint("flow.dest_ip", "dest_ip", "src_ip"),
    "id.resp_p": end_port("flow.dest_port", "dest_port", "src_port"),
}


def if_directed(derive: Derived) -> Derived:
    """The value where the event says which way it went, else null: nothing is guessed."""

    def derived(events: Shredded) -> pa.Array:
        values = derive(events)
        known = pc.or_(events.text("direction").is_valid(), events.text("flow.src_ip").is_valid())
        return pc.if_else(known, values, pa.scalar(None, values.type))

    return derived


def signature_metadata(events: Shredded) -> pa.Array:
    """What a signature's author adds, as key=value; the keys are the names of the values, so they are not hostile."""
    prefix = "alert.metadata."
    values: list[pa.Array] = []
    owners: list[pa.Array] = []
    for path in events.paths():
        if path.startswith(prefix) and len(values) < 64:
            found = events.texts(path)
            values.append(pc.binary_join_element_wise(path.removeprefix(prefix), found.flatten(), "="))
            owners.append(pc.list_parent_indices(found).cast(pa.int64()))
    if not values:
        return pa.nulls(events.rows, pa.list_(pa.string()))
    return lists(pa.concat_arrays(values), pa.concat_arrays(owners).to_numpy(), events.rows)


def kerberos_success(events: Shredded) -> pa.Array:
    """Whether a Kerberos message is a reply or an error; null for requests."""
    kind = events.text("krb5.msg_type")
    return pc.if_else(pc.ends_with(kind, "_REP"), True, pc.if_else(pc.equal(kind, "KRB_ERROR"), False, None).cast(pa.bool_()))


def kerberos_request(events: Shredded) -> pa.Array:
    """What was asked for: AS, TGS or AP."""
    asked = pc.coalesce(events.text("krb5.failed_request"), events.text("krb5.msg_type"))
    short = {f"KRB_{kind}_{way}": kind for kind in ("AS", "TGS", "AP") for way in ("REQ", "REP")}
    return translated(asked, short, keep=False)


def with_realm(events: Shredded) -> pa.Array:
    """The Kerberos client as name/REALM."""
    name, realm = events.text("krb5.cname"), events.text("krb5.realm")
    return pc.coalesce(pc.binary_join_element_wise(name, realm, "/"), name)


def ssh_version(events: Shredded) -> pa.Array:
    """The major version of SSH."""
    major = pc.utf8_slice_codeunits(events.text("ssh.client.proto_version"), 0, 1)
    return translated(major, {"1": 1, "2": 2}, keep=False)


def file_sizes(events: Shredded) -> pa.Array:
    """The whole size of files that were seen to their end, in bytes."""
    return pc.if_else(one_of("fileinfo.state", "CLOSED")(events).fill_null(False), events.int("fileinfo.size"), None)


def next_request(path: str) -> Derived:
    """Suricata counts transactions from 0, Zeek from 1."""
    return lambda events: pc.add(events.int(path), 1)
