"""A small drawing from top to bottom: headings, bars, facts and one curve; its colours suit light and dark ground."""

from collections.abc import Sequence
from math import ceil, floor
from xml.sax.saxutils import escape

WIDTH, MARGIN = 720, 24
LABEL, VALUE = 230, 120  # widths of the columns left and right of the bars
ROW, BAR = 26, 14
CURVE_HEIGHT, AXIS = 170, 44
LONGEST_LABEL = 30  # characters

# Middle tones, for viewers that know no style sheets; those that do follow the user's choice of light or dark.
STYLE = (
    "text{font-family:system-ui,'Noto Sans','Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif;font-size:13px}"
    ".t{font-size:16px;font-weight:600}.h{font-size:13px;font-weight:600}"
    "@media(prefers-color-scheme:dark){text{fill:#e4e4e8}.b{fill:#5ea0ff}.p{fill:#6d727d}.c{stroke:#5ea0ff}.g{stroke:#4a4d55}}"
    "@media(prefers-color-scheme:light){text{fill:#24262b}.b{fill:#2563c9}.p{fill:#b4b8c1}.c{stroke:#2563c9}.g{stroke:#d5d7dc}}"
)
INK, BLUE, PALE, GRID = "#7a7d85", "#3f7fe0", "#9ea2ab", "#9ea2ab"


class Drawing:
    """An SVG picture; everything added goes under what is there."""

    def __init__(self, title: str) -> None:
        self._parts: list[str] = [f"<title>{_text(title)}</title>"]
        self._y = float(MARGIN)
        self._write(MARGIN, self._y + 12, _short(title, 80), "t")
        self._y += 24

    def heading(self, text: str) -> None:
        """A line over what comes next."""
        self._y += 14
        self._write(MARGIN, self._y + 12, text, "h")
        self._y += 24

    def bar(self, label: str, share: float, shown: str, *, pale: bool) -> None:
        """A bar of ``share`` (0 to 1) of the room, between its label and its value."""
        room = WIDTH - 2 * MARGIN - LABEL - VALUE
        length = max(1.0, room * share)
        self._write(MARGIN, self._y + 13, _short(label, LONGEST_LABEL))
        kind, colour = ("p", PALE) if pale else ("b", BLUE)
        place = f'x="{MARGIN + LABEL}" y="{self._y + 2:g}" width="{length:.1f}" height="{BAR}" rx="2"'
        self._parts.append(f'<rect class="{kind}" {place} fill="{colour}"/>')
        self._write(MARGIN + LABEL + length + 8, self._y + 13, shown)
        self._y += ROW

    def fact(self, label: str, shown: str) -> None:
        """A line of words and a value."""
        self._write(MARGIN, self._y + 13, label)
        self._write(MARGIN + LABEL + 60, self._y + 13, shown)
        self._y += ROW - 4

    def curve(self, heights: Sequence[float], up: str, along: str) -> None:
        """Powers of ten over percentiles."""
        self._y += 16
        low, high = floor(min(heights)), max(ceil(max(heights)), floor(min(heights)) + 1)
        left, width = MARGIN + AXIS, WIDTH - 2 * MARGIN - AXIS
        top, scale = self._y, CURVE_HEIGHT / (high - low)
        for power in range(low, high + 1):
            y = top + (high - power) * scale
            self._parts.append(f'<path class="g" d="M{left} {y:.1f}h{width}" stroke="{GRID}" stroke-width="0.6"/>')
            self._write(MARGIN, y + 4, f"{10.0**power:g}")
        points = [f"{left + width * i / (len(heights) - 1):.1f} {top + (high - h) * scale:.1f}" for i, h in enumerate(heights)]
        line = f'd="M{"L".join(points)}" fill="none" stroke="{BLUE}"'
        self._parts.append(f'<path class="c" {line} stroke-width="2"/>')
        self._y = top + CURVE_HEIGHT + 20
        for percent in (0, 25, 50, 75, 100):
            anchor = "start" if percent == 0 else "end" if percent == 100 else "middle"
            self._write(left + width * percent / 100, self._y, f"{percent} %", anchor=anchor)
        self._y += 22
        self._write(left, self._y, f"{up} / {along}")

    def finish(self) -> str:
        """The whole file."""
        height = self._y + MARGIN
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}">'
        return "\n".join([head, f"<style>{STYLE}</style>", *self._parts, "</svg>", ""])

    def _write(self, x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> None:
        given = f' class="{kind}"' if kind else ""
        self._parts.append(f'<text{given} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}">{_text(text)}</text>')


def _text(text: str) -> str:
    """What XML can hold of a text."""
    return escape("".join(char if char.isprintable() else " " for char in text).encode("utf-8", "replace").decode())


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit // 2]}…{text[-(limit // 2) + 1 :]}"
