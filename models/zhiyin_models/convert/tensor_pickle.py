"""What ``torch.save`` pickles, read by a machine that can do nothing else: no name is ever imported and nothing is ever called.

Of pickle's opcodes (CPython's pickletools describes them) it knows those that make plain values; of names, those with which PyTorch
rebuilds tensors, and each of them stands for a few lines below. A storage becomes a ``Storage``, a tensor a ``View`` of it.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from zhiyin_models.convert.weight_file import is_name, is_shape

MAX_STEPS = 1 << 20  # opcodes: a tensor takes 25
LARGEST_KEY = 1 << 53  # of whole numbers as keys: larger ones can be chosen to share their hashes
PROTOCOLS = range(2, 6)

STORAGES = {
    "FloatStorage": "F32",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "DoubleStorage": "F64",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
    "ComplexFloatStorage": "C64",
    "UntypedStorage": "",  # its views name the type
}
DTYPES = {
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "float64": "F64",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint64": "U64",
    "uint32": "U32",
    "uint16": "U16",
    "uint8": "U8",
    "bool": "BOOL",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
}


class RefusedError(Exception):
    """The pickle wants to run something; the argument is its dotted name."""


class Name(NamedTuple):
    """A name that the pickle may use."""

    dotted: str


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """The values under ``data/{key}``: their type, and how many there should be (bytes, where the type is "")."""

    key: str
    dtype: str
    length: int


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A tensor: strides and offset in values."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Mark:
    """A place on the stack."""


def load(data: bytes) -> object:
    """The pickled value: dicts, lists, tuples, plain values, Names and Views. Raises RefusedError, ValueError in words."""
    return _Machine(data).run()


def _view(arguments: tuple[Any, ...], dtype: str = "") -> View:
    if len(arguments) < 4:
        raise ValueError("a tensor without a shape")
    storage, offset, shape, strides = arguments[:4]
    dtype = dtype or (storage.dtype if isinstance(storage, Storage) else "")
    if not isinstance(storage, Storage) or not dtype or type(offset) is not int or not is_shape((offset,)):
        raise ValueError("a tensor without a storage")
    if not isinstance(shape, tuple) or not isinstance(strides, tuple) or not is_shape(shape) or len(shape) != len(strides):
        raise ValueError("a tensor of an impossible shape")
    if not all(is_shape((stride,)) for stride in strides):
        raise ValueError("a tensor with impossible strides")
    return View(storage, dtype, offset, shape, strides)


def _rebuild_v2(arguments: tuple[Any, ...]) -> object:
    return _view(arguments)


def _rebuild_v3(arguments: tuple[Any, ...]) -> object:
    dtype = arguments[6]
    if not isinstance(dtype, Name) or not dtype.dotted.startswith("torch.") or dtype.dotted[6:] not in DTYPES:
        raise ValueError("a tensor of an unknown type")
    return _view(arguments, DTYPES[dtype.dotted[6:]])


def _first(arguments: tuple[Any, ...]) -> object:
    """A parameter is its tensor."""
    if not isinstance(arguments[0], View):
        raise ValueError("a parameter without a tensor")
    return arguments[0]


def _ordered(arguments: tuple[Any, ...]) -> object:
    if arguments:  # copies of what is kept could grow without end
        raise ValueError("an OrderedDict that is not empty at first")
    return {}


def _size(arguments: tuple[Any, ...]) -> object:
    if not is_shape(arguments[0]):
        raise ValueError("an impossible shape")
    return tuple(arguments[0])


def _from_type(arguments: tuple[Any, ...]) -> object:
    """A tensor with attributes, which are left out."""
    return _call(arguments[0], arguments[2])


CALLS: dict[str, Callable[[tuple[Any, ...]], object]] = {
    "torch._utils._rebuild_tensor_v2": _rebuild_v2,
    "torch._utils._rebuild_tensor_v3": _rebuild_v3,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "collections.OrderedDict": _ordered,
    "torch.Size": _size,
}
ADMITTED = frozenset(
    {
        *CALLS,
        *("torch.Tensor", "torch.nn.parameter.Parameter", "torch.storage.UntypedStorage"),
        *(f"torch.{name}" for name in (*STORAGES, *DTYPES)),
    }
)


def _call(function: object, arguments: object) -> object:
    if not isinstance(function, Name) or not isinstance(arguments, tuple):
        raise ValueError("a call of what is no name")
    if function.dotted not in CALLS:
        raise RefusedError(function.dotted)
    try:
        return CALLS[function.dotted](arguments)
    except (TypeError, IndexError, RecursionError):
        raise ValueError(f"{function.dotted} with the wrong arguments") from None


def _set(target: object, key: object, value: object) -> None:
    if type(target) is not dict or not (key is None or isinstance(key, str) or (isinstance(key, int) and abs(key) < LARGEST_KEY)):
        raise ValueError("a key that is no plain value")
    target[key] = value


class _Machine:
    """Pickle's stack machine: one method for each opcode that is known."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> object:
        known = OPCODES
        try:
            for _ in range(MAX_STEPS):
                code = self.data[self.place]
                self.place += 1
                if code == STOP:
                    return self.pop()
                if code not in known:
                    raise ValueError(f"the unknown opcode {code}")
                known[code](self)
        except IndexError:
            raise ValueError("the pickle ends too early") from None
        except UnicodeDecodeError:
            raise ValueError("a text that is not UTF-8") from None
        except KeyError:
            raise ValueError("a value that was never kept") from None
        raise ValueError("too many values")

    def take(self, count: int) -> bytes:
        taken = self.data[self.place : self.place + count]
        if len(taken) < count:
            raise ValueError("the pickle ends too early")
        self.place += count
        return taken

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def line(self) -> str:
        end = self.data.find(b"\n", self.place, self.place + 256)
        if end < 0:
            raise ValueError("a name without an end")
        taken = self.data[self.place : end]
        self.place = end + 1
        return taken.decode("utf-8")

    def push(self, value: object) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        value = self.stack.pop()
        if isinstance(value, _Mark):
            raise ValueError("a value is missing")
        return value

    def marked(self) -> list[Any]:
        """What lies above the topmost mark, which goes too."""
        items: list[Any] = []
        while not isinstance(value := self.stack.pop(), _Mark):
            items.append(value)
        items.reverse()
        return items

    def tuple_of(self, count: int) -> None:
        items = [self.pop() for _ in range(count)]
        self.push(tuple(reversed(items)))

    def keep(self, key: int) -> None:
        value = self.stack[-1]
        if isinstance(value, _Mark):
            raise ValueError("a value is missing")
        self.memo[key] = value

    def name(self, module: object, name: object) -> None:
        dotted = f"{module}.{name}"
        if dotted not in ADMITTED:
            raise RefusedError(dotted)
        self.push(Name(dotted))

    def stack_name(self) -> None:
        name, module = self.pop(), self.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise ValueError("a name that is no text")
        self.name(module, name)

    def set_items(self) -> None:
        items = self.marked()
        if len(items) % 2 or not self.stack:
            raise ValueError("a value is missing")
        for key, value in zip(items[::2], items[1::2], strict=True):
            _set(self.stack[-1], key, value)

    def set_item(self) -> None:
        value, key = self.pop(), self.pop()
        _set(self.stack[-1], key, value)

    def append(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise ValueError("a list is missing")
        self.stack[-1].extend(items)

    def reduce(self) -> None:
        arguments, function = self.pop(), self.pop()
        self.push(_call(function, arguments))

    def build(self) -> None:
        """Attributes: PyTorch gives a state dict its ``_metadata``, which nothing here needs."""
        self.pop()
        if type(self.stack[-1]) is not dict:
            raise ValueError("attributes of what has none")

    def storage(self) -> None:
        """A persistent id, with which PyTorch names a storage."""
        identity = self.pop()
        if not isinstance(identity, tuple) or len(identity) != 5 or identity[0] != "storage":
            raise ValueError("a storage of an unknown kind")
        _, kind, key, _, length = identity
        if not isinstance(kind, Name) or kind.dotted.rpartition(".")[2] not in STORAGES:
            raise ValueError("a storage of an unknown kind")
        if not is_name(key) or type(length) is not int or not is_shape((length,)):
            raise ValueError("a storage of an impossible size")
        self.push(Storage(key, STORAGES[kind.dotted.rpartition(".")[2]], length))

    def frame(self) -> None:
        """A length that only readers of streams need."""
        self.take(8)

    def protocol(self) -> None:
        version = self.take(1)[0]
        if version not in PROTOCOLS:
            raise ValueError(f"a pickle of protocol {version}")


def _long(data: bytes) -> int:
    if len(data) > 16:
        raise ValueError("a number that is too large")
    return int.from_bytes(data, "little", signed=True)


STOP = ord(".")
OPCODES: dict[int, Callable[[_Machine], None]] = {
    ord(code): method
    for code, method in {
        "\x80": _Machine.protocol,
        "\x95": _Machine.frame,
        "(": lambda machine: machine.push(_Mark()),
        "0": lambda machine: machine.stack.pop(),
        "N": lambda machine: machine.push(None),
        "\x88": lambda machine: machine.push(True),
        "\x89": lambda machine: machine.push(False),
        "J": lambda machine: machine.push(machine.number("<i")),
        "K": lambda machine: machine.push(machine.number("<B")),
        "M": lambda machine: machine.push(machine.number("<H")),
        "\x8a": lambda machine: machine.push(_long(machine.take(machine.number("<B")))),
        "G": lambda machine: machine.push(struct.unpack(">d", machine.take(8))[0]),
        "X": lambda machine: machine.push(machine.take(machine.number("<I")).decode("utf-8")),
        "\x8c": lambda machine: machine.push(machine.take(machine.number("<B")).decode("utf-8")),
        "]": lambda machine: machine.push([]),
        "a": lambda machine: machine.append([machine.pop()]),
        "e": lambda machine: machine.append(machine.marked()),
        "}": lambda machine: machine.push({}),
        "s": _Machine.set_item,
        "u": _Machine.set_items,
        ")": lambda machine: machine.push(()),
        "t": lambda machine: machine.push(tuple(machine.marked())),
        "\x85": lambda machine: machine.tuple_of(1),
        "\x86": lambda machine: machine.tuple_of(2),
        "\x87": lambda machine: machine.tuple_of(3),
        "q": lambda machine: machine.keep(machine.number("<B")),
        "r": lambda machine: machine.keep(machine.number("<I")),
        "\x94": lambda machine: machine.keep(len(machine.memo)),
        "h": lambda machine: machine.push(machine.memo[machine.number("<B")]),
        "j": lambda machine: machine.push(machine.memo[machine.number("<I")]),
        "c": lambda machine: machine.name(machine.line(), machine.line()),
        "\x93": _Machine.stack_name,
        "R": _Machine.reduce,
        "b": _Machine.build,
        "Q": _Machine.storage,
    }.items()
}
