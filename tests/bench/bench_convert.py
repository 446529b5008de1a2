"""A conversion's figures: its time over that of the bare quantizers, its memory whatever the model's size, and what it needs of the disk.

The checkpoint is the starter turned back into one. Both sides run in turn in one process that is warm, and the median of the pairs' ratios
counts; the proof of the tokenizer is apart. Memory is that of a fresh process, also for generated checkpoints of 4 GB.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from llama_cpp import llama_cpp
from tests.bench.figures import at_most, noted, starter
from tests.models.convert.library_quantize import library_quantize
from tests.models.convert.starter_checkpoint import make

from zhiyin_models.convert.pipeline import convert
from zhiyin_models.convert.quant_types import QUANT_TYPES
from zhiyin_models.engine.devices import logical_cores
from zhiyin_models.jobs.protocol import Convert, Output
from zhiyin_models.work import Progress, Stage, Stop, silent

PAIRS = 5
MB = 1 << 20
SPARE = 150.0  # MB beside three times the largest tensor
CHILD = """
import resource, sys
from pathlib import Path
from zhiyin_models.convert.pipeline import convert
from zhiyin_models.jobs.protocol import Convert, Output
from zhiyin_models.work import Stop, silent
source, out, kind = sys.argv[1:]
convert(Convert(source, (Output(kind, out),)), silent, Stop())
if Path("/proc/self/status").exists():  # ru_maxrss would count the process that this one was forked from as well
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(int(line.split()[1]) * 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def seconds_to_convert(checkpoint: Path, out: Path, kind: str) -> float:
    """Everything but the proof."""
    first: dict[Stage, float] = {}

    def note(progress: Progress) -> None:
        first.setdefault(progress.stage, time.perf_counter())

    started = time.perf_counter()
    convert(Convert(str(checkpoint), (Output(kind, str(out)),)), note, Stop())
    ended = time.perf_counter()
    out.unlink()
    return ended - first[Stage.CONVERT] + first[Stage.PROVE] - started


def speed(checkpoint: Path, folder: Path) -> list[dict[str, Any]]:
    """Conversion and quantization to Q4_K_M over quantization alone, from a BF16 file that is there."""
    wide, out = folder / "wide.gguf", folder / "out.gguf"
    convert(Convert(str(checkpoint), (Output("BF16", str(wide)),)), silent, Stop())
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(PAIRS + 1):  # the first warms up
        ours.append(seconds_to_convert(checkpoint, out, "Q4_K_M"))
        started = time.perf_counter()
        library_quantize(wide, out, QUANT_TYPES["Q4_K_M"].file_type, threads=logical_cores())
        theirs.append(time.perf_counter() - started)
        out.unlink()
    ratio = statistics.median(mine / other for mine, other in zip(ours[1:], theirs[1:], strict=True))
    wide.unlink()
    return [
        noted("checkpoint to Q4_K_M", statistics.median(ours[1:]), "s"),
        noted("llama_model_quantize from BF16", statistics.median(theirs[1:]), "s"),
        at_most("checkpoint to Q4_K_M / llama_model_quantize from BF16", ratio, 1.5),
    ]


@dataclass(frozen=True)
class Generated:
    """A checkpoint of any size, with the starter's tokenizer and weights that repeat."""

    name: str
    layers: int
    hidden: int
    inner: int
    vocabulary: int
    experts: int = 0

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Shapes by name."""
        wide = (self.hidden, self.hidden)
        shapes: dict[str, tuple[int, ...]] = {
            "model.embed_tokens.weight": (self.vocabulary, self.hidden),
            "model.norm.weight": (self.hidden,),
        }
        for layer in range(self.layers):
            prefix = f"model.layers.{layer}."
            shapes |= {prefix + f"self_attn.{part}_proj.weight": wide for part in "qkvo"}
            shapes |= {prefix + f"{part}_layernorm.weight": (self.hidden,) for part in ("input", "post_attention")}
            if self.experts:
                shapes |= {prefix + f"self_attn.{part}_norm.weight": (self.hidden // 8,) for part in "qk"}
                shapes[prefix + "mlp.gate.weight"] = (self.experts, self.hidden)
            for within in [f"mlp.experts.{expert}." for expert in range(self.experts)] or ["mlp."]:
                shapes |= {prefix + within + f"{part}_proj.weight": (self.inner, self.hidden) for part in ("gate", "up")}
                shapes[prefix + within + "down_proj.weight"] = (self.hidden, self.inner)
        return shapes

    @property
    def largest(self) -> float:
        """MB of the largest tensor in F32."""
        return max(prod(shape) for shape in self.tensors().values()) * 4 / MB

    def config(self, real: dict[str, Any]) -> dict[str, Any]:
        """The starter's configuration with other sizes."""
        moe = {
            "architectures": ["Qwen3MoeForCausalLM"],
            "model_type": "qwen3_moe",
            "num_experts": self.experts,
            "num_experts_per_tok": 2,
            "norm_topk_prob": True,
        }
        sizes = {
            "num_hidden_layers": self.layers,
            "hidden_size": self.hidden,
            "intermediate_size": self.inner,
            "moe_intermediate_size": self.inner,
            "num_attention_heads": 8,
            "num_key_value_heads": 8,
            "head_dim": self.hidden // 8,
            "vocab_size": self.vocabulary,
            "tie_word_embeddings": True,
        }
        return {**real, **sizes, **(moe if self.experts else {})}

    def write(self, real: Path, folder: Path) -> Path:
        """Write it as one shard."""
        folder.mkdir()
        for path in real.glob("tokenizer*"):
            (folder / path.name).write_bytes(path.read_bytes())
        (folder / "config.json").write_text(json.dumps(self.config(json.loads((real / "config.json").read_text(encoding="utf-8")))))
        header, place = {}, 0
        for name, shape in self.tensors().items():
            size = prod(shape) * 2
            header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [place, place + size]}
            place += size
        described = json.dumps(header).encode()
        noise = np.random.default_rng(1).standard_normal(MB, np.float32) / 20
        pattern = (noise.view(np.uint32) >> 16).astype(np.uint16).tobytes()
        with (folder / "model.safetensors").open("wb") as file:
            file.write(len(described).to_bytes(8, "little") + described)
            for start in range(0, place, len(pattern)):
                file.write(pattern[: place - start])
        return folder


class DiskWatch(threading.Thread):
    """The most bytes that lay in some folders at a time."""

    def __init__(self, *folders: Path) -> None:
        super().__init__(daemon=True)
        self._folders, self._end = folders, threading.Event()
        self.most = 0

    def run(self) -> None:
        while not self._end.wait(0.02):
            self.most = max(self.most, sum(_size(path) for folder in self._folders for path in folder.rglob("*")))

    def finish(self) -> int:
        """Stop watching; the most that was seen."""
        self._end.set()
        self.join()
        return self.most


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def peak(checkpoint: Path, folder: Path, kind: str) -> tuple[float, float, float]:
    """MB of memory that a fresh process used at most, MB on the disk beside the output meanwhile, and seconds."""
    out, temporary = folder / "out" / "out.gguf", folder / "temporary"
    for one in (out.parent, temporary):
        one.mkdir(exist_ok=True)
    watch = DiskWatch(out.parent, temporary)
    watch.start()
    started = time.perf_counter()
    command = [sys.executable, "-c", CHILD, str(checkpoint), str(out), kind]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "TMPDIR": str(temporary)})
    seconds = time.perf_counter() - started
    most = watch.finish()
    if result.returncode:
        raise RuntimeError(result.stderr[-500:])
    written = out.stat().st_size
    out.unlink()
    return int(result.stdout) / MB, max(0, most - written) / MB, seconds


def memory(name: str, checkpoint: Path, folder: Path, *, largest: float, kind: str) -> list[dict[str, Any]]:
    """What one conversion needs of memory and disk."""
    used, beside, seconds = peak(checkpoint, folder, kind)
    return [
        noted(f"{name} to {kind}", seconds, "s"),
        at_most(f"{name} to {kind}: peak memory", used, round(3 * largest + SPARE), "MB"),
        at_most(f"{name} to {kind}: on the disk beside the output", beside, 0.1, "MB"),  # a journal of some bytes
    ]


def run() -> list[dict[str, Any]]:
    """All figures of conversions."""
    silenced = llama_cpp.llama_log_callback(lambda *_: None)
    llama_cpp.llama_log_set(silenced, None)
    with tempfile.TemporaryDirectory(prefix="bench-convert-") as name:
        folder = Path(name)
        real = make(starter(), folder / "starter")
        vocabulary = json.loads((real / "config.json").read_text(encoding="utf-8"))["vocab_size"]
        figures = speed(real, folder)
        figures += memory("starter's checkpoint", real, folder, largest=vocabulary * 576 * 4 / MB, kind="Q4_K_M")
        for one in (
            Generated("4 GB, few large tensors", 5, 4096, 25600, vocabulary),
            Generated("4 GB, 100 layers", 100, 1024, 5120, vocabulary),
            Generated("4 GB, 64 experts a layer", 6, 2048, 768, vocabulary, experts=64),
        ):
            made = one.write(real, folder / "generated")
            figures += memory(one.name, made, folder, largest=one.largest, kind="Q8_0")
            (made / "model.safetensors").unlink()
            for path in made.iterdir():
                path.unlink()
            made.rmdir()
    return figures
