"""Network tables on the other protocols: transfer, administration, telephony, databases, industry."""

from __future__ import annotations

from wardround.schema import table
from wardround.schema.endpoints import CONNECTION

FTP = table(
    "ftp",
    "One row per FTP command of interest, with its reply.",
    f"""{CONNECTION}
user                  text     User
password              text     Password, masked unless the sensor kept it
command               label    Command
arg                   text     Its argument
mime_type             label    Type of the file transferred
file_size             count    Size of the file transferred in bytes
reply_code            count    Code of the reply
reply_msg             text     Words of the reply
data_channel.passive  flag     Whether the data connection goes to the server
data_channel.orig_h   address  Who opens the data connection
data_channel.resp_h   address  Who takes the data connection
data_channel.resp_p   port     Port of the data connection
fuid                  label    Identifier of the file transferred
""",
)

SSH = table(
    "ssh",
    "One row per SSH connection.",
    f"""{CONNECTION}
version               count  Major version of the protocol
auth_success          flag   Whether the logon succeeded, unset when it could not be told
auth_attempts         count  Attempts to log on
direction             label  INBOUND or OUTBOUND, where the site's networks are known
client                text   Banner of the client
server                text   Banner of the server
cipher_alg            label  Cipher agreed
mac_alg               label  Authentication code agreed
compression_alg       label  Compression agreed
kex_alg               label  Key exchange agreed
host_key_alg          label  Algorithm of the server's key
host_key_fingerprint  label  Fingerprint of the server's key
host_key              label  Fingerprint of the server's key, in old logs
hassh                 label  HASSH fingerprint of the client, MD5 in hexadecimal
hasshServer           label  HASSH fingerprint of the server, MD5 in hexadecimal
remote_location.country_code  label  Country of the remote host
remote_location.region        label  Region of the remote host
remote_location.city          label  City of the remote host
remote_location.latitude      real   Latitude of the remote host, degrees
remote_location.longitude     real   Longitude of the remote host, degrees
""",
)

SIP = table(
    "sip",
    "One row per SIP request, with its reply.",
    f"""{CONNECTION}
trans_depth        count  Number of the request within the connection
method             label  INVITE, REGISTER …
uri                text   Who is called
date               text   Date header
request_from       text   From header of the request
request_to         text   To header of the request
response_from      text   From header of the reply
response_to        text   To header of the reply
reply_to           text   Reply-To header
call_id            text   Call-ID header
seq                text   CSeq header
subject            text   Subject header
request_path       texts  Via headers of the request
response_path      texts  Via headers of the reply
user_agent         text   Program of the caller
status_code        count  Status of the reply
status_msg         text   Words of the status
warning            text   Warning header
request_body_len   count  Bytes of body in the request
response_body_len  count  Bytes of body in the reply
content_type       text   Content-Type header
""",
)

SNMP = table(
    "snmp",
    "One row per SNMP session.",
    f"""{CONNECTION}
duration           seconds  From the first to the last message
version            label    1, 2c or 3
community          text     Community string, which serves as the password
get_requests       count    Values asked for
get_bulk_requests  count    Values asked for in bulk
get_responses      count    Values given
set_requests       count    Values set
display_string     text     How the device describes itself
up_since           time     When the device was started
""",
)

SYSLOG = table(
    "syslog",
    "One row per syslog message seen on the wire.",
    f"""{CONNECTION}
proto     label  Transport protocol
facility  label  What part of the system speaks
severity  label  How grave it says it is
message   text   The message
""",
)

RADIUS = table(
    "radius",
    "One row per RADIUS logon.",
    f"""{CONNECTION}
username       text     User
mac            label    Link-layer address of the client
framed_addr    address  Address given to the client
tunnel_client  text     Client end of the tunnel
connect_info   text     How the client is connected
reply_msg      text     Message of the server
result         label    success or failed
ttl            seconds  From request to answer
""",
)

IRC = table(
    "irc",
    "One row per IRC command.",
    f"""{CONNECTION}
nick           text   Nickname
user           text   User
command        label  Command
value          text   Its value
addl           text   Details
dcc_file_name  text   Name of a file offered
dcc_file_size  count  Its size in bytes
dcc_mime_type  label  Its type
fuid           label  Its identifier
""",
)

SOCKS = table(
    "socks",
    "One row per request to a SOCKS proxy.",
    f"""{CONNECTION}
version       count    Version of SOCKS
user          text     User
password      text     Password, masked unless the sensor kept it
status        label    Answer of the proxy
request.host  address  Address asked for
request.name  text     Name asked for
request_p     port     Port asked for
bound.host    address  Address the proxy uses
bound.name    text     Name the proxy uses
bound_p       port     Port the proxy uses
""",
)

NTP = table(
    "ntp",
    "One row per NTP message.",
    f"""{CONNECTION}
version     count    Version of NTP
mode        count    1 and 2 peers, 3 client, 4 server, 5 broadcast, 6 control, 7 private
stratum     count    Distance from the reference clock
poll        seconds  Time between messages
precision   seconds  Precision of the clock
root_delay  seconds  Round trip to the reference clock
root_disp   seconds  Greatest error relative to the reference clock
ref_id      label    Reference clock
ref_time    time     When the clock was last set
org_time    time     When the client asked
rec_time    time     When the server was asked
xmt_time    time     When the server answered
num_exts    count    How many extension fields
""",
)

MYSQL = table(
    "mysql",
    "One row per MySQL command.",
    f"""{CONNECTION}
cmd       label  Command
arg       text   Its argument
success   flag   Whether it succeeded
rows      count  Rows concerned
response  text   Message of the server
""",
)

POSTGRESQL = table(
    "postgresql",
    "One row per exchange with a PostgreSQL server.",
    f"""{CONNECTION}
user              text   User
database          text   Database
application_name  text   Program of the client
frontend          label  Message of the client
frontend_arg      text   Its argument
success           flag   Whether it succeeded
rows              count  Rows concerned
backend           label  Message of the server
backend_arg       text   Its argument
""",
)

MODBUS = table(
    "modbus",
    "One row per Modbus command.",
    f"""{CONNECTION}
tid        count  Transaction number
unit       count  Device addressed behind a gateway
func       label  Function
pdu_type   label  REQ or RESP
exception  label  Exception answered
""",
)

DNP3 = table(
    "dnp3",
    "One row per DNP3 request, with its reply.",
    f"""{CONNECTION}
fc_request  label  Function asked for
fc_reply    label  Function answered
iin         count  Internal indications of the answer
""",
)

TABLES = (FTP, SSH, SIP, SNMP, SYSLOG, RADIUS, IRC, SOCKS, NTP, MYSQL, POSTGRESQL, MODBUS, DNP3)
