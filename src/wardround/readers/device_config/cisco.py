"""Configurations of Cisco IOS, IOS XE and ASA, and of switches that speak like them (Comware, TP-Link and others).

Blocks are told by indentation. ``record`` is the line. A negated command (``no``, ``undo``) is the setting with value
``no``. Texts of banners and the bodies of certificates are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from wardround.readers.base import Sink
from wardround.readers.device_config.configuration import (
    SECRET,
    WITHIN,
    ConfigurationReader,
    Device,
    Item,
    Lines,
    head_lines,
    hidden,
)
from wardround.readers.instants import written_instant

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Blocks inside one another, at most.
_DEPTH = 16

#: Commands of several words; the longest that fits is the key, what follows is the value. Otherwise it is the first word.
_COMMANDS = """
aaa new-model|aaa authentication|aaa authorization|aaa accounting|access-class|access-list|boot system
crypto dynamic-map|crypto ikev1 enable|crypto ikev1 policy|crypto ikev2 enable|crypto ikev2 policy|crypto ipsec transform-set
crypto ipsec ikev1 transform-set|crypto isakmp aggressive-mode disable|crypto ikev1 am-disable|crypto isakmp am-disable
crypto isakmp enable|crypto isakmp key|crypto isakmp policy|crypto isakmp profile|crypto map|default-router|dns-server
dns name-server|dns server-group|domain-name|dot1x system-auth-control|dot1x pae|authentication port-control
enable password|enable secret|exec-timeout|encr|encryption|hash|group|http server enable|icmp permit
ip access-group|ip access-list|ip address|ip arp inspection vlan|ip arp inspection trust|ip dhcp pool|ip dhcp snooping vlan
ip dhcp snooping trust|ip dhcp snooping|ip directed-broadcast|ip dns server|ip domain lookup|ip domain-lookup|ip domain name
ip domain-name|ip helper-address|ip http access-class|ip http authentication|ip http server|ip http secure-server
ip host|ip name-server|ip nat inside source static|ip nat inside source list|ip nat inside|ip nat outside|ip proxy-arp
ip redirects|ip route|ip routing|ip scp server enable|ip source-route|ip ssh version|ip verify source
ipv6 access-class|ipv6 dhcp guard|ipv6 nd raguard|ipv6 nd ra guard|ipv6 unicast-routing|line console|line con|line aux|line vty
logging host|logging server|logging trap|logging buffered|login local|login authentication|management-access|monitor session
nat (|ntp authenticate|ntp server|port-security enable|router bgp|router ospf|same-security-traffic
security-level|service password-encryption|service tcp-small-servers|service udp-small-servers|service finger|service pad
snmp-server community|snmp-server host|snmp-server user|snmp-server enable|snmp-server group|snmp-server
spanning-tree bpduguard enable|spanning-tree portfast bpduguard default|spanning-tree portfast edge bpduguard default
spanning-tree portfast|spanning-tree bpduguard|ssh version|ssl server-version|ssl version|ssl cipher|ssl encryption
switchport mode|switchport access vlan|switchport port-security|switchport voice vlan|switchport trunk allowed vlan
switchport trunk native vlan|switchport nonegotiate|tacacs-server host|tacacs-server key|radius-server host|radius-server key
tftp-server|transport input|transport output|tunnel-group|tunnel protection|username|vpn-tunnel-protocol|web-management
service-type|telnet server enable|ip https|snmp-agent community|snmp-agent sys-info version|local-user|undo|webvpn
""".replace("\n", "|")
_BY_FIRST: dict[str, list[str]] = {}
for _command in sorted(filter(None, _COMMANDS.split("|")), key=len, reverse=True):
    _BY_FIRST.setdefault(_command.split()[0], []).append(_command)

#: Words after which a secret stands; a number or word for its kind may come between.
_ANNOUNCING = """
password passwd secret key key-string community pre-shared-key authentication-key md5 sha hex-key cipher simple wpa-psk wep
shared-secret auth-password priv-password message-digest-key ikev1-pre-shared-key passphrase sha256 sha512 des 3des aes hash-key
"""
_BEFORE_SECRET = frozenset(_ANNOUNCING.split())
_KIND_WORDS = """
0 5 6 7 8 9 encrypted cipher simple hash plain ascii hex local-authentication remote-authentication enc irreversible-cipher
md5 sha sha256 sha512 read write 128 192 256
"""
_KINDS = frozenset(_KIND_WORDS.split())

#: Words of the first list that come before a secret only in some commands.
_CIPHERS = frozenset({"md5", "sha", "des", "3des", "aes", "sha256", "sha512"})

#: First words of commands that name ciphers without keys.
_CRYPTO = frozenset({"crypto", "encr", "encryption", "hash", "integrity", "prf", "ssl", "esp", "protocol", "aaa", "ip"})

#: Words that follow an announcing word where it announces nothing.
_HARMLESS = frozenset({"address", "local", "remote", "hostname", "chain", "encryption", "config-key", "generate", "rsa", "size",
                       "zeroize", "mypubkey", "pubkey-chain"})  # fmt: skip

_SIGNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(ASA )?[Vv]ersion \d",
        r"hostname \S",
        r"interface \S",
        r"line (vty|con|console|aux) ?",
        r"(enable (secret|password)|username \S+|user name \S+) ?",
        r"(no )?ip (address|route|http|cef|domain|ssh|name-server|access-list|forward-protocol|classless) ?",
        r" (no )?(ip address|shutdown|switchport|exec-timeout|transport input|nameif|duplex|speed|login)\b",
        r"(no )?service (timestamps|password-encryption|pad)",
        r"snmp-server \S",
        r"access-list \S+ (extended |standard |remark )?(permit|deny)",
        r"(spanning-tree|aaa|router (bgp|ospf|eigrp)|vlan \d|logging|crypto|ntp server)\b",
        r"(object network|access-group|names|nat \(|route \S+ )",
        r" version \d+\.\d+.*, Release",
        r" sysname \S",
        r"(local-user|vlan \d+ to|interface Vlan-interface)",
    )
)
_NOT_A_CONFIGURATION = re.compile(r"^(<\d+>|\w{3} +\d+ \d\d:\d\d:\d\d |\{|\[|config |#config-version|set |/)")
_WRITTEN = re.compile(
    r"(?:Last configuration change at|Written by \S+ at|NVRAM config last updated at)"
    r" (\d\d:\d\d:\d\d)(?:\.\d+)? (\S+) (\w{3} \w{3} +\d+ \d{4})"
)


def _recognise(head: bytes) -> str | None:
    lines = head_lines(head)
    text = [line for line in lines if line.strip() and not line.lstrip().startswith(("!", "#", ":"))]
    if not text or sum(bool(_NOT_A_CONFIGURATION.match(line)) for line in text[:50]) > len(text[:50]) // 4:
        return None
    kinds = {number for number, sign in enumerate(_SIGNS) if any(sign.match(line) for line in text)}
    if len(kinds) < 3 and not any(line.startswith("ASA Version ") for line in text):
        return None
    return _vendor(lines, text)


def _vendor(lines: list[str], text: list[str]) -> str:
    comments = "\n".join(line for line in lines[:60] if line.lstrip().startswith(("!", "#", ":"))).lower()
    if any(line.startswith("ASA Version ") for line in text) or (
        ": saved" in comments and any(line.startswith(" nameif") for line in text)
    ):
        return "cisco_asa"
    if any(line.startswith(" sysname ") for line in text):
        return "comware"
    if "tp-link" in comments or any(line.startswith("#TP-Link") for line in lines):
        return "tplink"
    return "cisco_ios"


def _parse(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    stack: list[tuple[int, str]] = []
    skip_to = ""
    for number, raw in Lines(stream, sink):
        line = raw.rstrip()
        text = line.strip()
        if skip_to:
            if skip_to in text and (skip_to != "quit" or text == "quit"):
                skip_to = ""
            continue
        if not text or text[0] in "!#:":
            _learn_from_comment(text, device)
            continue
        if text.startswith(("certificate ", "quit")):
            skip_to = "quit" if text.startswith("certificate ") and stack else ""
            continue
        indent = len(line) - len(line.lstrip())
        while stack and stack[-1][0] >= indent:
            stack.pop()
        block = WITHIN.join(name for _, name in stack)
        item = _item(block, text, number)
        skip_to = _banner_end(text)
        _learn(item, device)
        yield item
        if len(stack) < _DEPTH:
            stack.append((indent, _redacted(text)[:200]))


def _item(block: str, text: str, number: int) -> Item:
    """A command as a setting."""
    negated = text.startswith(("no ", "undo "))
    plain = _redacted(text.partition(" ")[2].strip() if negated else text)
    first = plain.partition(" ")[0]
    key = next(
        (c for c in _BY_FIRST.get(first, ()) if plain == c or plain.startswith(c if c.endswith("(") else c + " ")), first
    )
    value = plain[len(key) :].strip()
    if key.endswith("("):
        key, value = key.rstrip("( "), "(" + value
    return Item(block, key, f"no {value}".strip() if negated else value, number)


def _redacted(text: str) -> str:
    """A command without its secrets: the word (or quoted text) after a word that announces one."""
    parts = re.findall(r'"[^"]*"?|\S+', text)
    lowered = [part.lower() for part in parts]
    made: list[str] = []
    hide = False
    for place, part in enumerate(parts):
        if hide and not (lowered[place] in _KINDS and place + 1 < len(parts)):
            made.append(hidden(part))
            hide = False
            continue
        made.append(part)
        hide = hide or _announces(lowered, place)
    if lowered[:2] == ["snmp-server", "host"] and "community" not in lowered:
        made = _without_community(made, lowered)
    if lowered[0] in ("standby", "vrrp", "glbp") and "authentication" in lowered[:-1]:
        made[-1] = SECRET
    return " ".join(made)


def _announces(lowered: list[str], place: int) -> bool:
    """Whether the word at that place of a command says that a secret follows."""
    word = lowered[place]
    if word not in _BEFORE_SECRET or place + 1 == len(lowered) or lowered[place + 1] in _HARMLESS:
        return False
    snmp = lowered[0].startswith("snmp")
    if word == "community":  # of routes, elsewhere
        return snmp
    if word == "key" and lowered[0] == "aaa":
        return False
    if word in _CIPHERS:
        keyed = "message-digest-key" in lowered or ("authentication" in lowered and lowered[0] not in _CRYPTO)
        return keyed or (snmp and "user" in lowered[:2])
    return True


def _without_community(made: list[str], lowered: list[str]) -> list[str]:
    """``snmp-server host A [vrf V] [traps] [version 2c] COMMUNITY …``: the community is the first word that has no meaning."""
    known = {
        "informs",
        "traps",
        "trap",
        "version",
        "1",
        "2c",
        "3",
        "auth",
        "noauth",
        "priv",
        "vrf",
        "udp-port",
        "poll",
        "community",
    }
    for place in range(3, len(made)):
        if lowered[place] not in known and lowered[place - 1] not in ("vrf", "udp-port"):
            if not made[place].startswith("("):
                made[place] = hidden(made[place])
            break
    return made


def _banner_end(text: str) -> str:
    """The text that ends a banner which begins on this line, empty when none does."""
    found = re.match(r"(?:no )?(?:banner \w+|vacant-message|refuse-message|set banner \w+) +(\^C|\S)(.*)", text)
    if not found or text.startswith("no "):
        return ""
    mark = found[1]
    return "" if mark in found[2] or (mark != "^C" and mark.isalnum()) else mark


def _learn(item: Item, device: Device) -> None:
    if (item.block == "" and item.key in ("hostname", "sysname")) or item.key == "sysname":
        device.name = item.value.strip('"')
    elif item.key in ("version", "ASA") and not item.block and not device.version:
        device.version = item.value.removeprefix("Version ").split(",")[0].split()[0] if item.value else ""


def _learn_from_comment(text: str, device: Device) -> None:
    if found := _WRITTEN.search(text):
        device.saved = written_instant(f"{found[1]} {' '.join(found[3].split())}", "%H:%M:%S %a %b %d %Y")
    elif found := re.search(r"IOS.{0,80}Version (\d[\w.()]+)", text):
        device.version = found[1]
    elif found := re.match(r"! (?:Chassis type|PID): ?([\w-]+)", text):
        device.model = device.model or found[1]
    elif (found := re.match(r"!  Software Version +- (\S+)", text)) and not device.version:
        device.version = found[1]


READER: Reader = ConfigurationReader("cisco_config", _recognise, _parse)
