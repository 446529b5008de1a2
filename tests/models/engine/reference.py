"""The plainest loop over llama.cpp: whole prompt, then one token after the other, the greatest logit each time."""

import ctypes
from pathlib import Path
from types import TracebackType

import numpy as np
from llama_cpp import llama_cpp
from numpy.typing import NDArray


@llama_cpp.llama_log_callback
def _silence(_level: int, _text: bytes, _data: object) -> None:
    pass


class Reference:
    """A model of its own in the test's process."""

    def __init__(self, path: Path, *, context: int = 2048, vocabulary_only: bool = False) -> None:
        llama_cpp.llama_log_set(_silence, None)
        parameters = llama_cpp.llama_model_default_params()
        parameters.vocab_only = vocabulary_only
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
        assert self.model
        self.vocab = llama_cpp.llama_model_get_vocab(self.model)
        self.context = None
        if not vocabulary_only:
            settings = llama_cpp.llama_context_default_params()
            settings.n_ctx = context
            settings.n_batch = context
            settings.n_threads = settings.n_threads_batch = 1
            settings.no_perf = True
            self.context = llama_cpp.llama_init_from_model(self.model, settings)
            assert self.context

    def __enter__(self) -> "Reference":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.context:
            llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model)

    def tokens(self, text: str) -> list[int]:
        """Special tokens written out in the text are taken as such."""
        content = text.encode()
        room = (ctypes.c_int32 * (len(content) + 8))()
        count = llama_cpp.llama_tokenize(self.vocab, content, len(content), room, len(room), False, True)
        return list(room[:count])

    def text(self, tokens: list[int]) -> str:
        pieces = []
        for token in tokens:
            buffer = ctypes.create_string_buffer(1024)
            count = llama_cpp.llama_token_to_piece(self.vocab, token, buffer, 1024, 0, False)
            pieces.append(buffer.raw[:count])
        return b"".join(pieces).decode()

    def greedy(self, prompt: list[int], count: int) -> list[int]:
        """At most count tokens after the prompt."""
        produced: list[int] = []
        logits = self.logits(prompt)
        while len(produced) < count:
            token = int(logits.argmax())
            if llama_cpp.llama_vocab_is_eog(self.vocab, token):
                break
            produced.append(token)
            logits = self._decode([token])
        return produced

    def logits(self, prompt: list[int]) -> NDArray[np.float32]:
        """Of the token after the prompt."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)
        return self._decode(prompt)

    def more(self, token: int) -> NDArray[np.float32]:
        """Of the token after this one, which follows what was decoded last."""
        return self._decode([token])

    def _decode(self, tokens: list[int]) -> NDArray[np.float32]:
        held = (ctypes.c_int32 * len(tokens))(*tokens)
        assert llama_cpp.llama_decode(self.context, llama_cpp.llama_batch_get_one(held, len(tokens))) == 0
        size = llama_cpp.llama_vocab_n_tokens(self.vocab)
        return np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.context, -1), (size,)).copy()
