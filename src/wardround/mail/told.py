"""What readers of mail are told once, in every process that reads: the site's word on its mail, and keys from the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wardround.model import Mail


@dataclass(slots=True)
class Told:
    """What the site file tells about mail, and DKIM keys from the evidence by ``selector._domainkey.domain``."""

    mail: Mail = field(default_factory=Mail)
    keys: Mapping[str, str] = field(default_factory=dict)


#: Set once in every worker, before it reads: readers are handed evidence and nothing else.
TOLD = Told()


def tell(mail: Mail, keys: Mapping[str, str] | None = None) -> None:
    """Tell the readers of mail of this process what the site file and other evidence say."""
    TOLD.mail, TOLD.keys = mail, dict(keys or {})
