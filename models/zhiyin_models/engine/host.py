"""The engine process: three threads around one model.

* The reading thread (``ChildEnd``) answers pings and carries out stops at once, whatever the others do.
* The main thread works through the queue: one load, unload, forget or generation at a time. The rule: higher priority first, in order
  of arrival among equals; what runs is never interrupted except by a stop; a load or an unload waits for everything that came before
  it, and nothing that came after it overtakes it. A stop takes a waiting request out of the queue.
* A second thread answers what needs no context (count, tokenize, render, info, devices), also while the main thread decodes.

llama.cpp is loaded after ``Hello`` is said, on the main thread.
"""

import os
import queue
import signal
import sys
import threading
import traceback
from typing import Any

from zhiyin_models.child import ChildEnd
from zhiyin_models.engine.protocol import (
    VERSION,
    Complete,
    Count,
    Counted,
    DeviceList,
    Devices,
    Event,
    Failed,
    Finished,
    Forget,
    Generate,
    Info,
    Load,
    Loaded,
    Render,
    Rendered,
    Request,
    Stop,
    Tokenize,
    Tokens,
    Unload,
)
from zhiyin_models.engine.request_queue import Entry, RequestQueue, Work
from zhiyin_models.errors import Code, ModelError

# How long a thread of GCC's OpenMP spins at each of some 600 barriers a token before it sleeps. With the default of 300,000 rounds a token
# took 2 to 3 s beside a busy process, with 20,000 0.4 s, and alone up to a tenth more; ``thread_pace`` then goes on with fewer.
BARRIER_SPINS = {"GOMP_SPINCOUNT": "100000"}
SWITCH_SECONDS = 0.0005  # how long a thread that computes in Python may hold up the one that decodes

Question = Count | Tokenize | Render | Info | Devices


class Host:
    """Carries requests to the model and events back."""

    def __init__(self) -> None:
        self._end: ChildEnd[Request] = ChildEnd(Request, kind="engine", version=VERSION, on_request=self._take)
        self._queue = RequestQueue(self._end.send)
        self._questions: queue.SimpleQueue[Question] = queue.SimpleQueue()
        self._stop: Any = None  # decoding.StopFlag, once llama.cpp is there
        self._model: Any = None  # loader.LoadedModel
        self._model_use = threading.Lock()  # held while a question is answered, and while the model is replaced

    def run(self) -> None:
        """Serve until the parent goes away; to be called on the main thread."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the program in front
        sys.setswitchinterval(SWITCH_SECONDS)
        self._end.start()
        for name, value in BARRIER_SPINS.items():
            os.environ.setdefault(name, value)
        from zhiyin_models.engine.decoding import StopFlag  # noqa: PLC0415 - half a second of loading that Hello does not wait for
        from zhiyin_models.engine.library_log import LibraryLog  # noqa: PLC0415

        self._log = LibraryLog()
        self._stop = StopFlag()
        threading.Thread(target=self._answer_questions, name="questions", daemon=True).start()
        while (entry := self._queue.take(self._stop.clear)) is not None:
            self._work(entry)

    # -------------------------------------------------------------- the reading thread

    def _take(self, request: Request) -> None:
        if isinstance(request, Stop):
            if self._queue.stop(request.target, self._interrupt):
                self._end.send(Finished(request.target, "stopped"))
        elif isinstance(request, Work):
            self._queue.add(request)
        elif isinstance(request, Question):
            self._questions.put(request)

    def _interrupt(self) -> None:
        self._stop.set()

    # -------------------------------------------------------------- the main thread

    def _work(self, entry: Entry) -> None:
        try:
            final = self._carry_out(entry)
        except Exception as error:  # whatever it is, the request must get its final event
            final = _failed(entry.request.id, error)
        self._end.send(final)

    def _carry_out(self, entry: Entry) -> Event:
        request = entry.request
        if isinstance(request, Load):
            return self._load(request)
        if isinstance(request, Unload):
            self._unload()
            return Finished(request.id)
        if isinstance(request, Forget):
            if self._model is not None:
                self._model.sessions.forget(request.session)
            return Finished(request.id)
        return self._generate(request, entry.arrived)

    def _generate(self, request: Generate | Complete, arrived: float) -> Event:
        from zhiyin_models.engine.generation import Generation  # noqa: PLC0415 - imports llama.cpp

        if self._model is None:
            raise ModelError(Code.MODEL_NONE_LOADED)
        return Generation(request, self._model, self._end.send, arrived=arrived).run()

    def _load(self, request: Load) -> Event:
        from zhiyin_models.engine.loader import Loader, Stopped  # noqa: PLC0415 - imports llama.cpp

        loader = Loader(request, log=self._log, stop=self._stop, send=self._end.send)
        loader.check(freed=self._model.memory if self._model is not None else {})
        if self._stop.is_set():  # nothing was begun: the model that is loaded stays
            return Finished(request.id, "stopped")
        self._unload()
        try:
            model = loader.load()
        except Stopped:
            return Finished(request.id, "stopped")
        with self._model_use:
            self._model = model
        return Loaded(request.id, model.info)

    def _unload(self) -> None:
        with self._model_use:
            if self._model is not None:
                self._model.close()
                self._model = None

    # -------------------------------------------------------------- the second thread

    def _answer_questions(self) -> None:
        from zhiyin_models.engine.devices import devices  # noqa: PLC0415 - imports llama.cpp

        while True:
            request = self._questions.get()
            try:
                if isinstance(request, Devices):  # may wait for a server, and needs no model
                    answer: Event = DeviceList(request.id, tuple(devices(request.rpc_servers)))
                else:
                    with self._model_use:
                        answer = self._answer(request)
            except Exception as error:  # whatever it is, the request must get its final event
                answer = _failed(request.id, error)
            self._end.send(answer)

    def _answer(self, request: Count | Tokenize | Render | Info) -> Event:
        from zhiyin_models.engine.prompts import render  # noqa: PLC0415 - imports llama.cpp

        if self._model is None:
            raise ModelError(Code.MODEL_NONE_LOADED)
        vocabulary = self._model.vocabulary
        if isinstance(request, Info):
            return Loaded(request.id, self._model.info)
        if isinstance(request, Count):
            return Counted(request.id, tuple(vocabulary.count(text) for text in request.texts))
        if isinstance(request, Tokenize):
            tokens = vocabulary.tokenize(request.text.encode("utf-8", "replace"), special=request.special)
            return Tokens(request.id, tuple(tokens), tuple(vocabulary.readable(token) for token in tokens))
        prompt = render(self._model, request)
        return Rendered(request.id, prompt.text, prompt.report)


def _failed(identity: int, error: Exception) -> Failed:
    if isinstance(error, ModelError):
        return Failed(identity, error.code, error.failure.args)
    traceback.print_exception(error)
    return Failed(identity, Code.ENGINE_FAILED, {"detail": f"{type(error).__name__}: {error}"})
