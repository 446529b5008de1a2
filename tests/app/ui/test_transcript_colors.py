"""Colours of code can be read, and nothing is loaded before it is needed."""

import os
import subprocess
import sys

import pytest
from PySide6.QtGui import QColor

from zhiyin.markup.highlight import ROLES
from zhiyin.ui.theme import Theme
from zhiyin.ui.transcript.code_colors import code_color


def luminance(color: QColor) -> float:
    parts = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in color.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("role", ROLES)
def test_code_has_contrast_on_its_grounds(role: str, dark: bool) -> None:
    for ground in ("wash", "raised"):
        light, deep = sorted((luminance(code_color(role, dark=dark)), luminance(Theme(dark=dark).color(ground))), reverse=True)
        assert (light + 0.05) / (deep + 0.05) >= 4.5


def test_the_parser_and_the_lexers_are_not_loaded_with_the_view() -> None:
    script = (
        "import sys; from PySide6.QtWidgets import QApplication; app = QApplication([]);"
        "from zhiyin.ui.transcript.view import TranscriptView; v = TranscriptView(); v.set_turns(()); v.show(); v.grab();"
        "print(sorted({'markdown_it', 'pygments', 'mdit_py_plugins', 'qtawesome'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert result.stdout.strip() == "[]"
