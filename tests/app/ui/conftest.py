"""Every window test begins in English and in the light theme, whatever the one before it chose."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from zhiyin import i18n
from zhiyin.ui.theme import apply_theme


@pytest.fixture(autouse=True)
def plain_look(qapp: QApplication) -> Iterator[None]:
    """English, light; and no window of one test is left for the next (Qt deletes later only inside its own loop)."""
    i18n.install(qapp, "en")
    apply_theme(qapp, "light")
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
