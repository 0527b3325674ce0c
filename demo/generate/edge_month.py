"""Thirty harmless days of telework, as the gateways log them: what looks like an attack and is none.

Two gateways (a FortiGate and an Ivanti Connect Secure), forty people, and everything that makes poor detections cry: a
telephone with an old password, the Monday after all passwords changed, hand-overs between Wi-Fi and the mobile network, a
congress abroad, radiologists on call at night, and the hospital's own scanner. Times are UTC; nobody named here exists.
"""

# ruff: noqa: E501 (lines of logs are long)

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from demo.generate.chance import Chance

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 30
PEOPLE = tuple(
    f"{'abcdefghijklmnopqrst'[i % 20]}.{name}" for i, name in enumerate(("martin", "petit", "durand", "moreau") * 10)
)
SCANNER = "198.51.100.24"

SITE = f"""
[[exceptions]]
reason = "The hospital's own vulnerability scanner"
owner = "Information security officer"
expires = 2026-12-31
addresses = ["{SCANNER}/32"]
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works from home at times: where from, and the address that the VPN gives."""

    name: str
    home: str
    mobile: str
    pool: str


def people() -> tuple[Person, ...]:
    """The forty, with addresses reserved for documentation."""
    names = dict.fromkeys(f"{name}{i // 20 or ''}" for i, name in enumerate(PEOPLE))
    return tuple(
        Person(name, f"203.0.113.{10 + i}", f"198.51.100.{100 + i}", f"10.20.250.{10 + i}") for i, name in enumerate(names)
    )


def _forti(when: datetime, action: str, person: Person, source: str, rest: str, country: str = "France") -> str:
    return (
        f'date={when:%Y-%m-%d} time={when:%H:%M:%S} devname="fgt1" devid="FGT60F0000000001" eventtime={int(when.timestamp())}000000000 '
        f'tz="+0000" logid="0101039424" type="event" subtype="vpn" level="information" vd="root" logdesc="SSL VPN" '
        f'action="{action}" remip={source} srccountry="{country}" user="{person.name}" group="TELEWORK" dst_host="N/A" {rest}'
    )


def _ivanti(when: datetime, person: Person, source: str, message: str) -> str:
    return f"<134>{when:%Y-%m-%dT%H:%M:%SZ} ics1 PulseSecure: - - - {when:%Y-%m-%d %H:%M:%S} - ive - [{source}] {person.name}(STAFF)[Users] - {message}"


def _session(
    person: Person, begin: datetime, minutes: int, source: str, volume: int, country: str = "France"
) -> Iterator[tuple[datetime, str, str]]:
    """One session on the FortiGate, or on the Ivanti for every fourth person, with its second factor."""
    end = begin + timedelta(minutes=minutes)
    if int(person.pool.rsplit(".", 1)[1]) % 4:
        tunnel = f'tunneltype="ssl-tunnel" tunnelid={int(begin.timestamp()) % 100000} tunnelip={person.pool}'
        yield (
            begin,
            "fortigate",
            _forti(begin, "tunnel-up", person, source, 'tunneltype="ssl-web" tunnelid=1 reason="login successfully"', country),
        )
        yield (
            begin + timedelta(seconds=3),
            "fortigate",
            _forti(begin + timedelta(seconds=3), "tunnel-up", person, source, f'{tunnel} reason="tunnel established"', country),
        )
        yield (
            end,
            "fortigate",
            _forti(
                end,
                "tunnel-down",
                person,
                source,
                f'{tunnel} duration={minutes * 60} sentbyte={volume} rcvdbyte={volume // 20} reason="User requested termination of service"',
                country,
            ),
        )
    else:
        steps = (
            (0, f"Primary authentication successful for {person.name}/AD1 from {source}"),
            (6, f"Secondary authentication successful for {person.name}/TOTP from {source}"),
            (8, f"Agent login succeeded for {person.name}/STAFF from {source} with Pulse-Secure/22.7 (Windows 11)."),
            (
                11,
                f"VPN Tunneling: Session started for user  (session:{int(begin.timestamp()):x}) with IPv4 address {person.pool}, hostname PC-{person.name.upper()}",
            ),
        )
        for seconds, message in steps:
            yield (
                begin + timedelta(seconds=seconds),
                "ivanti",
                _ivanti(begin + timedelta(seconds=seconds), person, source, message),
            )
        yield (
            end,
            "ivanti",
            _ivanti(end, person, source, f"VPN Tunneling: Session ended for user with IPv4 address {person.pool}"),
        )


def _failure(person: Person, when: datetime, source: str) -> tuple[datetime, str, str]:
    if int(person.pool.rsplit(".", 1)[1]) % 4:
        reason = 'tunneltype="ssl-web" tunnelid=0 reason="sslvpn_login_permission_denied" msg="SSL user failed to logged in"'
        return when, "fortigate", _forti(when, "ssl-login-fail", person, source, reason)
    return when, "ivanti", _ivanti(when, person, source, "Login failed. Reason: Wrong Password")


def _day(day: int, everyone: tuple[Person, ...], chance: Chance) -> Iterator[tuple[datetime, str, str]]:
    """The ordinary sessions of a day, with its typing errors and hand-overs."""
    date = START + timedelta(days=day)
    abroad = {person.name for person in everyone[:6]} if 12 <= day <= 16 else set()
    for person in everyone:
        if chance.share() > (0.7 if date.weekday() < 5 else 0.15):
            continue
        begin = date + timedelta(hours=6 + chance.whole(0, 6), minutes=chance.whole(0, 59), seconds=chance.whole(0, 59))
        away = person.name in abroad
        source, country = (person.mobile, "Austria") if away else (person.home, "France")
        for slip in range(chance.skewed(0, 4)):
            yield _failure(person, begin - timedelta(seconds=20 * (slip + 1)), source)
        minutes = chance.whole(30, 300)
        yield from _session(person, begin, minutes, source, chance.skewed(20, 900) * 1_000_000, country)
        if not away and chance.share() < 0.25:  # from Wi-Fi to the mobile network: the old tunnel ends a little later
            moved = begin + timedelta(minutes=minutes, seconds=-chance.whole(5, 90))
            yield from _session(person, moved, chance.whole(10, 60), person.mobile, chance.skewed(5, 200) * 1_000_000)


def lines() -> dict[str, list[str]]:
    """The logs by gateway (fortigate, ivanti, access), in order of time; always the same."""
    chance, everyone = Chance("edge month"), people()
    told: list[tuple[datetime, str, str]] = []
    for day in range(DAYS):
        told += _day(day, everyone, chance)
        date = START + timedelta(days=day)
        if date.weekday() in (1, 4):  # on call: nights with large examinations, every week
            for person in everyone[20:23]:
                begin = date + timedelta(hours=chance.whole(0, 2), minutes=chance.whole(0, 59))
                told += _session(person, begin, chance.whole(60, 200), person.home, chance.whole(700, 2900) * 1_000_000)
    monday = START + timedelta(days=7)  # all passwords changed at the weekend
    for person in everyone:
        begin = monday + timedelta(hours=6, minutes=chance.whole(0, 100), seconds=chance.whole(0, 59))
        for attempt in range(chance.whole(1, 4)):
            told.append(_failure(person, begin + timedelta(seconds=25 * attempt), person.home))
        told += _session(person, begin + timedelta(minutes=4), 30, person.home, 30_000_000)
    phone = everyone[9]  # its old password is tried every minute and a half, for two days
    for attempt in range(1900):
        told.append(_failure(phone, monday + timedelta(hours=10, seconds=90 * attempt + chance.whole(0, 3)), phone.home))
    told += list(_scanner())
    told.sort()
    return {name: [line for _, where, line in told if where == name] for name in ("fortigate", "ivanti", "access")}


def _scanner() -> Iterator[tuple[datetime, str, str]]:
    """The scanner knocks at the portal once a week: requests for known flaws, and a few names from a list."""
    uris = (
        "/remote/fgt_lang?lang=/../../../..//////////dev/cmdb/sslvpn_websession",
        "/vpn/../vpns/cfg/smb.conf",
        "/dana-na/../dana/html5acc/guacamole/../../etc/passwd",
        "/tmui/login.jsp/..;/tmui/locallb/workspace/fileRead.jsp",
    )
    for week in range(4):
        when = START + timedelta(days=7 * week + 5, hours=22)
        for number, uri in enumerate(uris):
            at = when + timedelta(seconds=number)
            yield at, "access", f'{SCANNER} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET {uri} HTTP/1.1" 404 150 "-" "scanner"'
        for number in range(40):
            yield _failure(
                Person(f"scan{number}", SCANNER, SCANNER, "10.20.250.201"),
                when + timedelta(minutes=1, seconds=3 * number),
                SCANNER,
            )
