"""What llama.cpp logs: kept for a while, because some answers (why a load failed, where buffers lie) are found nowhere else."""

import re
import sys
import threading
from collections import deque
from typing import Any, ClassVar

from llama_cpp import llama_cpp

DEBUG, INFO, WARNING, ERROR, CONTINUED = 1, 2, 3, 4, 5  # ggml_log_level
KEPT = 4000  # lines
BUFFER_SIZE = re.compile(r": +(?P<device>\S.*?) (?P<what>model|LoRA|KV|RS|compute|output) buffer size += +(?P<size>[\d.]+) MiB")
TELLING = re.compile(r"error|fail|unknown|unsupported|invalid|missing|unable", re.IGNORECASE)
LAYER = re.compile(r"layer +(?P<layer>\d+) assigned to device (?P<device>[^,]+)")


class LibraryLog:
    """Takes llama.cpp's log. Warnings and errors also go to standard error."""

    _callbacks: ClassVar[list[Any]] = []  # the library holds no reference, and may call the last one when its owner is long gone

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=KEPT)
        self._level = INFO
        self._lock = threading.Lock()
        callback = llama_cpp.llama_log_callback(self._take)
        self._callbacks.append(callback)
        llama_cpp.llama_log_set(callback, None)

    def _take(self, level: int, text: bytes, _data: Any) -> None:
        line = text.decode("utf-8", "replace")
        with self._lock:
            if level != CONTINUED:
                self._level = level
            if self._level >= WARNING:
                sys.stderr.write(line)
                sys.stderr.flush()
            if self._level != DEBUG or " assigned to device " in line:
                self._lines.append(line)

    def clear(self) -> None:
        """Forget what was said."""
        with self._lock:
            self._lines.clear()

    def lines(self) -> list[str]:
        """What was said since ``clear``."""
        with self._lock:
            return "".join(self._lines).splitlines()

    def reason(self) -> str:
        """The line that explains a failure best: the first error, which the later ones only pass on."""
        telling = [line.strip() for line in self.lines() if TELLING.search(line)]
        return telling[0][:500] if telling else "llama.cpp gave no reason"

    def buffers(self) -> list[tuple[str, str, int]]:
        """(device, model | LoRA | KV | RS | compute | output, bytes) of each buffer that was made, the device as ggml names it."""
        found = (BUFFER_SIZE.search(line) for line in self.lines())
        return [(_device(match["device"]), match["what"], round(float(match["size"]) * (1 << 20))) for match in found if match]

    def layers(self) -> dict[str, int]:
        """How many layers lie on each device (the output counts as one)."""
        by_layer = {int(match["layer"]): match["device"].strip() for line in self.lines() if (match := LAYER.search(line))}
        devices: dict[str, int] = {}
        for device in by_layer.values():
            devices[_device(device)] = devices.get(_device(device), 0) + 1
        return devices


def _device(buffer: str) -> str:
    """``CPU_Mapped`` and ``CPU_REPACK`` are the CPU's, ``CUDA_Host`` is ordinary memory, ``RPC0[127.0.0.1:50052]`` is RPC0's."""
    name = buffer.split("[", 1)[0]
    return "CPU" if name.startswith("CPU") or name.endswith("_Host") else name.removesuffix("_Mapped").removesuffix("_Private")
