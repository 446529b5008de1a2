"""Before loading: how long the context may be, and how many layers go to the GPUs."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from zhiyin_models.engine.protocol import Device, Load, Notice
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.fit import SMALLEST_CONTEXT, Fit, estimate, largest_context, memory_available
from zhiyin_models.library.gguf import GGUFFile

DEFAULT_CONTEXT = 8192
MARGIN = 256 << 20  # bytes of every GPU's memory that are left alone, besides a twentieth of it
LAYER = re.compile(r"blk\.(\d+)\.")


@dataclass(frozen=True)
class Placement:
    """What to load with; ``notices`` say what is not as was asked for."""

    context: int
    gpu_layers: int
    fit: Fit
    notices: tuple[Notice, ...]


def place(file: GGUFFile, request: Load, cards: Sequence[Device], *, freed: Mapping[str, int], unused_card: Callable[[], str]) -> Placement:
    """Choose context and GPU layers. ``freed``: bytes that come free before loading, by device; "CPU" is the main memory.

    Raises MODEL_TOO_BIG, unless the request forbids checking.
    """
    cards = [replace(card, memory_free=card.memory_free + freed.get(card.name, 0)) for card in cards]
    free = memory_available() + freed.get("CPU", 0)
    flash = request.flash_attention != "off"
    wanted = request.context or min(file.trained_context or DEFAULT_CONTEXT, DEFAULT_CONTEXT)
    context = max(1, min(wanted, file.trained_context or wanted))
    if request.check_memory:
        room = _room(file, estimate(file, context, request.kv_type, flash_attention=flash), cards, request.gpu_layers)
        largest = largest_context(file, free + room, wanted=context, kv_type=request.kv_type, flash_attention=flash)
        if largest < context:  # shorter caches take less of the cards, so that only the weights there are certain
            room = _room(file, Fit(0, 0, 0), cards, request.gpu_layers)
            largest = largest_context(file, free + room, wanted=context, kv_type=request.kv_type, flash_attention=flash)
        if not largest:
            need = estimate(file, min(context, SMALLEST_CONTEXT), request.kv_type, flash_attention=flash).total
            raise ModelError(Code.MODEL_TOO_BIG, path=request.path, need=need, free=free + room)
        context = largest
    fit = estimate(file, context, request.kv_type, flash_attention=flash)
    notices = []
    if context < wanted:
        notices.append(Notice(request.id, Code.CONTEXT_REDUCED, {"wanted": wanted, "given": context}))
    layers = request.gpu_layers if request.gpu_layers >= 0 else layers_that_fit(file, fit, cards)
    if not cards and request.gpu_layers and (maker := unused_card()):
        notices.append(Notice(request.id, Code.GPU_NOT_BUILT, {"maker": maker}))
    elif cards and request.gpu_layers < 0 and not layers:
        notices.append(Notice(request.id, Code.GPU_NO_ROOM, {"device": cards[0].name}))
    return Placement(context, min(layers, file.layers + 1) if cards else 0, fit, tuple(notices))


def layers_that_fit(file: GGUFFile, fit: Fit, cards: Sequence[Device]) -> int:
    """How many layers, counted from the output backwards as llama.cpp does, go into the free memory of all cards together."""
    if not cards or not file.layers:
        return 0
    room = sum(_usable(card) for card in cards) - len(cards) * fit.compute
    count = 0
    for size in _layer_sizes(file, fit):
        room -= size
        if room < 0:
            break
        count += 1
    return count


def _room(file: GGUFFile, fit: Fit, cards: Sequence[Device], layers: int) -> int:
    """What the cards take of a model: all that is free there, or as much as so many layers need."""
    room = sum(map(_usable, cards)) if layers else 0
    return room if layers < 0 else min(room, sum(_layer_sizes(file, fit)[:layers]))


def _layer_sizes(file: GGUFFile, fit: Fit) -> list[int]:
    """Weights and cache of each layer in the order in which llama.cpp puts them on cards: the output first, then backwards."""
    weights = [0] * (file.layers + 1)  # the last is the output
    embedding = output = 0
    for tensor in file.tensors():
        match = LAYER.match(tensor.name)
        if match:
            index = int(match[1])
            if index < file.layers:
                weights[index] += tensor.nbytes
        elif tensor.name.startswith("token_embd"):
            embedding += tensor.nbytes
        else:
            output += tensor.nbytes
    has_output = any(tensor.name == "output.weight" for tensor in file.tensors())
    weights[-1] = output if has_output else output + embedding
    kv = fit.kv // max(1, file.layers)
    return [weights[-1], *(size + kv for size in reversed(weights[:-1]))]


def _usable(card: Device) -> int:
    return max(0, card.memory_free - MARGIN - card.memory_free // 20)
