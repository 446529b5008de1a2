"""llama_decode with a stop that acts inside it: batches that are filled cheaply, and what their return codes mean."""

import ctypes
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from llama_cpp import llama_cpp

from zhiyin_models.engine.thread_pace import ThreadPace
from zhiyin_models.errors import Code, ModelError

ABORTED = 2
NO_ROOM = 1


class Aborted(Exception):  # noqa: N818 - stopping is a result, not an error
    """A stop came while decoding; what the memory holds must be asked for."""


class NoRoom(Exception):  # noqa: N818 - the context being full is a result, not an error
    """The context has no free cells, and no other sequence could be moved out."""


class StopFlag:
    """One byte that the decoding threads look at some 500 times a token through libc's ``strlen``: 0 goes on, 1 stops.

    A Python function in that place would cost 3 to 7 % of the speed.
    """

    def __init__(self) -> None:
        self._byte = ctypes.create_string_buffer(2)
        library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
        self._function = llama_cpp.ggml_abort_callback(ctypes.cast(library.strlen, ctypes.c_void_p).value)

    def watch(self, context: Any) -> None:
        """Make decoding in this context end when the flag is set."""
        llama_cpp.llama_set_abort_callback(context, self._function, ctypes.cast(self._byte, ctypes.c_void_p))

    def set(self) -> None:
        """Stop."""
        self._byte[0] = b"\x01"

    def clear(self) -> None:
        """Go on."""
        self._byte[0] = b"\x00"

    def is_set(self) -> bool:
        """Whether a stop was asked for."""
        return self._byte[0] != b"\x00"


class BatchDecoder:
    """Feeds tokens to one context. ``make_room`` frees cells of other sequences and says whether it could."""

    def __init__(self, context: Any, *, batch: int, sequences: int, make_room: Callable[[], bool], pace: ThreadPace) -> None:
        self._context = context
        self._pace = pace
        self._make_room = make_room
        self.batch = batch
        self._tokens = (ctypes.c_int32 * batch)()
        self._places = (ctypes.c_int32 * batch)()
        self._counts = (ctypes.c_int32 * batch)(*([1] * batch))
        self._outputs = (ctypes.c_int8 * batch)()
        self._sequence = ctypes.c_int32(0)
        shared = ctypes.pointer(self._sequence)
        self._sequences = (ctypes.POINTER(ctypes.c_int32) * batch)(*([shared] * batch))
        self._run = self._make_batch(self._tokens, self._places, self._counts, self._sequences, self._outputs)
        # one token of each of several sequences, all with logits
        self._each_tokens = (ctypes.c_int32 * sequences)()
        self._each_places = (ctypes.c_int32 * sequences)()
        self._each_sequence = [ctypes.c_int32(0) for _ in range(sequences)]
        pointers = (ctypes.POINTER(ctypes.c_int32) * sequences)(*(ctypes.pointer(one) for one in self._each_sequence))
        ones = (ctypes.c_int32 * sequences)(*([1] * sequences))
        outputs = (ctypes.c_int8 * sequences)(*([1] * sequences))
        self._each = self._make_batch(self._each_tokens, self._each_places, ones, pointers, outputs)

    @staticmethod
    def _make_batch(tokens: Any, places: Any, counts: Any, sequences: Any, outputs: Any) -> Any:
        batch = llama_cpp.llama_batch()
        batch.token = ctypes.cast(tokens, type(batch.token))
        batch.pos = ctypes.cast(places, type(batch.pos))
        batch.n_seq_id = ctypes.cast(counts, type(batch.n_seq_id))
        batch.seq_id = ctypes.cast(sequences, type(batch.seq_id))
        batch.logits = ctypes.cast(outputs, type(batch.logits))
        return batch

    def prompt(self, tokens: Sequence[int], place: int, sequence: int, *, logits: bool) -> None:
        """Decode at most ``batch`` tokens of one sequence from position ``place``; ``logits`` asks for those of the last token."""
        count = len(tokens)
        self._tokens[:count] = list(tokens)
        self._places[:count] = list(range(place, place + count))
        self._sequence.value = sequence
        self._outputs[count - 1] = logits
        self._run.n_tokens = count
        try:
            self._decode(self._run)
        finally:
            self._outputs[count - 1] = 0

    def one(self, token: int, place: int, sequence: int) -> None:
        """Decode a single token, with logits in the last row."""
        self._each_tokens[0] = token
        self._each_places[0] = place
        self._each_sequence[0].value = sequence
        self._each.n_tokens = 1
        started = time.perf_counter()
        self._decode(self._each)
        self._pace.note(time.perf_counter() - started)

    def several(self, rows: Sequence[tuple[int, int, int]]) -> None:
        """Decode one token each of several sequences: (token, position, sequence); the logits of row i are the i-th."""
        for index, (token, place, sequence) in enumerate(rows):
            self._each_tokens[index] = token
            self._each_places[index] = place
            self._each_sequence[index].value = sequence
        self._each.n_tokens = len(rows)
        self._decode(self._each)

    def _decode(self, batch: Any) -> None:
        result: int = llama_cpp.llama_decode(self._context, batch)
        while result:
            if result == ABORTED:
                raise Aborted
            if result != NO_ROOM:
                raise ModelError(Code.DECODE_FAILED, detail=f"llama_decode returned {result}")
            if not self._make_room():
                raise NoRoom
            result = llama_cpp.llama_decode(self._context, batch)
