"""What a checkpoint is and what would become of it, as the command line and the window show it. Light: only values."""

from pathlib import Path

from msgspec import Struct

from zhiyin_models.errors import Failure

CONTEXTS = (2048, 8192, 32768)  # tokens, for which memory is estimated


class AdapterReport(Struct, frozen=True):
    """An adapter: what kind it is, and how many of the checkpoint's tensors it changes."""

    path: str
    kind: str  # "LoRA", "rsLoRA", "DoRA"
    rank: int
    alpha: float
    base: str  # as the adapter names it
    tensors: int
    alone: bool = True  # whether it can be written as a GGUF adapter


class TypeEstimate(Struct, frozen=True):
    """One quantization type: the size of its file, and the memory in use (weights and KV cache, F16) for each of ``CONTEXTS``; bytes.

    ``loss`` is the published growth of perplexity over F16, as a fraction; None where nothing was published.
    """

    type: str
    file: int
    memory: tuple[int, ...]
    loss: float | None = None


class Inspection(Struct, frozen=True):
    """A checkpoint, its tokenizer and its adapters, and the expected outcome of each type."""

    path: str
    name: str  # for the files that are written
    architecture: str  # as config.json has it
    family: str  # as GGUF has it
    parameters: int
    dtype: str  # of most values: "BF16"
    size: int  # bytes of the weight files
    layers: int
    context: int  # tokens it was trained for
    vocabulary: int
    tokenizer: str  # "BPE", "SentencePiece BPE", "SentencePiece unigram"
    pre: str  # llama.cpp's name of the pre-tokenizer; empty for SentencePiece
    template: str  # the file that the chat template comes from; empty if there is none
    adapters: tuple[AdapterReport, ...] = ()
    types: tuple[TypeEstimate, ...] = ()
    notices: tuple[Failure, ...] = ()


def suggested_name(folder: Path) -> str:
    """A name for the model: that of its folder, or the repository's in the hub's cache (models--owner--name/snapshots/<hash>)."""
    folder = folder.absolute()
    if folder.parent.name == "snapshots":
        return folder.parent.parent.name.rsplit("--", 1)[-1]
    return folder.name or "model"
