"""Words for the user that are said anew in another language, where they are given as a function."""

from collections.abc import Callable

Wording = str | Callable[[], str]


def worded(wording: Wording) -> str:
    """The words in the language of the moment; a plain string stays what it is."""
    return wording if isinstance(wording, str) else wording()
