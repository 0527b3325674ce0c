"""Character references of HTML and XML, whatever number they name.

The library makes a number of all their digits, and Python refuses to do that for more than 4,300: one such reference
would end the reading of a mailbox.
"""

from __future__ import annotations

import html
import re

_ZEROS = re.compile(r"(&#)0+(?=[0-9])|(&#[xX])0+(?=[0-9A-Fa-f])")
#: No character has so large a number.
_NO_CHARACTER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9A-Fa-f]{7,});?")


def unescaped(text: str) -> str:
    """The text with its references as characters; those that name none become U+FFFD."""
    if "&" not in text:
        return text
    if "&#" in text:
        text = _NO_CHARACTER.sub("\ufffd", _ZEROS.sub(r"\1\2", text))
    return html.unescape(text)
