"""A PyTorch weight file."""

from pathlib import Path

from zhiyin_models.convert.source_files import SourceFile
from zhiyin_models.convert.tensors import Matrix, TensorInfo
from zhiyin_models.convert.weight_file import damaged, open_weights


class TorchFile:
    """An open PyTorch weight file. See ``weight_file.WeightFile``."""

    def __init__(self, file: SourceFile, tensors: dict[str, TensorInfo]) -> None:
        self.file, self.tensors = file, tensors
        self.close = file.close

    @classmethod
    def open(cls, path: Path) -> "TorchFile":
        """Reads and checks the directory and the pickle."""
        file = open_weights(path)
        file.close()
        raise damaged(path, "PyTorch files are not read yet")

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Matrix:
        """A tensor in F32."""
        raise KeyError((name, start, stop))
