"""Passwords in forms and addresses of HTTP: known by the names of their fields, and never kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, islice
from urllib.parse import unquote_to_bytes

import orjson

#: What stands for a password, as in configurations and other logs.
HIDDEN = "(secret)"

#: Fields of a form or a query that are looked at.
_FIELDS = 64

#: Names of fields that hold a password or an account, in the languages of our users. They must be whole words.
PASSWORDS = frozenset(
    {
        b"password", b"passwd", b"pass", b"pwd", b"pw", b"passwort", b"motdepasse", b"mot_de_passe", b"mdp", b"user_password",
        b"userpassword", b"loginpassword", b"login_password", b"passphrase", b"j_password", b"credential", b"credentials",
        b"kennwort", b"contrasena", b"wachtwoord", b"txtpassword", b"user_pass", b"os_password",
    }
)  # fmt: skip
ACCOUNTS = frozenset(
    {
        b"username", b"user", b"login", b"email", b"mail", b"userid", b"user_id", b"uname", b"account", b"identifiant",
        b"utilisateur", b"benutzer", b"benutzername", b"usuario", b"j_username", b"user_name", b"user_login", b"loginname",
        b"log", b"txtusername", b"os_username", b"usr",
    }
)  # fmt: skip

#: What the beginning of one of these names looks like within an address: a cheap first look.
_HINTS = ("pass", "pwd", "pw=", "mdp", "mot_de_passe", "credential", "kennwort", "contrasena", "wachtwoord")

#: User and password before the host of an address (RFC 3986, 3.2.1).
_USER_INFORMATION = re.compile(r"(://[^/?#@:\s]*:)[^/?#@\s]+(?=@)")

#: What stands in attacks on a page that takes a password, and hardly in a password: such values stay readable.
_ATTACK = re.compile(r"[<>`]|\.\.[/\\]|\$[{(]|\|\||['\"]\s*(?:or\b|and\b|union\b|[;)|=]|--)", re.IGNORECASE)


def field_name(name: bytes) -> bytes:
    """The last part of a field's name, in small letters: frameworks put a path before it (``ctl00$Main$Password``)."""
    plain = unquote_to_bytes(name).lower().rstrip(b"]")
    for mark in (b"[", b".", b":"):
        plain = plain.replace(mark, b"$")
    return plain.rpartition(b"$")[2]


def logon(form: bytes) -> tuple[bytes, bytes] | None:
    """Account and password of a form or a query (``name=value&…``), None where it has no password; the account may be empty."""
    pairs = (pair.partition(b"=") for pair in form.split(b"&", _FIELDS)[:_FIELDS])
    return _logon((name, unquote_to_bytes(value.replace(b"+", b" "))) for name, _, value in pairs)


def logon_in_json(body: bytes) -> tuple[bytes, bytes] | None:
    """The same of an object in JSON, or of the objects right within it."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict):
        return None
    inner = (item for value in told.values() if isinstance(value, dict) for item in value.items())
    texts = ((name, value) for name, value in chain(told.items(), inner) if isinstance(value, str))
    return _logon((name.encode("utf-8"), value.encode("utf-8")) for name, value in islice(texts, _FIELDS))


def _logon(fields: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, bytes] | None:
    account, password = b"", b""
    for name, value in fields:
        last = field_name(name)
        if last in PASSWORDS:
            password = password or value
        elif last in ACCOUNTS:
            account = account or value
    return (account, password) if password else None


def hinted(plain: str) -> bool:
    """Whether an address in small letters may hold a password: cheap, for nearly all do not."""
    return any(hint in plain for hint in _HINTS) or ("@" in plain and "://" in plain)


def hidden_pair(name: str, value: str) -> str | None:
    """What stands for the value of a field, None where it is no password."""
    if not value or field_name(name.encode("utf-8", "replace")) not in PASSWORDS or _ATTACK.search(value):
        return None
    return HIDDEN


def hidden_user_information(address: str) -> str:
    """The address without the passwords that stand before a host."""
    return _USER_INFORMATION.sub(rf"\1{HIDDEN}", address)
