"""Configurations for the tests, invented, in the words of each manufacturer. CANARY stands wherever a secret stands."""
# ruff: noqa: E501

from __future__ import annotations

IOS = """\
! Last configuration change at 05:37:35 UTC Tue Nov 21 2017
version 15.2
no service password-encryption
hostname edge1
enable secret 5 $1$CANARY$CANARY
enable password CANARY
username admin privilege 15 password 0 CANARY
username two secret 9 CANARY
aaa new-model
no ip source-route
ip name-server 8.8.8.8 1.1.1.1
ip domain name hospital.example
key chain RIP
 key 1
  key-string 7 CANARY
crypto pki certificate chain TP
 certificate self-signed 01
  3082CANARY 30820193
  CANARY
  quit
crypto isakmp policy 10
 encr 3des
 hash md5
 group 2
crypto isakmp key CANARY address 198.51.100.4
crypto keyring K
 pre-shared-key address 198.51.100.5 key CANARY
interface GigabitEthernet0/1
 description "to the Internet"
 ip address 198.51.100.2 255.255.255.252
 ip ospf message-digest-key 1 md5 CANARY
 standby 1 authentication CANARY
 ppp chap password 7 CANARY
ip http server
no ip http secure-server
ip nat inside source static tcp 10.1.1.4 3389 interface GigabitEthernet0/1 3389
router bgp 65001
 neighbor 198.51.100.1 password CANARY
route-map A permit 10
 set community 65001:100 additive
snmp-server community CANARY RO 80
snmp-server community public RW
snmp-server host 10.1.1.9 version 2c CANARY
snmp-server user monitor group1 v3 auth sha CANARY priv aes 128 CANARY
tacacs-server key 7 CANARY
radius-server host 10.1.1.8 auth-port 1812 key CANARY
banner motd ^C
 CANARY is not a setting
^C
line vty 0 4
 access-class 10 in
 password 7 CANARY
 transport input telnet ssh
end
"""

ASA = """\
: Saved
: Written by admin at 05:37:43.184 UTC Sun Jun 29 2025
!
ASA Version 9.12(4)18
!
hostname fw1
enable password CANARY pbkdf2
passwd CANARY encrypted
interface GigabitEthernet0/0
 nameif outside
 security-level 0
object network RIS
 nat (inside,outside) static interface service tcp 3389 3389
http server enable
http 0.0.0.0 0.0.0.0 outside
snmp-server host inside 10.1.1.9 community CANARY version 2c
ssl server-version tlsv1
crypto ikev1 enable outside
username admin password CANARY encrypted privilege 15
tunnel-group DefaultWEBVPNGroup ipsec-attributes
 ikev1 pre-shared-key CANARY
"""

FORTIOS = """\
#config-version=FGT60F-7.0.12-FW-build0523-230606:opmode=0:vdom=0:user=admin
config system global
    set hostname "fw-vpn"
end
config system interface
    edit "wan1"
        set ip 198.51.100.2 255.255.255.252
        set allowaccess ping https ssh
        set role wan
    next
end
config system admin
    edit "admin"
        set password ENC CANARY
    next
end
config system snmp community
    edit 1
        set name "CANARY"
    next
end
config vpn ipsec phase1-interface
    edit "site b"
        set mode aggressive
        set proposal des-md5 3des-sha1
        set psksecret ENC CANARY
    next
end
config vpn certificate local
    edit "c"
        set private-key "-----BEGIN PRIVATE KEY-----
CANARY
-----END PRIVATE KEY-----"
        set range global
    next
end
config user local
    edit "garde"
        set passwd ENC CANARY
        unset two-factor
    next
end
config firewall policy
    edit 7
        set srcaddr "all" "site b hosts"
    next
end
"""

PANOS_XML = """\
<?xml version="1.0"?>
<config version="10.1.0" detail-version="10.1.6">
  <mgt-config><users><entry name="admin"><phash>CANARY</phash></entry></users></mgt-config>
  <devices><entry name="localhost.localdomain">
    <deviceconfig><system><hostname>pa1</hostname><snmp-setting><access-setting><version><v2c><snmp-community-string>CANARY</snmp-community-string></v2c></version></access-setting></snmp-setting></system></deviceconfig>
    <network><profiles><interface-management-profile><entry name="outside"><https>yes</https><ssh>yes</ssh></entry></interface-management-profile></profiles></network>
    <vsys><entry name="vsys1"><rulebase><security><rules><entry name="r1"><source><member>any</member><member>lan</member></source><action>allow</action></entry></rules></security></rulebase></entry></vsys>
  </entry></devices>
</config>
"""

PANOS_SET = """\
set deviceconfig system hostname pa1
set mgt-config users admin phash CANARY
set network profiles interface-management-profile outside https yes
set rulebase security rules r1 source [ any lan ]
set rulebase security rules r1 action allow
set vsys vsys1 rulebase security rules "rule 2" action allow
"""

MIKROTIK = """\
# 2026-03-02 08:00:00 by RouterOS 6.49.6
# software id = AAAA-BBBB
#
# model = RB750
/interface wireless security-profiles
set [ find default=yes ] mode=dynamic-keys wpa2-pre-shared-key=CANARY
/ip dns
set allow-remote-requests=yes servers=8.8.8.8
/ip firewall filter
add action=accept chain=input comment="an \\"odd\\" rule" \\
    in-interface=ether1
add action=drop chain=input in-interface=ether1
/ip service
set telnet address=10.0.0.0/8 disabled=no
set www disabled=yes
/ppp secret
add name=anna password="CANARY two words"
/snmp community
set [ find default=yes ] name=CANARY
/system identity
set name=router1
/ip socks set enabled=yes
"""

OPENWRT = """\
package system

config system
\toption hostname 'gw'

package firewall

config zone
\toption name 'wan'
\tlist network 'wan'
\tlist network 'wan6'
\toption input 'ACCEPT'

package wireless

config wifi-iface 'radio0'
\toption encryption 'psk2'
\toption key 'CANARY'
"""

OPENWRT_SHOW = """\
system.@system[0]=system
system.@system[0].hostname='gw'
firewall.@zone[1]=zone
firewall.@zone[1].name='wan'
firewall.@zone[1].network='wan' 'wan6'
wireless.default_radio0.key='CANARY'
"""

PFSENSE = """\
<?xml version="1.0"?>
<pfsense>
\t<version>21.7</version>
\t<system><hostname>pf1</hostname><dnsserver>9.9.9.9</dnsserver><dnsserver>1.1.1.1</dnsserver>
\t<user><name>admin</name><bcrypt-hash>CANARY</bcrypt-hash><authorizedkeys>CANARY</authorizedkeys></user></system>
\t<snmpd><rocommunity>CANARY</rocommunity></snmpd>
\t<nat><rule><interface>wan</interface><target>10.1.1.4</target><local-port>3389</local-port></rule><rule><interface>wan</interface></rule></nat>
\t<ipsec><phase1><pre-shared-key>CANARY</pre-shared-key><mode>aggressive</mode></phase1></ipsec>
\t<cert><crt>CANARY</crt><prv>CANARY</prv></cert>
\t<revision><time>1772438400.25</time></revision>
</pfsense>
"""

JUNOS = """\
version 21.2R3;
system {
    host-name sw1;
    root-authentication {
        encrypted-password "$6$CANARY"; ## SECRET-DATA
    }
    services {
        telnet;
        ssh {
            root-login allow;
        }
    }
}
snmp {
    community CANARY {
        authorization read-only;
    }
}
"""

JUNOS_SET = """\
set version 21.2R3
set system host-name sw1
set system root-authentication encrypted-password "$6$CANARY"
set system services telnet
set snmp community CANARY authorization read-only
"""

COMWARE = """\
#
 version 5.20, Release 1513P81
#
 sysname sw2
#
local-user admin
 password cipher $c$3$CANARY
 service-type ssh telnet
#
interface Vlan-interface10
 ip address 10.0.0.254 255.255.255.0
#
 snmp-agent community read CANARY
#
"""

REGISTRY = """\
Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp]
"UserAuthentication"=dword:00000000
"PortNumber"=dword:00000d3d

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon]
"DefaultPassword"="CANARY"
"DefaultUserName"="modality"

[HKEY_LOCAL_MACHINE\\SOFTWARE\\TightVNC\\Server]
"Password"=hex:43,41,4e,41,52,59,00,00

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Somebody\\Else]
"Value"="not kept"

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\\Interfaces\\{1}]
"NameServer"=hex(2):38,00,2e,00,38,00,2e,00,38,00,\\
  2e,00,38,00,00,00
"""

PORTPROXY = """\

Listen on ipv4:             Connect to ipv4:

Address         Port        Address         Port
--------------- ----------  --------------- ----------
0.0.0.0         4489        10.1.1.4        3389
"""

SAMPLES: dict[str, tuple[str, str]] = {
    "ios": (IOS, "cisco_ios"),
    "asa": (ASA, "cisco_asa"),
    "fortios": (FORTIOS, "fortios"),
    "panos xml": (PANOS_XML, "panos"),
    "panos set": (PANOS_SET, "panos"),
    "mikrotik": (MIKROTIK, "mikrotik"),
    "openwrt": (OPENWRT, "openwrt"),
    "openwrt show": (OPENWRT_SHOW, "openwrt"),
    "pfsense": (PFSENSE, "pfsense"),
    "junos": (JUNOS, "junos"),
    "junos set": (JUNOS_SET, "junos"),
    "comware": (COMWARE, "comware"),
    "registry": (REGISTRY, "windows_registry"),
    "portproxy": (PORTPROXY, "windows_netsh"),
}
