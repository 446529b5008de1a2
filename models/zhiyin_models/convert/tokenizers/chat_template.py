"""The chat template of a checkpoint, or one that the user chose: found, and compiled once as the app will compile it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.convert.source_files import SourceFolder, shown
from zhiyin_models.engine.templates import ChatTemplate
from zhiyin_models.errors import Code, ModelError

LARGEST = 1 << 20  # bytes of a template's file


def read_template(checkpoint: Checkpoint, config: Mapping[str, Any], hints: Mapping[str, object], chosen: str) -> tuple[str, str]:
    """The Jinja source of the template and the name of its file; ("", "") where there is none. Raises ModelError TEMPLATE_BAD.

    In Transformers' order: a file of its own, chat_template.json, tokenizer_config.json (one, or several by name); last what the family
    knows. ``chosen`` (a path) goes first.
    """
    if chosen:
        path = Path(chosen).absolute()
        source = _text(path)
        _compile(source, path)
        return source, path.name
    for name, found in (
        ("chat_template.jinja", checkpoint.text("chat_template.jinja", LARGEST)),
        ("chat_template.json", _of_json(checkpoint.json("chat_template.json", LARGEST))),
        ("tokenizer_config.json", _named(config.get("chat_template"))),
    ):
        if found:
            _compile(found, checkpoint.path / name)
            return found, name
    known = hints.get("chat_template")
    if isinstance(known, str) and known:
        _compile(known, checkpoint.path)
        return known, ""
    return "", ""


def _text(path: Path) -> str:
    folder = SourceFolder(path.parent)
    try:
        text = folder.text(path.name, LARGEST)
    except ModelError as error:
        raise _bad(path, str(error.failure.args.get("detail", error.code))) from error
    if not text:
        raise _bad(path, "it is empty" if text == "" else "there is no such file")
    return text


def _of_json(value: Any) -> str:
    return _named(value.get("chat_template")) if isinstance(value, dict) else ""


def _named(value: Any) -> str:
    """One template, or the one called default of several; the first, if none is."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = [{"name": name, "template": template} for name, template in value.items()]
    named = {
        str(item.get("name")): item["template"]
        for item in (value if isinstance(value, list) else [])
        if isinstance(item, dict) and isinstance(item.get("template"), str)
    }
    return named.get("default") or next(iter(named.values()), "")


def _compile(source: str, path: Path) -> None:
    try:
        source.encode()  # JSON can spell what is no text
        ChatTemplate(source, bos="", eos="")
    except UnicodeEncodeError as error:
        raise _bad(path, "it is no text") from error
    except ModelError as error:
        raise _bad(path, str(error.failure.args.get("detail", ""))) from error


def _bad(path: Path, detail: str) -> ModelError:
    return ModelError(Code.TEMPLATE_BAD, path=shown(path), detail=detail)
