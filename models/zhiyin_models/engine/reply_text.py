"""From the bytes of sampled tokens to text that may be shown: whole characters only, and nothing of a stop string."""

import codecs
from collections.abc import Sequence


class ReplyText:
    """Takes one token's bytes at a time and hands out what is certain; cost per token does not grow with the reply."""

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._stop = tuple(string for string in stop if string)
        self._held = ""
        self.stop_string = ""  # the one that was met

    def push(self, piece: bytes) -> str:
        """What may be shown now; empty while a character or a possible stop string is incomplete."""
        text = self._decode(piece)
        if not self._stop:
            return text
        if not text:
            return ""
        text = self._held + text
        found = min(((place, string) for string in self._stop if (place := text.find(string)) >= 0), default=None)
        if found is not None:
            place, self.stop_string = found
            self._held = ""
            return text[:place]
        keep = max(_overlap(text, string) for string in self._stop)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def finish(self) -> str:
        """What was withheld and turned out to be no stop string; half a character is not shown."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """The longest end of text that begins stop."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
