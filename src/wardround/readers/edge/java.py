"""What servers written in Java put into their log: who logs on at Keycloak, which guards dcm4chee and portals; the rest is left out.

Sources: Keycloak, *Server Administration Guide* (events of persons and of administrators, the logger ``org.keycloak.events``); the pattern of
WildFly's ``server.log`` (``TIME LEVEL  [category] (thread) message``).
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_messages import Messages, Output, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, part_of

#: A level, a category in brackets, perhaps the thread; Keycloak may write the category of events without the thread.
PATTERN = r"^(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|SEVERE)\s+\[[a-zA-Z_$][\w$]*(?:\.[\w$-]+)+\]"

_OPERATIONS = {"create": "add", "update": "edit", "delete": "delete", "action": "command"}
_EVENT = r"^\w+\s+\[org\.keycloak\.events\]"
_KEYS = Vocabulary(
    [
        "type",
        "realmName",
        "realmId",
        "clientId",
        "username",
        "userId",
        "ipAddress",
        "error",
        "auth_method",
        "operationType",
        "resourceType",
        "resourcePath",
    ]
)

#: The events that are a logon, its failure or its end; refreshed tokens and logons of programs for themselves are not.
_TYPES = {
    "login": "login",
    "login_error": "login_failed",
    "logout": "logout",
    "user_disabled_by_permanent_lockout": "login_failed",
    "user_disabled_by_temporary_lockout": "login_failed",
}
#: Errors of a logon that are about the person; others are about a page left open, an address, a program.
_PERSONAL = (
    r"^(?:invalid_user_credentials|invalid_grant|invalid_password|user_not_found|user_disabled|user_temporarily_disabled)$"
)
_NAME = r"\busername=\"?(?P<u>[^\",]+)"


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of Keycloak's logons; count the rest; returns none."""
    events = chosen(pc.match_substring_regex(messages.text, _EVENT))
    told = messages.take(events)
    pairs = Pairs.of(told, _KEYS, divider=",")
    action = cells.mapped(pc.fill_null(pairs.get("type"), ""), _TYPES)
    personal = pc.match_substring_regex(pc.fill_null(pairs.get("error"), ""), _PERSONAL)
    logon = chosen(pc.and_(pc.is_valid(action), pc.or_(pc.not_equal(action, "login_failed"), personal)))
    mine = pairs.take(logon)
    output.write(
        "logon",
        "keycloak",
        mine.messages,
        {
            "message_id": mine.get("type"),
            "action": action.filter(pa.array(logon)),
            "user": pc.coalesce(part_of(mine.messages.text, _NAME), cells.known(mine.get("userId"))),
            "source": mine.get("ipAddress"),
            "service": mine.get("clientId"),
            "authentication": mine.get("auth_method"),
            "reason": mine.get("error"),
        },
    )
    change = chosen(pc.is_valid(pairs.get("operationType"))) & ~logon
    made = pairs.take(change)
    output.write(
        "device_event",
        "keycloak",
        made.messages,
        {
            "message_id": made.get("resourceType"),
            "category": "config",
            "action": cells.mapped(made.get("operationType"), _OPERATIONS),
            "user": made.get("userId"),
            "source": made.get("ipAddress"),
            "object": made.get("resourcePath"),
            "message": pc.binary_join_element_wise(
                made.get("operationType"),
                pc.fill_null(made.get("resourceType"), ""),
                pc.fill_null(made.get("realmName"), ""),
                " ",
            ),
        },
    )
    output.ignore("keycloak (other events)", told.take(~(logon | change)))
    output.ignore("servers in Java (WildFly, dcm4chee)", messages.take(~events))
    return messages.take(messages.ts != messages.ts)
