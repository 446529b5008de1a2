"""Every window test begins in English and in the light theme, whatever the one before it chose."""

import pytest
from PySide6.QtWidgets import QApplication

from zhiyin import i18n
from zhiyin.ui.theme import apply_theme, set_reduced_motion


@pytest.fixture(autouse=True)
def plain_look(qapp: QApplication) -> None:
    """English, light."""
    i18n.install(qapp, "en")
    apply_theme(qapp, "light")
    set_reduced_motion(False)
