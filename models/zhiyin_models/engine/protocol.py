"""What is said to the engine process and what it answers: newline-delimited JSON of these structs.

Every request carries an ``id`` chosen by the client, unique within the connection; every event repeats the id of the request
it belongs to (0 for ``Hello``). A request ends with exactly one *final* event: ``Finished``, ``Failed``, or the answer named
beside it. A connection that ends without one means the engine died. Sizes are bytes, times are seconds.
"""

from typing import Any, Literal

from msgspec import Struct

from zhiyin_models.child.wire import Failed, Hello, Ping, Pong
from zhiyin_models.errors import Argument, Code

__all__ = ["Failed", "Hello", "Ping", "Pong"]  # every child knows these; here they are exported with the engine's own

VERSION = 1
JOINED_TOKENS = 256  # a joined piece of text is bounded, since it is copied each time that another joins it

# ---------------------------------------------------------------- values


class Message(Struct, frozen=True, omit_defaults=True):
    """One message to be sent, with its place in the order of dropping.

    Messages with the same ``drop`` form a group that is dropped whole; groups go in ascending order; None is never dropped. What has
    a ``key`` is known again by it on the session's next request, wherever it then stands; the others by their place.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    section: str = "history"  # system, persona, lore, examples, history … : what the report counts by
    drop: int | None = None
    key: str = ""


class Sampling(Struct, frozen=True, omit_defaults=True):
    """Sampler settings; a value at its neutral setting keeps that sampler out of the chain."""

    temperature: float = 0.8  # 0 = greedy
    top_k: int = 40  # 0 = off
    top_p: float = 0.95  # 1 = off
    min_p: float = 0.05  # 0 = off
    typical_p: float = 1.0  # 1 = off
    repeat_penalty: float = 1.0  # 1 = off
    frequency_penalty: float = 0.0  # 0 = off
    presence_penalty: float = 0.0  # 0 = off
    penalty_last_n: int = 64
    seed: int | None = None  # None = a new one each time; the one used is in the statistics


class AdapterFile(Struct, frozen=True, omit_defaults=True):
    """A GGUF adapter (LoRA) that is added to a model while it runs, and how strongly."""

    path: str
    scale: float = 1.0


class DeviceShare(Struct, frozen=True):
    """What of a loaded model lies on one device."""

    device: str  # as in Device.name; "CPU" for the rest
    layers: int
    weights: int
    kv: int
    compute: int = 0


class ModelInfo(Struct, frozen=True):
    """A loaded model."""

    path: str
    name: str
    architecture: str
    parameters: int
    quant: str  # Q4_K_M, Q4_1, BF16 …
    size: int
    trained_context: int
    context: int  # chosen
    layers: int  # repeating layers + output, as llama.cpp counts offload
    gpu_layers: int
    shares: tuple[DeviceShare, ...]
    memory: int  # weights + KV + compute buffers, all devices
    threads: int
    flash_attention: bool
    kv_type: str
    fingerprint: str  # identifies the model with its adapters: hash of metadata, size, and samples of the tensor data
    template: Literal["model", "chatml"]
    vocabulary: int
    load_seconds: float = 0.0
    adapters: tuple[AdapterFile, ...] = ()


class Device(Struct, frozen=True):
    """A device that can hold layers; the CPU comes last."""

    name: str
    description: str
    kind: Literal["cpu", "gpu", "igpu", "accelerator"]
    backend: str  # CPU, CUDA, Vulkan, Metal, RPC …
    memory_total: int
    memory_free: int


class FitReport(Struct, frozen=True):
    """How the prompt was made to fit: tokens per section, and what was left out."""

    prompt_tokens: int
    limit: int  # greatest prompt for this request: context less what is kept free for the reply
    context: int
    sections: dict[str, int] = {}  # tokens per section; what the template adds is under "template"
    dropped: tuple[int, ...] = ()  # indices into the request's messages
    dropped_turns: int = 0  # groups of the section history


class Stats(Struct, frozen=True):
    """Figures of one finished generation."""

    prompt_tokens: int = 0
    reused_tokens: int = 0  # taken from the session's KV cache
    generated_tokens: int = 0
    queue_seconds: float = 0.0
    prefill_seconds: float = 0.0
    first_token_seconds: float = 0.0  # from the request's arrival at the engine
    decode_seconds: float = 0.0
    tokens_per_second: float = 0.0  # decoding
    prefill_tokens_per_second: float = 0.0
    context_used: int = 0  # tokens in the session after this request
    context: int = 0
    seed: int = 0
    sampling: Sampling = Sampling()
    fingerprint: str = ""
    fit: FitReport | None = None


class TokenProbability(Struct, frozen=True, omit_defaults=True):
    """A candidate and its probability after softmax over the whole vocabulary (before samplers).

    Candidates come likeliest first. The one that was chosen is always among them, behind the others if it is none of the likeliest.
    """

    token: int
    text: str  # bytes that are no UTF-8 by themselves appear as <0xNN>
    probability: float
    chosen: bool = False


Reason = Literal["end", "stop_string", "length", "context_full", "stopped"]

# ---------------------------------------------------------------- requests


class Load(Struct, frozen=True, tag="load", omit_defaults=True):
    """Load a model, replacing any other. ``LoadProgress``…, then ``Loaded`` | ``Finished(reason="stopped")`` | ``Failed``."""

    id: int
    path: str
    context: int = 0  # 0 = the trained one, at most 8192, less when memory is short (said in a Notice)
    gpu_layers: int = -1  # -1 = as many as fit
    threads: int = 0  # 0 = physical cores
    batch: int = 512
    flash_attention: Literal["auto", "on", "off"] = "auto"
    kv_type: Literal["f16", "q8_0", "f32"] = "f16"
    rpc_servers: tuple[str, ...] = ()  # host:port; trusted networks only
    check_memory: bool = True  # refuse what is estimated not to fit
    adapters: tuple[AdapterFile, ...] = ()  # added together


class Unload(Struct, frozen=True, tag="unload"):
    """Free the model. Ends with ``Finished``."""

    id: int


class Generate(Struct, frozen=True, tag="generate", omit_defaults=True):
    """Answer the messages. ``Queued``? ``Prefill``… ``Text``… then ``Finished`` | ``Failed``; with n > 1 one Finished at the end."""

    id: int
    session: str  # whose KV state this extends; "" = a passing request whose state is thrown away
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    max_tokens: int = 0  # 0 = until the context is full
    stop: tuple[str, ...] = ()
    n: int = 1
    n_probs: int = 0
    template_args: dict[str, Any] = {}
    priority: int = 0  # higher first; equal ones in order of arrival; a running request is never interrupted
    open_reply: bool = False  # the last message is an assistant's, to be continued in place
    tell_prompt: bool = False  # ``PromptText`` before the first ``Prefill``


class Complete(Struct, frozen=True, tag="complete", omit_defaults=True):
    """Continue a plain text, without a template. ``Queued``? ``Prefill``… ``Text``… then ``Finished`` | ``Failed``.

    The text is decoded behind the vocabulary's beginning token where that asks for one. Control tokens written out in it are text like
    any other. With beams the likeliest n of that many are given whole at the end, the best as index 0, and samplers are not asked;
    beams is at most 8, or one less than the context's sequences, and n at most beams.
    """

    id: int
    session: str  # as in ``Generate``
    text: str  # refused with MESSAGE_TOO_LONG when it leaves no room: nothing of it is ever left out
    sampling: Sampling = Sampling()
    max_tokens: int = 0  # new ones; 0 = until the context is full
    max_total: int = 0  # tokens of the text and what is new; 0 = the context
    stop: tuple[str, ...] = ()
    n: int = 1
    n_probs: int = 0
    beams: int = 0  # width of a beam search; 0 = sample (greedy at temperature 0)
    priority: int = 0


class Stop(Struct, frozen=True, tag="stop"):
    """End a running or queued request (a load too). No answer of its own: the target ends with reason "stopped"."""

    id: int
    target: int


class Count(Struct, frozen=True, tag="count"):
    """Tokens of each text, special tokens taken as text. Ends with ``Counted``. Answered while decoding."""

    id: int
    texts: tuple[str, ...]


class Tokenize(Struct, frozen=True, tag="tokenize", omit_defaults=True):
    """Ends with ``Tokens``. Answered while decoding."""

    id: int
    text: str
    special: bool = False


class Render(Struct, frozen=True, tag="render", omit_defaults=True):
    """What ``Generate`` with the same fields would send. Ends with ``Rendered``. Answered while decoding."""

    id: int
    messages: tuple[Message, ...]
    template_args: dict[str, Any] = {}
    open_reply: bool = False
    max_tokens: int = 0


class Forget(Struct, frozen=True, tag="forget"):
    """Free the KV state of a session. Ends with ``Finished``."""

    id: int
    session: str


class Info(Struct, frozen=True, tag="info"):
    """Ends with ``Loaded`` for the model in memory, or ``Failed(model.none_loaded)``."""

    id: int


class Devices(Struct, frozen=True, tag="devices", omit_defaults=True):
    """Ends with ``DeviceList``."""

    id: int
    rpc_servers: tuple[str, ...] = ()


Request = Load | Unload | Generate | Complete | Stop | Count | Tokenize | Render | Forget | Info | Devices | Ping

# ---------------------------------------------------------------- events


class LoadProgress(Struct, frozen=True, tag="load_progress"):
    id: int
    fraction: float

    def join(self, later: object) -> "LoadProgress | None":
        """The later one supersedes this."""
        return later if isinstance(later, LoadProgress) and later.id == self.id else None


class Loaded(Struct, frozen=True, tag="loaded"):
    """Final for ``Load`` and ``Info``."""

    id: int
    model: ModelInfo


class Notice(Struct, frozen=True, tag="notice", omit_defaults=True):
    """Something the user should know that is not a failure (ChatML fallback, GPU not used and why, turns dropped …)."""

    id: int
    code: Code
    args: dict[str, Argument] = {}


class Queued(Struct, frozen=True, tag="queued"):
    """The request waits behind ``ahead`` others."""

    id: int
    ahead: int


class Prefill(Struct, frozen=True, tag="prefill"):
    """Prompt progress: done and total count tokens that are not reused."""

    id: int
    done: int
    total: int
    reused: int

    def join(self, later: object) -> "Prefill | None":
        """The later one supersedes this."""
        return later if isinstance(later, Prefill) and later.id == self.id else None


class PromptText(Struct, frozen=True, tag="prompt_text"):
    """The exact text that a reply is an answer to, after the template; and tokens of each message's content, 0 for those left out."""

    id: int
    text: str
    tokens: tuple[int, ...] = ()


class Text(Struct, frozen=True, tag="text", omit_defaults=True):
    """A piece of a reply: whole characters only, never part of a stop string."""

    id: int
    text: str
    tokens: int = 1  # how many tokens this piece stands for (pieces are coalesced)
    index: int = 0  # which of the n
    probabilities: tuple[tuple[TokenProbability, ...], ...] = ()  # one tuple per token when n_probs was asked

    def join(self, later: object) -> "Text | None":
        """Both pieces as one, when they follow each other in the same reply."""
        if not isinstance(later, Text) or (later.id, later.index) != (self.id, self.index) or self.tokens + later.tokens > JOINED_TOKENS:
            return None
        return Text(self.id, self.text + later.text, self.tokens + later.tokens, self.index, self.probabilities + later.probabilities)


class Finished(Struct, frozen=True, tag="finished", omit_defaults=True):
    id: int
    reason: Reason = "end"
    stop_string: str = ""
    stats: Stats = Stats()
    reasons: tuple[Reason, ...] = ()  # one per index when n > 1
    scores: tuple[float, ...] = ()  # of beams: the mean log probability of each one's tokens, the end token counted


class Counted(Struct, frozen=True, tag="counted"):
    id: int
    tokens: tuple[int, ...]


class Tokens(Struct, frozen=True, tag="tokens"):
    id: int
    tokens: tuple[int, ...]
    pieces: tuple[str, ...]  # bytes that are no UTF-8 by themselves appear as <0xNN>


class Rendered(Struct, frozen=True, tag="rendered"):
    id: int
    text: str
    fit: FitReport


class DeviceList(Struct, frozen=True, tag="device_list"):
    id: int
    devices: tuple[Device, ...]


Event = (
    Hello
    | LoadProgress
    | Loaded
    | Notice
    | Queued
    | Prefill
    | PromptText
    | Text
    | Finished
    | Failed
    | Counted
    | Tokens
    | Rendered
    | DeviceList
    | Pong
)
FINAL = (Loaded, Finished, Failed, Counted, Tokens, Rendered, DeviceList, Pong)
