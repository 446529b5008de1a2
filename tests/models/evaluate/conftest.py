"""Small models for all tests of measuring."""

from pathlib import Path

import pytest
from tests.models.evaluate.tiny_model import quantized, random_weights, write_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dense model in F32."""
    return write_model(tmp_path_factory.mktemp("tiny") / "tiny.gguf", random_weights())


@pytest.fixture(scope="session")
def tiny_q8(tiny: Path) -> Path:
    """The same in Q8_0."""
    return quantized(tiny, tiny.with_name("tiny-q8_0.gguf"), 7)


@pytest.fixture(scope="session")
def tiny_q4(tiny: Path) -> Path:
    """The same in Q4_0."""
    return quantized(tiny, tiny.with_name("tiny-q4_0.gguf"), 2)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """Some 1,300 bytes, which are two chunks and a rest for a model that reads bytes."""
    path = tmp_path / "some 文字.txt"
    path.write_text("the sun rose; 日出東方。\n" * 45, encoding="utf-8")
    return path
