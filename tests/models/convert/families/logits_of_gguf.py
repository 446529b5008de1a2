"""Logits of a GGUF file as exactly as llama.cpp computes them: F32 KV cache, no flash attention, one thread of the CPU."""

import ctypes
from pathlib import Path

import numpy as np
from llama_cpp import llama_cpp
from numpy.typing import NDArray
from tests.models.convert.families.cases import Tensor

GGML_F32 = 0


@llama_cpp.llama_log_callback
def _silence(_level: int, _text: bytes, _data: object) -> None:
    pass


def logits_of_gguf(path: Path, tokens: NDArray[np.int64], adapter: Path | None = None) -> Tensor:
    """The logits after each token: (tokens, vocabulary); with a GGUF adapter. The context is of 256 tokens, the least there is."""
    llama_cpp.llama_log_set(_silence, None)
    parameters = llama_cpp.llama_model_default_params()
    parameters.n_gpu_layers = 0
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
    assert model, "llama.cpp does not load it"
    try:
        handle = llama_cpp.llama_adapter_lora_init(model, str(adapter).encode()) if adapter else None
        assert handle or not adapter, "llama.cpp does not load the adapter"
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = settings.n_batch = settings.n_ubatch = 256
        settings.n_threads = settings.n_threads_batch = 1
        settings.type_k = settings.type_v = GGML_F32
        settings.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        context = llama_cpp.llama_init_from_model(model, settings)
        assert context
        try:
            if handle:
                scales = (ctypes.c_float * 1)(1.0)
                assert llama_cpp.llama_set_adapters_lora(context, (llama_cpp.llama_adapter_lora_p_ctypes * 1)(handle), 1, scales) == 0
            return _decoded(context, llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model)), tokens)
        finally:
            llama_cpp.llama_free(context)
    finally:
        llama_cpp.llama_model_free(model)


def _decoded(context: ctypes.c_void_p, vocabulary: int, tokens: NDArray[np.int64]) -> Tensor:
    batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
    try:
        batch.n_tokens = len(tokens)
        for at, token in enumerate(tokens):
            batch.token[at], batch.pos[at], batch.logits[at] = int(token), at, 1
            batch.n_seq_id[at], batch.seq_id[at][0] = 1, 0
        assert llama_cpp.llama_decode(context, batch) == 0
        return np.ctypeslib.as_array(llama_cpp.llama_get_logits(context), (len(tokens), vocabulary)).copy()
    finally:
        llama_cpp.llama_batch_free(batch)
