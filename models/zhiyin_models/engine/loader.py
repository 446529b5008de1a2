"""From a path to a model that is ready to decode, with every way of failing named."""

import ctypes
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from llama_cpp import llama_cpp

from zhiyin_models.engine.adapters import Adapters
from zhiyin_models.engine.decoding import Aborted, BatchDecoder, StopFlag
from zhiyin_models.engine.devices import connected, offload_devices, physical_cores, unused_cards
from zhiyin_models.engine.fingerprint import fingerprint
from zhiyin_models.engine.library_log import LibraryLog
from zhiyin_models.engine.placement import Placement, place
from zhiyin_models.engine.protocol import DeviceShare, Event, Load, LoadProgress, ModelInfo, Notice
from zhiyin_models.engine.session import SessionCache
from zhiyin_models.engine.templates import ChatTemplate
from zhiyin_models.engine.thread_pace import ThreadPace
from zhiyin_models.engine.vocabulary import Vocabulary
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.fit import memory_available
from zhiyin_models.library.gguf import GGUFFile, read_metadata

SEQUENCES, RECURRENT_SEQUENCES = 16, 4  # sessions and replies in the context at once; recurrent states are large
SAVED_SHARE, SAVED_MOST = 4, 4 << 30  # states moved out of the context: a quarter of the free memory, at most 4 GiB
LEAST_BATCH, MOST_BATCH = 32, 2048
PROGRESS_SECONDS = 0.05
KV_TYPES = {"f32": llama_cpp.GGML_TYPE_F32, "f16": llama_cpp.GGML_TYPE_F16, "q8_0": llama_cpp.GGML_TYPE_Q8_0}
FLASH_ATTENTION = {"auto": -1, "off": 0, "on": 1}  # llama_flash_attn_type
UNKNOWN_ARCHITECTURE = re.compile(r"unknown model architecture: '([^']*)'")
NO_MEMORY = re.compile(r"(failed|unable) to allocate|out of memory|cannot allocate", re.IGNORECASE)


class Stopped(Exception):  # noqa: N818 - stopping is a result, not an error
    """The load was stopped."""


class LoadedModel:
    """A model with its context, vocabulary, template and sessions."""

    def __init__(
        self,
        model: Any,
        context: Any,
        *,
        info: ModelInfo,
        template: ChatTemplate,
        vocabulary: Vocabulary,
        stop: StopFlag,
        files: Sequence[Path],
    ) -> None:
        self._model = model
        self._files = {path: _file_identity(path) for path in files}
        self.context = context
        self.info = info
        self.template = template
        self.vocabulary = vocabulary
        self.stop = stop
        self.deleted_said = False
        self.prefill_batch = 0  # tokens that took about half a second, once known
        recurrent = _is_recurrent(model)
        self.sequences: int = llama_cpp.llama_n_seq_max(context)
        budget = min(memory_available() // SAVED_SHARE, SAVED_MOST)
        self.sessions = SessionCache(context, sequences=self.sequences, budget=budget, partial=not recurrent)
        batch: int = llama_cpp.llama_n_batch(context)
        on_cpu = info.gpu_layers < info.layers
        pace = ThreadPace(info.threads if on_cpu else 1, lambda count: llama_cpp.llama_set_n_threads(context, count, info.threads))
        self.decoder = BatchDecoder(context, batch=batch, sequences=self.sequences, make_room=self.sessions.make_room, pace=pace)
        stop.watch(context)

    @property
    def memory(self) -> dict[str, int]:
        """Bytes that unloading gives back for certain, by device; weights mapped into main memory count as free already."""
        return {share.device: share.kv + share.compute + (share.weights if share.device != "CPU" else 0) for share in self.info.shares}

    def check_files(self) -> None:
        """Raises MODEL_TRUNCATED where a file has become shorter: reading what is gone of its mapping would end the process."""
        for path, (size, *identity) in self._files.items():
            now, *other = _file_identity(path)
            if now < size and other == identity:
                raise ModelError(Code.MODEL_TRUNCATED, path=str(path), expected=size, actual=now)

    def check_stop(self) -> None:
        """Raises Aborted when a stop was asked for."""
        if self.stop.is_set():
            raise Aborted

    def close(self) -> None:
        """Free everything; the object is of no use afterwards."""
        if self.context is not None:
            llama_cpp.llama_free(self.context)
            llama_cpp.llama_model_free(self._model)
            self.context = self._model = None
            connected.clear()


def _file_identity(path: Path) -> tuple[int, int, int]:
    """Size, device and number: a file that was put in another's place is not the one that is mapped."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0, 0
    return status.st_size, status.st_dev, status.st_ino


def _is_recurrent(model: Any) -> bool:
    return bool(llama_cpp.llama_model_is_recurrent(model) or llama_cpp.llama_model_is_hybrid(model))


class Loader:
    """Loads one model. ``check`` refuses what cannot work before anything is freed; ``load`` does it."""

    def __init__(self, request: Load, *, log: LibraryLog, stop: StopFlag, send: Callable[[Event], None]) -> None:
        self._request = request
        self._log = log
        self._stop = stop
        self._send = send
        self._started = time.monotonic()
        self._said = 0.0
        self._file: GGUFFile
        self._adapters = Adapters(request.adapters)
        self._cards: list[Any] = []
        self._placement: Placement

    def check(self, *, freed: Mapping[str, int]) -> None:
        """Raises ModelError: MODEL_…, ADAPTER_…, TEMPLATE_FAILED, DEVICE_UNREACHABLE. ``freed``: what unloading gives back."""
        self._send(LoadProgress(self._request.id, 0.0))
        self._file = read_metadata(self._request.path)
        self._file.check_complete()
        self._file.check_chat()
        self._adapters.read(self._file)
        ChatTemplate(self._file.chat_template, bos="", eos="")
        cards = offload_devices(self._request.rpc_servers) if self._request.gpu_layers else []
        self._cards = [handle for handle, _ in cards]
        self._placement = place(self._file, self._request, [device for _, device in cards], freed=freed, unused_card=unused_cards)

    def load(self) -> LoadedModel:
        """Raises Stopped, or ModelError MODEL_UNKNOWN_ARCHITECTURE, MODEL_TOO_BIG, MODEL_LOAD_FAILED, ADAPTER_BAD."""
        self._log.clear()
        model = context = None
        connected.update(self._request.rpc_servers)
        try:
            model = self._load_weights()
            handles = self._adapters.load(model, self._log)
            context = self._make_context(model)
            self._adapters.apply(context, handles)
            vocabulary = Vocabulary(model)
            template = self._template(vocabulary)
            info = self._info(model, context, vocabulary, template)
            if self._stop.is_set():
                raise Stopped
            files = [part.path for part in self._file.parts]
            loaded = LoadedModel(model, context, info=info, template=template, vocabulary=vocabulary, stop=self._stop, files=files)
        except BaseException:
            connected.clear()
            if context is not None:
                llama_cpp.llama_free(context)
            if model is not None:
                llama_cpp.llama_model_free(model)
            raise
        for notice in self._placement.notices:
            self._send(notice)
        if template.fallback:
            self._send(Notice(self._request.id, Code.TEMPLATE_MISSING))
        return loaded

    def _load_weights(self) -> Any:
        parameters = llama_cpp.llama_model_default_params()
        parameters.n_gpu_layers = self._placement.gpu_layers
        handles = (ctypes.c_void_p * (len(self._cards) + 1))(*self._cards, None)
        if self._cards:
            parameters.devices = ctypes.cast(handles, ctypes.c_void_p)

        def progress(fraction: float, _data: Any) -> bool:
            now = time.monotonic()
            if now - self._said >= PROGRESS_SECONDS or fraction >= 1:
                self._said = now
                self._send(LoadProgress(self._request.id, round(min(1.0, fraction), 3)))
            return not self._stop.is_set()

        parameters.progress_callback = llama_cpp.llama_progress_callback(progress)
        if self._stop.is_set():
            raise Stopped
        model = llama_cpp.llama_model_load_from_file(str(self._file.path).encode(), parameters)
        if model:
            return model
        raise Stopped if self._stop.is_set() else self._failure()

    def _failure(self) -> ModelError:
        path = self._request.path
        for line in self._log.lines():
            if match := UNKNOWN_ARCHITECTURE.search(line):
                return ModelError(Code.MODEL_UNKNOWN_ARCHITECTURE, path=path, architecture=match[1])
            if NO_MEMORY.search(line):
                return ModelError(Code.MODEL_TOO_BIG, path=path, need=self._placement.fit.total, free=memory_available())
        return ModelError(Code.MODEL_LOAD_FAILED, path=path, detail=self._log.reason())

    def _make_context(self, model: Any) -> Any:
        request = self._request
        threads = request.threads if request.threads > 0 else physical_cores()
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = self._placement.context
        parameters.n_batch = max(LEAST_BATCH, min(request.batch, MOST_BATCH))
        parameters.n_ubatch = min(parameters.n_batch, 512)
        parameters.n_seq_max = RECURRENT_SEQUENCES if _is_recurrent(model) else SEQUENCES
        parameters.kv_unified = True
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.flash_attn_type = FLASH_ATTENTION[request.flash_attention]
        parameters.type_k = parameters.type_v = KV_TYPES[request.kv_type]
        parameters.offload_kqv = bool(self._placement.gpu_layers)
        parameters.no_perf = True
        context = llama_cpp.llama_init_from_model(model, parameters)
        if not context:
            raise self._failure()
        return context

    def _template(self, vocabulary: Vocabulary) -> ChatTemplate:
        return ChatTemplate(self._file.chat_template, bos=vocabulary.name(vocabulary.bos), eos=vocabulary.name(vocabulary.eos))

    def _info(self, model: Any, context: Any, vocabulary: Vocabulary, template: ChatTemplate) -> ModelInfo:
        file, request = self._file, self._request
        shares = self._shares()
        layers = self._log.layers()
        kind: Literal["model", "chatml"] = "chatml" if template.fallback else "model"
        try:
            identity = self._adapters.identity(fingerprint(file))
        except OSError as error:
            raise ModelError(Code.MODEL_UNREADABLE, path=request.path, detail=error.strerror or str(error)) from error
        return ModelInfo(
            path=str(Path(request.path)),
            name=file.name,
            architecture=file.architecture,
            parameters=llama_cpp.llama_model_n_params(model),
            quant=file.quant,
            size=file.size,
            trained_context=llama_cpp.llama_model_n_ctx_train(model),
            context=self._placement.context,
            layers=llama_cpp.llama_model_n_layer(model) + 1,
            gpu_layers=sum(count for device, count in layers.items() if device != "CPU"),
            shares=shares,
            memory=sum(share.weights + share.kv + share.compute for share in shares),
            threads=llama_cpp.llama_n_threads(context),
            flash_attention=self._flash_attention(),
            kv_type=request.kv_type,
            fingerprint=identity,
            template=kind,
            vocabulary=vocabulary.size,
            load_seconds=time.monotonic() - self._started,
            adapters=request.adapters,
        )

    def _shares(self) -> tuple[DeviceShare, ...]:
        layers = self._log.layers()
        sizes: dict[str, dict[str, int]] = {device: {} for device in layers}
        for device, what, size in self._log.buffers():
            kind = {"model": "weights", "LoRA": "weights", "KV": "kv", "RS": "kv"}.get(what, "compute")
            held = sizes.setdefault(device, {})
            held[kind] = held.get(kind, 0) + size
        shares = [
            DeviceShare(device, layers.get(device, 0), held.get("weights", 0), held.get("kv", 0), held.get("compute", 0))
            for device, held in sizes.items()
        ]
        return tuple(sorted(shares, key=lambda share: share.device == "CPU"))

    def _flash_attention(self) -> bool:
        if self._request.flash_attention != "auto":
            return self._request.flash_attention == "on"
        return any("Flash Attention enabled" in line or "Flash Attention was auto, set to enabled" in line for line in self._log.lines())
