"""Writes PEFT adapters, honest and odd ones."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def write_adapter(folder: Path, tensors: Mapping[str, NDArray[Any]], **config: object) -> Path:
    """An adapter with these F32 tensors; of the configuration, what an honest one must have is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "lora_alpha": 4} | config
    (folder / "adapter_config.json").write_text(json.dumps(values))
    header: dict[str, object] = {}
    content = b""
    for name, values_of in tensors.items():
        data = np.ascontiguousarray(values_of, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(values_of.shape), "data_offsets": [len(content), len(content) + len(data)]}
        content += data
    text = json.dumps(header).encode()
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + content)
    return folder


def pair(module: str, rows: int, columns: int, rank: int = 2, *, prefix: str = "base_model.model.") -> dict[str, NDArray[np.float32]]:
    """The two matrices of one layer."""
    generator = np.random.default_rng(rows * columns)
    return {
        f"{prefix}{module}.lora_A.weight": generator.standard_normal((rank, columns)).astype(np.float32),
        f"{prefix}{module}.lora_B.weight": generator.standard_normal((rows, rank)).astype(np.float32),
    }
