"""The one exception for what the people who run a review can mend themselves."""


class ReviewError(ValueError):
    """The settings, the data or the call are at fault; the message says which, where, and what is allowed."""


def printable(text: str) -> str:
    """A text for a terminal: names and values are as exports have them, and what moves its cursor is not shown."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text)


def shortened(text: str, room: int = 60) -> str:
    """A text's beginning, where the whole has no room."""
    return text if len(text) <= room else f"{text[:room]}…"
