"""Why a feed is refused, in words for the people who run it."""


class FeedRefused(ValueError):
    """The feed cannot be read; the message says where and why."""


class Unreadable(FeedRefused):
    """It is damaged, cut off, or of a kind that is not read here."""


class TooMuch(FeedRefused):
    """It holds more than a feed may hold: of bytes, of entries, of one line."""


class Malformed(FeedRefused):
    """It is not well-formed, or is no guide or channel list."""


def at(line: int, column: int | None = None) -> str:
    """A place in a feed: `line 3, column 7`, counted from one."""
    return f"line {line}" if column is None else f"line {line}, column {column}"
