"""Network tables on Windows networks: files, logons, directory, remote desktop, addresses."""

from __future__ import annotations

from wardround.schema import table
from wardround.schema.endpoints import CONNECTION

DHCP = table(
    "dhcp",
    "One row per DHCP exchange: which host got which address from which server.",
    """
uids            texts    uids of the connections that carried the exchange
client_addr     address  Address of the client
server_addr     address  Address of the server
client_port     port     Port of the client
server_port     port     Port of the server
mac             label    Link-layer address of the client
host_name       text     Name the client gives itself
client_fqdn     text     Full name the client gives itself
domain          text     Domain the server gives
requested_addr  address  Address the client asked for
assigned_addr   address  Address the server gave
lease_time      seconds  For how long
client_message  text     Message of a client that declines
server_message  text     Message of a server that refuses
msg_types       texts    Messages in order (DISCOVER, OFFER, REQUEST, ACK …)
duration        seconds  From the first to the last message
msg_orig        texts    Who sent each message
client_software text     Vendor class of the client
server_software text     Vendor class of the server
routers         texts    Routers the server gives (option 3)
dns_servers     texts    Name servers the server gives (option 6)
wpad_url        text     Proxy configuration the server gives (option 252)
offers          texts    Each server's OFFER or ACK, also of one that was not chosen: server, address, routers, name servers
""",
)

SMB_FILES = table(
    "smb_files",
    "One row per action on a file over SMB.",
    f"""{CONNECTION}
fuid            label  Identifier of the file
action          label  SMB::FILE_OPEN, SMB::FILE_READ, SMB::FILE_WRITE, SMB::FILE_DELETE, SMB::FILE_RENAME …
path            text   Share that holds the file
name            text   Name of the file within the share
size            count  Size of the file in bytes
prev_name       text   Name before a renaming
times.modified  time   Last written
times.accessed  time   Last read
times.created   time   Created
times.changed   time   Attributes last changed
content         label  What the file begins with after a write: random (as when it is encrypted); other writes have no row
content_before  label  What it began with when the same client read it before: dicom, pdf, zip, text, other …
""",
)

SMB_MAPPING = table(
    "smb_mapping",
    "One row per share that a client connected to.",
    f"""{CONNECTION}
path                text   Share, as \\\\host\\share
service             label  Kind of resource, as the server calls it
native_file_system  label  File system behind it
share_type          label  DISK, PIPE or PRINT
""",
)

SMB_CMD = table(
    "smb_cmd",
    "One row per SMB command, where the sensor logs them.",
    f"""{CONNECTION}
command       label    Command
sub_command   label    Command within a transaction
argument      text     What it was about
status        label    Answer of the server
rtt           seconds  From command to answer
version       label    SMB1 or SMB2
username      text     User
tree          text     Share
tree_service  label    Kind of share
""",
)

SMB_SESSION = table(
    "smb_session",
    "One row per connection over SMB: what its ends agreed upon.",
    f"""{CONNECTION}
dialect         label  Dialect that the server chose, such as SMB 3.1.1 or NT LM 0.12
client_signing  label  Signing, as the client states it: none, enabled or required
server_signing  label  Signing, as the server states it: none, enabled or required
cipher          label  Cipher that the server chose for encryption (SMB 3.1.1)
compression     label  Kinds of compression that the server takes, separated by commas (SMB 3.1.1)
encrypted       flag   Whether messages were encrypted
compressed      flag   Whether messages were compressed
""",
)

NTLM = table(
    "ntlm",
    "One row per NTLM logon.",
    f"""{CONNECTION}
username                  text   User, as the client gave it
hostname                  text   Name the client gave itself
domainname                text   Domain of the user
server_nb_computer_name   text   NetBIOS name of the server
server_dns_computer_name  text   DNS name of the server
server_tree_name          text   DNS name of its forest
success                   flag   Whether the logon succeeded
status                    label  Answer of the server, in old logs
""",
)

KERBEROS = table(
    "kerberos",
    "One row per Kerberos request.",
    f"""{CONNECTION}
request_type         label  AS (logon) or TGS (ticket for a service)
client               text   Who asked
service              text   Service asked for
success              flag   Whether the ticket was given
error_code           count  Error, as a number
error_msg            label  Error
from                 time   Ticket valid from
till                 time   Ticket valid until
cipher               label  Encryption of the ticket
forwardable          flag   Whether a forwardable ticket was asked for
renewable            flag   Whether a renewable ticket was asked for
client_cert_subject  text   Subject of the client's certificate
client_cert_fuid     label  File identifier of the client's certificate
server_cert_subject  text   Subject of the server's certificate
server_cert_fuid     label  File identifier of the server's certificate
auth_ticket          label  Hash of the ticket used to ask, in old logs
new_ticket           label  Hash of the ticket given, in old logs
auth_ticket_sha256   label  SHA-256 of the ticket used to ask
new_ticket_sha256    label  SHA-256 of the ticket given
offered_ciphers      texts  Kinds of encryption that the client takes, in its order
preauthenticated     flag   Whether a request to log on (AS) proved the password; empty where that is encrypted (FAST)
""",
)

DCE_RPC = table(
    "dce_rpc",
    "One row per remote procedure call of DCE/RPC.",
    f"""{CONNECTION}
rtt         seconds  From call to answer
named_pipe  text     Pipe, or port where there is none
endpoint    label    Interface (svcctl, drsuapi, atsvc …), or its uuid
operation   label    Procedure called
""",
)

LDAP = table(
    "ldap",
    "One row per LDAP operation other than a search.",
    f"""{CONNECTION}
message_id          int    Number that ties request and answer together
version             int    Version of LDAP
opcode              label  bind simple, bind SASL, unbind, add, modify …
result              label  Result of the operation
diagnostic_message  text   What the server says about it
object              text   Entry concerned, such as the user who binds
argument            text   Password (masked unless the sensor kept it), mechanism or other argument
""",
)

LDAP_SEARCH = table(
    "ldap_search",
    "One row per LDAP search.",
    f"""{CONNECTION}
message_id          int    Number that ties request and answers together
scope               label  base, single, tree
deref_aliases       label  Whether aliases are followed
base_object         text   Where the search begins
result_count        count  Entries found
result              label  Result of the operation
diagnostic_message  text   What the server says about it
filter              text   What is looked for
attributes          texts  Attributes asked for
""",
)

RDP = table(
    "rdp",
    "One row per remote desktop connection.",
    f"""{CONNECTION}
cookie                 text   User or token in the first message
result                 label  How the negotiation ended
security_protocol      label  RDP, SSL, HYBRID …
client_channels        texts  Channels the client asked for
keyboard_layout        label  Keyboard of the client
client_build           label  Version of the client
client_name            text   Name the client's computer gave
client_dig_product_id  label  Product id of the client
desktop_width          count  Width in pixels
desktop_height         count  Height in pixels
requested_color_depth  label  Colours asked for
cert_type              label  Kind of certificate of the server (X.509 or RSA)
cert_count             count  How many certificates
cert_permanent         flag   Whether the certificate is a permanent one
encryption_level       label  Level of RDP's own encryption
encryption_method      label  Method of RDP's own encryption
ssl                    flag   Whether the connection switched to TLS, in old logs
""",
)

RFB = table(
    "rfb",
    "One row per VNC (remote framebuffer) connection.",
    f"""{CONNECTION}
client_major_version   label  First number of the client's version
client_minor_version   label  Second number of the client's version
server_major_version   label  First number of the server's version
server_minor_version   label  Second number of the server's version
authentication_method  label  None, VNC …
security_subtype       label  Type that was chosen within VeNCrypt: Plain, TLSNone, TLSVnc, X509Vnc …
auth                   flag   Whether authentication succeeded
share_flag             flag   Whether the client shares the screen with others
desktop_name           text   Name of the screen
width                  count  Width in pixels
height                 count  Height in pixels
""",
)

TABLES = (DHCP, SMB_FILES, SMB_MAPPING, SMB_CMD, SMB_SESSION, NTLM, KERBEROS, DCE_RPC, LDAP, LDAP_SEARCH, RDP, RFB)
