"""fcitx without Qt's plugin falls back to ibus, which fcitx 5 speaks too."""

from pathlib import Path

import pytest

from zhiyin.ui.input_method import input_method_fallback


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"QT_IM_MODULE": "fcitx"}, {"QT_IM_MODULE": "ibus"}),
        ({"QT_IM_MODULE": "fcitx5"}, {"QT_IM_MODULE": "ibus"}),
        ({"QT_IM_MODULE": "Fcitx "}, {"QT_IM_MODULE": "ibus"}),
        ({"XMODIFIERS": "@im=fcitx"}, {"QT_IM_MODULE": "ibus"}),
        ({"QT_IM_MODULE": "ibus", "XMODIFIERS": "@im=fcitx"}, {}),
        ({"QT_IM_MODULES": "wayland;fcitx;ibus"}, {"QT_IM_MODULES": "wayland;ibus"}),
        ({"QT_IM_MODULES": "wayland;ibus", "QT_IM_MODULE": "fcitx"}, {}),
        ({"QT_IM_MODULE": "compose"}, {}),
        ({}, {}),
    ],
)
def test_fallback(environment: dict[str, str], expected: dict[str, str]) -> None:
    assert input_method_fallback(environment) == expected


def test_the_plugin_is_used_where_there_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "platforminputcontexts"
    folder.mkdir()
    assert input_method_fallback({"QT_IM_MODULE": "fcitx"}, tmp_path) == {"QT_IM_MODULE": "ibus"}
    (folder / "libfcitx5platforminputcontextplugin.so").touch()
    assert input_method_fallback({"QT_IM_MODULE": "fcitx"}, tmp_path) == {}
