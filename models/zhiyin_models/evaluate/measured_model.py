"""A model loaded to be measured: one sequence, decoded in batches from an empty context, in a process that may be lost."""

import ctypes
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np
from llama_cpp import llama_cpp
from numpy.typing import NDArray

from zhiyin_models.engine.decoding import ABORTED, StopFlag
from zhiyin_models.engine.devices import offload_devices, physical_cores, unused_cards
from zhiyin_models.engine.library_log import LibraryLog
from zhiyin_models.engine.loader import NO_MEMORY, UNKNOWN_ARCHITECTURE
from zhiyin_models.engine.placement import place
from zhiyin_models.engine.protocol import Load
from zhiyin_models.engine.thread_pace import ThreadPace
from zhiyin_models.engine.vocabulary import Vocabulary, to_bytes
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.fit import memory_available
from zhiyin_models.library.gguf import GGUFFile, read_metadata
from zhiyin_models.work import Stop, StoppedError

Logits: TypeAlias = NDArray[np.float32]
STOP_SECONDS = 0.02  # how soon a stop reaches a batch that is being decoded
LOGITS_BYTES = 32 << 20  # of one batch; llama.cpp keeps them twice
LEAST_BATCH, MOST_BATCH = 32, 128  # a batch of more is hardly faster, and its steps take longer than a stop may
PIECE = 1 << 16  # characters that are tokenized at once
NO_VOCABULARY = 0  # llama_vocab_type
SHORTEST_CONTEXT = 16


@cache
def library_log() -> LibraryLog:
    """The process's own: llama.cpp keeps a pointer into it."""
    return LibraryLog()


@contextmanager
def stopping(stop: Stop) -> Iterator[StopFlag]:
    """A flag for the decoding threads that follows ``stop`` as long as the context lasts."""
    flag = StopFlag()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(STOP_SECONDS):
            if stop.asked:
                flag.set()
                return

    watcher = threading.Thread(target=watch, name="stop", daemon=True)
    watcher.start()
    try:
        yield flag
    finally:
        ended.set()
        watcher.join()


def open_file(path: Path) -> GGUFFile:
    """What the model's file says of itself. Raises ModelError MODEL_… for what is damaged or cannot write text."""
    file = read_metadata(path)
    file.check_complete()
    file.check_chat()
    if 0 < file.trained_context < SHORTEST_CONTEXT:
        raise ModelError(Code.MODEL_DAMAGED, path=str(file.path), detail=f"context_length = {file.trained_context}")
    return file


def batch_size(vocabulary: int, most: int = MOST_BATCH) -> int:
    """Tokens of a batch, a power of two, so that the logits of all of them stay small."""
    size = most
    while size > LEAST_BATCH and size * vocabulary * 4 > LOGITS_BYTES:
        size //= 2
    return size


class OpenVocabulary:
    """Only the vocabulary of a model: loaded in a moment, whatever the model's size."""

    def __init__(self, file: GGUFFile, stop: Stop) -> None:
        parameters = llama_cpp.llama_model_default_params()
        parameters.vocab_only = True
        self._stop = stop
        self._model: Any = _load(file, parameters, stop, need=0)
        self.vocabulary = Vocabulary(self._model)
        if self.vocabulary.type == NO_VOCABULARY or not self.vocabulary.size:
            self.close()
            raise ModelError(Code.MODEL_DAMAGED, path=str(file.path), detail="no vocabulary")
        self.trained_context = file.trained_context

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free it."""
        if self._model is not None:
            llama_cpp.llama_model_free(self._model)
            self._model = None

    def tokenize(self, text: str, *, special: bool = False) -> Iterator[list[int]]:
        """The tokens of a text, piece by piece so that a stop is noticed; behind the beginning token where the model has one."""
        begun = False
        for piece in pieces(text):
            self._stop.check()
            tokens = self.vocabulary.tokenize(to_bytes(piece), special=special)
            yield tokens if begun else self.vocabulary.with_beginning(tokens)
            begun = True

    def same_as(self, other: "OpenVocabulary") -> bool:
        """Whether both have the same tokens in the same places."""
        ours, theirs = self.vocabulary, other.vocabulary
        if (ours.type, ours.size, ours.adds_bos, ours.bos) != (theirs.type, theirs.size, theirs.adds_bos, theirs.bos):
            return False
        get = llama_cpp.llama_vocab_get_text
        for token in range(ours.size):
            if not token % 4096:
                self._stop.check()
            if get(ours.pointer, token) != get(theirs.pointer, token):
                return False
        return True


def pieces(text: str) -> Iterator[str]:
    """The text in pieces that end behind a line break where there is one; a text of ordinary length stays whole."""
    start = 0
    while len(text) - start > PIECE:
        end = text.rfind("\n", start + PIECE // 2, start + PIECE) + 1 or start + PIECE
        yield text[start:end]
        start = end
    yield text[start:]


class MeasuredModel:
    """A model with a context of its own. ``callback`` is llama.cpp's evaluation callback (``ggml_backend_sched_eval_callback``).

    Raises ModelError MODEL_…; StoppedError from everything that takes long.
    """

    def __init__(self, file: GGUFFile, *, context: int, batch: int, flag: StopFlag, stop: Stop, callback: Any = None) -> None:
        self.file = file
        self._stop = stop
        self._model: Any = None
        self._context: Any = None
        self._callback = callback  # kept: the library holds no reference
        cards = offload_devices()
        request = Load(0, str(file.path), context=context, batch=batch)
        self._placement = place(file, request, [device for _, device in cards], freed={}, unused_card=unused_cards)
        if self._placement.context < context:
            raise ModelError(Code.MODEL_TOO_BIG, path=str(file.path), need=self._placement.fit.total, free=memory_available())
        try:
            self._model = self._load_weights([handle for handle, _ in cards])
            self._context = self._make_context(context, batch)
        except BaseException:
            self.close()
            raise
        flag.watch(self._context)
        self.vocabulary: int = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self._model))
        self.batch = batch
        on_cpu = self._placement.gpu_layers <= file.layers
        self._threads = {1: physical_cores(), batch: physical_cores()}  # by the number of tokens
        self._paces = {count: ThreadPace(threads if on_cpu else 1, self._use(count)) for count, threads in self._threads.items()}
        self._batch = llama_cpp.llama_batch_init(batch, 0, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free everything."""
        if self._context is not None:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self._context)
        if self._model is not None:
            llama_cpp.llama_model_free(self._model)
        self._context = self._model = None

    def clear(self) -> None:
        """Begin a new text."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._context), False)

    def decode(self, tokens: Sequence[int], place: int, first: int, last: int) -> Logits:
        """Decode at most ``batch`` tokens from position ``place``.

        Returns the logits behind those of them at positions from ``first`` up to but not ``last``, shape (tokens, vocabulary): a view that
        is valid until the next call.
        """
        self._stop.check()
        batch = self._batch
        batch.n_tokens = len(tokens)
        wanted = 0
        for index, token in enumerate(tokens):
            position = place + index
            batch.token[index] = token
            batch.pos[index] = position
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = first <= position < last
            wanted += first <= position < last
        began = time.perf_counter()
        result: int = llama_cpp.llama_decode(self._context, batch)
        if result == ABORTED:
            raise StoppedError
        if result:
            raise ModelError(Code.DECODE_FAILED, detail=f"llama_decode returned {result}")
        llama_cpp.llama_synchronize(self._context)
        if pace := self._paces.get(len(tokens)):
            pace.note(time.perf_counter() - began)
        if not wanted:
            return np.empty((0, self.vocabulary), np.float32)
        return np.ctypeslib.as_array(llama_cpp.llama_get_logits(self._context), (wanted, self.vocabulary))

    def _use(self, tokens: int) -> Callable[[int], None]:
        def use(count: int) -> None:
            self._threads[tokens] = count
            llama_cpp.llama_set_n_threads(self._context, self._threads[1], self._threads[self.batch])

        return use

    def _load_weights(self, handles: Sequence[Any]) -> Any:
        parameters = llama_cpp.llama_model_default_params()
        parameters.n_gpu_layers = self._placement.gpu_layers
        listed = (ctypes.c_void_p * (len(handles) + 1))(*handles, None)
        if handles:
            parameters.devices = ctypes.cast(listed, ctypes.c_void_p)
        model = _load(self.file, parameters, self._stop, need=self._placement.fit.total)
        if llama_cpp.llama_model_has_encoder(model):  # decoding without its encoder's output would end the process
            llama_cpp.llama_model_free(model)
            raise ModelError(Code.MODEL_NOT_CHAT, path=str(self.file.path), architecture=self.file.architecture)
        return model

    def _make_context(self, context: int, batch: int) -> Any:
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = context
        parameters.n_batch = parameters.n_ubatch = batch
        parameters.n_threads = parameters.n_threads_batch = physical_cores()
        parameters.offload_kqv = bool(self._placement.gpu_layers)
        parameters.no_perf = True
        if self._callback is not None:
            parameters.cb_eval = self._callback
        made = llama_cpp.llama_init_from_model(self._model, parameters)
        if not made:
            raise _failure(self.file, need=self._placement.fit.total)
        return made


def _load(file: GGUFFile, parameters: Any, stop: Stop, *, need: int) -> Any:
    def progress(_fraction: float, _data: Any) -> bool:
        return not stop.asked

    callback: Callable[..., Any] = llama_cpp.llama_progress_callback(progress)
    parameters.progress_callback = callback
    library_log().clear()
    stop.check()
    model = llama_cpp.llama_model_load_from_file(str(file.path).encode(), parameters)
    if not model:
        stop.check()
        raise _failure(file, need=need)
    return model


def _failure(file: GGUFFile, *, need: int) -> ModelError:
    path = str(file.path)
    for line in library_log().lines():
        if match := UNKNOWN_ARCHITECTURE.search(line):
            return ModelError(Code.MODEL_UNKNOWN_ARCHITECTURE, path=path, architecture=match[1])
        if NO_MEMORY.search(line):
            return ModelError(Code.MODEL_TOO_BIG, path=path, need=need, free=memory_available())
    return ModelError(Code.MODEL_LOAD_FAILED, path=path, detail=library_log().reason())


__all__ = ["Logits", "MeasuredModel", "OpenVocabulary", "batch_size", "open_file", "stopping"]
