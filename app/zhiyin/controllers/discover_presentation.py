"""What hubs say, as the view shows it: how each model fits here, what of it is here or on its way, and the downloads that are asked for."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zhiyin.controllers.this_machine import USUAL_CONTEXT, ThisMachine
from zhiyin.ui.discover_values import FOUND, UNKNOWN, RepositoryRow, State, VariantRow
from zhiyin_models.errors import ModelError
from zhiyin_models.hub.file_names import local_name, repository_folder
from zhiyin_models.hub.settings import HubSettings
from zhiyin_models.hub.values import Details, RemoteFile, Repository, Shape, SourceKind, Variant
from zhiyin_models.jobs.protocol import Download, JobState, Status
from zhiyin_models.library.installed import InstalledModel
from zhiyin_models.library.naming import human_name
from zhiyin_models.library.verdict import guess_shape
from zhiyin_models.work import Stage

CONTEXTS = (2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072)
RECOMMENDED = ("Q4_K_M", "UD-Q4_K_XL", "i1-Q4_K_M", "Q4_K_S", "IQ4_XS", "Q4_0", "Q5_K_M", "Q8_0")
ORDER = ("gpu", "partly", "cpu")  # of what fits, best first
STATES: dict[Status, State] = {
    Status.RUNNING: "running",
    Status.QUEUED: "queued",
    Status.PAUSED: "paused",
    Status.INTERRUPTED: "paused",
    Status.FAILED: "failed",
}
MOST_VARIANTS = 200  # of a repository that are shown
CHECKPOINTS = "checkpoints"  # the folder of fetched checkpoints in the data directory

Key = tuple[str, str]  # a repository and the first of the files that are wanted of it


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """A download of the queue."""

    state: State
    fraction: float = 0.0


def on_the_way(jobs: Iterable[JobState], pending: Collection[Key] = ()) -> dict[Key, OnTheWay]:
    """What is being fetched, by what it is of; ``pending`` was asked for and is not in the queue yet."""
    found: dict[Key, OnTheWay] = {key: OnTheWay("asking") for key in pending}
    for job in sorted(jobs, key=lambda one: one.created):
        state = STATES.get(job.status)
        if isinstance(job.task, Download) and state is not None and job.task.files:
            found[_key(job.task.repository, job.task.files)] = OnTheWay(state, fraction_of(job))
    return found


def fraction_of(job: JobState) -> float:
    """How much of a download is here."""
    progress = job.progress
    if progress is None or progress.total <= 0 or progress.stage not in (Stage.DOWNLOAD, Stage.WAIT, Stage.HASH):
        return 0.0
    return min(1.0, max(0.0, progress.done / progress.total)) if progress.stage is Stage.DOWNLOAD else 0.0


def _key(repository: str, files: Sequence[RemoteFile]) -> Key:
    return repository.casefold(), files[0].path


def variant_key(details: Details, variant: Variant) -> Key:
    """How a variant is known among downloads."""
    return _key(details.repository.id, variant.files)


def checkpoint_key(details: Details) -> Key:
    """How a checkpoint is known among downloads."""
    return _key(details.repository.id, details.checkpoint)


# ---------------------------------------------------------------- rows


def result_row(repository: Repository, machine: ThisMachine) -> RepositoryRow:
    """A result of a search; how it fits is told of a Q4_K_M file, from its number of parameters."""
    fit = machine.fit(-1, repository_shape(repository)) if repository.kind == "gguf" else UNKNOWN
    return RepositoryRow(repository, FOUND, fit=fit)


def with_installed(rows: Iterable[RepositoryRow], installed: Collection[str]) -> tuple[RepositoryRow, ...]:
    """The rows, with a mark on those that something of the library came from."""
    return tuple(replace(row, installed=True) if row.repository.id.casefold() in installed else row for row in rows)


def repository_shape(repository: Repository, size: int = 0) -> Shape:
    """What can be guessed of a repository's models."""
    return guess_shape(
        repository.parameters,
        size=size,
        name=repository.name,
        architecture=repository.architecture,
        trained_context=repository.trained_context,
    )


def variant_rows(
    details: Details, context: int, machine: ThisMachine, installed: Mapping[Key, InstalledModel], moving: Mapping[Key, OnTheWay]
) -> tuple[VariantRow, ...]:
    """The variants with how each fits; one of them is recommended."""
    rows = []
    for variant in details.variants[:MOST_VARIANTS]:
        key = variant_key(details, variant)
        way = moving.get(key)
        model = installed.get(key)
        state: State = "" if model is None else "newer" if is_older(model, variant) else "installed"
        if way is not None and state != "installed":
            state = way.state
        fraction = way.fraction if way is not None else 0.0
        rows.append(VariantRow(variant, machine.fit(variant.size, variant_shape(details, variant), context), state, fraction))
    best = recommended(rows)
    several = {quant for quant, count in Counter(row.variant.quant for row in rows).items() if count > 1}
    return tuple(replace(row, recommended=row is best, title=row.variant.name if row.variant.quant in several else "") for row in rows)


def variant_shape(details: Details, variant: Variant) -> Shape:
    """The repository's shape where that is known, else a guess."""
    shape = details.shape
    if shape.layers > 0:
        return shape
    return repository_shape(details.repository, max(0, variant.size))


def recommended(rows: Sequence[VariantRow]) -> VariantRow | None:
    """Of those that fit best, the common type of four bits, or what comes nearest to it; None where nothing fits or is known."""
    for verdict in ORDER:
        fitting = [row for row in rows if row.fit.verdict == verdict]
        for quant in RECOMMENDED:
            for row in fitting:
                if row.variant.quant == quant:
                    return row
        if fitting:
            return max(fitting, key=lambda row: row.variant.size)
    return None


def contexts(trained: int) -> tuple[int, ...]:
    """Those to choose from, up to the one that the model was trained on."""
    if trained <= 0:
        return CONTEXTS
    found = tuple(context for context in CONTEXTS if context <= trained)
    return found or (trained,)


def usual_context(offered: Sequence[int]) -> int:
    """The one that is chosen first."""
    return USUAL_CONTEXT if USUAL_CONTEXT in offered else offered[-1]


# ---------------------------------------------------------------- what is here


def installed_keys(details: Details, models: Iterable[InstalledModel], models_directory: Path) -> dict[Key, InstalledModel]:
    """Which of a repository's variants are in the library: by where they would lie, or by where they came from."""
    there = [model for model in models if not model.missing and model.problem is None]
    wanted = details.repository.id.casefold()
    from_it = [model for model in there if model.origin is not None and model.origin.repository.casefold() == wanted]
    found: dict[Key, InstalledModel] = {}
    for variant in details.variants:
        try:
            place = local_name(variant.files[0].path)
            path = repository_folder(models_directory, details.repository.id) / place
        except ModelError:
            continue
        here = [model for model in there if model.path == str(path)] + [model for model in from_it if Path(model.path).name == path.name]
        if here:
            found[variant_key(details, variant)] = min(here, key=lambda model: is_older(model, variant))
    return found


def is_older(model: InstalledModel, variant: Variant) -> bool:
    """Whether what is here has another first file than the hub has now."""
    first = variant.files[0]
    known = model.origin.sha256.get(Path(model.path).name, "") if model.origin is not None else ""
    return bool(known and first.sha256) and known != first.sha256


def installed_repositories(models: Iterable[InstalledModel]) -> frozenset[str]:
    """The repositories that something of the library came from."""
    return frozenset(model.origin.repository.casefold() for model in models if model.origin is not None and not model.missing)


# ---------------------------------------------------------------- downloads


@dataclass(frozen=True, slots=True)
class Places:
    """Where downloads go, and the settings of the sources that they come from."""

    settings: HubSettings
    models: Path
    data_dir: Path


def model_download(details: Details, variant: Variant, places: Places, projector: str = "", *, beside_older: bool = False) -> Download:
    """The download of one variant, with the projector of that path. Raises ModelError FILE_NAME_BAD.

    ``beside_older``: it gets a folder of its own, for another version of it is there.
    """
    repository = details.repository
    folder = repository_folder(places.models, repository.id)
    beside = tuple(file for file in variant.projectors if file.path == projector)
    return Download(
        source=repository.source,
        kind=_kind(repository.source, places.settings),
        repository=repository.id,
        revision=details.revision,
        files=(*variant.files, *beside),
        folder=str(folder / details.revision[:8] if beside_older else folder),
        data_dir=str(places.data_dir),
        name=human_name(Path(variant.files[0].path)),
        licence=repository.licence,
        languages=repository.languages,
    )


def checkpoint_folder(details: Details, data_dir: Path) -> Path:
    """Where a checkpoint is fetched to. Raises ModelError FILE_NAME_BAD."""
    return repository_folder(data_dir / CHECKPOINTS, details.repository.id)


def checkpoint_download(details: Details, places: Places) -> Download:
    """The download of a checkpoint. Raises ModelError FILE_NAME_BAD."""
    repository = details.repository
    return Download(
        source=repository.source,
        kind=_kind(repository.source, places.settings),
        repository=repository.id,
        revision=details.revision,
        files=details.checkpoint,
        folder=str(checkpoint_folder(details, places.data_dir)),
        data_dir=str(places.data_dir),
        purpose="checkpoint",
        name=repository.name,
        licence=repository.licence,
        languages=repository.languages,
    )


def address_download(address: str, file: RemoteFile, sha256: str, places: Places) -> Download:
    """The download of what lies at a plain address. Raises ModelError FILE_NAME_BAD."""
    name = local_name(file.path.rpartition("/")[2])
    wanted = RemoteFile(name, file.size, sha256 or file.sha256)
    return Download(
        source="url",
        kind="url",
        repository=address,
        revision="",
        files=(wanted,),
        folder=str(places.models),
        data_dir=str(places.data_dir),
        name=human_name(Path(name)),
    )


def _kind(source: str, settings: HubSettings) -> SourceKind:
    known = settings.source(source)
    return known.kind if known is not None else "huggingface"
