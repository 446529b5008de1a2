"""The devices ggml knows, RPC servers included, and how many threads suit this machine.

The binding does not cover ``ggml_backend_*``; the libraries it ships do. RPC has no authentication: loopback or a trusted network only.
"""

import ctypes
import os
import socket
import struct
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any, Literal

import llama_cpp
import psutil

from zhiyin_models.engine.protocol import Device
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.fit import memory_available

Kind = Literal["cpu", "gpu", "igpu", "accelerator"]
KINDS: tuple[Kind, ...] = ("cpu", "gpu", "igpu", "accelerator")  # ggml_backend_dev_type
REACH_SECONDS = 3.0
# ggml-rpc.cpp: RPC_CMD_HELLO with 24 bytes of what the connection can do, answered with as many behind the version (4 bytes)
HELLO = struct.pack("<BQ", 14, 24) + bytes(24)
HELLO_ANSWER = struct.pack("<Q", 28)
CARDS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}  # PCI vendors
DISPLAY_CLASS = "0x03"  # PCI class: display controllers


class Backends:
    """ctypes for what is needed of ggml-backend.h."""

    def __init__(self) -> None:
        folder = Path(llama_cpp.__file__).parent / "lib"
        self._libraries = [ctypes.CDLL(str(path)) for name in ("ggml", "ggml-base") for path in _shared(folder, name)]
        pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
        self.dev_count = self._function("ggml_backend_dev_count", size)
        self.dev_get = self._function("ggml_backend_dev_get", pointer, size)
        self.dev_name = self._function("ggml_backend_dev_name", text, pointer)
        self.dev_description = self._function("ggml_backend_dev_description", text, pointer)
        self.dev_type = self._function("ggml_backend_dev_type", ctypes.c_int, pointer)
        self.dev_memory = self._function("ggml_backend_dev_memory", None, pointer, ctypes.POINTER(size), ctypes.POINTER(size))
        self.dev_backend_reg = self._function("ggml_backend_dev_backend_reg", pointer, pointer)
        self.reg_name = self._function("ggml_backend_reg_name", text, pointer)
        self.reg_by_name = self._function("ggml_backend_reg_by_name", pointer, text)
        self.reg_get_proc_address = self._function("ggml_backend_reg_get_proc_address", pointer, pointer, text)
        self.register = self._function("ggml_backend_register", None, pointer)
        self.buffer_is_host = self._function("ggml_backend_buffer_is_host", ctypes.c_bool, pointer)
        self.tensor_get = self._function("ggml_backend_tensor_get", None, pointer, pointer, size, size)

    def _function(self, name: str, result: Any, *arguments: Any) -> Any:
        for library in self._libraries:
            if hasattr(library, name):
                function = getattr(library, name)
                function.restype, function.argtypes = result, list(arguments)
                return function
        raise ModelError(Code.ENGINE_FAILED, detail=f"the library has no {name}")


def _shared(folder: Path, name: str) -> list[Path]:
    candidates = (folder / f"lib{name}.so", folder / f"lib{name}.dylib", folder / f"{name}.dll")
    return [path for path in candidates if path.exists()]


@cache
def backends() -> Backends:
    """The functions, found once."""
    return Backends()


_servers: set[str] = set()  # RPC servers that are registered: ggml keeps them until the process ends
_registering = threading.Lock()
connected: set[str] = set()  # servers of the loaded model: each serves one connection at a time, and so would not answer another


def add_rpc_servers(addresses: tuple[str, ...]) -> None:
    """Make each server's devices known. Raises DEVICE_UNREACHABLE: ggml itself would abort the process."""
    for address in addresses:
        probe(address)
        with _registering:
            if address not in _servers:
                _register(address)


def _register(address: str) -> None:
    functions = backends()
    registry = functions.reg_by_name(b"RPC")
    function = functions.reg_get_proc_address(registry, b"ggml_backend_rpc_add_server") if registry else None
    if not function:
        raise ModelError(Code.DEVICE_UNREACHABLE, address=f"{address} (this build has no RPC)")
    added = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p)(function)(address.encode())
    if not added:
        raise ModelError(Code.DEVICE_UNREACHABLE, address=address)
    functions.register(added)
    _servers.add(address)


def probe(address: str) -> None:
    """Raise DEVICE_UNREACHABLE unless an RPC server answers at host:port: ggml itself would wait for one without end."""
    host, _, port = address.rpartition(":")
    until = time.monotonic() + REACH_SECONDS
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_SECONDS) as connection:
            if address in connected:
                return
            connection.sendall(HELLO)
            answer = b""
            while len(answer) < len(HELLO_ANSWER) + 28:
                connection.settimeout(max(0.001, until - time.monotonic()))
                piece = connection.recv(64)
                if not piece or not (answer + piece).startswith(HELLO_ANSWER[: len(answer + piece)]):
                    raise ConnectionError("no RPC server")
                answer += piece
    except (OSError, ValueError, OverflowError) as error:
        raise ModelError(Code.DEVICE_UNREACHABLE, address=address) from error


def _handles() -> list[Any]:
    functions = backends()
    return [functions.dev_get(index) for index in range(functions.dev_count())]


def _describe(handle: Any) -> Device:
    functions = backends()
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    functions.dev_memory(handle, ctypes.byref(free), ctypes.byref(total))
    number = functions.dev_type(handle)
    kind: Kind = KINDS[number] if 0 <= number < len(KINDS) else "accelerator"
    return Device(
        name=functions.dev_name(handle).decode("utf-8", "replace"),
        description=functions.dev_description(handle).decode("utf-8", "replace"),
        kind=kind,
        backend=functions.reg_name(functions.dev_backend_reg(handle)).decode("utf-8", "replace"),
        memory_total=psutil.virtual_memory().total if kind == "cpu" else total.value,
        memory_free=memory_available() if kind == "cpu" else free.value,
    )


def devices(rpc_servers: tuple[str, ...] = ()) -> list[Device]:
    """Every device, the CPU last; of the RPC servers ever used, only those asked for."""
    add_rpc_servers(rpc_servers)
    found = [_describe(handle) for handle in _handles() if _is_wanted(handle, rpc_servers)]
    return sorted(found, key=lambda device: device.kind == "cpu")


def _is_wanted(handle: Any, rpc_servers: tuple[str, ...]) -> bool:
    functions = backends()
    if functions.reg_name(functions.dev_backend_reg(handle)) != b"RPC" and not functions.dev_name(handle).startswith(b"RPC"):
        return True  # asking an RPC device anything while its server is gone would end the process
    return functions.dev_description(handle).decode("utf-8", "replace") in rpc_servers


def offload_devices(rpc_servers: tuple[str, ...] = ()) -> list[tuple[Any, Device]]:
    """(handle, description) of what layers can be put on: RPC servers, then GPUs; integrated ones only when there is nothing else."""
    add_rpc_servers(rpc_servers)
    found = [(handle, _describe(handle)) for handle in _handles() if _is_wanted(handle, rpc_servers)]
    cards = [(handle, device) for handle, device in found if device.kind == "gpu"]
    cards.sort(key=lambda card: card[1].backend != "RPC")
    return cards or [(handle, device) for handle, device in found if device.kind == "igpu"]


def unused_cards() -> str:
    """The makers of graphics cards that the machine seems to have, for builds that cannot use one: "NVIDIA", "AMD"…, or ""."""
    if sys.platform == "darwin":
        return "Apple" if os.uname().machine == "arm64" else ""
    if Path("/dev/nvidiactl").exists():
        return "NVIDIA"
    makers = set()
    for folder in Path("/sys/bus/pci/devices").glob("*"):
        try:
            if (folder / "class").read_text().startswith(DISPLAY_CLASS):
                makers.add(CARDS.get((folder / "vendor").read_text().strip(), ""))
        except OSError:
            continue
    return next((maker for maker in ("NVIDIA", "AMD") if maker in makers), "")  # an Intel one is nearly always the integrated one


def physical_cores() -> int:
    """Physical cores that this process may run on, with a container's quota taken into account; at least 1."""
    if hasattr(os, "sched_getaffinity"):
        allowed = os.sched_getaffinity(0)
        cores = {_core(cpu) for cpu in allowed}
        count = len(cores)
    else:
        count = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    return max(1, min(count, _quota()))


def logical_cores() -> int:
    """Threads that this process can have running at once, with a container's quota taken into account; at least 1."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, _quota()))


def _core(cpu: int) -> tuple[str, str]:
    folder = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
    try:
        return (folder / "physical_package_id").read_text().strip(), (folder / "core_id").read_text().strip()
    except OSError:
        return "", str(cpu)


def _quota() -> int:
    """Cores' worth of time that the control group allows."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, round(int(quota) / int(period)))
    except (OSError, ValueError):
        return 1 << 20
