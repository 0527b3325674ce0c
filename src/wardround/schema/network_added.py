"""Network tables that Zeek lacks, in its style: the link layer, VPNs, and the alerts of Suricata."""

from __future__ import annotations

from wardround.schema import table
from wardround.schema.endpoints import CONNECTION

ARP = table(
    "arp",
    "One row per ARP message, and per neighbour solicitation or advertisement, which are IPv6's form of it.",
    """
mac_src      label    Link-layer address the frame came from
mac_dst      label    Link-layer address the frame went to
vlan         int      VLAN number
operation    label    request, reply, solicitation, advertisement, or the number of another operation
sender_mac   label    Hardware address the sender claims
sender_addr  address  Protocol address the sender claims
target_mac   label    Hardware address asked or told
target_addr  address  Protocol address asked or told
gratuitous   flag     Whether nobody asked: sender and target address are the same, or the advertisement says so
""",
)

ICMP_REDIRECT = table(
    "icmp_redirect",
    "One row per ICMP or ICMPv6 redirect: a router tells a host to use another way.",
    """
mac_src      label    Link-layer address the frame came from
sender       address  Router that says so
receiver     address  Host that is told
gateway      address  Router to use from now on
destination  address  Destination concerned
code         count    ICMP code: 0 network, 1 host, 2 and 3 for a type of service
""",
)

ROUTER_ADVERTISEMENT = table(
    "router_advertisement",
    "One row per IPv6 router advertisement.",
    """
mac_src          label    Link-layer address the frame came from
router           address  Address of the router
router_mac       label    Link-layer address the router states
hop_limit        count    Hop limit that hosts shall use
managed          flag     Whether addresses come from DHCPv6
other            flag     Whether other settings come from DHCPv6
preference       label    low, medium or high
router_lifetime  seconds  For how long to use the router by default, 0 for not at all
mtu              count    Largest packet on the link in bytes
prefixes         texts    Prefixes on the link, as address/length
dns_servers      texts    Name servers
dns_search       texts    Domains to search
""",
)

IKE = table(
    "ike",
    "One row per IKE (ISAKMP) message: how a VPN negotiates its keys.",
    f"""{CONNECTION}
is_orig          flag   Whether the originator of the connection sent it
initiator_spi    label  Security parameter index of the initiator, hexadecimal
responder_spi    label  Security parameter index of the responder, hexadecimal
version          label  1.0 or 2.0
exchange_type    label  main, aggressive, quick, informational, ike_sa_init, ike_auth, create_child_sa …
message_id       count  Number of the message
encrypted        flag   Whether its payloads are encrypted
encryption       texts  Ciphers offered, or the one chosen
integrity        texts  Integrity or hash algorithms offered, or the one chosen
prf              texts  Pseudo-random functions offered, or the one chosen
groups           texts  Diffie-Hellman groups offered, or the one chosen
authentication   texts  Authentication methods offered, or the one chosen (IKEv1)
lifetime         seconds Lifetime of the keys that is offered
identity         text   Identity told in clear
vendor_ids       texts  Vendor ids, hexadecimal
notifications    texts  Notifications
""",
)

DHCPV6 = table(
    "dhcpv6",
    "One row per DHCPv6 message: who offers addresses and name servers on a link, and who takes them.",
    f"""{CONNECTION}
is_orig      flag     Whether the originator of the connection sent it
relayed      flag     Whether a relay carried it; the row is about the message within
msg_type     label    solicit, advertise, request, confirm, renew, rebind, reply, release, decline, information_request …
trans_id     count    Transaction
client_duid  label    Identifier of the client, hexadecimal
client_mac   label    Link-layer address in it, where there is one
server_duid  label    Identifier of the server, hexadecimal
server_mac   label    Link-layer address in it, where there is one
addresses    texts    Addresses, or prefixes as address/length, that are asked for or given
lease_time   seconds  For how long the last of them is valid
dns_servers  texts    Name servers offered
dns_search   texts    Domains to search
client_fqdn  text     Name the client goes by
status       count    Status code, 0 for success
""",
)

VPN_TUNNEL = table(
    "vpn_tunnel",
    "One row per VPN or remote access tunnel recognised in the traffic.",
    f"""{CONNECTION}
proto           label  Transport protocol
kind            label  ipsec (IKE and ESP), openvpn, wireguard, l2tp, pptp, sstp, anyconnect, globalprotect, fortinet, pulse …
version         label  Version of the protocol or product, where it says so
server_name     text   Name of the gateway, as the client asked for it
username        text   User, where told in clear
authentication  label  How the peers prove who they are, where told in clear
cipher          label  Cipher, where told in clear
established     flag   Whether the tunnel came up
orig_bytes      count  Payload bytes from the client
resp_bytes      count  Payload bytes from the gateway
""",
)

SURICATA_ALERT = table(
    "suricata_alert",
    "One row per alert of Suricata.",
    f"""{CONNECTION}
proto         label  Transport protocol
app_proto     label  Application protocol
community_id  label  Community ID of the flow
action        label  allowed or blocked
gid           int    Group of the signature
signature_id  int    Number of the signature (sid)
rev           int    Revision of the signature
signature     text   What the signature says
category      text   Class of the signature
severity      int    1 (gravest) to 4
direction     label  Whether the packet went to_server or to_client
source        address Host that the signature holds to be the attacker's, where it says so
target        address Host that the signature holds to be the victim's, where it says so
metadata      texts  What the signature's author adds, as key=value
host          text   Name of the HTTP host or TLS server concerned
uri           text   Path and query of the HTTP request concerned
in_iface      label  Interface of the sensor
sensor        text   Name of the sensor
""",
)

CLEAR_CREDENTIAL = table(
    "clear_credential",
    "One row per logon whose password crossed the network in clear. The password itself is never kept.",
    f"""{CONNECTION}
service          label  Protocol: ftp, http, pop3, imap, smtp, telnet, socks …
username         text   User
password_length  count  Length of the password in bytes
password_hash    label  16 bits of a hash salted with the server's address: the same password is seen again, not guessed
success          flag   Whether the logon succeeded, unset when it could not be told
""",
)

TABLES = (ARP, ICMP_REDIRECT, ROUTER_ADVERTISEMENT, IKE, DHCPV6, VPN_TUNNEL, SURICATA_ALERT, CLEAR_CREDENTIAL)
