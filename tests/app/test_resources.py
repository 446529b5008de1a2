"""Assets are found in the repository, and in a package that was installed without it."""

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from zhiyin.resources import asset_path


def test_the_repository_comes_first(root: Path) -> None:
    assert asset_path("icons/zhiyin.svg") == root / "assets" / "app" / "icons" / "zhiyin.svg"


def test_what_is_nowhere_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        asset_path("icons/none.svg")


def test_an_installed_package_brings_its_own(root: Path, tmp_path: Path) -> None:
    package = tmp_path / "site" / "zhiyin"
    package.mkdir(parents=True)
    for name in ("__init__.py", "resources.py"):
        shutil.copy(root / "app" / "zhiyin" / name, package)
    shutil.copytree(root / "assets" / "app", package / "assets")
    code = "from zhiyin.resources import asset_path; print(asset_path('translations/zhiyin_zh_CN.qm'))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env={"PYTHONPATH": str(package.parent)}
    )
    assert Path(ran.stdout.strip()) == package / "assets" / "translations" / "zhiyin_zh_CN.qm"


def test_the_icon_is_a_square_svg_that_loads_nothing() -> None:
    icon = asset_path("icons/zhiyin.svg")
    svg = ET.parse(icon).getroot()
    assert svg.get("viewBox") == "0 0 256 256"
    assert {element.tag.split("}")[1] for element in svg.iter()} == {"svg", "path"}
    assert "href" not in icon.read_text(encoding="utf-8")
