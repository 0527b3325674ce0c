"""Programs of Unix-like systems: sshd, PAM, su, sudo, login, and what writes into the same files without bearing on us.

Sources: OpenSSH (auth.c, auth2.c, packet.c), Linux-PAM (pam_unix), sudo.
"""

# Patterns and sample lines are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.syslog_messages import Kind, Messages, Output, apply, chosen

_FROM = r" from (?P<source>\S+)(?: port (?P<source_port>\d+))?"
#: Whoever fails chooses the name, and may write "from" and an address into it: the last address is the one that sshd writes.
_LAST = _FROM + r"(?: ssh\d?)?(?: \[preauth\])?\s*$"
_CHOSEN = r"(?:<invalid username>|(?:invalid user |illegal user )?(?P<user>.*))"
_OUT = {"service": "ssh", "action": "login_failed"}

_SSHD = (
    Kind("Accepted", "logon", r"^\s*Accepted (?P<authentication>\S+) for (?P<user>.+?)" + _FROM, {"service": "ssh", "action": "login"}),
    # After these methods nothing of the client's follows the address; after keys a fingerprint does, or names of a host.
    Kind("Failed", "logon", r"^\s*Failed (?P<authentication>password|none|keyboard-interactive\S*|challenge\S*|gssapi\S*) for " + _CHOSEN + _LAST, _OUT),
    Kind("Failed", "logon", r"^\s*Failed (?P<authentication>\S+) for (?:invalid user |illegal user )?(?P<user>.*?)" + _FROM, _OUT),
    Kind("Invalid user", "logon", r"^\s*(?:Invalid|Illegal) user (?P<user>.*)" + _LAST, _OUT | {"reason": "unknown user"}),
    Kind("Invalid user", "logon", r"^\s*(?:Invalid|Illegal) user (?P<user>.*?)" + _FROM, _OUT | {"reason": "unknown user"}),
    Kind("maximum authentication attempts", "logon", r"^\s*(?:error: )?maximum authentication attempts exceeded for (?:invalid user )?(?P<user>.*)" + _LAST, _OUT | {"reason": "too many attempts"}),
    Kind("maximum authentication attempts", "logon", r"maximum authentication attempts exceeded for (?:invalid user )?(?P<user>.*?)" + _FROM, _OUT | {"reason": "too many attempts"}),
    Kind("not allowed", "logon", r"^\s*User (?P<user>\S+)" + _FROM + r" not allowed because (?P<reason>.*)", _OUT),
    Kind("not allowed", "logon", r"^\s*User (?P<user>\S+) not allowed because (?P<reason>.*)", _OUT),
    Kind("Too many authentication failures", "logon", r"^\s*Disconnecting: Too many authentication failures for (?:invalid user )?(?P<user>\S+)", _OUT | {"reason": "too many attempts"}),
    Kind("Auth fail", "logon", r"^\s*(?:error: )?Received disconnect from (?P<source>[0-9A-Fa-f.:]+?)(?: port (?P<source_port>\d+))?: ?\d+: .*\b(?P<reason>Auth (?:fail|cancel))", _OUT),
    Kind("Too many authentication failures", "logon", r"^\s*(?:Disconnecting|Received disconnect).*?(?:invalid |authenticating )?user (?P<user>\S*) (?P<source>[0-9a-fA-F.:]+) port (?P<source_port>\d+): Too many authentication failures", _OUT | {"reason": "too many attempts"}),
    Kind("PAM authentication", "logon", r"^\s*error: PAM: (?P<reason>.*?) for (?:illegal user |invalid user )?(?P<user>.*) from (?P<source>\S+)(?: via \S+)?\s*$", _OUT),
    Kind("ROOT LOGIN REFUSED", "logon", r"^\s*(?P<user>ROOT) LOGIN REFUSED (?:FROM|from) (?P<source>\S+)(?: port (?P<source_port>\d+))?", _OUT | {"reason": "refused"}),
    Kind("Disconnected", "logon", r"^\s*Disconnected from user (?P<user>.*) (?P<source>[0-9A-Fa-f.:]+) port (?P<source_port>\d+)\s*$", {"service": "ssh", "action": "logout"}),
    Kind("session closed", "logon", r"^\s*(?:pam_unix\(sshd:session\): )?session closed for user (?P<user>\S+)", {"service": "ssh", "action": "logout"}),
    Kind("sshd sessions", None, r"session opened for user|Starting session|^\s*Close session|^\s*User child is on pid|Postponed |^\s*Accepted key |Found matching|^\s*Server listening|^\s*Received (?:signal|disconnect)|^\s*Exiting on signal|Changed (?:root )?directory"),
    Kind("sshd connections", None, r"^\s*(?:fatal: |error: |ssh_dispatch_run_fatal: |Disconnecting: |Unable to|Read error|pam_\w+\(sshd|input_userauth_request|rexec|Nasty|refused|reverse mapping|Address \S+ maps|Timeout|beginning|kex_|banner|dispatch_protocol|subsystem|Corrupted|Could not|Did not|Bad (?:protocol|packet)|Connection (?:closed|reset|from)|Disconnect|Protocol major|Unable|drop connection|userauth|message repeated|Authentication refused|Postponed|Authorized to|Set /proc|refus|warning|Failed to|Write failed|Read from|Ssh|sshd|Remote|channel|ssh_|Invalid|Certificate|Attempt|Changing|Client|debug|Allocation|Server|something)"),
)  # fmt: skip

_KEY = r" from <?(?P<source>[0-9A-Fa-f.:]+):(?P<source_port>\d+)>?"
_DROPBEAR = (
    Kind("dropbear", "logon", r"(?i)(?:^|\s)bad (?P<authentication>\S+) attempt for '(?P<user>[^']*)'" + _KEY, _OUT),
    Kind("dropbear", "logon", r"(?i)(?:^|\s)login attempt for nonexistent user(?: '(?P<user>[^']*)')?" + _KEY, _OUT | {"reason": "unknown user"}),
    Kind("dropbear", "logon", r"(?i)(?:^|\s)(?P<authentication>\w+) auth succeeded for '(?P<user>[^']*)'.*?" + _KEY, {"service": "ssh", "action": "login"}),
    Kind("dropbear", "logon", r"(?i)(?:^|\s)max auth tries reached - user '(?P<user>[^']*)'" + _KEY, _OUT | {"reason": "too many attempts"}),
    Kind("dropbear", "logon", r"^Exit \((?P<user>[^)]*)\)(?:" + _KEY + ")?: ", {"service": "ssh", "action": "logout"}),
    Kind("dropbear connections", None, r"."),
)  # fmt: skip

#: Accounts and groups of the machine itself (shadow-utils).
_ACCOUNTS = (
    Kind("new account", "device_event", r"^(?P<message>new (?:user|account): (?:name=)?(?P<object>[^,]+).*)", {"category": "config", "action": "add"}),
    Kind("deleted account", "device_event", r"^(?P<message>delete user '(?P<object>[^']*)'.*)", {"category": "config", "action": "delete"}),
    Kind("changed account", "device_event", r"^(?P<message>(?:change user '|add '|lock user '|unlock user '|delete ')(?P<object>[^']*)'.*)", {"category": "config", "action": "edit"}),
    Kind("changed account", "device_event", r"^(?P<message>(?:password changed for|changed password for|changed user) (?P<object>\S+).*)", {"category": "config", "action": "edit"}),
    Kind("changed group", "device_event", r"^(?P<message>user (?P<object>\S+) (?:added|removed) by .*)", {"category": "config", "action": "edit"}),
    Kind("accounts", None, r"."),
)  # fmt: skip
_ACCOUNT_TOOLS = (
    "useradd",
    "userdel",
    "usermod",
    "groupadd",
    "groupdel",
    "groupmod",
    "gpasswd",
    "chage",
    "chpasswd",
    "adduser",
    "newusers",
    "chsh",
    "chfn",
)

_PAM = (
    Kind("pam_unix failure", "logon", r"authentication failure;.*?ruser=(?:\S*) +rhost=(?P<source>\S*)(?:\s+user=(?P<user>\S+))?", {"action": "login_failed", "authentication": "pam"}),
    Kind("pam_unix session", "logon", r"session opened for user (?P<user>[^\s(]+)", {"action": "login", "authentication": "pam"}),
    Kind("pam_unix session", "logon", r"session closed for user (?P<user>[^\s(]+)", {"action": "logout", "authentication": "pam"}),
    Kind("pam_unix", None, r"check pass; user unknown|more authentication failure|account \S+ has|bad username|auth could not identify|expired|Couldn't authenticate|\d+ more"),
    Kind("sudo", "device_event", r"^\s*(?P<user>\S+) : (?:.*?; )?TTY=(?P<ui>\S*) ; PWD=\S* ; USER=\S+ ;.* COMMAND=(?P<object>.*)", {"category": "command", "action": "sudo"}),
    Kind("su", "logon", r"^\s*(?P<action>Successful|FAILED) su for (?P<user>\S+) by ", {"service": "su"}, {"action": {"successful": "login", "failed": "login_failed"}}),
    Kind("login", "logon", r"^(?:\W+\w+\[\d+\]: )?\s*(?P<user>ROOT) LOGIN (?:ON|on)", {"action": "login", "service": "console"}),
    Kind("login", "logon", r"FAILED LOGIN (?:SESSION|\d+) FROM (?P<source>\S*) (?:FOR|for) (?P<user>[^,]*)", {"action": "login_failed", "service": "console"}),
    Kind("webmin", "logon", r"^\s*(?P<action>Successful|Invalid|Non-existent) login as (?P<user>.*?) from (?P<source>\S+)", {"service": "webmin"}, {"action": {"successful": "login", "*": "login_failed"}}),
    Kind("device", "logon", r"(?i)^\s*login failure for user (?P<user>.*?) from (?P<source>\S+)(?: via (?P<service>\S+))?", {"action": "login_failed", "privilege": "admin"}),
)  # fmt: skip

#: Programs whose lines hold nothing that a table has room for: mail, names, addresses, printing, timers, hardware.
_IGNORED = [
    "anacron",
    "atd",
    "audit_forwarder",
    "auditd",
    "avahi-daemon",
    "bluetooth",
    "bluetoothd",
    "cron",
    "crond",
    "crontab",
    "cups",
    "cupsd",
    "dbus",
    "dbus-daemon",
    "dhclient",
    "dhcp6c",
    "dhcpcd",
    "dhcpleases",
    "dhcpd",
    "dnsmasq",
    "dnsmasq-dhcp",
    "dovecot",
    "ftpd",
    "gdm",
    "gdm-binary",
    "gpm",
    "hcid",
    "hald",
    "hostd",
    "i8042",
    "init",
    "irqbalance",
    "iscsid",
    "kadmind",
    "klogd",
    "klogind",
    "krb5kdc",
    "kernel",
    "logger",
    "logrotate",
    "logread",
    "lvm",
    "mcelog",
    "mdadm",
    "modprobe",
    "mta",
    "named",
    "network",
    "networkmanager",
    "nfslock",
    "ntpd",
    "ntpdate",
    "nscd",
    "nslcd",
    "opendkim",
    "openntpd",
    "pickup",
    "polkitd",
    "portmap",
    "postfix",
    "pppd",
    "qmgr",
    "radvd",
    "random",
    "rc",
    "rpc.statd",
    "rpcidmapd",
    "rsyslogd",
    "rtkit-daemon",
    "run-crons",
    "sdpd",
    "sendmail",
    "smartd",
    "smbd",
    "snmpd",
    "spamd",
    "spamassassin",
    "squid",
    "sysctl",
    "sysinit",
    "syslog",
    "syslogd",
    "syslog-ng",
    "systemd",
    "systemd-logind",
    "systemd-networkd",
    "systemd-resolved",
    "systemd-timesyncd",
    "systemd-udevd",
    "tftpd",
    "udev",
    "udevd",
    "udisksd",
    "unbound",
    "vpxa",
    "xinetd",
    "xntpd",
    "chronyd",
    "zebra",
    "bgp#zebra",
    "zed",
    "clamd",
    "freshclam",
    "snapd",
    "packagekitd",
    "thermald",
    "multipathd",
    "acpid",
]


def _is(messages: Messages, *programs: str) -> pa.Array:
    return pc.fill_null(pc.is_in(messages.tag, pa.array(programs)), False)


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of logons; count programs that are left out on purpose; returns the rest."""
    for known, vendor, programs in ((_DROPBEAR, "dropbear", ("dropbear",)), (_ACCOUNTS, "unix", _ACCOUNT_TOOLS)):
        theirs = chosen(_is(messages, *programs))
        if theirs.any():
            messages = Messages.joined(messages.take(~theirs), apply(known, vendor, messages.take(theirs), output))
    if not len(messages):
        return messages
    nameless = pc.is_null(messages.tag)
    ssh = chosen(
        pc.or_(
            pc.match_substring_regex(
                pc.fill_null(messages.tag, ""), "^(sshd|dropbear|fatal$|error$|ssh_dispatch|input_userauth)"
            ),
            nameless,
        )
    )
    if ssh.any():
        rest, mine = messages.take(~ssh), messages.take(ssh)
        left = apply(_SSHD[:-1], "openssh", mine, output)
        # What sshd says besides is only known for sure to be sshd's where the line names it.
        sure = chosen(pc.is_valid(left.tag))
        left = Messages.joined(left.take(~sure), apply(_SSHD[-1:], "openssh", left.take(sure), output))
        loose = chosen(
            pc.match_substring_regex(
                left.text,
                r"\[preauth\]\s*$|^\s*(?:Connection (?:closed|reset|from)|Disconnect\w* |Received disconnect|Timeout before authentication|userauth_finish|invalid user \S+ \[preauth\]|pam_\w+\(sshd|PAM adding|input_userauth|Bad (?:protocol|packet)|fatal: |ssh_dispatch|error: (?:kex|maximum|Received|beginning|PAM))",
            )
        )
        output.ignore("sshd connections", left.take(loose))
        messages = Messages.joined(rest, left.take(~loose))
    services = pc.match_substring_regex(
        messages.text, r"authentication failure;|session (?:opened|closed) for user|check pass; user unknown"
    )
    pam = chosen(services)
    mine, messages = messages.take(pam), messages.take(~pam)
    for program in pc.unique(mine.tag).to_pylist() if len(mine) else ():
        part = mine.take(chosen(pc.equal(mine.tag, program) if program else pc.is_null(mine.tag)))
        service = (program or "").split("(")[0]
        kinds = [
            Kind(
                k.name,
                k.table,
                k.pattern,
                dict(k.values) | ({"service": "ssh" if service == "sshd" else service} if service else {}),
            )
            for k in _PAM[:4]
        ]
        messages = Messages.joined(messages, apply(kinds, "pam", part, output))
    return apply(_PAM[3:], "unix", messages, output)


def leave_out(messages: Messages, output: Output) -> Messages:
    """Count the messages of programs that are left out on purpose; returns the others."""
    tag = pc.fill_null(messages.tag, "")
    known = chosen(
        pc.or_(pc.is_in(tag, pa.array(_IGNORED)), pc.match_substring_regex(tag, "^(postfix|dovecot|systemd|kernel)"))
    )
    mine = messages.take(known)
    for entry in mine.tag.value_counts().to_pylist() if len(mine) else ():
        output.ignored[entry["values"]] += entry["counts"]
    return messages.take(~known)
