"""What each vendor writes and the fields that must come of it: lines of our own, in the shape that the vendors document."""

# Sample lines are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.readers.radius_accounting import READER as RADIUS
from wardround.readers.syslog import READER

from .edge_lines import lines

Read = Callable[..., Any]
H = "<134>Mar 10 2026 07:00:00 gw1 "
TS = 1773126000 * 10**9

V, F, L, D, W = "vpn_session", "firewall_event", "logon", "device_event", "http"


def pan(kind: str, subtype: str, *values: str) -> str:
    return f"{H}1,2026/03/10 07:00:00,0123456789,{kind},{subtype},2305,2026/03/10 07:00:00," + ",".join(values)


EXPECTED: list[tuple[str, str, dict[str, Any]]] = [
    # Name servers and DHCP servers
    (H + "named[7]: client @0x7f4f8003d9e0 10.1.1.7#38251 (www.example.org): query: www.example.org IN AAAA +E(0) (10.1.0.53)", "dns", {"ts": TS, "id.orig_h": "10.1.1.7", "id.orig_p": 38251, "query": "www.example.org", "qtype_name": "AAAA", "id.resp_h": "10.1.0.53"}),
    (H + "named[7]: queries: info: client 10.1.1.7#38251 (a.example): view internal: query: a.example IN A + (10.1.0.53)", "dns", {"query": "a.example", "qtype_name": "A"}),
    (H + "named[7]: client @0x84 10.1.1.7#5 (b.example): answer: b.example IN A + (10.1.0.53) -> NXDOMAIN", "dns", {"query": "b.example", "rcode_name": "NXDOMAIN"}),
    (H + "named[7]: 02-Mar-2026 08:00:00.123 client 10.1.1.7#5000: UDP: query: c.example IN A response: NOERROR + c.example 60 IN A 203.0.113.5;", "dns", {"query": "c.example", "rcode_name": "NOERROR", "id.orig_h": "10.1.1.7"}),
    (H + "unbound: [12:0] info: 10.1.1.7 www.example.org. A IN", "dns", {"query": "www.example.org", "qtype_name": "A", "id.orig_h": "10.1.1.7"}),
    (H + "unbound: [12:0] info: 10.1.1.7 www.example.org. A IN NOERROR 0.010 0 45", "dns", {"rcode_name": "NOERROR"}),
    (H + "dnsmasq[99]: query[A] www.example.org from 10.1.1.7", "dns", {"query": "www.example.org", "id.orig_h": "10.1.1.7"}),
    (H + "dhcpd[2]: DHCPACK on 10.1.1.7 to 6c:88:14:1d:97:1c (PC-7) via eth0", "dhcp", {"ts": TS, "assigned_addr": "10.1.1.7", "mac": "6c:88:14:1d:97:1c", "host_name": "PC-7"}),
    (H + "dhcpd[2]: DHCPACK on 10.1.1.8 to 6c:88:14:1d:97:1d via 10.1.1.1", "dhcp", {"assigned_addr": "10.1.1.8", "host_name": None}),
    (H + "dnsmasq-dhcp[4]: DHCPACK(br0) 10.1.1.9 6c:88:14:1d:97:1e CT-1", "dhcp", {"assigned_addr": "10.1.1.9", "host_name": "CT-1"}),
    (H + "kea-dhcp4: INFO [kea-dhcp4.leases/77] DHCP4_LEASE_ALLOC [hwtype=1 6c:88:14:1d:97:1f], cid=[01:6c], tid=0x1: lease 10.1.1.10 has been allocated for 3600 seconds", "dhcp", {"assigned_addr": "10.1.1.10", "lease_time": 3600.0}),
    # Palo Alto
    (pan("TRAFFIC", "end", "203.0.113.9", "10.1.1.7", "0.0.0.0", "198.51.100.7", "in-rule", "", "", "ms-rdp", "vsys1", "untrust", "dmz", "ethernet1/1", "ethernet1/2", "log", "2026/03/10 07:00:00", "77", "1", "50001", "3389", "0", "3389", "0x400", "tcp", "allow", "3000", "1000", "2000", "20", "2026/03/10 06:59:00", "60", "any"), F, {"action": "close", "source": "203.0.113.9", "source_port": 50001, "source_zone": "untrust", "destination": "10.1.1.7", "destination_port": 3389, "application": "ms-rdp", "policy": "in-rule", "bytes_out": 1000, "bytes_in": 2000, "duration": 60.0, "session": "77", "nat_destination": "198.51.100.7", "ts": TS}),
    (pan("TRAFFIC", "deny", "203.0.113.9", "10.1.1.7", "", "", "default", "", "", "not-applicable", "vsys1", "untrust", "dmz", "e1", "e2", "log", "x", "0", "1", "50001", "445", "0", "0", "0x0", "tcp", "deny", "60", "60", "0"), F, {"action": "deny", "destination_port": 445}),
    (pan("THREAT", "vulnerability", "203.0.113.9", "198.51.100.1", "", "", "gp", "", "", "web-browsing", "vsys1", "untrust", "untrust", "e1", "e1", "log", "x", "9", "1", "50001", "443", "0", "0", "0x0", "tcp", "reset-both", '"ssl-vpn/hipreport.esp, x"', "Command Injection(95187)", "any", "critical", "client-to-server"), F, {"action": "reset", "threat": "Command Injection(95187)", "url": "ssl-vpn/hipreport.esp, x"}),
    (pan("GLOBALPROTECT", "0", "vsys1", "gateway-auth", "login", "LDAP", "", "hosp\\j.petit", "FR", "PC-7", "203.0.113.9", "0.0.0.0", "0.0.0.0", "0.0.0.0", "id", "sn", "6.0.4", "Windows", '"Microsoft Windows 10 , 64-bit"', "1", "", "Invalid username or password", "", "failure", "", "0", "", "0", "gw1"), V, {"action": "login_failed", "outcome": "failure", "user": "hosp\\j.petit", "source": "203.0.113.9", "source_country": "FR", "hostname": "PC-7", "client": "6.0.4", "os": "Microsoft Windows 10 , 64-bit", "authentication": "LDAP", "reason": "Invalid username or password", "realm": "gw1"}),
    (pan("GLOBALPROTECT", "0", "vsys1", "gateway-connected", "connected", "", "SSLVPN", "hosp\\j.petit", "FR", "PC-7", "203.0.113.9", "0.0.0.0", "10.9.0.7", "0.0.0.0", "id", "sn", "6.0.4", "Windows", "W", "1", "", "", "", "success", "", "0", "", "0", "gw1"), V, {"action": "tunnel_up", "outcome": "success", "assigned_address": "10.9.0.7", "tunnel": "sslvpn"}),
    (pan("CONFIG", "0", "10.1.9.4", "", "set", "admin", "Web", "Succeeded", "mgt-config users eve password abc", "1"), D, {"category": "config", "source": "10.1.9.4", "user": "admin", "ui": "Web", "action": "set", "object": "mgt-config users eve password (secret)"}),
    (pan("SYSTEM", "auth", "", "auth-fail", "P", "0", "0", "general", "medium", "\"failed authentication for user 'eve'. Reason: Invalid username/password. auth profile 'P', vsys 'vsys1', From: 203.0.113.9.\"", "1", "0x0", "0", "0", "0", "0", "", "fw1"), L, {"action": "login_failed", "user": "eve", "source": "203.0.113.9", "reason": "Invalid username/password", "device": "fw1"}),
    (pan("SYSTEM", "general", "", "general", "", "0", "0", "general", "informational", "User admin logged in via Web from 10.1.9.4 using https", "1"), L, {"action": "login", "user": "admin", "source": "10.1.9.4", "service": "Web", "privilege": "admin"}),
    (pan("HIPMATCH", "0", "j.petit", "vsys1", "PC-7", "Windows", "10.9.0.7", "compliant", "1", "profile"), V, {"action": "policy", "user": "j.petit", "hostname": "PC-7", "reason": "compliant"}),
    ("2026-03-10T07:00:00Z gw1 gpsvc: failed to unmarshal session(../../../../opt/panlogs/tmp/x) map , EOF", D, {"category": "system", "message_id": "gpsvc"}),
    # Palo Alto, JSON as the cloud forwards it
    ('{"TimeReceived":"2026-03-10T07:00:09.000000Z","DeviceSN":"0123","LogType":"TRAFFIC","Subtype":"end","ConfigVersion":"10.1","TimeGenerated":"2026-03-10T07:00:00.000000Z","SourceAddress":"203.0.113.9","DestinationAddress":"10.1.1.7","NATDestination":"198.51.100.7","Rule":"in","SourceUser":null,"Application":"ms-rdp","FromZone":"untrust","ToZone":"dmz","SessionID":7,"SourcePort":50001,"DestinationPort":3389,"Protocol":"tcp","Action":"allow","BytesSent":100,"BytesReceived":200,"SessionDuration":5,"DeviceName":"fw1"}', F, {"ts": TS, "device": "fw1", "action": "close", "source": "203.0.113.9", "source_port": 50001, "destination": "10.1.1.7", "destination_port": 3389, "nat_destination": "198.51.100.7", "bytes_out": 100, "bytes_in": 200, "duration": 5.0, "application": "ms-rdp", "policy": "in", "user": None}),
    ('{"LogTime":"2026-03-10T07:00:05.000000Z","LogSourceID":"0123","LogType":"THREAT","Subtype":"vulnerability","TimeGenerated":"2026-03-10T07:00:00.000000Z","SourceAddress":"203.0.113.9","DestinationAddress":"198.51.100.1","SourcePort":50001,"DestinationPort":443,"Protocol":"tcp","Action":"reset-both","ThreatName":"GlobalProtect file write","URL":"/ssl-vpn/hipreport.esp","DeviceName":"fw1"}', F, {"ts": TS, "action": "reset", "threat": "GlobalProtect file write", "url": "/ssl-vpn/hipreport.esp"}),
    ('{"DeviceSN":"0123","LogType":"GLOBALPROTECT","Subtype":"globalprotect","TimeGenerated":"2026-03-10T07:00:00.000000Z","EventIDValue":"gateway-auth","Stage":"login","AuthMethod":"RADIUS","SourceUserName":"hosp\\\\j.petit","SourceRegion":"FR","PublicIPv4":"203.0.113.9","PrivateIPv4":"0.0.0.0","EndpointDeviceName":"PC-7","EventStatus":"failure","ConnectionError":"Authentication failed","Portal":"gp"}', V, {"ts": TS, "action": "login_failed", "outcome": "failure", "user": "hosp\\j.petit", "source": "203.0.113.9", "source_country": "FR", "hostname": "PC-7", "authentication": "RADIUS", "reason": "Authentication failed", "realm": "gp"}),
    ('{"LogSourceID":"0123","LogType":"SYSTEM","Subtype":"auth","EventTime":"2026-03-10T07:00:00.000000Z","EventName":"auth-fail","VendorSeverity":"Medium","EventDescription":"failed authentication for user \'eve\'. Reason: Invalid username/password. From: 203.0.113.9.","LogSourceName":"fw1"}', L, {"ts": TS, "device": "fw1", "action": "login_failed", "user": "eve", "source": "203.0.113.9"}),
    ('{"LogSourceID":"0123","LogType":"CONFIG","EventTime":"2026-03-10T07:00:00.000000Z","ClientAddress":"10.1.9.4","Command":"set","Administrator":"admin","ClientType":"Web","Result":"Succeeded","ConfigurationPath":"deviceconfig system dns-setting"}', D, {"category": "config", "source": "10.1.9.4", "user": "admin", "ui": "Web", "action": "set", "object": "deviceconfig system dns-setting"}),
    ("CEF:0|Palo Alto Networks|LF|2.0|TRAFFIC|end|3|dtz=UTC rt=Mar 10 2026 07:00:00 deviceExternalId=x src=203.0.113.9 dst=10.1.1.7 suser=hosp\\\\j.petit spt=1 dpt=443 proto=tcp act=allow", F, {"ts": TS, "user": "hosp\\j.petit", "source": "203.0.113.9", "action": "close"}),
    # Firepower: times and names hold colons; no user is told as words
    ("%FTD-1-430005: SrcIP: 10.1.1.7, DstIP: 203.0.113.9, SrcPort: 50001, DstPort: 80, Protocol: tcp, FirstPacketSecond: 2026-03-10T07:00:00Z, FileAction: Malware Cloud Lookup, SHA_Disposition: Unavailable, ThreatName: Win.Ransomware.Test::95.sbx, User: No Authentication Required", F, {"ts": TS, "source": "10.1.1.7", "source_port": 50001, "action": "alert", "threat": "Win.Ransomware.Test::95.sbx", "user": None}),
    # WatchGuard, F5, OpenVPN, strongSwan, ISE
    (H + "LEEF:1.0|WatchGuard|XTM|12.10|3E000002|serial=A\tmsg=SSL VPN user j.petit@hosp.example@radius from 203.0.113.9 logged in assigned virtual IP is 10.9.0.7", V, {"action": "login", "user": "j.petit@hosp.example@radius", "source": "203.0.113.9", "assigned_address": "10.9.0.7"}),
    (H + "apmd[14311]: 01490017:6: /Common/portal:Common:76220fff: AD agent: authenticate with 'j.petit@HOSP.EXAMPLE' failed", V, {"action": "login_failed", "user": "j.petit"}),
    (H + "openvpn[77]: 203.0.113.9:50001 [UNDEF] Peer Connection Initiated with [AF_INET]203.0.113.9:50001", V, {"action": "login", "user": None, "source": "203.0.113.9"}),
    (H + "charon: 06[IKE] <ward|83> no EAP key found for hosts 'gw1' - 'j.petit'", V, {"user": "j.petit", "outcome": "failure", "session": "83"}),
    ("0000248509 3 0 2026-03-10 08:00:00.264 +01:00 0005365098 5400 NOTICE Failed-Attempt: Authentication failed, ConfigVersionId=88, Device IP Address=10.1.9.1, UserName=j.petit, Calling-Station-ID=00-11-22-33-44-55, FailureReason=22040 Wrong password", L, {"ts": TS, "action": "login_failed", "user": "j.petit", "source": "10.1.9.1", "reason": "22040 Wrong password"}),
    # Ivanti
    (H + "PulseSecure: - - - 2026-03-10 07:00:00 - ive - [203.0.113.9] Default Network::j.petit(STAFF)[] - Primary authentication successful for j.petit/AD1 from 203.0.113.9", V, {"action": "authenticated", "user": "j.petit", "realm": "STAFF", "source": "203.0.113.9", "authentication": "AD1", "factor": "first"}),
    (H + "PulseSecure: - - - 2026-03-10 07:00:00 - ive - [203.0.113.9] Default Network::j.petit(STAFF)[] - Secondary authentication successful for j.petit/TOTP from 203.0.113.9", V, {"action": "second_factor", "factor": "second"}),
    (H + "PulseSecure: - - - 2026-03-10 07:00:00 - ive - [203.0.113.9] Default Network::j.petit(STAFF)[] - Login failed. Reason: Wrong Password", V, {"action": "login_failed", "reason": "Wrong Password"}),
    (H + "PulseSecure: - - - 2026-03-10 07:00:00 - ive - [203.0.113.9] Default Network::j.petit(STAFF)[Users][a1b2] - Agent login succeeded for j.petit/STAFF from 203.0.113.9 with Pulse-Secure/9.1.11 (Windows 10) Pulse/9.1.11.", V, {"action": "login", "client": "Pulse-Secure/9.1.11", "os": "Windows 10", "session": "a1b2"}),
    (H + "PulseSecure: - - - 2026-03-10 07:00:00 - ive - [203.0.113.9] Default Network::j.petit(STAFF)[Users] - VPN Tunneling: Session started for user  (session:51ab) with IPv4 address 10.9.0.7, hostname PC-7", V, {"action": "tunnel_up", "assigned_address": "10.9.0.7", "hostname": "PC-7", "session": "51ab"}),
    (H + "PulseSecure: - - - 2026-03-10 07:00:00 - ive - [203.0.113.9] Default Network::j.petit(STAFF)[Users] - Closed connection to 10.1.1.7 after 60 seconds, with 1000 bytes read and 2000 bytes written", V, {"action": "tunnel_down", "duration": 60.0, "bytes_in": 1000, "bytes_out": 2000}),
    (H + "PulseSecure: - - - 2026-03-10 07:00:00 - ive - [203.0.113.9] Default Network::System()[] - Unauthenticated request url /dana-na/../dana/html5acc/guacamole/../../etc/passwd came from IP 203.0.113.9.", W, {"id.orig_h": "203.0.113.9", "uri": "/dana-na/../dana/html5acc/guacamole/../../etc/passwd"}),
    (H + "PulseSecure: - - - 2026-03-10 07:00:00 - ive - [10.1.9.4] Default Network::admin(Admin Users)[.Administrators] - Primary authentication failed for admin/Administrators from 10.1.9.4", L, {"action": "login_failed", "user": "admin", "privilege": "admin"}),
    ('id=firewall time="2026-03-10 07:00:00" pri=6 fw=10.1.1.1 vpn=ics1 ivs=Default Network user=j.petit realm="STAFF" roles="" proto=auth src=203.0.113.9 dst= type=vpn op= arg="" result= sent= rcvd= agent="" duration= msg="AUT23457: Login failed using auth server AD1 (LDAP Server).  Reason: Failed"', V, {"action": "login_failed", "user": "j.petit", "realm": "STAFF", "source": "203.0.113.9", "device": "ics1", "message_id": "AUT23457", "ts": TS}),
    # Citrix
    (H + '03/10/2026:07:00:00 GMT adc1 0-PPE-0 : default SSLVPN LOGIN 123 0 : Context j.petit@203.0.113.9 - SessionId: 42 - User j.petit - Client_ip 203.0.113.9 - Nat_ip "Mapped Ip" - Vserver 198.51.100.1:443 - Browser_type "Mozilla/5.0" - SSLVPN_client_type ICA - Group(s) "N/A"', V, {"action": "login", "user": "j.petit", "source": "203.0.113.9", "session": "42", "client": "Mozilla/5.0", "tunnel": "ICA", "ts": TS}),
    (H + '03/10/2026:07:00:00 GMT adc1 0-PPE-0 : default SSLVPN LOGOUT 124 0 : Context j.petit@203.0.113.9 - SessionId: 42 - User j.petit - Client_ip 203.0.113.9 - Nat_ip "Mapped Ip" - Vserver 198.51.100.1:443 - Start_time "x" - End_time "x" - Duration 01:00:00 - Http_resources_accessed 5 - Total_TCP_connections 0 - Total_bytes_send 1000 - Total_bytes_recv 2000 - LogoutMethod "TimedOut" - Group(s) "N/A"', V, {"action": "logout", "duration": 3600.0, "bytes_out": 1000, "bytes_in": 2000, "reason": "TimedOut"}),
    (H + '03/10/2026:07:00:00 GMT adc1 0-PPE-0 : default AAA LOGIN_FAILED 125 0 :  User j.petit - Client_ip 203.0.113.9 - Failure_reason "External authentication server denied access" - Browser Mozilla', V, {"action": "login_failed", "user": "j.petit", "source": "203.0.113.9", "reason": "External authentication server denied access"}),
    (H + '03/10/2026:07:00:00 GMT adc1 0-PPE-0 : default GUI CMD_EXECUTED 126 0 :  User nsroot - Remote_ip 203.0.113.9 - Command "add system user eve -password Abc123" - Status "Success"', D, {"category": "config", "user": "nsroot", "source": "203.0.113.9", "object": "add system user eve -password (secret)"}),
    # SonicWall
    (H + 'id=firewall sn=1 time="2026-03-10 07:00:00 UTC" fw=198.51.100.1 pri=6 c=16 m=1080 msg="SSL VPN zone remote user login allowed" n=1 usr="j.petit" src=203.0.113.9:50001:X1 dst=198.51.100.1:4433:X1', V, {"action": "login", "outcome": "success", "user": "j.petit", "source": "203.0.113.9", "ts": TS, "ts_zone": "stated"}),
    (H + 'id=firewall sn=1 time="2026-03-10 07:00:00 UTC" fw=198.51.100.1 pri=1 c=32 m=33 msg="User login denied due to bad credentials" n=1 usr="j.petit" src=203.0.113.9:0:X1 dst=198.51.100.1 proto=tcp/4433', V, {"action": "login_failed", "user": "j.petit"}),
    (H + 'id=firewall sn=1 time="2026-03-10 07:00:00 UTC" fw=198.51.100.1 pri=1 c=32 m=30 msg="Administrator login denied due to bad credentials" n=1 usr="admin" src=203.0.113.9:0:WAN dst=198.51.100.1:443:WAN proto=tcp/https', L, {"action": "login_failed", "user": "admin", "source": "203.0.113.9", "privilege": "admin"}),
    (H + 'id=firewall sn=1 time="2026-03-10 07:00:00 UTC" fw=198.51.100.1 pri=6 c=1024 m=537 msg="Connection Closed" n=1 src=10.1.1.7:50001:X0: dst=203.0.113.80:443:X1 proto=tcp/https sent=100 rcvd=200', F, {"action": "close", "source": "10.1.1.7", "source_port": 50001, "source_zone": "X0", "destination_port": 443, "proto": "tcp", "bytes_out": 100, "bytes_in": 200, "threat": None}),
    ('id=sslvpn sn=1 time="2026-03-10 08:00:00" vp_time="2026-03-10 07:00:00 UTC" fw=198.51.100.1 pri=5 m=1 c=1 src=203.0.113.9 dst="vpn" user="j.petit" usr="j.petit" msg="User login failed" portal="p" domain="d" agent="NetExtender 10"', V, {"action": "login_failed", "user": "j.petit", "realm": "d", "client": "NetExtender 10", "ts": TS}),
    # Check Point
    (H + 'cp1 CheckPoint 1 - [action:"Drop"; flags:"1"; ifdir:"inbound"; ifname:"eth1"; origin:"10.1.1.1"; time:"1773126000"; dst:"10.1.1.7"; inzone:"External"; outzone:"Internal"; product:"VPN-1 & FireWall-1"; proto:"6"; rule_name:"Cleanup; rule"; s_port:"50001"; service:"445"; src:"203.0.113.9"]', F, {"action": "drop", "source": "203.0.113.9", "source_port": 50001, "destination": "10.1.1.7", "destination_port": 445, "proto": "tcp", "policy": "Cleanup; rule", "ts": TS, "ts_zone": "utc"}),
    ('time=1773126000|hostname=cp1|product=Mobile Access|action=Log In|user=j.petit|src=203.0.113.9|office_mode_ip=10.9.0.7|auth_method=Password', V, {"action": "login", "user": "j.petit", "source": "203.0.113.9", "assigned_address": "10.9.0.7", "authentication": "Password"}),
    ("CEF:0|Check Point|VPN-1 & FireWall-1|Check Point|Log|https|Unknown|act=Accept rt=1773126000000 spt=50001 dpt=443 cs2Label=Rule Name cs2=out rule src=10.1.1.7 dst=203.0.113.80 proto=6", F, {"action": "accept", "policy": "out rule", "source": "10.1.1.7", "destination_port": 443, "ts": TS}),
    # Sophos, Stormshield
    ('device="SFW" date=2026-03-10 time=07:00:00 timezone="UTC" device_name="SG1" device_id=S1 log_id=010101600001 log_type="Firewall" log_component="Firewall Rule" log_subtype="Allowed" status="Allow" priority=Information duration=5 fw_rule_id=22 user_name="j.petit" src_ip=10.1.1.7 dst_ip=203.0.113.80 protocol="TCP" src_port=50001 dst_port=443 sent_bytes=10 recv_bytes=20 srczonetype="LAN" srczone="LAN" dstzonetype="WAN" dstzone="WAN"', F, {"action": "accept", "source_zone": "LAN", "destination_role": "wan", "user": "j.petit", "policy": "22", "bytes_out": 10, "bytes_in": 20, "duration": 5.0}),
    ('device="SFW" date=2026-03-10 time=07:00:00 timezone="UTC" device_name="SG1" device_id=S1 log_id=062910617703 log_type="Event" log_component="SSL VPN Authentication" log_subtype="Authentication" status="Failed" priority=Notice user_name="j.petit" src_ip=203.0.113.9 message="User j.petit failed to login to SSLVPN because of wrong credentials" reason="wrong credentials"', V, {"action": "login_failed", "user": "j.petit", "source": "203.0.113.9", "tunnel": "ssl", "reason": "wrong credentials"}),
    ('id=firewall time="2026-03-10 08:00:00" fw="SN1" tz=+0100 startime="2026-03-10 08:00:00" user="j.petit" src=203.0.113.9 domain="hosp" confid=1 ruleid=0 method="OPENVPN" error=3 msg="Authentication Failed" logtype="auth"', V, {"action": "login_failed", "user": "j.petit", "source": "203.0.113.9", "ts": TS, "ts_zone": "stated"}),
    ('id=firewall time="2026-03-10 08:00:00" fw="SN1" tz=+0100 startime="2026-03-10 08:00:00" src=10.1.9.4 user="admin" domain="" msg="SSH authentication success on the firewall" logtype="auth"', L, {"action": "login", "user": "admin", "service": "ssh", "privilege": "admin"}),
    ('id=firewall time="2026-03-10 08:00:00" fw="SN1" tz=+0100 startime="2026-03-10 08:00:00" ruleid=11 rulename="r" srcif="Ethernet0" srcifname="out" ipproto=tcp dstif="Ethernet1" dstifname="in" proto=rdp src=203.0.113.9 srcport=50001 dst=10.1.1.7 dstport=3389 action=block logtype="filter"', F, {"action": "deny", "destination_port": 3389, "application": "rdp", "policy": "r"}),
    # pfSense, OpenVPN, strongSwan, WireGuard, netfilter
    (H + "filterlog[9]: 5,,,1000000103,igb0,match,block,in,4,0x0,,64,1,0,DF,6,tcp,60,203.0.113.9,198.51.100.1,50001,3389,0,S,1,,64240,,mss", F, {"action": "drop", "source": "203.0.113.9", "destination": "198.51.100.1", "source_port": 50001, "destination_port": 3389, "proto": "tcp", "source_zone": "igb0"}),
    (H + "filterlog[9]: 5,,,1000000103,igb0,match,pass,in,6,0x00,0x00000,64,tcp,6,40,2001:db8::9,2001:db8::1,50001,443,0,S", F, {"action": "accept", "source": "2001:db8::9", "destination_port": 443}),
    (H + "php-fpm[3]: /index.php: Successful login for user 'admin' from: 10.1.9.4 (Local Database)", L, {"action": "login", "user": "admin", "source": "10.1.9.4", "privilege": "admin"}),
    (H + "openvpn[9]: 203.0.113.9:50001 TLS Auth Error: Auth Username/Password verification failed for peer", V, {"action": "login_failed", "source": "203.0.113.9"}),
    (H + "openvpn[9]: 203.0.113.9:50001 [j.petit] Peer Connection Initiated with [AF_INET]203.0.113.9:50001", V, {"action": "login", "user": "j.petit", "source": "203.0.113.9"}),
    ("2026-03-10 07:00:00 MULTI: Learn: 10.9.0.7 -> j.petit/203.0.113.9:50001", V, {"action": "tunnel_up", "assigned_address": "10.9.0.7", "user": "j.petit", "source": "203.0.113.9", "ts": TS}),
    ("Tue Mar 10 07:00:00 2026 j.petit/203.0.113.9:50001 SIGTERM[soft,remote-exit] received, client-instance exiting", V, {"action": "tunnel_down", "user": "j.petit", "ts": TS}),
    (H + "charon[9]: 06[IKE] <con1|62> XAuth authentication of 'j.petit' failed", V, {"action": "login_failed", "user": "j.petit", "realm": "con1", "tunnel": "ipsec"}),
    (H + "charon: 06[IKE] assigning virtual IP 10.9.0.7 to peer 'j.petit'", V, {"action": "tunnel_up", "assigned_address": "10.9.0.7", "user": "j.petit"}),
    (H + "charon: 06[IKE] IKE_SA ra[3] established between 198.51.100.1[gw]...203.0.113.9[j.petit]", V, {"action": "login", "user": "j.petit", "source": "203.0.113.9"}),
    (H + "kernel: [82508.1] wireguard: wg1: Invalid handshake initiation from 203.0.113.9:51820", V, {"action": "negotiation", "outcome": "failure", "source": "203.0.113.9", "tunnel": "wireguard", "realm": "wg1"}),
    (H + 'kernel: [WAN_LOCAL-D-2147483647] DESCR="Block all" IN=eth8 OUT= MAC=x SRC=203.0.113.9 DST=198.51.100.1 LEN=44 TOS=00 TTL=49 ID=1 DF PROTO=TCP SPT=50001 DPT=22 WINDOW=1 SYN', F, {"action": "drop", "source": "203.0.113.9", "destination_port": 22, "proto": "tcp", "policy": "Block all"}),
    # RADIUS, MikroTik, Juniper, others
    (H + "radiusd[9]: (54) Login incorrect (pap: Cleartext password does not match): [j.petit/sesame] (from client gw port 9 cli 203.0.113.9)", L, {"action": "login_failed", "user": "j.petit", "source": "203.0.113.9", "service": "radius"}),
    (H + "radiusd[9]: (54) Login OK: [j.petit] (from client gw port 9 cli 203.0.113.9)", L, {"action": "login", "user": "j.petit", "device": "gw"}),
    ("2026-03-10T08:00:00+01:00 mt1 system,error,critical login failure for user admin from 203.0.113.9 via winbox", L, {"action": "login_failed", "user": "admin", "source": "203.0.113.9", "service": "winbox", "device": "mt1", "ts": TS}),
    ("2026-03-10T08:00:00+01:00 mt1 firewall,info drop-in input: in:ether1 out:(unknown 0), connection-state:new src-mac 00:11:22:33:44:55, proto TCP (SYN), 203.0.113.9:50001->198.51.100.1:23, len 40", F, {"source": "203.0.113.9", "destination_port": 23, "source_zone": "ether1", "proto": "tcp"}),
    (H + "RT_FLOW: RT_FLOW_SESSION_CLOSE: session closed TCP FIN: 10.1.1.7/50001->203.0.113.80/443 0x0 junos-https 198.51.100.7/40001->203.0.113.80/443 0x0 source rule nat N/A N/A 6 out trust untrust 777 10(1000) 12(2000) 30 UNKNOWN UNKNOWN", F, {"action": "close", "source": "10.1.1.7", "destination_port": 443, "policy": "out", "bytes_out": 1000, "bytes_in": 2000, "duration": 30.0, "nat_source": "198.51.100.7"}),
    (H + "mgd[9]: UI_LOGIN_EVENT: User 'admin' login, class 'super-user' [9], ssh-connection '10.1.9.4 40382 10.1.1.1 22', client-mode 'cli'", L, {"action": "login", "user": "admin", "source": "10.1.9.4"}),
    ('2026-03-10T07:00:00,820Z [http-1] WARN  o.a.g.r.auth.AuthenticationService - Authentication attempt from [203.0.113.9, 10.0.0.1] for user "eve" failed.', L, {"action": "login_failed", "user": "eve", "service": "guacamole"}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "table", "fields"), EXPECTED, ids=[str(i) for i in range(len(EXPECTED))])
def test_fields(read_bytes: Read, line: str, table: str, fields: dict[str, Any]) -> None:
    found = read_bytes(READER, line.encode() + b"\n")
    assert table in found.rows, (found.rows, found.diagnostics)
    row = found.rows[table][0]
    assert {name: row[name] for name in fields} == fields
    assert [code for code in found.codes() if code != "year_assumed"] == []
    assert len(found.rows[table]) == 1


def test_a_session_used_from_another_address_shows_in_the_connections(read_bytes: Read) -> None:
    line = (
        H
        + '03/10/2026:07:00:00 GMT adc1 0-PPE-0 : default SSLVPN TCPCONNSTAT 126 0 : Context j.petit@203.0.113.9 - SessionId: 42 - User j.petit - Client_ip 203.0.113.9 - Nat_ip "Mapped Ip" - Vserver 198.51.100.1:443 - Source 198.51.100.200:50001 - Destination 10.1.1.7:445 - Start_time "x" - End_time "x" - Duration 00:00:05 - Total_bytes_send 10 - Total_bytes_recv 20 - Total_compressedbytes_send 0'
    )
    found = read_bytes(READER, line.encode())
    assert found.rows["firewall_event"][0]["destination"] == "10.1.1.7"
    assert found.rows["vpn_session"][0]["source"] == "198.51.100.200"
    assert found.rows["vpn_session"][0]["session"] == "42"


def test_secrets_are_not_kept(read_bytes: Read) -> None:
    kept = str(read_bytes(READER, "\n".join(line for line, *_ in EXPECTED).encode()).rows)
    for secret in ("Abc123", "sesame", "password abc"):
        assert secret not in kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Username/Password mismatch", "Username/Password mismatch"),
        ("password expired for account", "password expired for account"),
        ("password hunter2", "password (secret)"),
        ("bad password: mismatch", "bad password: (secret)"),
    ],
)
def test_what_is_said_of_a_password_is_kept(read_bytes: Read, said: str, kept: str) -> None:
    line = f'{H}03/10/2026:07:00:00 GMT adc1 0-PPE-0 : default AAA LOGIN_FAILED 1 0 : User eve - Client_ip 203.0.113.9 - Failure_reason "{said}" - Browser x'
    assert read_bytes(READER, line.encode()).rows[V][0]["reason"] == kept


def test_packets_told_together_are_a_row_each(read_bytes: Read) -> None:
    line = (
        H
        + 'cp1 CheckPoint 1 - [action:"Drop"; flags:"1"; origin:"10.1.1.4"; time:"1773126000"; rule_name:"end"; packets:" <203.0.113.50,40000,198.51.100.1,22,6;eth0> <203.0.113.50,40001,198.51.100.1,23,17>"]'
    )
    rows = read_bytes(READER, f"{line}\n{line}".encode()).rows[F]
    assert [(row["destination_port"], row["proto"], row["source_zone"], row["record"]) for row in rows] == [
        (22, "tcp", "eth0", 1), (23, "udp", None, 1), (22, "tcp", "eth0", 2), (23, "udp", None, 2)
    ]  # fmt: skip
    assert {(row["action"], row["policy"], row["device"], row["ts"]) for row in rows} == {("drop", "end", "10.1.1.4", TS)}


@pytest.mark.parametrize(
    ("header", "clock", "ts", "zone"),
    [
        ("<134>1 2026-03-10T08:00:30+01:00 ics1", "08:00:00", TS, "stated"),
        ("<134>1 2026-03-10T07:00:00Z ics1", "08:00:00", TS, "stated"),
        ("<134>Mar 10 2026 08:00:00 ics1", "07:00:00", TS, "assumed"),
        ("<134>1 2026-03-10T08:07:30+01:00 ics1", "07:00:00", TS, "assumed"),
    ],
)
def test_a_header_with_a_zone_lends_it_to_the_clock_within(
    read_bytes: Read, header: str, clock: str, ts: int, zone: str
) -> None:
    line = f"{header} PulseSecure: - - - 2026-03-10 {clock} - ics1 - [203.0.113.9] Root::j.petit(STAFF)[] - Logout from 203.0.113.9 (session:0)"
    row = read_bytes(READER, line.encode()).rows[V][0]
    assert (row["ts"], row["ts_zone"]) == (ts, zone)


DETAIL = b"""Tue Mar 10 07:00:00 2026
\tAcct-Session-Id = "2A"
\tAcct-Status-Type = Start
\tUser-Name = "j.petit"
\tUser-Password = "sesame"
\tNAS-IP-Address = 10.1.1.2
\tNAS-Port-Type = Virtual
\tCalling-Station-Id = "203.0.113.9"
\tFramed-IP-Address = 10.9.0.7
\tTimestamp = 1773126000

Tue Mar 10 08:00:00 2026
\tAcct-Status-Type = Stop
\tAcct-Input-Octets = 1000
\tAcct-Output-Octets = 5000
\tAcct-Session-Time = 3600
\tUser-Name = "j.petit"
"""
NPS = b'"NPS1","RAS",03/10/2026,07:00:00,4,,"HOSP\\j.petit",,"203.0.113.9",,"10.9.0.7",,"10.1.1.2",,,,,,,5,,1,2,,"p",0,,,,,,2,,1000,5000,"2A",,3600,,,1\n'
IAS = b"10.1.1.2,HOSP\\j.petit,03/10/2026,07:00:00,IAS,NPS1,4136,3,4142,16,61,5,31,203.0.113.9\n"
XML = b'<Event><Timestamp data_type="4">03/10/2026 07:00:00.123</Timestamp><Computer-Name data_type="1">NPS1</Computer-Name><SAM-Account-Name data_type="1">HOSP\\j.petit</SAM-Account-Name><Calling-Station-Id data_type="1">203.0.113.9</Calling-Station-Id><NAS-Port-Type data_type="0">5</NAS-Port-Type><Packet-Type data_type="0">2</Packet-Type><Reason-Code data_type="0">0</Reason-Code></Event>\n'


@pytest.mark.parametrize(
    ("data", "kind", "fields"),
    [
        (DETAIL, "radius_detail", {"action": "tunnel_up", "user": "j.petit", "source": "203.0.113.9", "assigned_address": "10.9.0.7", "ts": TS, "ts_zone": "utc"}),
        (NPS, "nps_csv", {"action": "tunnel_down", "user": "HOSP\\j.petit", "source": "203.0.113.9", "assigned_address": "10.9.0.7", "bytes_in": 1000, "bytes_out": 5000, "duration": 3600.0, "ts": TS, "ts_zone": "assumed"}),
        (IAS, "ias_csv", {"action": "login_failed", "user": "HOSP\\j.petit", "source": "203.0.113.9", "reason": "16"}),
        (XML, "nps_xml", {"action": "login", "user": "HOSP\\j.petit", "source": "203.0.113.9", "reason": None}),
    ],
)  # fmt: skip
def test_radius_accounting(read_bytes: Read, data: bytes, kind: str, fields: dict[str, Any]) -> None:
    assert RADIUS.sniff(data) == kind
    found = read_bytes(RADIUS, data)
    row = found.rows["vpn_session"][0]
    assert {name: row[name] for name in fields} == fields
    assert "sesame" not in str(found.rows)


SAMPLE = "\n".join([*(line for line, *_ in EXPECTED), *(line.text for line in lines())]).encode()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_never_breaks_the_readers(read_bytes: Read, data: st.DataObject) -> None:
    choices: list[tuple[Any, bytes]] = [(READER, SAMPLE), (RADIUS, DETAIL), (RADIUS, NPS + IAS + XML)]
    reader, sample = data.draw(st.sampled_from(choices))
    raw = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 40))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    begin = data.draw(st.integers(0, len(raw) - 1))
    piece = bytes(raw[begin : begin + data.draw(st.integers(0, 4000))])
    reader.sniff(piece)
    read_bytes(reader, piece)
