"""The binding's own streaming chat: ``python -m tests.bench.binding_chat MODEL``, a JSON object a line."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from llama_cpp import Llama
from tests.bench.figures import BATCH, CONTEXT, THREADS


def chat(path: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Answers {messages, count, seed} with the chunks that had text, and the seconds from the first of them to the last."""
    engine = Llama(path, n_ctx=CONTEXT, n_batch=BATCH, n_threads=THREADS, n_threads_batch=THREADS, flash_attn=True, verbose=False)

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        chunks = engine.create_chat_completion(
            request["messages"],
            stream=True,
            max_tokens=request["count"],
            seed=request["seed"],
            temperature=0.8,
            top_k=40,
            top_p=0.95,
            min_p=0.05,
            repeat_penalty=1.0,
        )
        times = [time.perf_counter() for chunk in chunks if chunk["choices"][0]["delta"].get("content")]
        return {"tokens": len(times), "seconds": times[-1] - times[0]}

    return answer


if __name__ == "__main__":
    answer = chat(sys.argv[1])
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
