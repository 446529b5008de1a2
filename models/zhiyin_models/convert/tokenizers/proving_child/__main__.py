"""Reads one task from standard input (JSON: model, texts, tokens), and answers on standard output (JSON: ids, pieces; or error)."""

import contextlib
import ctypes
import importlib
import importlib.util
import json
import os
import sys
import types
from typing import Any

MOST_MEMORY = 8 << 30  # bytes of address space
MOST_TIME = 120  # seconds of processor time
ERROR, CONTINUED = 4, 5  # ggml_log_level


def main() -> None:
    """Do the task, and leave without a look back: the library's own end is nobody's concern."""
    task = json.loads(sys.stdin.buffer.read())
    output = os.dup(1)
    os.dup2(2, 1)  # what C libraries print is for the log
    _bound()
    os.environ["GGML_NO_BACKTRACE"] = "1"  # which would start a debugger
    with os.fdopen(output, "wb") as answer:
        answer.write(json.dumps(_answer(os.fsencode(task["model"]), task["texts"], task["tokens"])).encode())
    sys.stderr.flush()
    os._exit(0)


def _answer(model: bytes, texts: list[str], tokens: list[int]) -> dict[str, Any]:
    library = _library()
    said: list[str] = []

    def hear(level: int, text: bytes, _data: object) -> None:
        if level == ERROR and len(said) < 100:
            said.append(text.decode("utf-8", "replace").strip())

    callback = library.llama_log_callback(hear)
    library.llama_log_set(callback, None)
    library.llama_backend_init()
    parameters = library.llama_model_default_params()
    parameters.vocab_only = True
    loaded = library.llama_model_load_from_file(model, parameters)
    if not loaded:
        return {"error": said[0] if said else "llama.cpp gave no reason"}
    vocabulary = library.llama_model_get_vocab(loaded)
    size = library.llama_vocab_n_tokens(vocabulary)
    return {
        "ids": [_tokenize(library, vocabulary, text.encode()) for text in texts],
        "pieces": [_piece(library, vocabulary, token).hex() if token < size else "" for token in tokens],
    }


def _tokenize(library: Any, vocabulary: Any, text: bytes) -> list[int]:
    room = 2 * len(text) + 16
    ids = (ctypes.c_int32 * room)()
    count: int = library.llama_tokenize(vocabulary, text, len(text), ids, room, False, True)
    return ids[: max(count, 0)]


def _piece(library: Any, vocabulary: Any, token: int) -> bytes:
    room = 1 << 16
    buffer = ctypes.create_string_buffer(room)
    count: int = library.llama_token_to_piece(vocabulary, token, buffer, room, 0, True)
    return buffer.raw[: max(count, 0)]


def _library() -> Any:
    """The bindings without the package around them, which takes most of a second to import and serves nobody here."""
    found = importlib.util.find_spec("llama_cpp")
    if found is not None and found.submodule_search_locations and "llama_cpp" not in sys.modules:
        package = types.ModuleType("llama_cpp")
        package.__path__ = list(found.submodule_search_locations)
        sys.modules["llama_cpp"] = package
    return importlib.import_module("llama_cpp.llama_cpp")


def _bound() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows has none; a lower bound than ours stays
        import resource  # noqa: PLC0415

        for kind, most in ((resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_CPU, MOST_TIME), (resource.RLIMIT_CORE, 0)):
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


if __name__ == "__main__":
    main()
