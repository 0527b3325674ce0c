"""What readers of cloud services share: what the number of a sign-in means, addresses with ports, countries."""

from __future__ import annotations

import re

#: The device that rows of Entra ID name: it is one service for all of a hospital.
DEVICE = "Microsoft 365"
VENDOR = "entra"

#: Error codes of Entra ID (Microsoft Learn, "Microsoft Entra authentication and authorization error codes"): the password was
#: wrong, the account unknown, locked, disabled or expired …
_WRONG = frozenset((50034, 50053, 50055, 50056, 50057, 50059, 50064, 50126, 50144, 51004, 90072, 700016))
#: … the password was right and the second factor was refused or not answered …
_FACTOR = frozenset((50088, 50089, 50099, 500121, 500122, 53010))
#: … or a rule of the hospital shut the door (conditional access, security defaults, device not compliant).
_POLICY = frozenset((50005, 50105, 50131, 53000, 53001, 53002, 53003, 53004, 53011, 530031, 530032, 530034))

#: Words of the unified audit log where it gives no number.
_WORDS = {
    "invalidusernameorpassword": 50126,
    "useraccountnotfound": 50034,
    "idslocked": 50053,
    "userdisabled": 50057,
    "invalidpasswordexpiredpassword": 50055,
    "blockedbyconditionalaccess": 53003,
    "authenticationfailedsasrequired": 500121,
    "strongauthenticationuserdenied": 500121,
}

_PORTED = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}")


def action_of(code: int | None) -> str:
    """login, login_failed, second_factor_failed, policy, or message for steps of a logon that decide nothing."""
    if code == 0:
        return "login"
    if code in _WRONG:
        return "login_failed"
    if code in _FACTOR:
        return "second_factor_failed"
    return "policy" if code in _POLICY else "message"


def outcome_of(action: str) -> str | None:
    """Success or failure; None for a step that decides nothing."""
    return None if action == "message" else "success" if action == "login" else "failure"


def code_of(word: str) -> int | None:
    """The number of a reason that the unified audit log gives as a word."""
    return _WORDS.get(re.sub(r"[^a-z]", "", word.lower()))


def number(value: object) -> int | None:
    """An error code, written or not; None where it is none."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value.strip()) < 10:
        return int(value.strip())
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def address(value: object) -> str | None:
    """An address without the port that mailbox servers write behind it."""
    if not isinstance(value, str) or not value.strip():
        return None
    found = _PORTED.fullmatch(value.strip())
    return (found[1] or found[2]) if found else value.strip().removeprefix("::ffff:")[:45]


def country(place: str) -> str | None:
    """The country of a written place (``Lyon, Rhone, FR``): its last part where that is a code of two letters."""
    last = place.rpartition(",")[2].strip()
    return last.upper() if len(last) == 2 and last.isalpha() else None
