"""Which tables each kind of EVE event fills, and from which of its values."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.suricata_columns import (
    Mapped,
    alone,
    joined,
    lower,
    number,
    one_of,
    one_per_flow,
    places,
    tally,
    text,
    translated,
    upper,
    without,
    words,
)
from wardround.readers.suricata_derived import (
    ENDPOINTS,
    EXCHANGES,
    RFB_SECURITY,
    TLS_VERSIONS,
    file_sizes,
    from_server,
    if_directed,
    kerberos_request,
    kerberos_success,
    next_request,
    not_any_address,
    signature_metadata,
    smb_action,
    ssh_version,
    with_realm,
)
from wardround.readers.suricata_flow import DNS, FLOW, NETFLOW, SERVICES, protocol
from wardround.schema import tables

_TABLES = tables()

HTTP = Mapped(
    _TABLES["http"],
    places("""
method             http.http_method http2.http_method
host               http.hostname http2.hostname
uri                http.url http2.url
referrer           http.http_refer http.http_referer http2.http_refer
user_agent         http.http_user_agent http2.http_user_agent
response_body_len  http.length http2.length
status_code        http.status http2.status
location           http.redirect
orig_filenames     files.filename
proxied            http.xff
"""),
    {
        "version": lambda events: pc.replace_substring(
            pc.coalesce(events.text("http.protocol"), events.text("http2.version")), "HTTP/", ""
        ),
        "trans_depth": next_request("tx_id"),
        "resp_mime_types": alone(text("http.http_content_type")),
    },
)

TLS = Mapped(
    _TABLES["ssl"],
    places("""
server_name        tls.sni
subject            tls.subject
issuer             tls.issuerdn
client_subject     tls.client.subject
client_issuer      tls.client.issuerdn
resumed            tls.session_resumed
next_protocol      tls.server_alpns tls.alpn
ja3                tls.ja3.hash
ja3s               tls.ja3s.hash
ja4                tls.ja4
"""),
    {
        "version": words("tls.version", TLS_VERSIONS),
        "cert_chain_fuids": alone(without("tls.fingerprint", ":")),
        "client_cert_chain_fuids": alone(without("tls.client.fingerprint", ":")),
    },
)

CERTIFICATE = Mapped(
    _TABLES["x509"],
    places("""
certificate.subject           tls.subject
certificate.issuer            tls.issuerdn
certificate.not_valid_before  tls.notbefore
certificate.not_valid_after   tls.notafter
san.dns                       tls.subjectaltname
cert                          tls.certificate
"""),
    {
        "id": without("tls.fingerprint", ":"),
        "certificate.serial": without("tls.serial", ":"),
        "host_cert": lambda events: pa.repeat(pa.scalar(True), events.rows),
        "client_cert": lambda events: pa.repeat(pa.scalar(False), events.rows),
    },
    given=("tls.serial", "tls.fingerprint", "tls.subject"),
)

QUIC = Mapped(
    _TABLES["quic"],
    places("""
version      quic.version
server_name  quic.sni
ja3          quic.ja3.hash
ja4          quic.ja4
"""),
)

RDP = Mapped(
    _TABLES["rdp"],
    places("""
cookie                 rdp.cookie
result                 rdp.reason
client_channels        rdp.channels rdp.client.channels
keyboard_layout        rdp.client.keyboard_layout
client_build           rdp.client.build rdp.client.version
client_name            rdp.client.client_name
client_dig_product_id  rdp.client.id rdp.client.product_id
desktop_width          rdp.client.desktop_width
desktop_height         rdp.client.desktop_height
"""),
    {
        "security_protocol": upper("rdp.protocol"),
        "requested_color_depth": lambda events: pc.binary_join_element_wise(events.text("rdp.client.color_depth"), "bit", ""),
    },
    finish=one_per_flow,
)

RFB = Mapped(
    _TABLES["rfb"],
    places("""
client_major_version  rfb.client_protocol_version.major
client_minor_version  rfb.client_protocol_version.minor
server_major_version  rfb.server_protocol_version.major
server_minor_version  rfb.server_protocol_version.minor
share_flag            rfb.screen_shared
desktop_name          rfb.framebuffer.name
width                 rfb.framebuffer.width
height                rfb.framebuffer.height
"""),
    {
        "authentication_method": words("rfb.authentication.security_type", RFB_SECURITY),
        "auth": one_of("rfb.authentication.security_result", "OK"),
    },
)

SMB_COMMAND = Mapped(
    _TABLES["smb_cmd"],
    places("""
command       smb.command
sub_command   smb.function smb.set_info.class
argument      smb.filename smb.rename.from smb.named_pipe smb.directory
status        smb.status
version       smb.dialect
username      smb.ntlmssp.user
tree          smb.share
tree_service  smb.service.response smb.service.request
"""),
)

SMB_FILE = Mapped(
    _TABLES["smb_files"],
    places("""
fuid            smb.fuid
path            smb.share
name            smb.rename.to smb.filename
prev_name       smb.rename.from
size            smb.size
times.modified  smb.modified
times.accessed  smb.accessed
times.created   smb.created
times.changed   smb.changed
"""),
    {"action": smb_action},
    given=("smb.filename", "smb.rename.to"),
)

SMB_MAPPING = Mapped(
    _TABLES["smb_mapping"],
    places("""
path        smb.share
service     smb.service.response smb.service.request
"""),
    {"share_type": words("smb.share_type", {"FILE": "DISK"})},
    given=("smb.share",),
)

NTLM = Mapped(
    _TABLES["ntlm"],
    places("""
username    smb.ntlmssp.user
hostname    smb.ntlmssp.host
domainname  smb.ntlmssp.domain
status      smb.status
"""),
    {"success": one_of("smb.status", "STATUS_SUCCESS")},
    given=("smb.ntlmssp.user", "smb.ntlmssp.host"),
)

SMB_RPC = Mapped(
    _TABLES["dce_rpc"],
    places("""
named_pipe  smb.named_pipe smb.filename
endpoint    smb.dcerpc.interface.uuid smb.dcerpc.interfaces.uuid
operation   smb.dcerpc.opnum
"""),
    given=("smb.dcerpc.request", "smb.dcerpc.response", "smb.dcerpc.opnum"),
)

RPC = Mapped(
    _TABLES["dce_rpc"],
    places("""
endpoint   dcerpc.interface.uuid dcerpc.interfaces.uuid
operation  dcerpc.req.opnum dcerpc.opnum
"""),
)

KERBEROS = Mapped(
    _TABLES["kerberos"],
    places("""
service    krb5.sname
error_msg  krb5.error_code
cipher     krb5.ticket_encryption krb5.encryption
"""),
    {"request_type": kerberos_request, "client": with_realm, "success": kerberos_success},
)

LDAP = Mapped(
    _TABLES["ldap"],
    places("""
message_id          ldap.request.message_id ldap.responses.message_id
version             ldap.request.bind_request.version
opcode              ldap.request.operation ldap.responses.operation
result              ldap.responses.bind_response.result_code
diagnostic_message  ldap.responses.bind_response.message
object              ldap.request.bind_request.name ldap.request.search_request.base_object
"""),
)

SMTP = Mapped(
    _TABLES["smtp"],
    places("""
helo        smtp.helo
mailfrom    smtp.mail_from
rcptto      smtp.rcpt_to
date        email.date
from        email.from
to          email.to
cc          email.cc
reply_to    email.reply_to
msg_id      email.message_id
subject     email.subject
user_agent  email.x_mailer
first_received email.received
"""),
    {"trans_depth": next_request("tx_id")},
)

DHCP = Mapped(
    _TABLES["dhcp"],
    places("""
mac              dhcp.client_mac
host_name        dhcp.hostname
domain           dhcp.domain
lease_time       dhcp.lease_time
client_software  dhcp.vendor_class_identifier
routers          dhcp.routers
dns_servers      dhcp.dns_servers
"""),
    {
        "uids": alone(lambda events: pc.binary_join_element_wise("S", events.text("flow_id"), "")),
        "client_addr": not_any_address("dhcp.client_ip"),
        "requested_addr": not_any_address("dhcp.requested_ip"),
        "assigned_addr": not_any_address("dhcp.assigned_ip"),
        "server_addr": from_server("src_ip"),
        "msg_types": alone(upper("dhcp.dhcp_type")),
    },
)

SSH = Mapped(
    _TABLES["ssh"],
    places("""
hassh        ssh.client.hassh.hash
hasshServer  ssh.server.hassh.hash
"""),
    {
        "version": ssh_version,
        "client": lambda events: pc.binary_join_element_wise(
            "SSH", joined("-", "ssh.client.proto_version", "ssh.client.software_version")(events), "-"
        ),
        "server": lambda events: pc.binary_join_element_wise(
            "SSH", joined("-", "ssh.server.proto_version", "ssh.server.software_version")(events), "-"
        ),
    },
)

FTP = Mapped(
    _TABLES["ftp"],
    places("""
command     ftp.command
arg         ftp.command_data
reply_code  ftp.completion_code
reply_msg   ftp.reply
data_channel.resp_p ftp.dynamic_port
"""),
    {
        "user": lambda events: pc.if_else(
            one_of("ftp.command", "USER")(events).fill_null(False),
            events.text("ftp.command_data"),
            pa.scalar(None, pa.string()),
        ),
        "data_channel.passive": one_of("ftp.mode", "passive"),
    },
)

FTP_DATA = Mapped(
    _TABLES["ftp"],
    places("""
command  ftp_data.command
arg      ftp_data.filename
"""),
)

SIP = Mapped(
    _TABLES["sip"],
    places("""
method        sip.method
uri           sip.uri
status_code   sip.code
status_msg    sip.reason
user_agent    sip.user_agent
request_from  sip.from
request_to    sip.to
call_id       sip.call_id
"""),
)

SNMP = Mapped(
    _TABLES["snmp"],
    places("community snmp.community"),
    {
        "version": words("snmp.version", {"1": "1", "2": "2c", "3": "3"}),
        "get_requests": tally("snmp.pdu_type", "get_request", "get_next_request"),
        "get_bulk_requests": tally("snmp.pdu_type", "get_bulk_request"),
        "get_responses": tally("snmp.pdu_type", "response"),
        "set_requests": tally("snmp.pdu_type", "set_request"),
    },
)

IKE = Mapped(
    _TABLES["ike"],
    places("""
initiator_spi   ike.init_spi ikev2.init_spi
responder_spi   ike.resp_spi ikev2.resp_spi
message_id      ike.message_id ikev2.message_id
encrypted       ike.ikev1.encrypted_payloads
encryption      ike.ikev1.client.proposals.alg_enc ike.alg_enc ikev2.alg_enc
integrity       ike.ikev1.client.proposals.alg_hash ike.alg_hash ike.alg_auth ikev2.alg_auth
prf             ike.alg_prf ikev2.alg_prf
groups          ike.ikev1.client.proposals.alg_dh ike.alg_dh ikev2.alg_dh
authentication  ike.ikev1.client.proposals.alg_auth ike.alg_auth
vendor_ids      ike.ikev1.vendor_ids
notifications   ike.ikev2.notify ikev2.notify
"""),
    {
        "is_orig": lambda events: pc.coalesce(
            one_of("ike.role", "initiator")(events), one_of("ikev2.role", "initiator")(events)
        ),
        "version": lambda events: pc.coalesce(
            joined(".", "ike.version_major", "ike.version_minor")(events),
            joined(".", "ikev2.version_major", "ikev2.version_minor")(events),
        ),
        "exchange_type": lambda events: translated(
            pc.coalesce(events.text("ike.exchange_type"), events.text("ikev2.exchange_type")), EXCHANGES
        ),
    },
)

FILE = Mapped(
    _TABLES["files"],
    places("""
fuid         fileinfo.file_id
filename     fileinfo.filename
seen_bytes   fileinfo.size
md5          fileinfo.md5
sha1         fileinfo.sha1
sha256       fileinfo.sha256
extracted    fileinfo.storage_path
mime_type    fileinfo.mimetype
"""),
    {
        **{name: if_directed(derive) for name, derive in ENDPOINTS.items()},
        "source": upper("app_proto"),
        "depth": number("fileinfo.tx_id"),
        "tx_hosts": alone(text("src_ip")),
        "rx_hosts": alone(text("dest_ip")),
        "conn_uids": alone(lambda events: pc.binary_join_element_wise("S", events.text("flow_id"), "")),
        "total_bytes": file_sizes,
    },
)

ALERT = Mapped(
    _TABLES["suricata_alert"],
    places("""
community_id  community_id
action        alert.action
gid           alert.gid
signature_id  alert.signature_id
rev           alert.rev
signature     alert.signature
category      alert.category
severity      alert.severity
direction     direction
source        alert.source.ip
target        alert.target.ip
host          http.hostname tls.sni
uri           http.url
in_iface      in_iface
sensor        host
"""),
    {
        **ENDPOINTS,
        "proto": protocol,
        "app_proto": lambda events: translated(events.text("app_proto"), SERVICES),
        "metadata": signature_metadata,
    },
)

ANOMALY = Mapped(
    _TABLES["weird"],
    places("""
name  anomaly.event anomaly.code
addl  anomaly.layer anomaly.type
"""),
    {
        **ENDPOINTS,
        "source": lower("anomaly.app_proto", "app_proto", "anomaly.type"),
        "peer": text("host"),
    },
)

ARP = Mapped(
    _TABLES["arp"],
    places("""
mac_src      ether.src_mac
mac_dst      ether.dest_mac
vlan         vlan
operation    arp.opcode
sender_mac   arp.src_mac
sender_addr  arp.src_ip
target_mac   arp.dest_mac
target_addr  arp.dest_ip
"""),
)

#: Kind of event → what it fills.
EVENTS: dict[str, tuple[Mapped, ...]] = {
    "alert": (ALERT,),
    "anomaly": (ANOMALY,),
    "arp": (ARP,),
    "dcerpc": (RPC,),
    "dhcp": (DHCP,),
    "dns": (DNS,),
    "fileinfo": (FILE,),
    "flow": (FLOW,),
    "ftp": (FTP,),
    "ftp_data": (FTP_DATA,),
    "http": (HTTP,),
    "http2": (HTTP,),
    "ike": (IKE,),
    "ikev2": (IKE,),
    "krb5": (KERBEROS,),
    "ldap": (LDAP,),
    "netflow": (NETFLOW,),
    "quic": (QUIC,),
    "rdp": (RDP,),
    "rfb": (RFB,),
    "sip": (SIP,),
    "smb": (SMB_COMMAND, SMB_FILE, SMB_MAPPING, NTLM, SMB_RPC),
    "smtp": (SMTP,),
    "snmp": (SNMP,),
    "ssh": (SSH,),
    "tls": (TLS, CERTIFICATE),
}

#: Events in which the sensor speaks of itself: left out on purpose.
IGNORED = frozenset({"engine", "stats"})
