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
    MODEL_IS_FOLDER = "model.is_folder"  # path; probably a checkpoint
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
    # a checkpoint
    SOURCE_MISSING = "source.missing"  # path
    SOURCE_UNREADABLE = "source.unreadable"  # path, detail
    SOURCE_NOT_CHECKPOINT = "source.not_checkpoint"  # path
    SOURCE_CHANGED = "source.changed"  # path; while it was being read
    FAMILY_UNSUPPORTED = "family.unsupported"  # architecture, detail (what is supported)
    WINDOW_IGNORED = "family.window"  # tokens; a notice: llama.cpp does not apply the sliding window
    CONFIG_BAD = "config.bad"  # path, name, detail (the value)
    SHARD_MISSING = "shard.missing"  # path
    SHARD_TRUNCATED = "shard.truncated"  # path, expected, actual
    SHARD_DAMAGED = "shard.damaged"  # path, detail
    SHARD_OUTSIDE = "shard.outside"  # path (as the index names it)
    PICKLE_REFUSED = "pickle.refused"  # path, name (of what it wanted to run)
    TENSOR_MISSING = "tensor.missing"  # name
    TENSOR_EXTRA = "tensor.extra"  # name
    TENSOR_SHAPE = "tensor.shape"  # name, actual, wanted; shapes in words
    TENSOR_TYPE = "tensor.type"  # name, detail (the dtype)
    TENSOR_NOT_FINITE = "tensor.not_finite"  # name
    # a tokenizer
    TOKENIZER_MISSING = "tokenizer.missing"  # path
    TOKENIZER_BAD = "tokenizer.bad"  # path, detail
    TOKENIZER_UNSUPPORTED = "tokenizer.unsupported"  # detail
    TOKENIZER_DIFFERS = "tokenizer.differs"  # detail (the text), wanted, given (tokens)
    TOKENIZER_NORMALISED = "tokenizer.normalised"  # detail (the text); a notice: only the source's normaliser differs
    TOKENIZER_SPACES = "tokenizer.spaces"  # detail (the text); a notice: only spaces beside special ones differ
    TEMPLATE_BAD = "template.bad"  # path, detail
    # an adapter
    ADAPTER_BAD = "adapter.bad"  # path, detail
    ADAPTER_OTHER_BASE = "adapter.other_base"  # path, name (of the tensor), detail
    ADAPTER_UNSUPPORTED = "adapter.unsupported"  # path, detail (the feature)
    ADAPTER_NOT_ALONE = "adapter.not_alone"  # path, detail; it can be merged, but not be written as a GGUF adapter
    # quantization and what belongs to it
    TYPE_UNKNOWN = "type.unknown"  # name, detail (what there is)
    TYPE_NEEDS_IMATRIX = "type.needs_imatrix"  # name
    ALREADY_QUANTIZED = "type.already"  # path, name (of its type)
    IMATRIX_BAD = "imatrix.bad"  # path, detail
    IMATRIX_OTHER = "imatrix.other"  # path, name (of the tensor); it was made for another model
    TEXT_TOO_SHORT = "text.too_short"  # tokens, wanted
    TEXT_UNREADABLE = "text.unreadable"  # path, detail
    REFERENCE_OTHER = "reference.other"  # path; its vocabulary differs
    # what is written
    OUTPUT_EXISTS = "output.exists"  # path
    OUTPUT_UNWRITABLE = "output.unwritable"  # path, detail
    OUTPUT_BUSY = "output.busy"  # path; another task is writing it
    DISK_SMALL = "disk.small"  # path, need, free
    DISK_FULL = "disk.full"  # path
    DOWNLOAD_DISK_FULL = "download.disk_full"  # path; what is there stays
    MEASURING_STOPPED = "measuring.stopped"  # a notice: the model is finished and stays
    # hubs and downloads
    NETWORK_UNREACHABLE = "network.unreachable"  # address, detail
    NETWORK_STALLED = "network.stalled"  # address, seconds
    NETWORK_PROXY = "network.proxy"  # address, detail
    NETWORK_CERTIFICATE = "network.certificate"  # address, detail
    NETWORK_REDIRECTS = "network.redirects"  # address
    HUB_OFFLINE = "hub.offline"
    HUB_BUSY = "hub.busy"  # address, seconds
    HUB_SERVER = "hub.server"  # address, detail (the status)
    HUB_ANSWER_BAD = "hub.answer_bad"  # address, detail
    HUB_NOT_FOUND = "hub.not_found"  # name, address
    HUB_GATED = "hub.gated"  # name, address (of its page)
    HUB_TOKEN_NEEDED = "hub.token_needed"  # name, address; # noqa: S105 - not a password
    HUB_TOKEN_REFUSED = "hub.token_refused"  # address; # noqa: S105 - not a password
    HUB_NOTHING = "hub.nothing"  # name, detail (what there is)
    HUB_NO_SOURCE = "hub.no_source"
    HUB_DIED = "hub.died"  # detail: what ended the process that asks
    ADDRESS_BAD = "address.bad"  # address
    FILE_NAME_BAD = "file.name_bad"  # name
    FILE_CHANGED = "file.changed"  # name, address
    FILE_LENGTH = "file.length"  # name, expected, actual
    CHECKSUM_DIFFERS = "checksum.differs"  # name, address
    SOURCE_SWITCHED = "source.switched"  # name, address, detail; a notice: another source stood in
    TOKEN_IN_FILE = "token.in_file"  # path; a notice: there is no keyring; # noqa: S105 - not a password
    # the library
    VERIFY_DIFFERS = "verify.differs"  # path
    VERIFY_KEPT = "verify.kept"  # path; a notice: no checksum was known, now one is
    NAME_TAKEN = "name.taken"  # name
    NAME_BAD = "name.bad"  # name
    TRASH_FAILED = "trash.failed"  # path, detail
    FOLDER_BAD = "folder.bad"  # path, detail
    LIBRARY_BUSY = "library.busy"  # path
    LIBRARY_UNWRITABLE = "library.unwritable"  # path, detail
    LIBRARY_DAMAGED = "library.damaged"  # path (of what was kept of it); a notice: what could be read of the list stays
    # jobs
    JOB_DIED = "job.died"  # reason (exit code or signal name), detail (last log lines)
    JOB_MISSING = "job.missing"  # name
    JOB_FAILED = "job.failed"  # detail: a bug or a library failure inside the job
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
