"""Whether a model runs on this machine, where, and how fast: told from its size and shape before a byte of it is here. Sizes are bytes."""

from collections.abc import Iterable
from enum import StrEnum

import psutil
from msgspec import Struct

from zhiyin_models.engine.protocol import Device
from zhiyin_models.hub.values import Shape
from zhiyin_models.library.fit import Fit, estimate, largest_context, memory_available
from zhiyin_models.library.shapes import estimated_size, guess_shape, shape_of
from zhiyin_models.library.speed import Speed, bytes_per_token

__all__ = ["Gpu", "Judgement", "Machine", "Verdict", "gpus_of", "guess_shape", "judge", "shape_of", "this_machine"]

GPU_MARGIN = 256 << 20  # of every GPU, besides a twentieth: as the engine leaves it when it places layers
USUAL_CONTEXT = 8192
SHARING = frozenset({"Metal", "MTL"})  # backends whose GPUs have no memory of their own


class Gpu(Struct, frozen=True):
    """A device that layers can be put on."""

    name: str
    free: int
    total: int
    shared: bool = False  # its memory is the computer's own: an integrated one, or Apple's


class Machine(Struct, frozen=True):
    """What there is to run a model with."""

    memory_free: int
    memory_total: int
    gpus: tuple[Gpu, ...] = ()


class Verdict(StrEnum):
    """Where a model would run."""

    GPU = "gpu"  # all of it
    PARTLY = "partly"  # some layers on the GPU, the rest beside the processor
    CPU = "cpu"
    NO = "no"  # it does not fit


class Judgement(Struct, frozen=True):
    """How a model with a context compares with a machine."""

    verdict: Verdict
    need: int  # weights, cache and buffers on all devices together
    gpu_share: float = 0.0  # of the layers, 0 to 1
    tokens_per_second: float | None = None  # None: nothing was measured here that tells it
    context: int = 0  # the largest up to the one asked for with which it fits at all; 0: none


def this_machine(gpus: Iterable[Gpu] = (), *, freed: int = 0) -> Machine:
    """The memory of this computer now, with the GPUs that the engine told of. ``freed``: what a loaded model would give back."""
    total = int(psutil.virtual_memory().total)
    return Machine(min(memory_available() + max(0, freed), total), total, tuple(gpus))


def gpus_of(devices: Iterable[Device]) -> tuple[Gpu, ...]:
    """The engine's devices as it would use them: integrated ones only where there is nothing else."""
    cards = [device for device in devices if device.kind in ("gpu", "igpu")]
    wanted = [device for device in cards if device.kind == "gpu"] or cards
    return tuple(
        Gpu(device.description or device.name, device.memory_free, device.memory_total, device.kind == "igpu" or device.backend in SHARING)
        for device in wanted
    )


def judge(size: int, shape: Shape, context: int, machine: Machine, speed: Speed | None) -> Judgement:
    """Where a model of so many bytes would run with a context of so many tokens (0: 8,192), and how fast.

    The context is bounded by the one that the model was trained on. A size that is not known (not above 0) is estimated from the number of
    parameters, and a shape without layers is guessed. Never fails; where nothing at all is known, the model counts as next to nothing.
    """
    if shape.layers <= 0:
        shape = guess_shape(shape.parameters, size=size, architecture=shape.architecture, trained_context=shape.trained_context)
    size = size if size > 0 else estimated_size(shape.parameters)
    context = max(1, min(context or USUAL_CONTEXT, shape.trained_context or context or USUAL_CONTEXT))
    fit = estimate(shape, context, size=size)
    share = _gpu_share(fit, shape, machine)
    on_card = int(share * (fit.weights + fit.kv)) + (fit.compute if share else 0)
    shared = any(gpu.shared for gpu in machine.gpus)
    beside = fit.total if shared else fit.total - min(on_card, fit.total) + (fit.compute if 0 < share < 1 else 0)
    room = machine.memory_free + (0 if shared else sum(_usable(gpu) for gpu in machine.gpus))
    longest = largest_context(shape, room, wanted=context, size=size)
    if beside > machine.memory_free:
        return Judgement(Verdict.NO, fit.total, context=longest if longest < context else 0)
    verdict = Verdict.GPU if share >= 1 else Verdict.PARTLY if share else Verdict.CPU
    return Judgement(verdict, fit.total, share, _tokens_per_second(size, shape, context, share, speed), context)


def _gpu_share(fit: Fit, shape: Shape, machine: Machine) -> float:
    """The share of the layers that goes onto the cards: whole layers, the output counted as one, each card with buffers of its own."""
    room = sum(_usable(gpu) for gpu in machine.gpus) - len(machine.gpus) * fit.compute
    layers = max(1, shape.layers) + 1
    each = (fit.weights + fit.kv) / layers
    if room <= 0 or not each:
        return 0.0
    return min(layers, int(room / each)) / layers


def _usable(gpu: Gpu) -> int:
    return max(0, gpu.free - GPU_MARGIN - gpu.free // 20)


def _tokens_per_second(size: int, shape: Shape, context: int, share: float, speed: Speed | None) -> float | None:
    """Decoding waits for memory: the bytes of one token over the bytes a second that each device was seen to read."""
    if speed is None:
        return None
    wanted = bytes_per_token(size, shape, context // 2)
    seconds = 0.0
    for part, rate in ((share, speed.gpu_bytes_per_second), (1 - share, speed.bytes_per_second)):
        if part > 0:
            if rate <= 0:
                return None
            seconds += wanted * part / rate
    return 1 / seconds if seconds > 0 else None
