"""A model as the numbers that memory and speed depend on: of a file that is here, or guessed of one that is not."""

import re
from math import prod

from msgspec.structs import replace

from zhiyin_models.hub.grouping import plain_quant
from zhiyin_models.hub.values import Shape
from zhiyin_models.library.gguf import GGUFFile

MOST = 1 << 60  # what a hostile file may claim has to stay a number that can be sent
MOST_HEADS = 1 << 16  # of one layer
MOST_LAYERS = 4096  # that are looked at one by one

HYBRIDS = frozenset({"qwen3next", "qwen35", "qwen35moe", "minimax-01"})  # most layers are recurrent
USUAL_INTERVAL = 4  # in them, every so many layers one has attention
KEEPING = {"gemma3n": 20}  # layers at the beginning that keep keys, the others using theirs, where llama.cpp does not ask the file

# Bits of one weight on average, over a whole file: measured on models of 7B to 8B. Small models keep more in larger types.
BITS = {
    "F32": 32.0,
    "F16": 16.0,
    "BF16": 16.0,
    "Q8_0": 8.5,
    "Q6_K": 6.57,
    "Q5_K_M": 5.7,
    "Q5_K_S": 5.57,
    "Q5_1": 6.0,
    "Q5_0": 5.55,
    "Q4_K_M": 4.87,
    "Q4_K_S": 4.66,
    "Q4_1": 5.1,
    "Q4_0": 4.65,
    "IQ4_NL": 4.66,
    "IQ4_XS": 4.43,
    "MXFP4": 4.6,
    "NVFP4": 4.7,
    "Q3_K_L": 4.3,
    "Q3_K_M": 4.0,
    "Q3_K_S": 3.64,
    "IQ3_M": 3.76,
    "IQ3_S": 3.66,
    "IQ3_XS": 3.5,
    "IQ3_XXS": 3.25,
    "Q2_K": 3.16,
    "Q2_K_S": 2.97,
    "IQ2_M": 2.93,
    "IQ2_S": 2.75,
    "IQ2_XS": 2.59,
    "IQ2_XXS": 2.38,
    "TQ2_0": 2.4,
    "TQ1_0": 2.1,
    "IQ1_M": 2.15,
    "IQ1_S": 2.01,
}
USUAL_BITS = BITS["Q4_K_M"]

# What models of a size are usually like (SmolLM2, Qwen, Llama 3, Mistral): parameters; layers, embedding, heads, KV heads, feed-forward.
USUAL: tuple[tuple[int, tuple[int, int, int, int, int]], ...] = (
    (140_000_000, (30, 576, 9, 3, 1536)),
    (400_000_000, (32, 960, 15, 5, 2560)),
    (700_000_000, (28, 1024, 16, 8, 3072)),
    (1_300_000_000, (16, 2048, 32, 8, 8192)),
    (2_000_000_000, (28, 2048, 16, 8, 6144)),
    (4_500_000_000, (36, 2560, 32, 8, 9728)),
    (9_000_000_000, (36, 4096, 32, 8, 14336)),
    (15_000_000_000, (40, 5120, 40, 8, 17408)),
    (35_000_000_000, (64, 5120, 64, 8, 25600)),
    (80_000_000_000, (80, 8192, 64, 8, 29568)),
    (140_000_000_000, (88, 12288, 96, 8, 28672)),
    (MOST, (126, 16384, 128, 8, 53248)),
)
USUAL_HEAD = 128
USUAL_VOCABULARY = 152_064

COUNT = re.compile(r"(?<![a-z0-9.])(?:(?P<experts>\d{1,3})x)?(?P<number>\d{1,4}(?:\.\d{1,3})?)(?P<unit>[bm])(?![a-z0-9])", re.IGNORECASE)
ACTIVE = re.compile(r"(?<![a-z0-9.])a(?P<number>\d{1,3}(?:\.\d{1,3})?)b(?![a-z0-9])", re.IGNORECASE)
UNITS = {"b": 1_000_000_000, "m": 1_000_000}
MIXED = 0.83  # of what the name of a mixture (8x7B) says: its experts share the attention


def as_shape(model: GGUFFile | Shape) -> Shape:
    """A shape as it is; of a file, what memory depends on (without counting its weights)."""
    if isinstance(model, Shape):
        return model
    together = _heads_of_layers(model)
    return Shape(
        layers=model.layers,
        embedding=model.embedding,
        heads=model.heads,
        kv_heads=0 if together == 0 else model.kv_heads,
        key_length=model.key_length,
        value_length=model.value_length,
        vocabulary=model.vocabulary,
        trained_context=model.trained_context,
        architecture=model.architecture,
        heads_of_layers=together or 0,
        latent=model.of_architecture("attention.key_length_mla") > 0,
        feed_forward=model.of_architecture("feed_forward_length"),
    )


def _heads_of_layers(file: GGUFFile) -> int | None:
    """KV heads of all layers together, in heads of the usual length; None when all layers are alike.

    As llama.cpp has it (src/models): recurrent layers of a hybrid keep no keys, nor do those that share the keys of earlier ones; those
    with a sliding window may have heads of another length.
    """
    prefix, layers = file.architecture, file.layers
    heads = file.numbers(f"{prefix}.attention.head_count_kv") or (file.kv_heads,)
    recurrent = _recurrent(file)
    keeping = KEEPING.get(prefix, layers - file.of_architecture("attention.shared_kv_layers"))
    swa_length = file.of_architecture("attention.key_length_swa") + file.of_architecture("attention.value_length_swa")
    windows = file.numbers(f"{prefix}.attention.sliding_window_pattern") if swa_length else ()
    if len(heads) == 1 and not recurrent and keeping >= layers and len(windows) <= 1:
        return None
    if layers > MOST_LAYERS:
        return sum(count for count in heads if 0 < count < MOST_HEADS)
    usual = file.key_length + file.value_length
    values = 0
    for layer in range(layers if len(heads) == 1 else min(layers, len(heads))):
        count = heads[layer] if len(heads) > 1 else heads[0]
        if 0 < count < MOST_HEADS and layer < keeping and recurrent[layer : layer + 1] != (1,):
            windowed = len(windows) > layer and windows[layer] > 0
            values += count * (swa_length if windowed else usual)
    return -(-values // usual) if usual else 0


def _recurrent(file: GGUFFile) -> tuple[int, ...]:
    """Of each layer, 1 where it is recurrent; nothing for architectures that have no such layers, or mark them by having no heads."""
    if file.architecture not in HYBRIDS or file.layers > MOST_LAYERS:
        return ()
    said = file.numbers(f"{file.architecture}.attention.recurrent_layers")
    if len(said) > 1:
        return tuple(int(value > 0) for value in said)
    interval = file.of_architecture("full_attention_interval") or USUAL_INTERVAL
    return tuple(int((layer + 1) % interval != 0) for layer in range(file.layers))


def shape_of(file: GGUFFile) -> Shape:
    """A file's shape with its parameters, and how many of them are read for one token.

    Of experts, only those that are used; of an input embedding that is not the output too, one row.
    """
    experts, used = file.of_architecture("expert_count"), file.of_architecture("expert_used_count")
    unused = 0
    has_output = any(tensor.name == "output.weight" for tensor in file.tensors())
    for tensor in file.tensors():
        if "_exps." in tensor.name and 0 < used < experts:
            unused += prod(tensor.shape) * (experts - used) // experts
        elif tensor.name == "token_embd.weight" and has_output:
            unused += prod(tensor.shape)
    parameters = file.parameters
    active = parameters - unused if 0 < unused < parameters else 0
    return replace(as_shape(file), parameters=min(parameters, MOST), active=min(active, MOST))


def guess_shape(parameters: int, *, size: int = 0, name: str = "", architecture: str = "", trained_context: int = 0) -> Shape:
    """What a model of so many parameters is usually like, rather too large than too small.

    Where their number is unknown (0), it is taken from the model's name (``Qwen3-30B-A3B``), else from its bytes as if they were Q4_K_M.
    """
    active = 0
    if parameters <= 0:
        parameters = parameters_of(name) or int(max(0, size) * 8 / USUAL_BITS)
    match = ACTIVE.search(name[:256])
    if match and 0 < (active := int(float(match["number"]) * UNITS["b"])) >= parameters:
        active = 0
    parameters = min(parameters, MOST)
    layers, embedding, heads, kv_heads, feed_forward = next(numbers for most, numbers in USUAL if parameters <= most)
    head = 64 if embedding < 1024 else USUAL_HEAD
    vocabulary = 49_152 if parameters < 400_000_000 else USUAL_VOCABULARY
    return Shape(
        *(parameters, layers, embedding, heads, kv_heads, head, head, vocabulary, trained_context, architecture),
        guessed=True,
        feed_forward=feed_forward,
        active=active,
    )


def parameters_of(name: str) -> int:
    """The number of parameters that a name tells (``7B``, ``0.6b``, ``135M``, ``8x7B``), the largest of several; 0 for none."""
    largest = 0
    for match in COUNT.finditer(name[:256]):
        number = float(match["number"]) * UNITS[match["unit"].lower()]
        largest = max(largest, int(number * int(match["experts"]) * MIXED if match["experts"] else number))
    return largest


def estimated_size(parameters: int, quant: str = "", *, embedding: int = 0, vocabulary: int = 0) -> int:
    """Bytes of a file of so many parameters in a quant type (Q4_K_M where it is not known), to within some percent.

    With the sizes of a small model's vocabulary the embedding counts by itself: quant types of four bits and fewer keep it in six.
    """
    bits = BITS.get(plain_quant(quant), USUAL_BITS)
    table = min(parameters, embedding * vocabulary)
    extra = table * max(0.0, BITS["Q6_K"] - bits) if table > parameters // 10 else 0.0
    return max(0, int((parameters * bits + extra) / 8))
