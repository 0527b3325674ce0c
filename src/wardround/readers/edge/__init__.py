"""What the devices at the edge write: one module per vendor or program, each from messages to rows of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wardround.readers.syslog_messages import Messages, Output

#: How a message shows that a module knows it (RE2 on its first bytes), the most frequent and most certain first.
_FAMILIES = (
    (
        "fortinet",
        r"^(?:logver=\S+ |timestamp=\d+ )?(?:date=\d{4}-\d\d-\d\d |time=\d\d:\d\d:\d\d |"
        r".{0,200}dev(?:name|id)=)|CEF: ?\d\|Fortinet\|",
    ),
)


def dispatch(messages: Messages, output: Output) -> None:
    """Hand each message to the module that knows its kind; count what none knows."""
    import pyarrow.compute as pc

    from wardround.readers.edge import cisco, fortinet, unix, web
    from wardround.readers.syslog_messages import chosen

    for _, pattern in _FAMILIES:
        mine = chosen(pc.match_substring_regex(messages.text, pattern))
        if mine.any():
            fortinet.read(messages.take(mine), output)
            messages = messages.take(~mine)
    if len(messages):
        messages = cisco.read(messages, output)
    if len(messages):
        messages = web.read(messages, output)
    if len(messages):
        messages = unix.read(messages, output)
    if len(messages):
        messages = unix.leave_out(messages, output)
    if len(messages):
        output.miss(messages.tag, messages)
