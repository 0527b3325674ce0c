"""Compiled loops over what stands before the message of a log line: priority, times, host, program.

Lines come from devices, from relays that put their own time and host in front, and from files written by programs. The
loops know RFC 3164 and RFC 5424 headers, octet counts (RFC 6587), Cisco's sequence numbers, and the ways in which devices
write a time. Every index is checked against the end of the line; what is no header is left to the message.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wardround.readers.zeek_cells import Bytes, Positions, _kernel

#: How the zone of a time is known (codes of ``Frames.zone``; the words are those of the column ts_zone).
#: GUESSED is ASSUMED, and the year is assumed as well.
NO_TIME, ASSUMED, STATED, UTC, GUESSED = 0, 1, 2, 3, 4
ZONES = ("none", "assumed", "stated", "utc", "assumed")

#: Headers longer than this are not looked through.
_HEADER_BYTES = 400

#: Abbreviations of zones that stand for one offset in practice: name, minutes. Others (CST, IST) are ambiguous.
ZONE_NAMES = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "MET": 60, "MEST": 120, "EET": 120,
    "EEST": 180, "EDT": -240, "EST": -300, "CDT": -300, "MDT": -360, "PDT": -420, "PST": -480,
}  # fmt: skip
_ZONE_CODES = np.array([int.from_bytes(name.encode().ljust(4, b"\0"), "big") for name in ZONE_NAMES], np.int64)
_ZONE_MINUTES = np.array(list(ZONE_NAMES.values()), np.int64)
_MONTHS = np.frombuffer(b"janfebmaraprmayjunjulaugsepoctnovdec", np.uint8)


class Frames(NamedTuple):
    """What the lines of a block say before their message; positions are within the block, -1 where there is none.

    ``seconds`` and ``nanos`` are the time of the device, ``yearless`` is 1 where it names no year (``seconds`` then counts
    in 1972, a leap year), ``zone`` how its zone is known. ``priority`` is -1 where there is none.
    """

    seconds: NDArray[np.int64]
    nanos: NDArray[np.int64]
    yearless: NDArray[np.uint8]
    zone: NDArray[np.uint8]
    priority: NDArray[np.int64]
    host_begins: Positions
    host_ends: Positions
    tag_begins: Positions
    tag_ends: Positions
    begins: Positions


def empty(count: int) -> Frames:
    """Room for so many lines."""
    zeros = [np.zeros(count, np.int64) for _ in range(8)]
    marks = [np.zeros(count, np.uint8) for _ in range(2)]
    return Frames(zeros[0], zeros[1], marks[0], marks[1], *zeros[2:])


@_kernel
def _number(data: Bytes, at: int, end: int, digits: int) -> int:
    """The number of exactly so many digits, -1 when they are not all digits."""
    if at + digits > end:
        return -1
    value = 0
    for i in range(at, at + digits):
        digit = int(data[i]) - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@_kernel
def _month(data: Bytes, at: int, end: int, months: Bytes) -> int:
    """The month whose three letters stand there, 0 when none does."""
    if at + 3 > end:
        return 0
    for month in range(12):
        if (
            (data[at] | 32) == months[month * 3]
            and (data[at + 1] | 32) == months[month * 3 + 1]
            and (data[at + 2] | 32) == months[month * 3 + 2]
        ):
            return month + 1
    return 0


@_kernel
def epoch(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    """Seconds since 1970 of a civil time (proleptic Gregorian), for years from 1 on."""
    y = year - 1 if month <= 2 else year
    era = y // 400
    yoe = y - era * 400
    doy = (153 * (month + (9 if month <= 2 else -3)) + 2) // 5 + day - 1
    days = era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468
    return days * 86400 + hour * 3600 + minute * 60 + second


@_kernel
def _day(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """A day of one or two digits, perhaps after a second blank, and where it ends; (0, at) when none stands there."""
    if at < end and data[at] == 32:
        at += 1
    if at + 1 < end and data[at + 1] != 32 and data[at + 1] != 44:
        return _number(data, at, end, 2), at + 2
    return _number(data, at, end, 1), at + 1


@_kernel
def _clock(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Seconds of the day, nanoseconds and the end of hh:mm:ss with an optional fraction; the end is -1 when none is there."""
    hour, minute, second = _number(data, at, end, 2), _number(data, at + 3, end, 2), _number(data, at + 6, end, 2)
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 60:
        return 0, 0, -1
    if data[at + 2] != 58 or data[at + 5] != 58:
        return 0, 0, -1
    at += 8
    nanos = 0
    if at + 1 < end and (data[at] == 46 or data[at] == 44) and 48 <= data[at + 1] <= 57:
        at += 1
        scale = 100_000_000
        while at < end and 48 <= data[at] <= 57:
            nanos += (int(data[at]) - 48) * scale
            scale //= 10
            at += 1
    return hour * 3600 + minute * 60 + second, nanos, at


@_kernel
def _zone(data: Bytes, at: int, end: int, codes: NDArray[np.int64], minutes: NDArray[np.int64]) -> tuple[int, int, int]:
    """Minutes east of UTC, how that is known, and where the zone ends: an offset, Z, or a name after a blank."""
    if at < end and (data[at] == 43 or data[at] == 45):
        hours = _number(data, at + 1, end, 2)
        after = at + 3
        if after < end and data[after] == 58:
            after += 1
        rest = _number(data, after, end, 2)
        if 0 <= hours <= 14 and 0 <= rest <= 59:
            offset = hours * 60 + rest
            return (-offset if data[at] == 45 else offset), STATED, after + 2
        return 0, ASSUMED, at
    begin = at + 1 if at < end and data[at] == 32 else at
    if begin < end and begin > at and (data[begin] == 43 or data[begin] == 45) and _number(data, begin + 1, end, 4) >= 0:
        offset = _number(data, begin + 1, end, 2) * 60 + _number(data, begin + 3, end, 2)
        return (-offset if data[begin] == 45 else offset), STATED, begin + 5
    stop = begin
    code = 0
    while stop < end and stop - begin < 5 and 65 <= data[stop] <= 90:
        code = code * 256 + int(data[stop])
        stop += 1
    length = stop - begin
    if (
        length == 0
        or length > 4
        or (stop < end and data[stop] != 32 and data[stop] != 58 and data[stop] != 93 and data[stop] != 44)
    ):
        return 0, ASSUMED, at
    for _ in range(length, 4):
        code *= 256
    for i in range(codes.size):
        if codes[i] == code:
            return minutes[i], STATED, stop
    if length >= 3 and stop < end and data[stop] == 58:
        return 0, ASSUMED, stop  # an abbreviation that several zones share
    return 0, ASSUMED, at


@_kernel
def _date(data: Bytes, at: int, end: int, months: Bytes) -> tuple[int, int, int, int, int]:
    """Year (0: none), month, day, where the date ends, and 1 for a style of files rather than of syslog; month 0: no date."""
    if at + 9 >= end:
        return 0, 0, 0, at, 0
    first = _number(data, at, end, 4)
    if first >= 1970:
        mark = data[at + 4]
        if mark == 45 or mark == 47:  # 2026-03-10, 2026/03/10
            month, day = _number(data, at + 5, end, 2), _number(data, at + 8, end, 2)
            if data[at + 7] == mark:
                return first, month, day, at + 10, 0 if data[min(at + 10, end - 1)] == 84 else 1
        if mark == 32:  # 2026 Mar 10
            month = _month(data, at + 5, end, months)
            day, after = _day(data, at + 9, end)
            return first, month, day, after, 0
        return 0, 0, 0, at, 0
    if data[at + 3] == 44 and at + 16 < end and data[at + 9] == 45 and data[at + 15] == 44:  # Tue, 2026-03-10, 10:00:00
        return _number(data, at + 5, end, 4), _number(data, at + 10, end, 2), _number(data, at + 13, end, 2), at + 16, 1
    month = _month(data, at, end, months)
    if month and data[at + 3] == 32:  # Mar 10, Mar 10 2026
        day, after = _day(data, at + 4, end)
        year = _number(data, after + 1, end, 4)
        if year >= 1970 and after + 5 < end and data[after + 5] == 32:
            return year, month, day, after + 5, 0
        return 0, month, day, after, 0
    if data[at + 3] == 32 and _month(data, at + 4, end, months):  # Tue Mar 10 10:00:00 2026
        day, after = _day(data, at + 8, end)
        return 0, _month(data, at + 4, end, months), day, after, 2
    if data[at + 2] == 47 and data[at + 5] == 47:  # 03/10/2026: month first unless that cannot be
        one, two, year = _number(data, at, end, 2), _number(data, at + 3, end, 2), _number(data, at + 6, end, 4)
        if year >= 1970:
            return (year, two, one, at + 10, 1) if one > 12 else (year, one, two, at + 10, 1)
    if data[at + 2] == 45 and data[at + 6] == 45:  # 10-Mar-2026
        return _number(data, at + 7, end, 4), _month(data, at + 3, end, months), _number(data, at, end, 2), at + 11, 1
    return 0, 0, 0, at, 0


@_kernel
def stamp(
    data: Bytes, at: int, end: int, months: Bytes, codes: NDArray[np.int64], minutes: NDArray[np.int64]
) -> tuple[int, int, int, int, int, int]:
    """A time: its end (-1: none), seconds since 1970, nanoseconds, zone code, 1 without a year, 1 as files write it."""
    year, month, day, after, style = _date(data, at, end, months)
    if month < 1 or month > 12 or day < 1 or day > 31 or after >= end:
        return -1, 0, 0, 0, 0, 0
    if data[after] != 32 and data[after] != 84 and data[after] != 58:
        return -1, 0, 0, 0, 0, 0
    clock, nanos, stop = _clock(data, after + 1, end)
    if stop < 0:
        return -1, 0, 0, 0, 0, 0
    if year == 0:
        late = _number(data, stop + 1, end, 4)
        if style == 2 or (late >= 1970 and (stop + 5 == end or data[stop + 5] == 58 or data[stop + 5] == 32)):
            if late >= 1970 and data[stop] == 32:
                year = late
                stop += 5
            elif style == 2:
                return -1, 0, 0, 0, 0, 0
    offset, known, stop = _zone(data, stop, end, codes, minutes)
    seconds = epoch(year if year else 1972, month, day, 0, 0, 0) + clock - offset * 60
    return stop, seconds, nanos, known, 0 if year else 1, 1 if style else 0


@_kernel
def _token(data: Bytes, at: int, end: int) -> int:
    """Where the word that begins there ends."""
    while at < end and data[at] != 32 and data[at] != 9:
        at += 1
    return at


@_kernel
def _program(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """The end of a program's name and where the message after it begins, as in ``sshd[12]: ``; (-1, at) when there is none."""
    stop = at
    capitals, joined = True, False
    while stop < end and stop - at < 64:
        byte = data[stop]
        joined = joined or byte == 95
        capitals = capitals and byte != 45 and not 97 <= byte <= 122
        if byte == 91 or byte == 58 or byte == 32:
            break
        if byte == 61 or byte == 44 or byte == 37 or byte == 34 or byte == 124 or byte == 60 or byte == 123:
            return -1, at
        stop += 1
    name_end = stop
    if stop == at or stop >= end:
        return -1, at
    if capitals and joined and data[stop] == 58:
        return -1, at  # RT_FLOW_SESSION_CLOSE: a kind of message, not a program
    if data[stop] == 91:
        while stop < end and data[stop] != 93 and stop - name_end < 24:
            stop += 1
        stop += 1
    if stop >= end or data[stop] != 58 or (stop + 1 < end and data[stop + 1] != 32):
        return -1, at
    return name_end, stop + 1


@_kernel
def _is_host(data: Bytes, at: int, stop: int) -> bool:
    """Whether a word could be a host: no sign of a message in it."""
    if stop == at or stop - at > 255 or data[at] == 37 or data[at] == 91 or data[at] == 123 or data[at] == 60:
        return False
    for i in range(at, stop):
        byte = data[i]
        if byte == 61 or byte == 124 or byte == 34 or byte == 40 or byte == 91 or byte == 37 or byte == 47:
            return False
    if 48 <= data[at] <= 57 and stop - at > 2:
        for i in range(at, stop):
            if data[i] == 44:  # the first cells of a list of values
                return False
    return bool(data[stop - 1] != 58)


@_kernel
def _structured(data: Bytes, at: int, end: int) -> int:
    """Where the structured data of RFC 5424 end: a hyphen, or bracketed elements whose values may hold escaped brackets."""
    if at < end and data[at] == 45:
        return at + 1
    while at < end and data[at] == 91:
        quoted = False
        while at < end:
            byte = data[at]
            if byte == 92:
                at += 1
            elif byte == 34:
                quoted = not quoted
            elif byte == 93 and not quoted:
                break
            at += 1
        at += 1
    return min(at, end)


@_kernel
def _starts_junos(data: Bytes, at: int) -> bool:
    """Whether structured data begin with ``[junos@``."""
    wanted, same = (91, 106, 117, 110, 111, 115, 64), 0
    for i in range(7):
        same += data[at + i] == wanted[i]
    return bool(same == 7)


@_kernel
def _rfc5424(
    data: Bytes,
    at: int,
    end: int,
    line: int,
    found: Frames,
    months: Bytes,
    codes: NDArray[np.int64],
    minutes: NDArray[np.int64],
) -> int:
    """Read a header of RFC 5424 from its time on; returns where the message or the structured data begin."""
    stop, seconds, nanos, known, yearless, _ = stamp(data, at, end, months, codes, minutes)
    if stop >= 0:
        found.seconds[line], found.nanos[line] = seconds, nanos
        found.zone[line], found.yearless[line] = known, yearless
    at = min(_token(data, at, end) + 1, end)
    stop = _token(data, at, end)
    if stop - at > 1 or (stop > at and data[at] != 45):
        found.host_begins[line], found.host_ends[line] = at, stop
    at = min(stop + 1, end)
    stop = _token(data, at, end)
    if stop - at > 1 or (stop > at and data[at] != 45):
        found.tag_begins[line], found.tag_ends[line] = at, stop - 1 if data[stop - 1] == 58 else stop
    at = min(stop + 1, end)
    at = min(_token(data, at, end) + 1, end)  # process
    kind = at
    at = min(_token(data, at, end) + 1, end)  # kind of message
    after = _structured(data, at, end)
    # Junos names the kind before its data; a sentence after them says the same once more.
    if at + 7 < end and data[kind] != 45 and _starts_junos(data, at):
        return kind
    # Some devices put all they say into the structured data: then those are the message.
    rest = after
    while rest < end and (data[rest] == 32 or data[rest] == 9):
        rest += 1
    if rest < end:
        return rest
    # Junos tells only there what it is about: RT_FLOW_SESSION_CREATE [junos@2636 …].
    for i in range(kind, at):
        if data[i] == 95:
            return kind
    return at


@_kernel
def _counted(data: Bytes, at: int, end: int, line: int, found: Frames) -> int:
    """The end of a time in seconds since 1970 (Meraki), -1: none. Behind a relay's header, the device's time and name win."""
    stop = _token(data, at, end)
    if _number(data, at, end, 10) < 10**9 or not (stop == at + 10 or data[at + 10] == 46):
        return -1
    if found.zone[line] != NO_TIME:
        found.host_begins[line] = found.host_ends[line] = -1
    found.seconds[line], found.nanos[line], found.zone[line] = _number(data, at, end, 10), 0, UTC
    found.yearless[line] = 0
    return stop


@_kernel
def _rfc3164(
    data: Bytes,
    at: int,
    end: int,
    line: int,
    found: Frames,
    months: Bytes,
    codes: NDArray[np.int64],
    minutes: NDArray[np.int64],
) -> int:
    """Read times, hosts and a program in the order in which devices and relays put them; returns where the message begins."""
    limit = min(end, at + _HEADER_BYTES)
    bare = False
    after_time = False
    for _ in range(8):
        while at < limit and (data[at] == 32 or data[at] == 58 or data[at] == 42 or data[at] == 9):
            at += 1
        if at >= limit:
            break
        # .Nov 23 (a clock that is not synchronised), [Dec 21 12:57:01], "2023/07/04:09:03:41
        begin = at + 1 if data[at] == 46 or data[at] == 91 or data[at] == 34 else at
        stop, seconds, nanos, known, yearless, style = stamp(data, begin, limit, months, codes, minutes)
        if stop >= 0:
            if not (found.zone[line] and yearless and not found.yearless[line]):
                found.seconds[line], found.nanos[line] = seconds, nanos
                found.zone[line], found.yearless[line] = known, yearless
            bare = style == 1 or begin > at
            after_time = not bare
            at = stop + 1 if stop < limit and data[stop] == 93 else stop
            continue
        if bare:
            return _after_bare(data, at, end, limit, line, found)
        # A relay's header before one of RFC 5424: Mar 10 07:00:00 relay 1 2026-03-10T08:00:00+01:00 …
        numbered = after_time and at + 2 < limit and data[at] == 49 and data[at + 1] == 32
        if numbered and stamp(data, at + 2, limit, months, codes, minutes)[0] >= 0:
            at += 2
            continue
        own = _counted(data, at + 2 if numbered else at, limit, line, found) if numbered or found.zone[line] == NO_TIME else -1
        if own >= 0:
            after_time = True
            at = own
            continue
        stop = _token(data, at, limit)
        if stop - at > 1 and data[stop - 1] == 58 and not after_time and data[at] != 37 and stop < limit:
            # A sequence number or a host with a colon before the time (Cisco).
            ahead = stop
            while ahead < limit and (data[ahead] == 32 or data[ahead] == 58 or data[ahead] == 42 or data[ahead] == 46):
                ahead += 1
            counted = ahead
            while counted < limit and 48 <= data[counted] <= 57:
                counted += 1
            if counted > ahead and counted + 1 < limit and data[counted] == 58 and data[counted + 1] == 32:
                ahead = counted + 2
                if ahead < limit and (data[ahead] == 46 or data[ahead] == 42):
                    ahead += 1
            if (
                stamp(data, ahead, limit, months, codes, minutes)[0] >= 0
                or data[min(ahead, limit - 1)] == 37
                or (48 <= data[at] <= 57 and _number(data, at, limit, 1) >= 0 and found.tag_begins[line] < 0 and stop - at < 10)
            ):
                if not 48 <= data[at] <= 57:
                    found.host_begins[line], found.host_ends[line] = at, stop - 1
                at = stop
                continue
        name_end, after = _program(data, at, limit)
        if name_end >= 0:
            found.tag_begins[line], found.tag_ends[line] = at, name_end
            at = after
            break
        if after_time and stop < limit and _is_host(data, at, stop):
            if found.host_begins[line] >= 0 and found.host_ends[line] - found.host_begins[line] != stop - at:
                break
            found.host_begins[line], found.host_ends[line] = at, stop
            at = stop
            continue
        break
    while at < end and data[at] == 32:
        at += 1
    return _without_number(data, at, end) if found.tag_begins[line] >= 0 else at


@_kernel
def _without_number(data: Bytes, at: int, end: int) -> int:
    """Where a message begins behind the number that Solaris and its heirs put before it (``[ID 800047 auth.notice] ``)."""
    if at + 4 < end and data[at] == 91 and data[at + 1] == 73 and data[at + 2] == 68 and data[at + 3] == 32:
        for stop in range(at + 4, min(end, at + 64)):
            if data[stop] == 93 and stop + 1 < end and data[stop + 1] == 32:
                return stop + 2
    return at


@_kernel
def _after_bare(data: Bytes, at: int, end: int, limit: int, line: int, found: Frames) -> int:
    """Where a message begins after a time as files write it: a host and a program with its process may stand before it."""
    stop = _token(data, at, limit)
    after = stop
    while after < limit and data[after] == 32:
        after += 1
    if after < limit and _is_host(data, at, stop):
        name_end, message = _program(data, after, limit)
        if name_end >= 0 and data[name_end] == 91:
            found.host_begins[line], found.host_ends[line] = at, stop
            found.tag_begins[line], found.tag_ends[line] = after, name_end
            at = message
            while at < end and data[at] == 32:
                at += 1
    return at


@_kernel
def _after_container(data: Bytes, at: int, end: int) -> int:
    """Where a line begins behind the name of its container, a bar and a time (``gate_1   | 2026-03-10T…``)."""
    stop = at
    while (
        stop < end
        and stop - at < 64
        and (
            97 <= data[stop] <= 122
            or 65 <= data[stop] <= 90
            or 48 <= data[stop] <= 57
            or 45 <= data[stop] <= 46
            or data[stop] == 95
        )
    ):
        stop += 1
    bar = stop
    while bar < end and bar - stop < 40 and data[bar] == 32:
        bar += 1
    if at < stop < bar and bar + 2 < end and data[bar] == 124 and data[bar + 1] == 32 and 48 <= data[bar + 2] <= 57:
        return bar + 2
    return at


@_kernel
def _frames(
    data: Bytes,
    begins: Positions,
    ends: Positions,
    found: Frames,
    months: Bytes,
    codes: NDArray[np.int64],
    minutes: NDArray[np.int64],
) -> None:
    for line in range(begins.size):
        at, end = begins[line], ends[line]
        found.priority[line] = -1
        found.host_begins[line] = found.host_ends[line] = -1
        found.tag_begins[line] = found.tag_ends[line] = -1
        while at < end and data[at] == 32:
            at += 1
        at = _after_container(data, at, end)
        count = at
        while count < end and count - at < 7 and 48 <= data[count] <= 57:
            count += 1
        if count > at and count + 1 < end and data[count] == 32 and data[count + 1] == 60:
            at = count + 1  # octet count of RFC 6587
        version = False
        if at + 2 < end and data[at] == 60:
            stop = at + 1
            value = 0
            while stop < end and stop - at < 4 and 48 <= data[stop] <= 57:
                value = value * 10 + int(data[stop]) - 48
                stop += 1
            if stop > at + 1 and stop < end and data[stop] == 62 and value < 192:
                found.priority[line] = value
                at = stop + 1
                version = at + 2 < end and data[at] == 49 and data[at + 1] == 32 and data[at + 2] != 32
        elif at + 13 < end and data[at] == 49 and data[at + 1] == 32 and data[at + 12] == 84:
            # The priority before the version was taken off.
            version = stamp(data, at + 2, end, months, codes, minutes)[0] >= 0
        if version and _number(data, at + 2, end, 10) >= 10**9 and at + 12 < end and data[at + 12] == 46:
            version, at = False, at + 2  # 1 1773126000.123 (Meraki)
        if version and (data[at + 2] | 32) >= 97 and stamp(data, at + 2, end, months, codes, minutes)[0] >= 0:
            version, at = False, at + 2  # 1 Mar 10 07:00:00: a version before a time of RFC 3164
        if version:
            found.begins[line] = _rfc5424(data, at + 2, end, line, found, months, codes, minutes)
        else:
            found.begins[line] = _rfc3164(data, at, end, line, found, months, codes, minutes)


def frames(data: NDArray[np.uint8], begins: Positions, ends: Positions) -> Frames:
    """Read what stands before the messages of the lines that the two arrays delimit."""
    found = empty(begins.size)
    _frames(data, begins, ends, found, _MONTHS, _ZONE_CODES, _ZONE_MINUTES)
    return found
