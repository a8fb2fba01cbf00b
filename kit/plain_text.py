"""Names and texts from exports as nothing but text."""

import unicodedata

JOINERS = "\u200c\u200d"  # which some scripts need within a word


def plain(text: str) -> str:
    """Text on one line, with a replacement sign for all that is no character to be seen.

    That is what moves a terminal's cursor, turns the direction of reading, or has no place in XML.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if _is_gap(sign) else sign if _is_shown(sign) else "\ufffd" for sign in text)


def _is_gap(sign: str) -> bool:
    return sign in "\n\r\t" or unicodedata.category(sign) in ("Zs", "Zl", "Zp")


def _is_shown(sign: str) -> bool:
    return sign in JOINERS or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn")
