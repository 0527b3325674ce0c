"""What domains publish about their mail in DNS: SPF (RFC 7208), DMARC (RFC 7489), DKIM keys (RFC 6376) and a few more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wardround.mail.decode import base64

#: Terms of SPF that take a DNS lookup (RFC 7208, 4.6.4), and the most that are allowed.
_LOOKUPS = ("include", "a", "mx", "ptr", "exists", "redirect")
MOST_LOOKUPS = 10

_ALL = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}

#: Terms of one record that are read.
_TERMS = 500


@dataclass(slots=True)
class Published:
    """One record: ``kind`` spf, dmarc, dkim, mta_sts, tls_rpt, bimi or mx; what it says; ``problems`` in plain words.

    ``value`` is None when the domain is known to publish none.
    """

    domain: str
    kind: str
    value: str | None
    selector: str = ""
    policy: str = ""
    subdomain_policy: str = ""
    percent: int | None = None
    lookups: int | None = None
    key_bits: int | None = None
    problems: list[str] = field(default_factory=list)

    def columns(self) -> dict[str, Any]:
        """As columns of ``mail_policy``."""
        return {
            "domain": self.domain,
            "kind": self.kind,
            "selector": self.selector,
            "value": self.value,
            "valid": None if self.value is None else not self.problems,
            "policy": self.policy,
            "subdomain_policy": self.subdomain_policy,
            "percent": self.percent,
            "lookups": self.lookups,
            "key_bits": self.key_bits,
            "problems": self.problems,
        }


def published(owner: str, text: str) -> Published | None:
    """The record that a TXT record of ``owner`` (without final dot) is; None when it is not about mail."""
    owner, lowered = owner.lower().rstrip("."), text.lstrip().lower()
    label, _, rest = owner.partition(".")
    if lowered.startswith("v=spf1") and lowered[6:7] in ("", " "):
        return _spf(owner, text)
    if label == "_dmarc" and lowered.startswith("v=dmarc1"):
        return _dmarc(rest, text)
    selector, separator, domain = owner.partition("._domainkey.")
    if separator and ("p=" in lowered or lowered.startswith("v=dkim1")):
        return _dkim(domain, selector, text)
    for name, start, kind in (
        ("_mta-sts", "v=stsv1", "mta_sts"),
        ("_tls", "v=tlsrptv1", "tls_rpt"),
        ("_bimi", "v=bimi1", "bimi"),
    ):
        if lowered.startswith(start) and name in owner.split(".")[:2]:
            return Published(owner.partition(f"{name}.")[2], kind, text)
    return None


def _spf(domain: str, text: str) -> Published:
    found = Published(domain, "spf", text, policy="neutral", lookups=0)
    terms = text.split()[1:_TERMS]
    redirect = False
    for term in terms:
        qualifier = term[0] if term[0] in _ALL else "+"
        name = term.lstrip("+-~?").lower()
        mechanism = name.replace("=", ":").replace("/", ":").partition(":")[0]
        if mechanism in _LOOKUPS:
            found.lookups = (found.lookups or 0) + 1
            redirect = redirect or mechanism == "redirect"
        if mechanism == "ptr":
            found.problems.append("ptr is not to be used (RFC 7208, 5.5)")
        if name == "all":
            found.policy = _ALL[qualifier]
            break
    else:
        if redirect:
            found.policy = "redirect"
    if (found.lookups or 0) > MOST_LOOKUPS:
        found.problems.append(f"more than {MOST_LOOKUPS} DNS lookups: receivers give up (RFC 7208, 4.6.4)")
    return found


def tags(text: str) -> dict[str, str]:
    """The tags of a record of ``name=value`` pairs between semicolons (RFC 6376, 3.2); the first of a name counts."""
    found: dict[str, str] = {}
    for piece in text.split(";")[:_TERMS]:
        name, equals, value = piece.partition("=")
        if equals and name.strip():
            found.setdefault(name.strip().lower(), value.strip())
    return found


def _dmarc(domain: str, text: str) -> Published:
    found = Published(domain, "dmarc", text)
    pairs = tags(text)
    found.policy = pairs.get("p", "").lower()
    found.subdomain_policy = pairs.get("sp", found.policy).lower()
    percent = pairs.get("pct", "100")
    found.percent = int(percent) if percent.isascii() and percent.isdigit() and len(percent) < 4 else None
    if found.policy not in ("none", "quarantine", "reject"):
        found.problems.append("the policy (p) is missing or unknown")
    if found.subdomain_policy not in ("none", "quarantine", "reject"):
        found.problems.append("the policy for subdomains (sp) is unknown")
    if found.percent is None or found.percent > 100:
        found.problems.append("the percentage (pct) is no number from 0 to 100")
    return found


def _dkim(domain: str, selector: str, text: str) -> Published:
    found = Published(domain, "dkim", text, selector)
    pairs = tags(text)
    if not pairs.get("p"):
        found.policy = "revoked"
        return found
    found.key_bits = key_bits(pairs)
    if found.key_bits is None:
        found.problems.append("the key cannot be read")
    elif pairs.get("k", "rsa").lower() == "rsa" and found.key_bits < 1024:
        found.problems.append("the key is shorter than 1024 bits: receivers ignore it (RFC 8301)")
    if "y" in pairs.get("t", "").lower().split(":"):
        found.problems.append("the domain says that it only tests (t=y)")
    return found


def key_bits(pairs: dict[str, str]) -> int | None:
    """Bits of the public key of a DKIM record; None when it cannot be read."""
    loaded = public_key(pairs)
    return None if loaded is None else getattr(loaded, "key_size", 256)


def public_key(pairs: dict[str, str]) -> Any:
    """The public key of a DKIM record: of RSA or Ed25519 (RFC 8463); None when it cannot be read."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    data = base64(pairs.get("p", "")[:8_000].encode("ascii", "replace"))
    try:
        if pairs.get("k", "rsa").lower() == "ed25519":
            return Ed25519PublicKey.from_public_bytes(data)
        loaded = load_der_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return loaded if isinstance(loaded, RSAPublicKey) and loaded.key_size <= 8_192 else None
