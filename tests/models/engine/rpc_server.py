"""A process that lends its CPU as an RPC device, which counts as a GPU: ``python rpc_server.py 127.0.0.1:PORT``."""

import ctypes
import sys
from pathlib import Path

import llama_cpp

CPU = 0  # ggml_backend_dev_type
FOLDER = Path(llama_cpp.__file__).parent / "lib"


def library(name: str) -> ctypes.CDLL:
    (path,) = (path for path in (FOLDER / f"lib{name}.so", FOLDER / f"lib{name}.dylib", FOLDER / f"{name}.dll") if path.exists())
    return ctypes.CDLL(str(path))


def main() -> None:
    find = library("ggml").ggml_backend_dev_by_type
    find.restype = ctypes.c_void_p
    devices = (ctypes.c_void_p * 1)(find(CPU))
    serve = library("ggml-rpc").ggml_backend_rpc_start_server
    serve.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p]
    serve(sys.argv[1].encode(), None, 1, 1, devices)


if __name__ == "__main__":
    main()
