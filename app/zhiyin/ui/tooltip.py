"""Tooltips that carry data: Qt takes a text that looks like markup for markup, and a title or a path may look so."""

from html import escape


def plain_tooltip(text: str) -> str:
    """The text so that a tooltip shows it letter by letter; what cannot be taken for markup stays as it is."""
    return f'<span style="white-space: pre-wrap">{escape(text)}</span>' if "<" in text or "&" in text else text
