"""How much memory a model needs, against how much there is: known before a byte of it is loaded. Sizes are bytes."""

from pathlib import Path
from typing import Literal

import psutil
from msgspec import Struct

from zhiyin_models.hub.values import Shape
from zhiyin_models.library.gguf import GGUFFile
from zhiyin_models.library.shapes import MOST_HEADS, as_shape

KVType = Literal["f16", "q8_0", "f32"]
BYTES_PER_VALUE: dict[KVType, float] = {"f16": 2.0, "q8_0": 34 / 32, "f32": 4.0}
CELLS = 256  # llama.cpp rounds the context up to a multiple of this
SMALLEST_CONTEXT = 512
UNLIMITED = 1 << 60  # more than any machine has; cgroup v1 writes "no limit" as a number near 2**63
CONTROL_GROUPS = Path("/sys/fs/cgroup")


class Fit(Struct, frozen=True):
    """What a model with a context needs on all devices together."""

    weights: int
    kv: int
    compute: int

    @property
    def total(self) -> int:
        """Everything."""
        return self.weights + self.kv + self.compute


def estimate(
    model: GGUFFile | Shape,
    context: int,
    kv_type: KVType = "f16",
    *,
    size: int = 0,
    batch: int = 512,
    flash_attention: bool = True,
    parallel: int = 1,
) -> Fit:
    """Memory for a model with a context of so many tokens (for each of ``parallel`` sequences that do not share it).

    ``size`` is what the weights take, of a model that is known by its shape alone.
    """
    shape = as_shape(model)
    return Fit(
        weights(model) if isinstance(model, GGUFFile) else max(0, min(size, UNLIMITED)),
        kv_cache(shape, context, kv_type) * parallel,
        compute_buffer(shape, context, batch, flash_attention=flash_attention),
    )


def weights(file: GGUFFile) -> int:
    """All tensors; with types that are not known here, the rest of the files behind their headers."""
    tensors = list(file.tensors())
    if all(tensor.nbytes for tensor in tensors if all(tensor.shape)):
        return sum(tensor.nbytes for tensor in tensors)
    return sum(part.size - part.data_offset for part in file.parts)


def kv_cache(model: GGUFFile | Shape, context: int, kv_type: KVType = "f16") -> int:
    """Keys and values of so many tokens: over the layers, KV heads × (key + value length) × bytes per value.

    Sliding windows do not count: llama.cpp keeps whole layers unless told otherwise (``swa_full``). With multi-head latent attention
    only the compressed keys are kept.
    """
    shape = as_shape(model)
    cells = -(-max(context, 1) // CELLS) * CELLS
    heads = shape.heads_of_layers or (shape.kv_heads if 0 < shape.kv_heads < MOST_HEADS else 0) * shape.layers
    values = shape.key_length + (0 if shape.latent else shape.value_length)
    return min(UNLIMITED, max(0, int(cells * heads * values * BYTES_PER_VALUE[kv_type])))


def compute_buffer(model: GGUFFile | Shape, context: int, batch: int = 512, *, flash_attention: bool = True) -> int:
    """Room for intermediate results of one batch: the logits, or the attention of one layer, whichever is larger.

    Measured on llama.cpp: 98 MiB for a 135M model with 49,152 tokens (8,192 context, batch 512), 166 MiB without flash attention.
    """
    shape = as_shape(model)
    logits = batch * (shape.vocabulary + 2 * shape.embedding)
    scores = 0 if flash_attention else context * shape.heads
    attention = batch * (scores + context + 2 * shape.feed_forward + 4 * shape.embedding)
    return min(UNLIMITED, 4 * max(logits, attention, 0))


def largest_context(
    model: GGUFFile | Shape, free: int, *, wanted: int, kv_type: KVType = "f16", size: int = 0, flash_attention: bool = True
) -> int:
    """The largest context up to ``wanted`` that fits into so many free bytes; 0 when not even 512 tokens do. ``size``: see ``estimate``."""
    shape = as_shape(model)
    size = weights(model) if isinstance(model, GGUFFile) else size
    low, high = 0, -(-wanted // CELLS)
    while low < high:
        middle = (low + high + 1) // 2
        if estimate(shape, middle * CELLS, kv_type, size=size, flash_attention=flash_attention).total <= free:
            low = middle
        else:
            high = middle - 1
    context = min(low * CELLS, wanted)
    return context if context >= min(SMALLEST_CONTEXT, wanted) else 0


def memory_available(*, process: Path = Path("/proc/self/cgroup"), groups: Path = CONTROL_GROUPS) -> int:
    """Bytes that can be used without swapping: what the system has, or what this process's control group still allows if that is less.

    Control groups: https://docs.kernel.org/admin-guide/cgroup-v2.html (and v1).
    """
    return min(int(psutil.virtual_memory().available), _control_group_room(process, groups))


def _control_group_room(process: Path, groups: Path) -> int:
    """The least room in any of the process's groups and the groups around them."""
    room = UNLIMITED
    try:
        lines = process.read_text("utf-8", "replace").splitlines()
    except OSError:
        return room
    for line in lines:
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if not controllers:
            room = min(room, _room_upwards(groups, path, "memory.max", "memory.current"))
        elif "memory" in controllers.split(","):
            room = min(room, _room_upwards(groups / "memory", path, "memory.limit_in_bytes", "memory.usage_in_bytes"))
    return room


def _room_upwards(mount: Path, path: str, limit_name: str, usage_name: str) -> int:
    """In a container the path may be the host's, which is not there to be seen: then the mount itself is the process's group."""
    room = UNLIMITED
    place = mount.joinpath(*(part for part in path.split("/") if part not in ("", "..")))
    for group in (place, *place.parents):
        limit, usage = _number(group / limit_name), _number(group / usage_name)
        if limit is not None and usage is not None and limit < UNLIMITED:
            room = min(room, max(0, limit - usage + _reclaimable(group)))
        if group == mount:
            break
    return room


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):  # absent, or "max"
        return None


def _reclaimable(group: Path) -> int:
    """Cached files that the kernel drops when memory is wanted: they count as used."""
    try:
        lines = (group / "memory.stat").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0
    figures = dict(line.split(" ", 1) for line in lines if " " in line)
    try:
        return int(figures.get("total_inactive_file", figures.get("inactive_file", "0")))
    except ValueError:
        return 0
