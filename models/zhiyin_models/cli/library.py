"""``zhiyin-models list``, ``import``, ``rm`` and ``verify``: the models on this computer."""

import sys
import time
from argparse import Namespace

import msgspec
from msgspec import Struct

from zhiyin_models.cli.engine import library
from zhiyin_models.cli.models import parameters_text
from zhiyin_models.cli.search import languages_text
from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.cli.work import carry_out
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.jobs.protocol import CopyModel, Verify
from zhiyin_models.library.installed import STARTER, InstalledModel, Library
from zhiyin_models.messages import one_line, size_text

SPARE = ("languages", "licence", "last_used", "file", "origin", "trained_context", "parameters")  # in the order in which they are left out
YES = frozenset({"y", "yes", "是", "好"})


def list_models(options: Namespace, terminal: Terminal) -> int:
    """The library, by name."""
    models = library(options).models()
    if options.json:
        terminal.write_json(msgspec.json.encode(models))
    elif models:
        keys = ("name", "quant", "parameters", "size", "trained_context", "languages", "licence", "origin", "last_used", "state", "file")
        rows = [[terminal.phrase(key) for key in keys], *(_listed(model, terminal) for model in models)]
        terminal.write_table(rows, spare=[keys.index(key) for key in SPARE], short=keys.index("file"))
    else:
        terminal.complain("no_models")
    return 0


def _listed(model: InstalledModel, terminal: Terminal) -> list[str]:
    state = terminal.phrase("missing") if model.missing else terminal.phrase("unusable") if model.problem else ""
    return [
        model.name,
        model.quant,
        parameters_text(model.parameters),
        size_text(model.size),
        f"{model.trained_context:,}",
        languages_text(model.languages),
        model.licence,
        model.origin.source if model.origin is not None else "",
        _day(model.last_used),
        state,
        model.path,
    ]


def _day(seconds: float) -> str:
    """Of a time since 1970, which may be nonsense in a damaged list; "" for never."""
    try:
        return time.strftime("%Y-%m-%d", time.localtime(seconds)) if seconds > 0 else ""
    except (OverflowError, OSError, ValueError):
        return ""


# ---------------------------------------------------------------- taking in


def import_model(options: Namespace, terminal: Terminal) -> int:
    """Put a model into the library where it lies, or a copy of it, or all that other apps have; one that is there stays as it is."""
    models = library(options)
    if options.found:
        return _import_found(models, options, terminal)
    if options.model is None:
        raise ModelError(Code.USAGE, detail=terminal.phrase("what_to_import"))
    try:
        if options.copy:
            outcome = carry_out(CopyModel(models.find(options.model).path, str(models.models_directory)), terminal)
            model = models.add(outcome.outputs[0].path)
        else:
            model = models.add_starter() if options.model == STARTER else models.add(options.model)
    except OSError as error:
        terminal.complain("library_failed", path=str(models.directory), detail=error.strerror or str(error))
        return 1
    if options.json:
        terminal.write_json(msgspec.json.encode(model))
    else:
        terminal.complain("imported", name=one_line(model.name))
    return 0


def _import_found(models: Library, options: Namespace, terminal: Terminal) -> int:
    from zhiyin_models.library.elsewhere import find_elsewhere  # noqa: PLC0415 - looks at many folders

    with terminal.bar.busy(terminal.phrase("looking")):
        found = find_elsewhere(known=[model.path for model in models.models()])
    added = []
    failed = False
    for one in found:
        try:
            added.append((one, models.add(one.path, origin=one.origin, name=one.name)))
        except ModelError as error:
            terminal.fail(error.failure)
            failed = True
    if options.json:
        terminal.write_json(msgspec.json.encode([model for _, model in added]))
    elif added:
        headings = [terminal.phrase(key) for key in ("name", "origin", "size", "file")]
        terminal.write_table([headings, *([model.name, one.app, size_text(one.size), model.path] for one, model in added)])
        terminal.complain("taken_in", count=len(added))
    elif not failed:
        terminal.complain("nothing_elsewhere")
    return 1 if failed else 0


# ---------------------------------------------------------------- taking out


def remove(options: Namespace, terminal: Terminal) -> int:
    """Move a model to the system's trash; one that lies elsewhere is only taken out of the list."""
    models = library(options)
    model = _of_library(models, options.model)
    key = "ask_remove" if model.owned and not model.missing else "ask_forget"
    if not options.yes and not _agreed(terminal.phrase(key, name=one_line(model.name), size=size_text(model.size)), terminal):
        return 1
    failures = models.empty_trash(models.trash(model.path))
    for failure in failures:
        terminal.fail(failure)
    if failures:
        return 1
    if options.json:
        terminal.write_json(msgspec.json.encode(model))
    else:
        key = "forgotten" if key == "ask_forget" else "trashed"
        terminal.complain(key, name=one_line(model.name), path=one_line(model.path))
    return 0


def _of_library(models: Library, wanted: str) -> InstalledModel:
    """Also one whose file is gone. Raises ModelError MODEL_UNKNOWN_NAME for a file that is not in the list."""
    listed = models.models()
    key = wanted.casefold()
    for model in listed:
        if key in {model.name.casefold(), model.path.casefold()}:
            return model
    found = models.find(wanted)
    if all(model.path != found.path for model in listed):
        raise ModelError(Code.MODEL_UNKNOWN_NAME, name=wanted)
    return found


def _agreed(question: str, terminal: Terminal) -> bool:
    """What a person says. Raises ModelError USAGE where there is nobody to be asked."""
    if not sys.stdin.isatty():
        raise ModelError(Code.USAGE, detail=terminal.phrase("yes_needed"))
    terminal.ask(question)
    return sys.stdin.readline().strip().casefold() in YES


# ---------------------------------------------------------------- reading again


class Verified(Struct, frozen=True):
    """What came of reading a model again; ``failure`` is None when all was as it should be."""

    name: str
    path: str
    failure: Failure | None = None
    notices: tuple[Failure, ...] = ()


def verify(options: Namespace, terminal: Terminal) -> int:
    """Read models again and compare their checksums; a failure when one differs."""
    models = library(options)
    if bool(options.model) == options.all:
        raise ModelError(Code.USAGE, detail=terminal.phrase("what_to_verify"))
    chosen = models.models() if options.all else [_of_library(models, options.model)]
    results = [_verified(model, models, options, terminal) for model in chosen]
    if options.json:
        terminal.write_json(msgspec.json.encode(results))
    elif not results:
        terminal.complain("no_models")
    return 1 if any(result.failure is not None for result in results) else 0


def _verified(model: InstalledModel, models: Library, options: Namespace, terminal: Terminal) -> Verified:
    try:
        outcome = carry_out(Verify(model.path, str(models.directory)), terminal)
    except ModelError as error:
        terminal.fail(error.failure)
        return Verified(model.name, model.path, error.failure)
    if not options.json:
        terminal.write_line(terminal.phrase("verified", name=one_line(model.name)))
    return Verified(model.name, model.path, notices=outcome.notices)
