"""What can be wrong with cards, books and tasks, as a code with arguments; put into words by ``zhiyin.errors``."""

from enum import StrEnum

from msgspec import Struct

from zhiyin_models.errors import Argument


class CardCode(StrEnum):
    """Every failure of what comes from outside. Arguments are named beside each; sizes are bytes."""

    UNREADABLE = "card.unreadable"  # path, detail: the disk, or no permission
    NONE = "card.none"  # path: a sound file with no card in it
    DAMAGED = "card.damaged"  # path, detail: cannot be read as a card at all
    TOO_LARGE = "card.too_large"  # path, size: the most that is read
    EMPTY = "card.empty"  # path: no bytes in it
    NOT_FILE = "card.not_file"  # path: a folder, a device, a pipe
    CHANGING = "card.changing"  # path: it changes while it is read
    TOO_DEEP = "card.too_deep"  # path: nested without end
    UNSAFE = "card.unsafe"  # path, detail: an archive that writes elsewhere, a bomb
    WRITE_FAILED = "card.write_failed"  # path, detail
    PICTURE_BAD = "card.picture_bad"  # path, detail
    BOOK_BAD = "card.book_bad"  # path, detail
    TASK_BAD = "card.task_bad"  # path, detail
    IMPORT_DIED = "card.import_died"  # detail: the process that reads cards ended


class CardDetail(StrEnum):
    """What ``detail`` can be besides a word of the system's: put into words as well."""

    CUT = "cut"  # breaks off
    JSON = "json"  # line: where its JSON is broken
    NOT_UTF8 = "not_utf8"
    NUMBER = "number"  # one that no program can hold
    NOT_OBJECT = "not_object"  # the JSON is something else than an object
    DEEP = "deep"  # nested too deeply
    NO_ENTRIES = "no_entries"  # of a book
    PACKING = "packing"  # base64 or deflate that holds nothing
    ARCHIVE = "archive"  # a damaged one
    ARCHIVE_CUT = "archive_cut"
    ARCHIVE_HUGE = "archive_huge"  # ZIP64, or too many names
    ARCHIVE_LOCKED = "archive_locked"  # encrypted
    CHUNKS = "chunks"  # more parts than any picture has
    MEMORY = "memory"  # more than may be used
    INSIDE = "inside"  # a mistake of ours; the log has it
    PICTURE_KIND = "picture_kind"  # no picture, or of a kind that is not known
    PICTURE_DAMAGED = "picture_damaged"


class CardFailure(Struct, frozen=True):
    """A code with its arguments, as it crosses a border."""

    code: CardCode
    args: dict[str, Argument] = {}


class CardError(Exception):
    """A failure with a known cause: shown to the user in words, never as a traceback."""

    def __init__(self, code: CardCode, **args: Argument) -> None:
        super().__init__(f"{code}: {args}" if args else str(code))
        self.failure = CardFailure(code, args)

    @property
    def code(self) -> CardCode:
        """What went wrong."""
        return self.failure.code
