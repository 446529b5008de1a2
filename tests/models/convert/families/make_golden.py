"""Makes the golden files, by hand and seldom: needs torch and Transformers, which the project does not depend on.

    OMP_NUM_THREADS=1 python -m tests.models.convert.families.make_golden [CASE…]

from the root of the project, in an environment that has torch, transformers and numpy. Each case's checkpoint is made from its seed and
loaded by Transformers, in F32 and with plain attention; its logits are kept. Nothing of the converter takes part.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from tests.models.convert.families.all_cases import CASES
from tests.models.convert.families.cases import Case, Tensor
from tests.models.convert.families.generated import tensors_of, tokens_of
from tests.models.convert.families.golden import Golden, write_golden
from transformers import AutoConfig, AutoModelForCausalLM


def transformers_golden(case: Case) -> Golden:
    """Names and shapes as Transformers saves them, and the logits of the values that the seed gives them."""
    with tempfile.TemporaryDirectory() as folder:
        empty, full = Path(folder, "empty"), Path(folder, "full")
        empty.mkdir()
        (empty / "config.json").write_text(json.dumps(case.config))
        AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(empty)).save_pretrained(empty)
        with safe_open(empty / "model.safetensors", "np") as held:
            shapes = {name: tuple(held.get_slice(name).get_shape()) for name in sorted(held.keys())}
        full.mkdir()
        (full / "config.json").write_text(json.dumps(case.config))
        save_file(tensors_of(case, shapes), full / "model.safetensors", {"format": "pt"})
        model, info = AutoModelForCausalLM.from_pretrained(full, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
        assert not any(info.values()), info
        return Golden(_logits(model, case), shapes)


def _logits(model: torch.nn.Module, case: Case) -> Tensor:
    tokens = tokens_of(case, model.config.vocab_size)
    with torch.no_grad():
        logits: Tensor = model.eval()(torch.from_numpy(tokens)[None]).logits[0].numpy()
    return logits


# For families that Transformers does not have: by the name that Case.reference holds.
REFERENCES: dict[str, Callable[[Case], Golden]] = {"": transformers_golden}


def main() -> None:
    wanted = sys.argv[1:]
    for case in CASES:
        if wanted and case.name not in wanted:
            continue
        if case.reference not in REFERENCES:
            print(f"{case.name}: not here, but in make_golden_original")  # noqa: T201
            continue
        golden = REFERENCES[case.reference](case)
        spread = float(golden.logits.std())
        assert np.isfinite(golden.logits).all()
        assert spread >= 1, f"{case.name}: the weights' scale is too small: {spread}"
        path = write_golden(case, golden)
        print(f"{case.name}: std {spread:.2f}, {path.stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
