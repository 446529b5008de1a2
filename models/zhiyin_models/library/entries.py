"""What the library remembers of each model. Light: only values."""

from msgspec import Struct

from zhiyin_models.errors import Code


class Origin(Struct, frozen=True, omit_defaults=True):
    """Where a model came from."""

    source: str  # the name of a source of the hub's settings, "url", or the app that it was found with
    repository: str = ""  # owner/name, or the address
    revision: str = ""  # commit
    sha256: dict[str, str] = {}  # of each file, by its name
    fetched: float = 0.0  # seconds since 1970
    licence: str = ""
    languages: tuple[str, ...] = ()


class InstalledModel(Struct, frozen=True):
    """A model of the library; ``path`` is its first file, ``size`` the bytes of all of them."""

    name: str
    path: str
    size: int = 0
    architecture: str = ""
    quant: str = ""
    parameters: int = 0
    trained_context: int = 0
    missing: bool = False
    problem: Code | None = None  # why the file cannot be used, when it is there
    languages: tuple[str, ...] = ()
    licence: str = ""
    last_used: float = 0.0  # seconds since 1970; 0: never
    notes: str = ""  # the user's own
    origin: Origin | None = None
    owned: bool = False  # it lies in the models folder; else it is used in place
    checked: float = 0.0  # when its checksums were last found right
    projector: str = ""  # the path of the mmproj file that belongs to it
    former_names: tuple[str, ...] = ()  # that conversations may still know it by


class Entry(Struct, omit_defaults=True):
    """What is remembered of a file, with what it said of itself when it was last read."""

    model: InstalledModel
    size: int = 0  # of its files together, with the time of the latest: is what is remembered still so?
    modified: int = 0  # nanoseconds
    added: bool = False  # by reference, from outside the models folder
    removed: bool = False  # in the models folder, and taken out of the list by the user
    named: bool = False  # by the user
    trashed: str = ""  # a token: its files go to the trash unless that is undone
    moving: str = ""  # where its first file is being moved to
    checksums: dict[str, str] = {}  # SHA-256 of each file by its name, where its origin knew none

    @property
    def listed(self) -> bool:
        """Whether the user sees it."""
        return not self.removed and not self.trashed

    @property
    def stamp(self) -> tuple[int, int]:
        """The files as they were when they were last read."""
        return self.size, self.modified


class State(Struct, omit_defaults=True):
    """The content of ``library.json``."""

    version: int = 1
    entries: list[Entry] = []
