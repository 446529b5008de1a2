"""Colours of code: a quiet palette that keeps 4.5:1 on the wash, light and dark."""

from PySide6.QtGui import QColor

LIGHT = {
    "keyword": "#8A3A52",
    "name": "#35507D",
    "string": "#3A6A4B",
    "number": "#8A4B16",
    "comment": "#6A6458",
    "type": "#2F6270",
    "operator": "#4F4A42",
    "meta": "#6B4A86",
    "inserted": "#2F6B44",
    "deleted": "#A03A2C",
}
DARK = {
    "keyword": "#DE9AAE",
    "name": "#9DB9E6",
    "string": "#9CC7A4",
    "number": "#DDB07A",
    "comment": "#9C9486",
    "type": "#8CC3CF",
    "operator": "#C6BEAF",
    "meta": "#C3A6DE",
    "inserted": "#8FCB9D",
    "deleted": "#E58D80",
}


def code_color(role: str, *, dark: bool) -> QColor:
    """The colour of a role of code; an unknown role raises KeyError."""
    return QColor((DARK if dark else LIGHT)[role])
