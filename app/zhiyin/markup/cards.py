"""Model cards as hubs have them: Markdown with HTML in it. What HTML says is kept as Markdown where there is one; its tags go.

A card comes from anywhere: it is bounded, and is read once from its beginning to its end.
"""

import re
from html import unescape

LONGEST = 100_000
"""Characters of a card that are shown."""
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
_METADATA = re.compile(r"\A\ufeff?---\n.{0,65536}?\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_TAG = re.compile(r"<!--|<(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]{0,30})(?P<rest>(?:[\s/][^<>]{0,4000})?)>")
_ADDRESS = re.compile(r"\bhref\s{0,3}=\s{0,3}[\"']?(https?://[^\s\"'<>]{1,1000})", re.IGNORECASE)
_PICTURE = re.compile(r"\[?!\[[^\[\]\n]{0,300}\]\([^()\n]{0,1000}\)(?:\]\([^()\n]{0,1000}\))?")
_AIR = re.compile(r"\n[ \t]*\n[ \t\n]*\n")
_SILENT = frozenset({"style", "script", "svg", "video", "audio", "iframe"})  # with all that stands between their tags
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`", "s": "~~", "del": "~~"}
_LINES = frozenset({"br", "hr", "p", "div", "center", "tr", "ul", "ol", "table", "details", "summary", "picture", "figure", "section"})


def card_text(card: str) -> str:
    """The card as plain Markdown: without metadata, tags and pictures; code is left as it is."""
    more = "\n\n…" if len(card) > LONGEST else ""
    card = _METADATA.sub("", card[:LONGEST].replace("\r\n", "\n"), count=1)
    parts: list[str] = []
    position, fence = 0, ""
    for match in _FENCE.finditer(card):
        if not fence:
            parts.append(_without_tags(card[position : match.start()]))
            position, fence = match.start(), match[1]
        elif match[1].startswith(fence):
            end = card.find("\n", match.end())
            end = len(card) if end < 0 else end
            parts.append(card[position:end])
            position, fence = end, ""
    parts.append(card[position:] if fence else _without_tags(card[position:]))
    return "".join(parts).strip() + more


def _without_tags(text: str) -> str:
    if "<" in text:
        text = unescape("".join(_Reader(text).pieces))
    return _AIR.sub("\n\n", _PICTURE.sub("", text))


class _Reader:
    """Goes through a text tag by tag."""

    def __init__(self, text: str) -> None:
        self.pieces: list[str] = []
        self._text = text
        self._lower = text.lower()
        self._endless: set[str] = set()  # what is not closed any more: it is looked for once
        self._link: tuple[int, str] | None = None  # where the words of an open link begin, and where it leads
        position = 0
        while match := _TAG.search(text, position):
            self.pieces.append(text[position : match.start()])
            position = self._read(match)
        self.pieces.append(text[position:])

    def _read(self, match: re.Match[str]) -> int:
        """Deal with a tag; returns where the text goes on."""
        if match[0] == "<!--":
            return self._behind("-->", match.end())
        name, closing = match["name"].lower(), bool(match["close"])
        if name in _SILENT and not closing and not match["rest"].endswith("/"):
            return self._behind(f"</{name}>", match.end())
        if name == "a":
            self._anchor(match["rest"], closing=closing)
        elif name in _MARKS:
            self.pieces.append(_MARKS[name])
        elif name == "li":
            self.pieces.append("" if closing else "\n- ")
        elif name in _LINES:
            self.pieces.append("\n\n")
        elif len(name) == 2 and name[0] == "h" and name[1] in "123456":
            self.pieces.append("\n\n" if closing else f"\n\n{'#' * int(name[1])} ")
        return match.end()

    def _behind(self, end: str, start: int) -> int:
        found = -1 if end in self._endless else self._lower.find(end, start)
        if found < 0:
            self._endless.add(end)
            return start
        return found + len(end)

    def _anchor(self, rest: str, *, closing: bool) -> None:
        if not closing:
            address = _ADDRESS.search(rest)
            self._link = (len(self.pieces), address[1]) if address else None
        elif self._link is not None:
            first, address_text = self._link
            words = " ".join("".join(self.pieces[first:]).split())
            self.pieces[first:] = [f"[{words}]({address_text})"] if words else []
            self._link = None
