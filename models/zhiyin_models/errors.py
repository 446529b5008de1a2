"""What can go wrong on the model side, as a code with arguments: errors cross processes and are put into words elsewhere.

The window turns a code into words through Qt's translations (``zhiyin.errors``), the command line through its own table
(``zhiyin_models.messages``). A test holds that both know every code and use every argument.
"""

from enum import StrEnum

from msgspec import Struct

Argument = str | int | float


class Code(StrEnum):
    """Every failure and notice of the model side. Arguments are named beside each; sizes are bytes, times are seconds."""

    # a model file
    MODEL_MISSING = "model.missing"  # path
    MODEL_UNREADABLE = "model.unreadable"  # path, detail
    MODEL_NOT_GGUF = "model.not_gguf"  # path
    MODEL_GGUF_VERSION = "model.gguf_version"  # path, version
    MODEL_TRUNCATED = "model.truncated"  # path, expected, actual
    MODEL_DAMAGED = "model.damaged"  # path, detail
    MODEL_SPLIT_MISSING = "model.split_missing"  # path, part
    MODEL_UNKNOWN_ARCHITECTURE = "model.unknown_architecture"  # path, architecture
    MODEL_NOT_CHAT = "model.not_chat"  # path, architecture
    MODEL_TOO_BIG = "model.too_big"  # path, need, free
    MODEL_LOAD_FAILED = "model.load_failed"  # path, detail
    MODEL_UNKNOWN_NAME = "model.unknown_name"  # name
    MODEL_DELETED = "model.deleted"  # path; a notice: the file went away while it was loaded
    MODEL_NONE_LOADED = "model.none_loaded"
    # a chat template
    TEMPLATE_MISSING = "template.missing"  # a notice: ChatML is used
    TEMPLATE_FAILED = "template.failed"  # detail
    TEMPLATE_TOO_SLOW = "template.too_slow"  # seconds
    TEMPLATE_TOO_LARGE = "template.too_large"  # limit (characters)
    TEMPLATE_NO_CONTINUE = "template.no_continue"  # the template changes replies, so one cannot be continued
    # the context
    MESSAGE_TOO_LONG = "message.too_long"  # tokens, limit, over
    CONTEXT_DROPPED = "context.dropped"  # a notice: turns
    CONTEXT_REDUCED = "context.reduced"  # a notice: wanted, given
    # the engine process
    ENGINE_START_FAILED = "engine.start_failed"  # detail
    ENGINE_DIED = "engine.died"  # reason (exit code or signal name), detail (last log lines)
    ENGINE_SILENT = "engine.silent"  # seconds
    ENGINE_VERSION = "engine.version"  # ours, theirs
    ENGINE_FAILED = "engine.failed"  # detail: a bug or a library failure inside the engine
    DECODE_FAILED = "engine.decode_failed"  # detail
    DEVICE_UNREACHABLE = "device.unreachable"  # address
    GPU_NOT_BUILT = "gpu.not_built"  # maker; a notice: there is a card that this build cannot use
    GPU_NO_ROOM = "gpu.no_room"  # device; a notice: no layer has room on it
    # requests
    REQUEST_BAD = "request.bad"  # detail
    LINE_TOO_LONG = "request.line_too_long"  # limit
    # the command line
    USAGE = "usage"  # detail


class Failure(Struct, frozen=True):
    """A code with its arguments, as it crosses a border."""

    code: Code
    args: dict[str, Argument] = {}


class ModelError(Exception):
    """A failure with a known cause: shown to the user in words, never as a traceback."""

    def __init__(self, code: Code, **args: Argument) -> None:
        super().__init__(f"{code}: {args}" if args else str(code))
        self.failure = Failure(code, args)

    @property
    def code(self) -> Code:
        """Which failure it is."""
        return self.failure.code
