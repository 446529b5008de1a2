"""llama_decode and nothing else, with the engine's own settings: ``python -m tests.bench.bare_decode MODEL``, a JSON object a line."""

import ctypes
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from llama_cpp import llama_cpp
from tests.bench.figures import BATCH, CONTEXT, THREADS


def bare(path: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Answers {prompt, reply, count} with the seconds that decoding the prompt in batches, then ``count`` tokens singly, took."""
    llama_cpp.llama_backend_init()
    model = llama_cpp.llama_model_load_from_file(path.encode(), llama_cpp.llama_model_default_params())
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx = CONTEXT
    parameters.n_batch = parameters.n_ubatch = BATCH
    parameters.n_threads = parameters.n_threads_batch = THREADS
    parameters.flash_attn_type = -1  # auto
    parameters.no_perf = True
    context = llama_cpp.llama_init_from_model(model, parameters)
    vocabulary = llama_cpp.llama_model_get_vocab(model)

    def tokenize(text: str) -> list[int]:
        encoded = text.encode()
        room = (ctypes.c_int32 * (len(encoded) + 8))()
        count = llama_cpp.llama_tokenize(vocabulary, encoded, len(encoded), room, len(room), False, True)
        return list(room[:count])

    def decode(tokens: list[int]) -> None:
        array = (ctypes.c_int32 * len(tokens))(*tokens)
        if llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(array, len(tokens))):
            raise SystemExit("llama_decode failed")
        llama_cpp.llama_synchronize(context)

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        prompt, reply = tokenize(request["prompt"]), tokenize(request.get("reply", ""))
        count = request.get("count", 0)
        while 0 < len(reply) < count:  # re-tokenized text is sometimes a few tokens shorter than what was generated
            reply += reply
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
        started = time.perf_counter()
        for first in range(0, len(prompt), BATCH):
            decode(prompt[first : first + BATCH])
        prefilled = time.perf_counter()
        for token in reply[:count]:
            decode([token])
        return {"tokens": len(prompt), "prefill_seconds": prefilled - started, "decode_seconds": time.perf_counter() - prefilled}

    return answer


if __name__ == "__main__":
    answer = bare(sys.argv[1])
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
