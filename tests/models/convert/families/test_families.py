"""Every family against Transformers: the logits of our F32 file against golden ones, and mistakes that must not pass."""

from pathlib import Path

import numpy as np
import pytest
from tests.models.convert.families.all_cases import CASES
from tests.models.convert.families.cases import Case, Mistake
from tests.models.convert.families.generated import tensors_of, tokens_of
from tests.models.convert.families.gguf_writing import MemorySource, write_gguf
from tests.models.convert.families.golden import read_golden
from tests.models.convert.families.logits_of_gguf import logits_of_gguf

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.plan import open_family

PLANTED = [pytest.param(case, mistake, id=f"{case.name}-{words}") for case in CASES for words, mistake in case.mistakes.items()]


def error(case: Case, folder: Path, mistake: Mistake | None = None) -> float:
    """The greatest difference of any logit, over the standard deviation of all."""
    golden = read_golden(case)
    tensors = tensors_of(case, golden.shapes)
    if case.rename:
        tensors = case.rename(tensors)
    source = MemorySource(tensors)
    family = open_family(Configuration(case.config), case.config["architectures"][0], source.tensors)
    write_gguf(folder / "model.gguf", family, source, mistake)
    logits = logits_of_gguf(folder / "model.gguf", tokens_of(case, golden.logits.shape[1]))
    return float(np.abs(logits - golden.logits).max() / golden.logits.std())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_logits_are_those_of_transformers(case: Case, tmp_path: Path) -> None:
    assert read_golden(case).logits.std() >= 1
    assert error(case, tmp_path) <= case.limit


@pytest.mark.parametrize(("case", "mistake"), PLANTED)
def test_a_mistake_is_noticed(case: Case, mistake: Mistake, tmp_path: Path) -> None:
    assert error(case, tmp_path, mistake) >= 10 * case.limit


def test_every_case_has_a_mistake() -> None:
    assert all(case.mistakes for case in CASES)
