"""``zhiyin-models pull``: a model from a hub or an address into the library, going on with what is there of it."""

import re
from argparse import Namespace
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct

from zhiyin_models.cli.engine import engine, library
from zhiyin_models.cli.search import find_source, passed_over
from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.cli.work import carry_out
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.hub.file_names import local_name, repository_folder
from zhiyin_models.hub.grouping import plain_quant
from zhiyin_models.hub.settings import HubSettings, read_hub_settings
from zhiyin_models.hub.values import Details, RemoteFile, Variant
from zhiyin_models.jobs.protocol import Download, Outcome
from zhiyin_models.library.entries import InstalledModel
from zhiyin_models.library.gguf import read_metadata
from zhiyin_models.library.verdict import Machine, Verdict, gpus_of, judge, this_machine
from zhiyin_models.messages import one_line, size_text

USUAL = "Q4_K_M"
# What is taken where there is no such file: four bits of another kind, then a little more than is needed, then a little less.
NEAREST = (
    *("UD-Q4_K_XL", "I1-Q4_K_M", "Q4_K_L", "Q4_K_S", "IQ4_XS", "IQ4_NL", "Q4_1", "Q4_0", "MXFP4", "NVFP4"),
    *("Q5_K_M", "UD-Q5_K_XL", "Q5_K_S", "Q5_1", "Q5_0", "Q6_K", "Q8_0", "Q3_K_L", "Q3_K_M", "IQ3_M"),
)
CHECKPOINTS = "checkpoints"  # the folder of fetched checkpoints in the data directory
WEB = ("http://", "https://")


class Wanted(NamedTuple):
    """What was asked for: a repository, the file or quant type in it ("" for none), and where and at which revision ("" for any)."""

    repository: str
    file: str = ""
    source: str = ""
    revision: str = ""


class Pulled(Struct, frozen=True):
    """What there is now; ``name`` is the model's in the library ("" for a checkpoint)."""

    name: str
    path: str
    files: tuple[str, ...]
    source: str
    repository: str
    revision: str
    notices: tuple[Failure, ...] = ()


def pull(options: Namespace, terminal: Terminal) -> int:
    """Fetch a model and say how to chat with it. Raises ModelError, KeyboardInterrupt."""
    pulling = _Pull(options, terminal)
    task = pulling.task()
    try:
        outcome = carry_out(task, terminal)
    except KeyboardInterrupt:
        terminal.complain("what_is_there_stays")
        raise
    except ModelError as error:
        if error.code != Code.OUTPUT_EXISTS:
            raise
        pulling.in_the_way(str(error.failure.args["path"]))
        return 1
    pulling.say(task, outcome)
    return 0


class _Pull:
    """One command: what it means, and what came of it."""

    def __init__(self, options: Namespace, terminal: Terminal) -> None:
        self._options, self._terminal = options, terminal
        self._models = library(options)
        self._settings = read_hub_settings(self._models.directory)

    def task(self) -> Download:
        """The download that was meant. Raises ModelError."""
        options = self._options
        page = _page(options.what, self._settings)
        if options.what.startswith(WEB) and (page is None or options.sha256):
            return self._of_address()
        if page is None and "://" in options.what:
            raise ModelError(Code.ADDRESS_BAD, address=options.what[:200])
        wanted = page or _wanted(options.what)
        source = find_source(self._settings, options.source, self._terminal).name if options.source else wanted.source
        return self._of_repository(wanted._replace(source=source, revision=options.revision or wanted.revision))

    def say(self, task: Download, outcome: Outcome) -> None:
        """What there is now. Raises ModelError when it cannot be used."""
        terminal = self._terminal
        paths = tuple(output.path for output in outcome.outputs)
        name = ""
        if task.purpose == "model":
            file = read_metadata(paths[0])  # what was fetched as it was published may still be no model for a chat
            file.check_complete()
            file.check_chat()
            name = self._models.find(paths[0]).name
        if self._options.json:
            pulled = Pulled(name, paths[0], paths, task.source, task.repository, task.revision, outcome.notices)
            terminal.write_json(msgspec.json.encode(pulled))
        elif name:
            terminal.write_line(terminal.phrase("pulled", name=one_line(name), path=one_line(paths[0])))
            terminal.write_line(terminal.phrase("chat_with", command=f"zhiyin-models chat {_quoted(one_line(name))}"))
        else:
            command = f"zhiyin-models convert {_quoted(one_line(task.folder))}"
            terminal.write_line(terminal.phrase("pulled_checkpoint", path=one_line(task.folder), command=command))

    def in_the_way(self, path: str) -> None:
        """Another file has the name: say how it is got rid of."""
        model = next((model for model in self._models.models() if path in {model.path, model.projector}), None)
        if model is None:
            self._terminal.complain("file_in_the_way", path=one_line(path))
        else:
            self._terminal.complain("model_in_the_way", path=one_line(path), command=f"zhiyin-models rm {_quoted(one_line(model.name))}")

    def _of_address(self) -> Download:
        from zhiyin_models.hub import search as hub  # noqa: PLC0415 - the command line starts without the network's libraries
        from zhiyin_models.hub.probe import file_itself, probe  # noqa: PLC0415

        options, models = self._options, self._models
        with hub.connect(self._settings, models.directory) as connection, self._asking():
            found = probe(connection, options.what)
        name = local_name(found.path.rpartition("/")[2])
        return Download(
            source="url",
            kind="url",
            repository=file_itself(options.what),
            revision="",
            files=(RemoteFile(name, found.size, (options.sha256 or found.sha256).lower()),),
            folder=str(self._folder or models.models_directory),
            data_dir=str(models.directory),
            name=name.removesuffix(".gguf"),
        )

    def _of_repository(self, wanted: Wanted) -> Download:
        from zhiyin_models.hub import search as hub  # noqa: PLC0415

        models, settings = self._models, self._settings
        with hub.connect(settings, models.directory) as connection, self._asking():
            details = hub.describe(
                settings, wanted.repository, wanted.source, wanted.revision, connection=connection, passed_over=passed_over(self._terminal)
            )
        repository = details.repository
        source = settings.source(repository.source)
        fetched = Download(
            source=repository.source,
            kind=source.kind if source is not None else "huggingface",
            repository=repository.id,
            revision=details.revision,
            files=details.checkpoint,
            folder=str(self._folder or repository_folder(models.directory / CHECKPOINTS, repository.id)),
            data_dir=str(models.directory),
            purpose="checkpoint",
            name=repository.name,
            licence=repository.licence,
            languages=repository.languages,
        )
        if not details.variants and details.checkpoint and not wanted.file:
            return fetched
        variant = _variant(details, wanted.file, self._options, self._terminal)
        files = variant.files + (() if self._options.no_projector else variant.projectors[:1])
        folder = self._folder or self._place(repository_folder(models.models_directory, repository.id), files, details)
        return msgspec.structs.replace(fetched, files=files, folder=str(folder), purpose="model", name=variant.name)

    def _place(self, folder: Path, files: Sequence[RemoteFile], details: Details) -> Path:
        """The repository's folder, or one of its own in there where another revision of one of the files is installed, which is said."""
        here = [model for model in self._models.models() if not model.missing]

        def older(place: Path) -> InstalledModel | None:
            targets = [(file, place / local_name(file.path)) for file in files]
            return next(
                (model for model in here if any(_is_another(model, target, file, details.revision) for file, target in targets)), None
            )

        there = older(folder)
        if there is None:
            return folder
        for model in here:  # it may be in such a folder already, under the name of a revision in which it was the same
            first = Path(model.path)
            known = model.origin.sha256.get(first.name, "").lower() if model.origin is not None else ""
            if known and known == files[0].sha256.lower() and first.parent.parent == folder and older(first.parent) is None:
                return first.parent
        beside = folder / local_name(details.revision[:8])
        self._terminal.complain("beside_other_revision", name=one_line(there.name), folder=one_line(str(beside)))
        return beside

    def _asking(self) -> AbstractContextManager[None]:
        return self._terminal.bar.busy(self._terminal.phrase("asking"))

    @property
    def _folder(self) -> Path | None:
        return Path(self._options.folder).absolute() if self._options.folder else None


def _is_another(model: InstalledModel, target: Path, file: RemoteFile, revision: str) -> bool:
    """Whether a model that is installed has a file where one is to be fetched to, and that is known to be another revision's."""
    if model.origin is None or Path(model.path).parent != target.parent or target.name not in {Path(model.path).name, *model.origin.sha256}:
        return False
    known = model.origin.sha256.get(target.name, "").lower()
    if known and file.sha256:
        return known != file.sha256.lower()
    return bool(model.origin.revision) and model.origin.revision != revision


def _quoted(name: str) -> str:
    """As a shell takes it."""
    return name if re.fullmatch(r"[\w./:+-]+", name) else "'" + name.replace("'", "'\\''") + "'"


# ---------------------------------------------------------------- what was meant


def _wanted(what: str) -> Wanted:
    repository, _, file = what.partition(":")
    return Wanted(repository, file)


def _page(what: str, settings: HubSettings) -> Wanted | None:
    """The repository whose page at a hub it is, or that of a file in it: people copy what they see. None for any other address."""
    if not what.startswith(WEB):
        return None
    source = next((source for source in settings.sources if what.startswith(f"{source.address}/")), None)
    if source is None:
        return None
    parts = [unquote(part) for part in urlsplit(what[len(source.address) :]).path.strip("/").split("/")]
    parts = parts[1:] if source.kind == "modelscope" and parts[:1] == ["models"] else parts
    match parts:
        case [owner, name]:
            return Wanted(f"{owner}/{name}", source=source.name)
        case [owner, name, "tree", revision]:
            return Wanted(f"{owner}/{name}", source=source.name, revision=revision)
        case [owner, name, "blob" | "resolve", revision, *path] if parts[-1].lower().endswith(".gguf"):
            return Wanted(f"{owner}/{name}", "/".join(path), source.name, revision)
    return None


# ---------------------------------------------------------------- which file of a repository


def _variant(details: Details, wanted: str, options: Namespace, terminal: Terminal) -> Variant:
    """The one that was named, else the one that suits this computer. Raises ModelError HUB_NOTHING with what there is."""
    found = [variant for variant in details.variants if not wanted or _is(variant, wanted)]
    if not found:
        there = ", ".join(map(_choice, details.variants)) or terminal.phrase("a_checkpoint" if details.checkpoint else "no_models_there")
        raise ModelError(Code.HUB_NOTHING, name=f"{details.repository.id}:{wanted}" if wanted else details.repository.id, detail=there)
    if wanted:
        exact = [variant for variant in found if variant.quant.casefold() == wanted.casefold()] or found
        if len(exact) > 1:
            names = ", ".join(variant.name for variant in exact)
            raise ModelError(Code.USAGE, detail=terminal.phrase("several", wanted=wanted, names=names))
        return exact[0]
    return _suiting(details, options, terminal)


def _is(variant: Variant, wanted: str) -> bool:
    names = {variant.quant, plain_quant(variant.quant), variant.name, *(file.path for file in variant.files)}
    names |= {file.path.rpartition("/")[2] for file in variant.files}
    return wanted.casefold() in {name.casefold() for name in names if name}


def _choice(variant: Variant) -> str:
    """What may stand behind the colon."""
    return variant.quant or variant.name


# ---------------------------------------------------------------- what suits this computer


def _suiting(details: Details, options: Namespace, terminal: Terminal) -> Variant:
    """The usual four bits where they fit; else what comes nearest, and a line that says why."""
    usual = next((variant for variant in details.variants if variant.quant.upper() == USUAL), None)
    machine = this_machine()
    if usual is not None and _fits(usual, details, machine):
        return usual
    machine = _whole_machine(options) or machine
    fitting = [variant for variant in details.variants if _fits(variant, details, machine)]
    if usual in fitting and usual is not None:
        return usual
    if not fitting:
        there = ", ".join(f"{_choice(variant)} ({size_text(variant.size)})" for variant in details.variants if variant.size > 0)
        raise ModelError(Code.USAGE, detail=terminal.phrase("nothing_fits", name=details.repository.id, there=there))
    chosen = _nearest(fitting) if usual is None else max(fitting, key=lambda variant: variant.size)
    if len(details.variants) > 1:
        size = size_text(chosen.size) if chosen.size >= 0 else "?"
        if usual is None:
            terminal.complain("no_usual", usual=USUAL, chosen=_choice(chosen), size=size)
        else:
            terminal.complain("usual_too_big", usual=USUAL, usual_size=size_text(usual.size), chosen=_choice(chosen), size=size)
    return chosen


def _nearest(fitting: Sequence[Variant]) -> Variant:
    known = [variant for variant in fitting if variant.quant.upper() in NEAREST]
    if known:
        return min(known, key=lambda variant: NEAREST.index(variant.quant.upper()))
    return max(fitting, key=lambda variant: variant.size)


def _fits(variant: Variant, details: Details, machine: Machine) -> bool:
    return judge(variant.size, details.shape, 0, machine, None).verdict != Verdict.NO


def _whole_machine(options: Namespace) -> Machine | None:
    """With the GPUs, which only the engine knows."""
    try:
        with engine(options) as client:
            return this_machine(gpus_of(client.devices().devices))
    except ModelError:
        return None
