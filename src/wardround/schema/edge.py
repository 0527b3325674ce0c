"""Tables of the edge: what gateways, firewalls, servers, scans, configurations and inventories say."""

from __future__ import annotations

from wardround.schema import table

#: Who wrote the line.
_DEVICE = """
device   text   Name or address of the device that wrote it
vendor   label  fortinet, cisco, paloalto, ivanti, citrix, sonicwall, checkpoint, sophos, stormshield, pfsense, openvpn …
message_id label  The vendor's name of the kind of message (logid, mnemonic, number)
""".strip()

VPN_SESSION = table(
    "vpn_session",
    "One row per message of a gateway about a remote user: logon, its failure, tunnel up, tunnel down.",
    f"""{_DEVICE}
action            label   authenticated, login, login_failed, second_factor, tunnel_up, tunnel_down, logout, policy …
outcome           label   success or failure
user              text    User as written
realm             text    Realm, group, portal or tunnel group
source            address Address the user came from
source_country    label   Country, where the device says so
assigned_address  address Address given inside
hostname          text    Name of the user's computer
client            text    Program and version of the user
os                text    Operating system of the user's computer
authentication    label   Method or server: local, ldap, radius, saml, certificate …
factor            label   Factor: first, second, saml, certificate, unset when it does not say
reason            text    Reason of a failure or an end
session           text    Session identifier
tunnel            label   ssl, ipsec, clientless …
duration          seconds Length of the session, at its end
bytes_in          count   Bytes from the user
bytes_out         count   Bytes to the user
""",
)

FIREWALL_EVENT = table(
    "firewall_event",
    "One row per connection that a firewall let through, refused or ended, or that its inspection remarked on.",
    f"""{_DEVICE}
action            label   accept, close, deny, drop, reset, timeout, alert
source            address Source address
source_port       port    Source port
source_zone       text    Interface or zone it came in by
source_role       label   wan, lan, dmz, where the device says so
destination       address Destination address
destination_port  port    Destination port
destination_zone  text    Interface or zone it went out by
destination_role  label   wan, lan, dmz, where the device says so
nat_source        address Source after translation
nat_destination   address Destination after translation
nat_port          port    Destination port after translation
proto             label   tcp, udp, icmp or the number
application       text    Application or service, as the device names it
user              text    User, where known
policy            text    Rule or policy
bytes_in          count   Bytes from the destination to the source
bytes_out         count   Bytes from the source to the destination
duration          seconds Length of the connection
threat            text    What an inspection found
url               text    URL or host concerned
session           text    Session identifier
""",
)

LOGON = table(
    "logon",
    "One row per logon, its failure or logoff outside Windows: devices, sshd, RADIUS, portals, cloud services.",
    f"""{_DEVICE}
action          label   login, login_failed, logout; of the cloud also second_factor_failed, policy (refused), message (a step)
outcome         label   success or failure
user            text    User as written
source          address Address it came from
source_port     port    Port it came from
source_country  label   Country, where the service says so
service         label   ssh, https, console, radius, telnet, api …; bastion, bastion-ssh, bastion-rdp; teamviewer, anydesk
authentication  label   password, publickey, radius, local …
factor          label   first when a password alone was asked for, second when more was, where it says so
privilege       label   admin or user, where known
reason          text    Reason of a failure
target          text    What was reached through a bastion: account, machine and its address
assigned_address address Address given to the user (RADIUS)
duration        seconds Length of the session (RADIUS accounting, bastions, remote control)
bytes_in        count   Bytes from the user (RADIUS accounting)
bytes_out       count   Bytes to the user (RADIUS accounting)
""",
)

DEVICE_EVENT = table(
    "device_event",
    "One row per change or remark of a network device about itself: configuration, system, routing, addresses.",
    f"""{_DEVICE}
category  label    config, system, routing, address, update, high_availability …
severity  label    As the device says
user      text     Who changed it
source    address  From where
ui        text     By which interface
action    label    add, edit, delete, command …
object    text     What was changed: path, object or command; secrets are removed
message   text     The message, without secrets
""",
)

SERVICE = table(
    "service",
    "One row per port that a scan of the user's (nmap, masscan, Nessus, OpenVAS) found.",
    """
host       address  Address scanned
hostname   text     Its name
mac        label    Its hardware address
port       port     Port
proto      label    tcp or udp
state      label    open, closed, filtered …; host for what a scanner says of the host as a whole, without a port
service    text     Service, as the scanner names it
product    text     Product
version    text     Version
extra      text     Further information
os         text     Operating system, as guessed
cpe        texts    CPE names
tls        flag     Whether the service is inside TLS
scripts    texts    Results of scripts, as name: output, shortened
origin     label    Where the scan was made from: inside, outside, unset when unknown
""",
)

DEVICE_CONFIG_ITEM = table(
    "device_config_item",
    "One row per setting of a configuration. record is the line. Secrets are never kept.",
    """
device   text   Name of the device
vendor   label  cisco_ios, cisco_asa, fortios, panos, mikrotik, openwrt, pfsense, opnsense, windows_registry, orthanc …
model    text   Model
version  text   Version of its system
saved    time   When the configuration was saved, where it says so
block    text   Block that the setting stands in
key      text   Setting
value    text   Value; (secret) where it was one
""",
)

TABLES = (VPN_SESSION, FIREWALL_EVENT, LOGON, DEVICE_EVENT, SERVICE, DEVICE_CONFIG_ITEM)
