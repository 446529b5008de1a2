"""Makes the .bin files beside itself with a real PyTorch, which the tests do without. Made once, with PyTorch 2.15."""

from pathlib import Path

import torch

FOLDER = Path(__file__).parent


def ramp(*shape: int) -> torch.Tensor:
    """1, 2, 3 …"""
    return torch.arange(1, int(torch.Size(shape).numel()) + 1, dtype=torch.float32).reshape(shape)


class Small(torch.nn.Module):
    """A module whose own class would have to be imported."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(2, 2)


def main() -> None:
    """Write the files."""
    base = ramp(6, 8)
    attributed = torch.nn.Parameter(ramp(2, 2))
    attributed.note = "kept apart"  # type: ignore[attr-defined]
    state = torch.nn.Module().state_dict()  # an OrderedDict with metadata
    state |= {
        "plain": ramp(5, 7),
        "half": ramp(4, 3).half(),
        "bf16": ramp(4, 3).bfloat16(),
        "double": ramp(3).double(),
        "transposed": ramp(3, 5).T,
        "columns": base[:, 2:5],
        "rows": base[2:4],
        "whole": base,
        "permuted": ramp(2, 3, 4).permute(2, 0, 1),
        "strided": base[:, ::2],
        "expanded": ramp(1, 3).expand(4, 3),
        "scalar": torch.tensor(1.5),
        "empty": torch.zeros(0, 4),
        "parameter": torch.nn.Parameter(ramp(2, 2)),
        "attributed": attributed,
        "mask": torch.ones(2, 2, dtype=torch.bool),
        "positions": torch.arange(4),
        "float8": ramp(2, 2).to(torch.float8_e4m3fn),
    }
    torch.save(state, FOLDER / "saved.bin")
    torch.save({"state_dict": state, "epoch": 3, "rate": 1e-3, "shape": torch.Size([1, 2]), "type": torch.bfloat16}, FOLDER / "wrapped.bin")
    torch.save({"plain": ramp(5, 7)}, FOLDER / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save(Small(), FOLDER / "module.bin")
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(FOLDER / "script.bin"))


if __name__ == "__main__":
    main()
