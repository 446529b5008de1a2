"""llama.cpp's own quantization of a file: what ours is compared with."""

import ctypes
from pathlib import Path

import numpy as np
from llama_cpp import llama_cpp

from zhiyin_models.convert.tensors import Matrix
from zhiyin_models.library.gguf import read_metadata


def library_quantize(source: Path, out: Path, file_type: int, importance: dict[str, Matrix] | None = None, threads: int = 1) -> Path:
    """``llama_model_quantize``, with an importance matrix by name."""
    settings = llama_cpp.llama_model_quantize_default_params()
    settings.ftype, settings.nthread = file_type, threads
    entries = [(name.encode(), np.ascontiguousarray(values, np.float32)) for name, values in (importance or {}).items()]
    if importance is not None:
        table = (llama_cpp.llama_model_imatrix_data * (len(entries) + 1))()
        for entry, (name, values) in zip(table, entries, strict=False):
            entry.name, entry.size = name, values.size
            entry.data = values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        settings.imatrix = ctypes.cast(table, type(settings.imatrix))
    assert llama_cpp.llama_model_quantize(str(source).encode(), str(out).encode(), ctypes.byref(settings)) == 0
    return out


def tensors_of(path: Path) -> dict[str, tuple[int, bytes]]:
    """Each tensor's type and bytes, in the file's order."""
    found = read_metadata(path)
    data = path.read_bytes()
    return {tensor.name: (tensor.type, data[found.data_offset + tensor.offset :][: tensor.nbytes]) for tensor in found.tensors()}


def ggml_quantize(values: Matrix, ggml_type: int, importance: Matrix | None = None) -> bytes:
    """All rows in one call of ``ggml_quantize_chunk``."""
    library = ctypes.CDLL(str(next((Path(llama_cpp.__file__).parent / "lib").glob("*ggml-base.*"))))
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    rows, columns = values.shape
    out = (ctypes.c_uint8 * (values.nbytes + 1024))()
    weights = None if importance is None else ctypes.c_void_p(importance.ctypes.data)
    size = library.ggml_quantize_chunk(
        *(ggml_type, ctypes.c_void_p(values.ctypes.data), out),
        *(ctypes.c_int64(0), ctypes.c_int64(rows), ctypes.c_int64(columns), weights),
    )
    return bytes(out)[:size]
