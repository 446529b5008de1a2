"""The look's tokens, ink on paper: the one place with colour values; everything else names a role.

``GROUNDS`` are what is written on, ``TEXT_ROLES`` are what is written: every text role reaches 4.5:1 on every ground, 7:1 in the
contrast variant (WCAG 2.2, AA and AAA). ``ink.faint`` and ``line`` are ornament, never text.
"""

from collections.abc import Mapping

GROUNDS = ("paper", "raised", "wash")
TEXT_ROLES = ("ink", "ink.soft", "accent", "jade", "ochre", "slate")
FILLS = {"accent": "on.accent"}
"""A filled role and the role written on it."""

SEALS = ("#6B4C7A", "#2F6F7E", "#8A4B5C")
"""Colours of seals besides the roles, the same in every variant: a persona keeps its own."""

LIGHT: Mapping[str, str] = {
    "paper": "#FAF8F3",
    "raised": "#FFFFFF",
    "wash": "#F1EDE4",
    "hover": "#ECE7DB",
    "ink": "#1F1D1A",
    "ink.soft": "#5C564C",
    "ink.faint": "#A39B8D",
    "line": "#E4DED2",
    "accent": "#B23A2A",
    "accent.hover": "#9C3122",
    "on.accent": "#FFFFFF",
    "jade": "#3F7566",
    "ochre": "#855A16",
    "slate": "#3E5C86",
}
DARK: Mapping[str, str] = {
    "paper": "#171614",
    "raised": "#1F1D1A",
    "wash": "#26231F",
    "hover": "#2D2A25",
    "ink": "#E9E4DA",
    "ink.soft": "#B0A899",
    "ink.faint": "#6F685C",
    "line": "#332F29",
    "accent": "#E0705F",
    "accent.hover": "#EA8474",
    "on.accent": "#171614",
    "jade": "#7DB5A3",
    "ochre": "#D6A85C",
    "slate": "#8FB0DC",
}
LIGHT_CONTRAST: Mapping[str, str] = {
    **LIGHT,
    "paper": "#FFFFFF",
    "ink": "#0F0E0C",
    "ink.soft": "#443F37",
    "ink.faint": "#7A7365",
    "line": "#A39B8D",
    "accent": "#8A2718",
    "accent.hover": "#701D10",
    "jade": "#1F5145",
    "ochre": "#5F3D08",
    "slate": "#28466F",
}
DARK_CONTRAST: Mapping[str, str] = {
    **DARK,
    "paper": "#0D0C0B",
    "raised": "#171614",
    "wash": "#1F1D1A",
    "ink": "#FAF7F0",
    "ink.soft": "#D5CEC0",
    "ink.faint": "#A39B8D",
    "line": "#6F685C",
    "accent": "#F29A8B",
    "accent.hover": "#F7B0A4",
    "on.accent": "#0D0C0B",
    "jade": "#A3D6C6",
    "ochre": "#EBC68A",
    "slate": "#B6CEF2",
}

STEP = 4
"""Spacing goes in steps of this many logical pixels."""
RADIUS = 6
READING_WIDTH = 720
"""Width of the reading column, logical pixels."""
SIDEBAR_WIDTH = 252
PANEL_WIDTH = 296
NARROW_WIDTH = 760
"""At this window width and below, the sidebar lies over the chat."""
HEADER_HEIGHT = 52
SCROLL_BAR_WIDTH = 10

UI_POINT_SIZE = 10.5
READING_POINT_SIZE = 11.5
LATIN_LINE_HEIGHT = 1.55
CHINESE_LINE_HEIGHT = 1.75

CJK_SANS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei UI", "WenQuanYi Micro Hei")
CJK_SERIF = ("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "Songti SC", "SimSun", "AR PL UMing CN")
CJK_KAI = ("LXGW WenKai", "STKaiti", "KaiTi", "AR PL UKai CN")
CJK_MONO = ("Noto Sans Mono CJK SC", "Sarasa Mono SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei")
LATIN_SERIF = ("Source Serif 4", "Noto Serif", "Charter", "Georgia", "DejaVu Serif")
