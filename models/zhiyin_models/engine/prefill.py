"""Decoding a prompt in batches that a stop need not wait long for."""

import time
from collections.abc import Callable

from llama_cpp import llama_cpp

from zhiyin_models.engine.loader import LoadedModel
from zhiyin_models.engine.session import Session

FIRST_BATCH = 128  # tokens; its speed decides about the next ones
BATCHES = (512, 256, 128, 64)  # tokens; the kernels reach full speed at 256, and cost a twentieth more at 128
BATCH_SECONDS = 1.2  # the most that a batch may take; about half a second comes of it, since sizes double
GPU_BATCHES, GPU_BATCH_SECONDS = (512, 256, 128, 64, 32, 16), 0.05  # where a stop acts between batches only


def decode_prompt(model: LoadedModel, session: Session, tell: Callable[[int], None], check: Callable[[], None]) -> None:
    """Decode what of the session's tokens is not cached; ``tell`` gets the number of cached tokens after each batch.

    ``check`` is called before each and may end it by raising. Raises Aborted, NoRoom.
    """
    tokens = session.tokens
    on_gpu = model.info.gpu_layers > 0
    size = min(model.prefill_batch or FIRST_BATCH, model.decoder.batch)
    while session.cached < len(tokens):
        check()
        place = session.cached
        count = min(size, len(tokens) - place)
        began = time.monotonic()
        model.decoder.prompt(tokens[place : place + count], place, session.sequence, logits=place + count == len(tokens))
        if on_gpu:
            llama_cpp.llama_synchronize(model.context)
        session.cached = place + count
        tell(session.cached)
        if count == size:
            size = min(_next_size(count, time.monotonic() - began, on_gpu=on_gpu), model.decoder.batch)
            model.prefill_batch = size


def _next_size(count: int, seconds: float, *, on_gpu: bool) -> int:
    """The most tokens to decode next that take no longer than a batch may."""
    sizes, most = (GPU_BATCHES, GPU_BATCH_SECONDS) if on_gpu else (BATCHES, BATCH_SECONDS)
    return next((size for size in sizes if seconds / count * size <= most), sizes[-1])
