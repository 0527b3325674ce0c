"""The readers, in the order in which they are asked whether they know some bytes.

Formats with a magic number come first; formats that are only a shape of text come last, the vaguest at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Markup of docstrings around a name.
_MARKUP = re.compile(r"(?::\w+:)?`+([^`]+)`+")

_ORDER: tuple[str, ...] = (
    "dicom_file",  # magic at byte 128, whatever stands before it; or the elements of a data set
    "capture",  # magic of pcap and pcapng
    "evtx",  # magic ElfFile
    "mail.pst",  # magic !BDN
    "mail.msg",  # magic of compound files, and names of properties of messages
    "zeek",  # '#separator' header, or JSON lines with Zeek's keys
    "suricata",  # JSON lines with event_type and flow_id
    "suricata_fast",  # a time, [**] and three numbers
    "windows_firewall",  # its title in the second line
    "windows_dhcp",  # a title, meanings of numbers, and a header
    "windows_dns",  # lines of packets
    "umbrella",  # a time, addresses, what was done and a type of names, each in quotes
    "nmap",  # root element nmaprun, or masscan's array
    "scanners.nessus",  # root element NessusClientData_v2
    "scanners.openvas",  # root element report, or the answer that holds it
    "nmap_text",  # first line of its other outputs
    "audit_trail",  # audit messages in XML, also behind syslog headers, or resources AuditEvent in JSON
    "journal",  # JSON with the journal's own time
    "backup.restic",  # JSON with its snapshots or message types, or sentences that only it prints
    "backup.borg",  # JSON with archives, or sentences that only it prints
    "cloud.entra_signins",  # JSON with the keys of a sign-in, or the portal's header
    "cloud.m365_audit",  # JSON with the keys of audit records, or a header with AuditData
    "cloud.mail_trace",  # its own title, or a header with what only traces of messages have
    "edr.defender_hunting",  # JSON or a header with columns of its tables
    "edr.defender_alerts",  # JSON with the keys of its resources, as are the next six
    "edr.defender_powershell",
    "edr.crowdstrike",
    "edr.sentinelone",
    "edr.harfanglab",
    "edr.eset",
    "edr.sophos_central",
    "windows_json",  # several JSON shapes: after those above, which are more specific
    "windows_xml",  # an element Event with a System, alone or in a list
    "cyclonedx",  # JSON that says so, or XML in its namespace
    "spdx",  # JSON or lines that say so
    "mail.dmarc",  # root element feedback
    "mail.tls_report",  # an object with policies
    "mail.checkdmarc",  # JSON of domains and their results
    "mail.mbox",  # a line that begins a message, and a header after it
    "mail.eml",  # header fields that only mail has; before settings, whose readers look at every line
    "knowledge.kev",  # lists of vulnerabilities: keys or headers of their own
    "knowledge.nvd",
    "knowledge.cve",
    "knowledge.epss",
    "knowledge.csaf",
    "knowledge.osv",
    "device_config.orthanc",  # JSON with the settings of an archive; after JSON that names its kind
    "device_config.archives",  # tables of dcmqrscp, settings of dicom.ini, LDIF entries of DICOM devices
    "device_config.sense",  # root element pfsense or opnsense
    "device_config.panos",  # root element config, or set commands of its own chapters
    "device_config.windows",  # first line of a registry export, or netsh
    "device_config.fortios",  # its version line, or config, edit and set
    "device_config.mikrotik",  # 'by RouterOS', or its sections with add and set
    "device_config.openwrt",  # nearly all lines are config and option
    "device_config.junos",  # nearly all lines end in brace or semicolon, or are set commands
    "device_config.cisco",  # at least three kinds of lines of such a configuration
    "remote.teamviewer",  # lines of one shape, cut by tabs
    "remote.anydesk_connections",  # lines that begin with a direction and a day
    "remote.anydesk_trace",  # lines that begin with a severity, a time and a process
    "mail.zone",  # $ORIGIN or $TTL, or nearly all lines are records of class IN
    "listing.robocopy",  # its title
    "listing.seven_zip",  # its title
    "listing.rclone",  # JSON with its keys, or its lines
    "listing.powershell",  # JSON or a header with the properties of files
    "listing.dir_command",  # folders and entries of a listing, as are the next three
    "listing.ls_command",
    "listing.find_command",
    "listing.bodyfile",
    "linux_audit",  # lines that begin with a type and an audit message
    "backup.bacula",  # reports of jobs, with fields of their own
    "backup.proxmox",  # sentences with which tasks of Proxmox begin
    "backup.wbadmin",  # its title and a version
    "backup.duplicity",  # the title of its statistics
    "backup.veeam_log",  # lines with day, month and year in brackets, and a word of Veeam
    "backup.table",  # a header with jobs, results and times of backups
    "checkpoint_table",  # a header with the columns of an export
    "windows_csv",  # a header of a tool that exports events of Windows
    "edr.alert_table",  # a header with machines, threats and what was done
    "listing.file_table",  # a header with paths, sizes and times
    "inventory",  # a header with columns for programs and versions, or nearly all lines of one shape
    "radius_accounting",  # the four forms of RADIUS accounting, by their first record
    "access_log",  # lines of web servers and proxies; before syslog, which knows more kinds of lines
    "share.walk",  # no bytes: a directory that was given as a share
    "syslog",  # lines that begin with a priority, a time or a vendor's mark
)


def readers() -> Iterator[Reader]:
    """Every reader, most specific first; each is loaded when it is its turn."""
    return map(_loaded, _ORDER)


@cache
def _loaded(module: str) -> Reader:
    reader: Reader = import_module(f"wardround.readers.{module}").READER
    return reader


def descriptions() -> list[tuple[str, str]]:
    """Name of every reader and, in a sentence, what it reads."""
    told = []
    for name in _ORDER:
        module = import_module(f"wardround.readers.{name}")
        sentence = (module.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
        plain = _MARKUP.sub(r"\1", sentence).removeprefix("Reader of ")
        told.append((module.READER.name, plain[:1].upper() + plain[1:]))
    return told


@cache
def by_name(name: str) -> Reader:
    """The reader of that name; raises KeyError."""
    named = (name,) if name in _ORDER else _ORDER  # most are called as their modules are
    for reader in map(_loaded, named):
        if reader.name == name:
            return reader
    raise KeyError(name)


def identify(head: bytes) -> tuple[str, Reader] | None:
    """The format and the reader of a piece of evidence from its first bytes, None when no reader knows them."""
    for reader in readers():
        if (kind := reader.sniff(head)) is not None:
            return kind, reader
    return None
