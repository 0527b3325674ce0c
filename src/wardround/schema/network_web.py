"""Network tables on names, the web, certificates and mail transport."""

from __future__ import annotations

from wardround.schema import table
from wardround.schema.endpoints import CONNECTION

DNS = table(
    "dns",
    "One row per name looked up, with the answer that came back.",
    f"""{CONNECTION}
proto        label    Transport protocol
trans_id     count    Number that ties query and answer together
rtt          seconds  From query to answer
query        text     Name asked for
qclass       count    Class of the query, as a number
qclass_name  label    Class of the query (C_INTERNET …)
qtype        count    Type of record asked for, as a number
qtype_name   label    Type of record asked for (A, AAAA, TXT …)
rcode        count    Answer code, as a number
rcode_name   label    Answer code (NOERROR, NXDOMAIN …)
AA           flag     Whether the answer is authoritative
TC           flag     Whether the message was cut short
RD           flag     Whether the client asked for recursion
RA           flag     Whether the server offers recursion
Z            count    Reserved bits, zero unless DNSSEC or abuse
answers      texts    Data of the records in the answer section, in order
TTLs         reals    Seconds that each answer may be kept
rejected     flag     Whether the server refused the query
opcode       count    Kind of message, as a number
opcode_name  label    Kind of message (query, notify, dynamic_update …)
auth         texts    Records of the authority section
addl         texts    Records of the additional section
original_query text   Name asked for, in the case in which it was written
""",
)

HTTP = table(
    "http",
    "One row per request over unencrypted HTTP, with its reply.",
    f"""{CONNECTION}
trans_depth        count  Number of the request within the connection, from 1
method             label  GET, POST, CONNECT …
host               text   Host header
uri                text   Path and query asked for
referrer           text   Referer header
version            label  HTTP version of the reply, or of the request where none came
user_agent         text   User-Agent header
origin             text   Origin header
request_body_len   count  Bytes of body the client sent
response_body_len  count  Bytes of body the server sent
status_code        count  Status of the reply
status_msg         text   Words that came with the status
info_code          count  Last 1xx status
info_msg           text   Words that came with it
filename           text   Name in a Content-Disposition header, in old logs
tags               texts  What was noticed about the request
username           text   User name of basic authentication
password           text   Password of basic authentication, masked unless the sensor kept it
proxied            texts  Headers that tell of a proxy
orig_fuids         texts  Files the client sent
orig_filenames     texts  Their names
orig_mime_types    texts  Their types
resp_fuids         texts  Files the server sent
resp_filenames     texts  Their names
resp_mime_types    texts  Their types
location           text   Where the reply sends the client (Location header)
session_tokens     texts  Digests of the session cookies that the client sent
""",
)

SSL = table(
    "ssl",
    "One row per TLS or DTLS handshake.",
    f"""{CONNECTION}
version                label  Version the server chose (TLSv12, TLSv13, SSLv3 …)
cipher                 label  Cipher suite the server chose
curve                  label  Elliptic curve or group used for the key
server_name            text   Name the client asked for (SNI)
resumed                flag   Whether an earlier session was resumed
last_alert             label  Last alert before the connection ended
next_protocol          label  Protocol agreed through ALPN
established            flag   Whether the handshake was completed
ssl_history            label  Handshake messages in order, a letter each, capitals for the client
cert_chain_fps         texts  SHA-256 fingerprints of the server's certificates, its own first
client_cert_chain_fps  texts  SHA-256 fingerprints of the client's certificates
cert_chain_fuids       texts  File identifiers of the server's certificates, in old logs
client_cert_chain_fuids texts File identifiers of the client's certificates, in old logs
subject                text   Subject of the server's certificate
issuer                 text   Issuer of the server's certificate
client_subject         text   Subject of the client's certificate
client_issuer          text   Issuer of the client's certificate
sni_matches_cert       flag   Whether the name asked for is one of the certificate's
validation_status      text   Result of the sensor's check of the certificate chain
ja3                    label  JA3 fingerprint of the client's hello, MD5 in hexadecimal
ja3s                   label  JA3S fingerprint of the server's hello, MD5 in hexadecimal
ja4                    label  JA4 fingerprint of the client's hello
ja4s                   label  JA4S fingerprint of the server's hello
""",
)

X509 = table(
    "x509",
    "One row per certificate seen.",
    """
fingerprint                   label  SHA-256 of the certificate, hexadecimal
id                            label  File identifier of the certificate, in old logs
certificate.version           count  Version, 3 nowadays
certificate.serial            label  Serial number, hexadecimal
certificate.subject           text   Subject
certificate.issuer            text   Issuer
certificate.not_valid_before  time   Valid from
certificate.not_valid_after   time   Valid until
certificate.key_alg           label  Algorithm of the key
certificate.sig_alg           label  Algorithm of the signature
certificate.key_type          label  rsa, dsa, ecdsa …
certificate.key_length        count  Length of the key in bits
certificate.exponent          label  Exponent of an RSA key
certificate.curve             label  Curve of an elliptic-curve key
san.dns                       texts  Alternative names: domains
san.uri                       texts  Alternative names: URIs
san.email                     texts  Alternative names: mail addresses
san.ip                        texts  Alternative names: addresses
basic_constraints.ca          flag   Whether it may issue certificates
basic_constraints.path_len    count  How many issuers may follow
host_cert                     flag   Whether it is the holder's own certificate, not an issuer's
client_cert                   flag   Whether a client sent it
cert                          text   The certificate itself, Base64
""",
)

OCSP = table(
    "ocsp",
    "One row per answer on whether a certificate was revoked.",
    """
id              label  Identifier of the file (fuid)
hashAlgorithm   label  Algorithm of the two hashes
issuerNameHash  label  Hash of the issuer's name
issuerKeyHash   label  Hash of the issuer's key
serialNumber    label  Serial number of the certificate
certStatus      label  good, revoked or unknown
revoketime      time   When it was revoked
revokereason    label  Why it was revoked
thisUpdate      time   When the status was known to be right
nextUpdate      time   When a newer status comes
""",
)

QUIC = table(
    "quic",
    "One row per QUIC connection.",
    f"""{CONNECTION}
version              label  Version of QUIC
client_initial_dcid  label  First destination connection id the client chose, hexadecimal
client_scid          label  Connection id of the client, hexadecimal
server_scid          label  Connection id of the server, hexadecimal
server_name          text   Name the client asked for (SNI)
client_protocol      label  First protocol the client offered through ALPN
history              label  Packets in order, a letter each, capitals for the client
ja3                  label  JA3 fingerprint of the client's hello, MD5 in hexadecimal
ja4                  label  JA4 fingerprint of the client's hello
""",
)

WEBSOCKET = table(
    "websocket",
    "One row per connection that HTTP handed over to WebSocket.",
    f"""{CONNECTION}
host               text   Host header
uri                text   Path and query asked for
user_agent         text   User-Agent header
subprotocol        label  Subprotocol the server chose
client_protocols   texts  Subprotocols the client offered
server_extensions  texts  Extensions the server chose
client_extensions  texts  Extensions the client offered
""",
)

SMTP = table(
    "smtp",
    "One row per message handed over by SMTP, or attempt at it.",
    f"""{CONNECTION}
trans_depth       count    Number of the message within the connection, from 1
helo              text     Name the client gave itself
mailfrom          text     Envelope sender
rcptto            texts    Envelope recipients
date              text     Date header
from              text     From header
to                texts    To header
cc                texts    Cc header
reply_to          text     Reply-To header
msg_id            text     Message-ID header
in_reply_to       text     In-Reply-To header
subject           text     Subject header
x_originating_ip  address  X-Originating-IP header
first_received    text     First Received header
second_received   text     Second Received header
last_reply        text     Last answer of the server
path              texts    Addresses that the message passed, from its headers
user_agent        text     Program that sent it
tls               flag     Whether the connection switched to TLS
fuids             texts    Files attached
is_webmail        flag     Whether it was sent from webmail, in old logs
""",
)

TABLES = (DNS, HTTP, SSL, X509, OCSP, QUIC, WEBSOCKET, SMTP)
