"""Network tables on traffic as a whole: connections, tunnels, files, oddities, and what is known of hosts."""

from __future__ import annotations

from wardround.schema import table
from wardround.schema.endpoints import CONNECTION

CONN = table(
    "conn",
    "One row per connection or flow: who spoke with whom, how much, and how it ended.",
    f"""{CONNECTION}
proto           label    Transport protocol: tcp, udp, icmp, unknown_transport
service         label    Application protocols recognised by content, joined by commas when there are several
application     label    Product recognised in the connection (zoom, teams, anydesk, anyconnect …), in lower case
community_id    label    Community ID of the flow, which other tools compute alike
duration        seconds  From the first to the last packet
orig_bytes      count    Payload bytes the originator sent (from sequence numbers for TCP)
resp_bytes      count    Payload bytes the responder sent
conn_state      label    How the connection went: S0, S1, SF, REJ, S2, S3, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR, OTH
local_orig      flag     Whether the originator belongs to the site's networks
local_resp      flag     Whether the responder belongs to the site's networks
missed_bytes    count    Bytes absent from the capture, so not analysed
history         label    What happened in order, a letter per kind of packet, capitals for the originator
orig_pkts       count    Packets the originator sent
orig_ip_bytes   count    Bytes the originator sent, counted at the IP layer
resp_pkts       count    Packets the responder sent
resp_ip_bytes   count    Bytes the responder sent, counted at the IP layer
tunnel_parents  texts    uids of the tunnels that carried the connection
ip_proto        int      Protocol number in the IP header
orig_l2_addr    label    Link-layer address of the originator
resp_l2_addr    label    Link-layer address of the responder
vlan            int      Outer VLAN number
inner_vlan      int      Inner VLAN number
orig_cc         label    Country of the originator, two letters
resp_cc         label    Country of the responder, two letters
speculative_service label Protocols that an analyser tried without certainty
failed_service  texts    Protocols that an analyser took up and gave up again
""",
)

TUNNEL = table(
    "tunnel",
    "One row per tunnel seen to open or close.",
    f"""{CONNECTION}
tunnel_type  label  Encapsulation (Tunnel::TEREDO, Tunnel::GRE, Tunnel::VXLAN, Tunnel::SOCKS …)
action       label  What happened to it: Tunnel::DISCOVER, Tunnel::CLOSE, Tunnel::EXPIRE
""",
)

FILES = table(
    "files",
    "One row per file carried by a connection.",
    f"""{CONNECTION}
fuid             label    Identifier of the file
tx_hosts         texts    Addresses that sent it
rx_hosts         texts    Addresses that received it
conn_uids        texts    uids of the connections that carried it
source           label    Protocol that carried it (HTTP, SMTP, SMB, SSL …)
depth            count    Position within the connection: request or message number
analyzers        texts    What was done with its content
mime_type        label    Type recognised in its first bytes
filename         text     Name given by the protocol
duration         seconds  How long its transfer took
local_orig       flag     Whether the sender belongs to the site's networks
is_orig          flag     Whether the originator of the connection sent it
seen_bytes       count    Bytes seen
total_bytes      count    Bytes announced
missing_bytes    count    Bytes absent from the capture
overflow_bytes   count    Bytes that arrived too late to be analysed
timedout         flag     Whether its analysis ended for want of data
parent_fuid      label    File that contains this one
md5              label    MD5 of the content, hexadecimal
sha1             label    SHA-1 of the content, hexadecimal
sha256           label    SHA-256 of the content, hexadecimal
entropy          real     Entropy of the content in bits per byte
extracted        text     Name under which the content was kept
extracted_cutoff flag     Whether only its beginning was kept
extracted_size   count    Bytes kept
""",
)

PE = table(
    "pe",
    "One row per Windows program (portable executable) among the files.",
    """
id                  label  Identifier of the file (fuid)
machine             label  Processor it was built for
compile_ts          time   When its header says that it was built
os                  label  Oldest Windows its header asks for
subsystem           label  Subsystem it runs in
is_exe              flag   Whether it can be run, rather than an object file
is_64bit            flag   Whether it is a 64-bit program
uses_aslr           flag   Whether it allows address space randomisation
uses_dep            flag   Whether it allows data execution prevention
uses_code_integrity flag   Whether it asks for code integrity checks
uses_seh            flag   Whether it uses structured exception handling
has_import_table    flag   Whether it has an import table
has_export_table    flag   Whether it has an export table
has_cert_table      flag   Whether it carries a signature
has_debug_data      flag   Whether it carries debug data
section_names       texts  Names of its sections, in order
""",
)

WEIRD = table(
    "weird",
    "One row per violation of a protocol or other oddity on the wire.",
    f"""{CONNECTION}
name    label  Short name of the oddity
addl    text   Details
notice  flag   Whether it was also reported as a notice
peer    label  Sensor that saw it
source  label  Protocol or analyser that found it
""",
)

NOTICE = table(
    "notice",
    "One row per notice that the sensor raised itself.",
    f"""{CONNECTION}
fuid            label    File concerned
file_mime_type  label    Type of that file
file_desc       text     What is known of that file
proto           label    Transport protocol
note            label    Kind of notice (SSH::Password_Guessing …)
msg             text     What it says
sub             text     Details
src             address  Host that caused it
dst             address  Host concerned by it
p               port     Port concerned
n               count    A number that goes with it
peer_descr      text     Sensor that raised it
peer_name       label    Sensor that raised it, in old logs
actions         texts    What the sensor did about it
email_dest      texts    Who was told by mail
suppress_for    seconds  How long equal notices stay unsaid
dropped         flag     Whether the source was blocked
remote_location.country_code  label  Country of the remote host
remote_location.region        label  Region of the remote host
remote_location.city          label  City of the remote host
remote_location.latitude      real   Latitude of the remote host, degrees
remote_location.longitude     real   Longitude of the remote host, degrees
""",
)

ANALYZER = table(
    "analyzer",
    "One row per protocol, file or packet analyser that gave up or met a violation.",
    f"""{CONNECTION}
fuid            label  File concerned
cause           label  violation or disabled
proto           label  Transport protocol
analyzer_kind   label  packet, protocol or file
analyzer_name   label  Protocol that it was taken for
failure_reason  text   Why it could not be read as that protocol
failure_data    text   First bytes that did not fit
""",
)

DPD = table(
    "dpd",
    "One row per connection that turned out not to speak the protocol it was taken for (logs of older sensors).",
    f"""{CONNECTION}
proto           label  Transport protocol
analyzer        label  Protocol that it was taken for
failure_reason  text   Why it could not be read as that protocol
packet_segment  text   First bytes that did not fit
""",
)

SIGNATURES = table(
    "signatures",
    "One row per match of a byte signature on the sensor.",
    """
uid         label    Identifier of the connection
src_addr    address  Host that the match is held against
src_port    port     Its port
dst_addr    address  The other host
dst_port    port     Its port
note        label    Kind of notice
sig_id      label    Name of the signature
event_msg   text     What it says
sub_msg     text     Bytes that matched, or details
sig_count   count    How many signatures
host_count  count    How many hosts
""",
)

INTEL = table(
    "intel",
    "One row per indicator of threat intelligence that the sensor saw in the traffic.",
    f"""{CONNECTION}
fuid                 label  File concerned
file_mime_type       label  Type of that file
file_desc            text   What is known of that file
seen.indicator       text   The indicator met
seen.indicator_type  label  Its kind: address, domain, URL, hash …
seen.where           label  Where in the traffic
seen.node            label  Sensor that saw it
matched              texts  Kinds of indicators that matched
sources              texts  Lists that hold the indicator
""",
)

SOFTWARE = table(
    "software",
    "One row per program of a host: given away in its traffic, or named by an inventory or a bill of materials.",
    """
host             address  Host that runs it, by address or name
host_p           port     Port, for a server
software_type    label    Kind of program (HTTP::BROWSER, SSH::SERVER …)
name             text     Name of the program
version.major    count    First number of its version
version.minor    count    Second number
version.minor2   count    Third number
version.minor3   count    Fourth number
version.addl     text     What follows the numbers
unparsed_version text     Name and version as sent
url              text     Where the evidence was seen
vendor           text     Publisher
version          text     Version as written
source           label    traffic, inventory, sbom, user_agent, vpn, banner, config, scan
purl             text     Package URL
cpe              text     CPE name
""",
)

KNOWN_HOSTS = table(
    "known_hosts",
    "One row per day and host of the site that completed a connection.",
    """
host  address  The host
""",
)

KNOWN_SERVICES = table(
    "known_services",
    "One row per day and service that a host of the site offers.",
    """
host        address  The host
port_num    port     Port of the service
port_proto  label    Transport protocol
service     texts    Protocols recognised there
""",
)

KNOWN_CERTS = table(
    "known_certs",
    "One row per day and certificate that a host of the site shows.",
    """
host            address  The host
port_num        port     Port where it shows it
subject         text     Subject of the certificate
issuer_subject  text     Subject of its issuer
serial          label    Its serial number, hexadecimal
""",
)

TRACEROUTE = table(
    "traceroute",
    "One row per route traced.",
    """
proto  label    Protocol used: ICMP, UDP or TCP
dst    address  Host whose route was traced
src    address  Host that traced it
""",
)

CAPTURE_LOSS = table(
    "capture_loss",
    "One row per period: how much of the traffic the sensor missed. What it missed was not assessed.",
    """
ts_delta      seconds  Length of the period
peer          label    Sensor
gaps          count    Acknowledgements of data that was not seen
acks          count    Acknowledgements in all
percent_lost  real     Estimated loss in percent
""",
)

TABLES = (
    CONN,
    TUNNEL,
    FILES,
    PE,
    WEIRD,
    NOTICE,
    ANALYZER,
    DPD,
    SIGNATURES,
    INTEL,
    SOFTWARE,
    KNOWN_HOSTS,
    KNOWN_SERVICES,
    KNOWN_CERTS,
    TRACEROUTE,
    CAPTURE_LOSS,
)
