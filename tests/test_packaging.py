"""What is shipped: the pins, both ways of installing, the files a desktop reads, and the system libraries the set-up asks for."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import PySide6
import pytest

LOOK_FOR_ASSETS = """
import json
import zhiyin, zhiyin_models
from zhiyin.resources import asset_path
from zhiyin_models.resources import asset_path as model_asset_path
assets = [str(asset_path("translations").parent), str(model_asset_path("evaluation/zh.txt").parents[1])]
print(json.dumps([zhiyin.__file__, zhiyin_models.__file__, *assets]))
"""


def pins(path: Path) -> dict[str, str]:
    """Each pinned package's name and the block of text that pins it."""
    blocks = re.split(r"\n(?=[a-z0-9])", path.read_text(encoding="utf-8"))
    return {re.split(r"[=;\s\[]", block)[0]: block for block in blocks if not block.startswith("#")}


@pytest.mark.parametrize("name", ["requirements.txt", "build-requirements.txt", "uv.txt"])
def test_every_pin_is_exact_and_hashed(root: Path, name: str) -> None:
    pinned = pins(root / "packaging" / name)
    assert pinned
    for package, block in pinned.items():
        assert "==" in block, package
        assert "--hash=sha256:" in block, package
        assert "-url" not in block, package


def test_every_dependency_is_pinned(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    names = {re.split(r"[^A-Za-z0-9._-]", line)[0].lower().replace("_", "-") for line in wanted}
    assert names <= set(pins(root / "packaging" / "requirements.txt"))


def test_the_pins_are_what_is_installed(root: Path) -> None:
    for package, block in pins(root / "packaging" / "requirements.txt").items():
        head = block.splitlines()[0]
        if ";" not in head:
            version = re.search(r"==([^\s;\\]+)", head)
            assert version is not None
            assert importlib.metadata.version(package) == version[1], package


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_both_packages_their_assets_and_the_licence(root: Path, wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"zhiyin/__main__.py", "zhiyin_models/engine/protocol.py"} <= names
    for folder, package in (("app", "zhiyin"), ("models", "zhiyin_models")):
        assets = root / "assets" / folder
        shipped = {path.relative_to(assets).as_posix() for path in assets.rglob("*") if path.is_file()}
        assert shipped
        assert {f"{package}/assets/{name}" for name in shipped} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests", "packaging", "app/", "models/"))]


def look_for_assets(**environment: str) -> list[Path]:
    command = [sys.executable, "-c", LOOK_FOR_ASSETS]
    result = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, cwd="/")
    assert result.returncode == 0, result.stderr
    return [Path(found) for found in json.loads(result.stdout)]


def test_a_wheels_install_finds_its_assets(wheel: Path, tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, "--target", str(tmp_path), str(wheel)], check=True, env={**os.environ, "PIP_CONFIG_FILE": os.devnull})
    app, models, assets, model_assets = look_for_assets(PYTHONPATH=str(tmp_path))
    assert app == tmp_path / "zhiyin/__init__.py"
    assert models == tmp_path / "zhiyin_models/__init__.py"
    assert assets == tmp_path / "zhiyin/assets"
    assert model_assets == tmp_path / "zhiyin_models/assets"
    assert (assets / "translations").is_dir()
    assert {"zhiyin", "zhiyin-models"} <= {path.name for path in (tmp_path / "bin").iterdir()}


def test_an_editable_install_finds_its_assets(root: Path) -> None:
    app, models, assets, model_assets = look_for_assets(PYTHONPATH="")
    assert app == root / "app/zhiyin/__init__.py"
    assert models == root / "models/zhiyin_models/__init__.py"
    assert assets == root / "assets/app"
    assert model_assets == root / "assets/models"


@pytest.mark.parametrize("command", ["zhiyin", "zhiyin-models"])
def test_both_commands_say_their_version(root: Path, command: str) -> None:
    result = subprocess.run([Path(sys.executable).with_name(command), "--version"], capture_output=True, text=True, check=False)
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert (result.returncode, version in result.stdout) == (0, True), result.stderr


def test_qt_finds_its_system_libraries() -> None:
    """After the set-up no library of the plugins that open a window is missing; on a bare Debian this is the set-up's list at work."""
    plugins = Path(PySide6.__file__).parent / "Qt/plugins"
    asked = [plugins / f"platforms/libq{name}.so" for name in ("xcb", "wayland", "offscreen")]
    asked += [*(plugins / "platforminputcontexts").glob("lib*ibus*.so"), *(plugins / "xcbglintegrations").glob("*.so")]
    asked += [*(plugins / "wayland-shell-integration").glob("*.so")]
    result = subprocess.run(["ldd", *map(str, asked)], capture_output=True, text=True, check=True)
    assert not [line.strip() for line in result.stdout.splitlines() if "not found" in line]


def test_the_desktop_file_starts_the_command_that_is_installed(root: Path) -> None:
    text = (root / "packaging/zhiyin.desktop").read_text(encoding="utf-8")
    entries = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    assert text.startswith("[Desktop Entry]\n")
    assert entries["Exec"] == "zhiyin"
    assert entries["Name[zh_CN]"] == "知音"


def test_the_metainfo_is_of_this_version_and_of_that_desktop_file(root: Path) -> None:
    tree = ET.parse(root / "packaging/zhiyin.metainfo.xml").getroot()
    assert tree.findtext("id") == "zhiyin.desktop"
    assert tree.findtext("launchable") == "zhiyin.desktop"
    assert tree.findtext("project_license") == "Apache-2.0"
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert version in {release.get("version") for release in tree.iter("release")}
