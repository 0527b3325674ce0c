"""What the devices at the edge write: one module per vendor or program, each from messages to rows of tables."""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wardround.readers.syslog_messages import Messages, Output

#: What a module of this package is asked with; the order is that of asking, the most certain signs first.
_FORTINET = (
    r"^(?:logver=\S+ |timestamp=\d+ |tz=\S+ )*(?:date=\d{4}-\d\d-\d\d[ ,]|time=\d\d:\d\d:\d\d |.{0,200}\bdev(?:name|id)=\S+ .*log_?id=)|"
    r"^(?:type=\"?(?:traffic|event|utm)|eventtime=)|(?:CEF: ?|^)\d\|Fortinet\|"
)


def dispatch(messages: Messages, output: Output) -> None:
    """Hand each message to the module that knows its kind; count what none knows."""
    from wardround.readers.edge import fortinet

    messages = fortinet.read_plain(messages, output)
    messages = _by_content(messages, output, ((_FORTINET, fortinet.read),))
    if len(messages):
        messages = _vendors(messages, output)
    if len(messages):
        output.miss(messages.tag, messages)


def _by_content(messages: Messages, output: Output, asked: tuple[tuple[str, object], ...]) -> Messages:
    """Let readers of kinds take the messages that match their pattern; returns what is left."""
    import pyarrow.compute as pc

    from wardround.readers.syslog_messages import Messages, chosen

    for pattern, read in asked:
        if not len(messages):
            break
        mine = chosen(pc.match_substring_regex(messages.text, pattern))
        if mine.any():
            assert callable(read)
            messages = Messages.joined(messages.take(~mine), read(messages.take(mine), output))
    return messages


def _vendors(messages: Messages, output: Output) -> Messages:
    """Everything but FortiGate, which is asked first because there is most of it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from wardround.readers.edge import (
        cef,
        checkpoint,
        cisco,
        citrix,
        java,
        juniper,
        kerberos,
        mikrotik,
        names_and_addresses,
        netfilter,
        openvpn,
        others,
        paloalto,
        pfsense,
        pulse,
        radius,
        softether,
        sonicwall,
        sophos,
        stormshield,
        strongswan,
        unix,
        veeam,
        wallix,
        watchguard,
        web,
        zyxel,
    )
    from wardround.readers.syslog_messages import Messages, chosen

    messages = _by_content(
        messages,
        output,
        (
            (paloalto.PATTERN, paloalto.read),
            (cef.PATTERN, cef.read),
            (stormshield.PATTERN, stormshield.read),
            (pulse.PATTERN, pulse.read),
            (sonicwall.PATTERN, sonicwall.read),
            (sophos.PATTERN, sophos.read),
            (checkpoint.PATTERN, checkpoint.read),
            (veeam.PATTERN, veeam.read),
            (watchguard.PATTERN, watchguard.read),
            (kerberos.PATTERN, kerberos.read),
            (wallix.PATTERN, wallix.read),
            (zyxel.PATTERN, zyxel.read),
            (java.PATTERN, java.read),
        ),
    )
    if len(messages):
        messages = cisco.read(messages, output)
    for flags, read in (
        (lambda m: pc.is_in(m.tag, pa.array(pfsense.TAGS)), pfsense.read),
        (openvpn.mine, openvpn.read),
        (lambda m: pc.or_(pc.match_substring_regex(pc.fill_null(m.tag, ""), strongswan.TAG), pc.match_substring_regex(m.text, strongswan.PATTERN)), strongswan.read),
        (lambda m: pc.match_substring_regex(m.text, netfilter.PATTERN), netfilter.read),
    ):  # fmt: skip
        if not len(messages):
            return messages
        mine = chosen(flags(messages))
        if mine.any():
            messages = Messages.joined(messages.take(~mine), read(messages.take(mine), output))
    messages = _by_content(
        messages, output, ((citrix.PATTERN, citrix.read), (radius.PATTERN, radius.read), (softether.PATTERN, softether.read))
    )
    for read_all in (web.read, unix.read):
        if len(messages):
            messages = read_all(messages, output)
    asked = ((mikrotik.PATTERN, mikrotik.read), (juniper.PATTERN, juniper.read))
    messages = _by_content(messages, output, asked)
    for read_all in (names_and_addresses.read, unix.leave_out, others.read):
        if len(messages):
            messages = read_all(messages, output)
    return messages
