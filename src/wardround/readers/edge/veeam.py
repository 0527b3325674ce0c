"""Veeam Backup & Replication: what its server forwards by syslog (from version 12 on).

Source: Veeam Help Center, "Event Reference"; ``message_id`` is the number of the event (instanceId).
"""

# Patterns are easier to compare when each stands on one line.

from __future__ import annotations

from wardround.readers.syslog_messages import Kind, Messages, Output, apply

PATTERN = r"\bcategoryId=\d+ instanceId=\d+ .*Description=\""

_EVENT = r"\bcategoryId=\d+ instanceId=(?P<message_id>\d+) "
_OBJECT = r".*?\b(?:JobName|RepositoryName|VmName|Name)=\"(?P<object>[^\"]*)\""
_USER = r".*\bUserName=\"(?P<user>[^\"]*)\""
_TOLD = r".*\bDescription=\"(?P<message>[^\"]*)\""

#: With what they name: a job, a machine or a repository; who did it; both; neither.
_KINDS = (
    Kind("veeam", "device_event", _EVENT + _OBJECT + _USER + _TOLD, {"category": "backup"}),
    Kind("veeam", "device_event", _EVENT + _USER + _TOLD, {"category": "backup"}),
    Kind("veeam", "device_event", _EVENT + _OBJECT + _TOLD, {"category": "backup"}),
    Kind("veeam", "device_event", _EVENT + _TOLD, {"category": "backup"}),
)


def read(messages: Messages, output: Output) -> Messages:
    """Write one row per event; returns what is none."""
    return apply(_KINDS, "veeam", messages, output)
