"""What the network office keeps: configurations of two switches, and the list of programs on the reading workstations.

One switch and one workstation are well kept, the other ones are not: the doors that telework opened, each once.
"""

from __future__ import annotations

from demo.generate import hospital as h

_PORTS = "\n!\n".join(
    f"interface GigabitEthernet0/{number}\n description {modality.name}\n switchport access vlan 10\n switchport mode access"
    for number, modality in enumerate(h.MODALITIES, 1)
)

#: The switch of the imaging floor: nobody has looked at it since it was put in.
_NEGLECTED = f"""!
! Last configuration change at 07:42:10 CET Tue Mar 10 2026
version 15.2
no service password-encryption
hostname SW-IMAGING
!
enable secret 9 $9$invented$invented
!
ip domain-name {h.DOMAIN}
ip name-server {h.DC1.address}
vlan 10
 name MODALITY
!
{_PORTS}
!
no ip http server
snmp-server community public RO
!
line con 0
line vty 0 4
 login local
 transport input telnet ssh
!
end
"""

#: The switch of the clinical floor: as it should be.
_KEPT = f"""!
! Last configuration change at 07:40:02 CET Tue Mar 10 2026
version 15.2
service password-encryption
hostname SW-CLINICAL
!
enable secret 9 $9$invented$invented
username reseau privilege 15 secret 9 $9$invented$invented
!
ip domain-name {h.DOMAIN}
ip name-server {h.DC1.address}
ip dhcp snooping vlan 30
no ip dhcp snooping information option
ip dhcp snooping
ip arp inspection vlan 30
ipv6 nd raguard policy HOSTS
 device-role host
!
interface GigabitEthernet0/1
 description LECT1
 switchport access vlan 30
 switchport mode access
 ipv6 nd raguard attach-policy HOSTS
 dot1x pae authenticator
 authentication port-control auto
 spanning-tree portfast
 spanning-tree bpduguard enable
!
no ip http server
no ip http secure-server
access-list 10 permit {h.ADM1.address}
logging host {h.SUP1.address}
!
line con 0
line vty 0 4
 access-class 10 in
 login local
 transport input ssh
!
end
"""

_PROGRAMS = (
    (h.LECT1, "Zoom", "Zoom Video Communications, Inc.", "5.0.1 (23502.0430)"),
    (h.LECT1, "7-Zip 24.09 (x64)", "Igor Pavlov", "24.09"),
    (h.LECT2, "Zoom Workplace", "Zoom Video Communications, Inc.", "6.5.10"),
    (h.LECT2, "Microsoft Teams Meeting Add-in for Microsoft Office", "Microsoft Corporation", "1.24.19202"),
    (h.ADM1, "Microsoft Teams", "Microsoft Corporation", "25060.205.3499.6849"),
)


def files() -> dict[str, bytes]:
    """The files by their paths."""
    rows = ["ComputerName,DisplayName,Publisher,DisplayVersion"]
    rows += [f'{host.name},"{name}","{maker}","{version}"' for host, name, maker, version in _PROGRAMS]
    return {
        "network/sw-imaging.cfg": _NEGLECTED.encode(),
        "network/sw-clinical.cfg": _KEPT.encode(),
        "inventory/programs-2026-03-10.csv": ("\n".join(rows) + "\n").encode(),
    }
