"""The hospital: hosts, people and addresses. None of it exists.

Inside addresses are private ones; whatever stands for the Internet is in the prefixes that RFC 5737 reserves for
documentation, and every name ends in the reserved ``.example`` (RFC 2606).
"""

from __future__ import annotations

from dataclasses import dataclass

DOMAIN = "brumeval.example"
NETBIOS = "BRUMEVAL"
PUBLIC_NAME = "ch-brumeval.example"

_DOMAIN_SID = "S-1-5-21-1302447219-2714065531-877310442"


@dataclass(frozen=True, slots=True)
class Host:
    """A machine. ``logs`` tells whether its Windows logs were collected; machines of the outside have no name."""

    name: str
    address: str
    role: str = ""
    logs: bool = False

    @property
    def fqdn(self) -> str:
        """The full name within the domain."""
        return f"{self.name}.{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Account:
    """A user or service account of the domain; ``rid`` is the last part of its SID."""

    name: str
    rid: int
    administrator: bool = False

    @property
    def sid(self) -> str:
        """The security identifier."""
        return f"{_DOMAIN_SID}-{self.rid}"


# Servers and administration.
DC1 = Host("DC1", "10.20.1.10", "domain_controller", logs=True)
FS1 = Host("FS1", "10.20.1.20", "file_server", logs=True)
JUMP1 = Host("JUMP1", "10.20.1.30", "jump_host", logs=True)
ADM1 = Host("ADM1", "10.20.1.31", "admin_workstation", logs=True)
SUP1 = Host("SUP1", "10.20.1.40", "monitoring")
SCAN1 = Host("SCAN1", "10.20.1.45", "vulnerability_scanner")
BKP1 = Host("BKP1", "10.20.1.50", "backup")
VPN1 = Host("VPN1", "10.20.200.2", "vpn_gateway")

# Imaging.
PACS1 = Host("PACS1", "10.20.11.10", "pacs", logs=True)
RIS1 = Host("RIS1", "10.20.11.20", "ris", logs=True)
CT1 = Host("CT1", "10.20.10.11", "ct")
MR1 = Host("MR1", "10.20.10.12", "mr")
XR1 = Host("XR1", "10.20.10.13", "x_ray")
XR2 = Host("XR2", "10.20.10.14", "x_ray")
LECT1 = Host("LECT1", "10.20.30.21", "workstation", logs=True)
LECT2 = Host("LECT2", "10.20.30.22", "workstation", logs=True)

# The hospital's information system, which orders examinations; it keeps no Windows logs.
SIH1 = Host("SIH1", "10.20.12.10", "his")

SERVERS = (DC1, FS1, PACS1, RIS1, JUMP1)
WORKSTATIONS = (LECT1, LECT2, ADM1)
MODALITIES = (CT1, MR1, XR1, XR2)
HOSTS = (*SERVERS, *WORKSTATIONS, *MODALITIES, SUP1, SCAN1, BKP1, VPN1)

# Guests' telephones, and addresses that the VPN gave out that day.
PHONES = tuple(Host("", f"10.20.90.{number}", "phone") for number in (101, 102, 103, 104))
POOL_RADIOLOGIST = Host("", "10.20.250.14", "vpn_client")
POOL_VENDOR = Host("", "10.20.250.31", "vpn_client")
POOL_INTRUDER = Host("", "10.20.250.77", "vpn_client")

# The outside.
PORTAL = Host("", "192.0.2.10", "vpn_portal")
WEBSITE = Host("", "192.0.2.20", "web_server")
RESOLVER = Host("", "198.51.100.53", "public_resolver")
HOME = Host("", "198.51.100.140", "home")
VENDOR = Host("", "198.51.100.77", "vendor")
AUDITOR = Host("", "198.51.100.24", "contracted_scanner")
TELERAD = Host("", "198.51.100.60", "teleradiology")
INTRUDER = Host("", "203.0.113.66", "rented_server")
DROP = Host("", "203.0.113.90", "rented_storage")

# People and services.
MARTEL = Account("h.martel", 1121)
NIVELLE = Account("c.nivelle", 1122)
CORVEC = Account("a.corvec", 1131)
VASSEUR = Account("n.vasseur", 1142)
PERRIN = Account("adm-perrin", 1107, administrator=True)
ON_CALL = Account("astreinte-imagerie", 1150)
RESCUE = Account("adm-secours", 1109, administrator=True)
ENGINEER = Account("ext-mercier", 1190)
PACS_SERVICE = Account("svc-pacs", 1201)
RIS_SERVICE = Account("svc-ris", 1202)
CT_SERVICE = Account("svc-ct-dicom", 1203)
BACKUP_SERVICE = Account("svc-backup", 1204)
SCAN_SERVICE = Account("svc-scan", 1205)

#: Where people of the department browse: name and address, all fictional.
WEB = (
    ("portail.sante.example", "198.51.100.181"),
    ("maj.antivirus.example", "198.51.100.182"),
    ("update.systeme.example", "198.51.100.183"),
    ("revue-radiologie.example", "198.51.100.184"),
    ("messagerie.sante.example", "198.51.100.185"),
    ("formation.imagerie.example", "198.51.100.186"),
)

_ACCOUNTS_OF_HOSTS = {host: Account(f"{host.name}$", 2000 + number) for number, host in enumerate(HOSTS)}


def machine_account(host: Host) -> Account:
    """The account that a computer itself has in the domain."""
    return _ACCOUNTS_OF_HOSTS[host]
