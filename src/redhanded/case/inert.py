"""Text of others that does nothing when it is shown: no escapes, no overriding of directions."""

from __future__ import annotations

import re

_ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def inert(text: str) -> str:
    """``text`` with control characters, marks of direction and lone surrogates spelled out.

    ESC becomes the four characters ``\\x1b``. Line feeds and tabs stay. What HTML means by ``<`` is
    the page's to escape. Doing it twice changes nothing.
    """
    return text if text.isascii() and text.isprintable() else _ACTIVE.sub(_spelled, text)


def inert_json(document: bytes) -> bytes:
    """The same JSON value, in escapes where a terminal would act on it."""
    return _ACTIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", document.decode()).encode()


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
