"""Finds what the model side ships beside its code: in the repository when run from it, in the installed package otherwise."""

from importlib.resources import files
from pathlib import Path


def asset_path(name: str) -> Path:
    """The path of an asset such as ``evaluation/zh.txt``; FileNotFoundError when it is in neither place."""
    repository = Path(__file__).resolve().parents[2] / "assets" / "models" / name
    if repository.exists():
        return repository
    installed = Path(str(files("zhiyin_models").joinpath("assets", *name.split("/"))))
    if installed.exists():
        return installed
    raise FileNotFoundError(name)
