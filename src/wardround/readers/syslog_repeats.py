"""Messages that a log tells as repeated.

rsyslog writes ``message repeated 3 times: [ … ]``, syslogd ``last message repeated 3 times``. An account that is guessed at
within seconds is told in this way, and would be counted too low if such lines were passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from wardround.readers.syslog_messages import Messages, chosen

if TYPE_CHECKING:
    from wardround.readers.base import Sink

#: What a block must hold to be looked at at all.
MARK = b"message repeated "

#: One line stands for so many messages at most, and the lines of a block for so many in all.
MOST_OF_A_LINE, MOST_OF_A_BLOCK = 1_000, 100_000

_LINE = r"^\s*(?:last )?message repeated \d"
_WITHIN = re.compile(rb"\s*message repeated (\d{1,9}) times: \[ ?(.*?)\]?\s*$", re.DOTALL)
_BEFORE = re.compile(rb"\s*last message repeated (\d{1,9}) times?\b")


def unfolded(messages: Messages, sink: Sink) -> Messages:
    """The messages with each repetition as one of its own, at the time and under the number of the line that tells of it.

    The last message is the one in the line before, if the same device wrote it; where it is not in the block, the line stays.
    """
    lines = np.nonzero(chosen(pc.match_substring_regex(messages.text, _LINE)))[0].tolist()
    if not lines:
        return messages
    begins, ends, tags = messages.begins.copy(), messages.ends.copy(), (messages.tag_begins.copy(), messages.tag_ends.copy())
    times, room, cut = np.ones(len(messages), np.int64), MOST_OF_A_BLOCK, []
    hosts = messages.host.to_pylist() if any(_BEFORE.match(_bytes(messages, line)) for line in lines) else []
    for line in lines:
        text = _bytes(messages, line)
        if within := _WITHIN.match(text):
            begins[line], ends[line] = messages.begins[line] + within.start(2), messages.begins[line] + within.end(2)
        elif (within := _BEFORE.match(text)) and line and hosts[line] == hosts[line - 1]:
            begins[line], ends[line] = begins[line - 1], ends[line - 1]
            for tag in tags:
                tag[line] = tag[line - 1]
        else:
            continue
        times[line] = max(1, min(int(within[1]), MOST_OF_A_LINE, room + 1))
        room -= int(times[line]) - 1
        if int(within[1]) > times[line]:
            cut.append(int(messages.records[line]))
    if cut:
        sink.diagnose("repetitions_cut", f"{len(cut)} lines tell of more repetitions than were counted", cut[0])
    changed = Messages(
        messages.data, begins, ends, messages.host_begins, messages.host_ends, *tags,
        messages.ts, messages.zone, messages.priority, messages.records,
    )  # fmt: skip
    return changed.picked(np.repeat(np.arange(len(messages)), times))


def _bytes(messages: Messages, line: int) -> bytes:
    return messages.data[messages.begins[line] : messages.ends[line]].tobytes()
