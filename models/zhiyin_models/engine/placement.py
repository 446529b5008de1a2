"""Before loading: how long the context may be, and how many layers go to the GPUs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


def place(file: GGUFFile, request: Load, cards: Sequence[Device], *, freed: int, unused_card: Callable[[], str]) -> Placement:
    """Choose context and GPU layers. ``freed`` bytes of main memory come free before loading.

    Raises MODEL_TOO_BIG, unless the request forbids checking.
    """
    room = sum(_usable(card) for card in cards) if request.gpu_layers else 0
    free = memory_available() + freed
    wanted = request.context or min(file.trained_context or DEFAULT_CONTEXT, DEFAULT_CONTEXT)
    context = max(1, min(wanted, file.trained_context or wanted))
    if request.check_memory:
        largest = largest_context(file, free + room, wanted=context, kv_type=request.kv_type)
        if not largest:
            need = estimate(file, min(context, SMALLEST_CONTEXT), request.kv_type).total
            raise ModelError(Code.MODEL_TOO_BIG, path=request.path, need=need, free=free + room)
        context = largest
    fit = estimate(file, context, request.kv_type)
    notices = []
    if context < wanted:
        notices.append(Notice(request.id, Code.CONTEXT_REDUCED, {"wanted": wanted, "given": context}))
    layers = request.gpu_layers if request.gpu_layers >= 0 else layers_that_fit(file, fit, cards)
    reason = ""
    if not cards and request.gpu_layers:
        maker = unused_card()
        reason = f"this build cannot use the {maker} card" if maker else ""
    elif cards and request.gpu_layers < 0 and not layers:
        reason = f"too little memory is free on {cards[0].name}"
    if reason:
        notices.append(Notice(request.id, Code.GPU_NOT_USED, {"reason": reason}))
    return Placement(context, min(layers, file.layers + 1) if cards else 0, fit, tuple(notices))


def layers_that_fit(file: GGUFFile, fit: Fit, cards: Sequence[Device]) -> int:
    """How many layers, counted from the output backwards as llama.cpp does, go into the free memory of all cards together."""
    if not cards or not file.layers:
        return 0
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
    room = sum(_usable(card) for card in cards) - len(cards) * fit.compute
    kv = fit.kv // file.layers
    count = 0
    for index in range(file.layers, -1, -1):
        room -= weights[index] + (kv if index < file.layers else 0)
        if room < 0:
            break
        count += 1
    return count


def _usable(card: Device) -> int:
    return max(0, card.memory_free - MARGIN - card.memory_free // 20)
