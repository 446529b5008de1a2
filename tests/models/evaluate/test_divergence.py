"""Divergence, loss and agreement of logits: against the same in F64, on distributions of every kind."""

import numpy as np
import pytest
from numpy.typing import NDArray

from zhiyin_models.evaluate.divergence import NotFiniteError, score

Matrix = NDArray[np.float64]


def log_probabilities(logits: NDArray[np.float32]) -> Matrix:
    values = logits.astype(np.float64)
    values = values - values.max(axis=1, keepdims=True)
    result: Matrix = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
    return result


@pytest.mark.parametrize(("tokens", "vocabulary", "spread"), [(40, 300, 3.0), (1, 2, 0.1), (9, 300_000, 8.0), (20, 1000, 60.0)])
def test_scores_are_those_of_another_calculation(tokens: int, vocabulary: int, spread: float) -> None:
    random = np.random.default_rng(7)
    reference = random.normal(50, spread, (tokens, vocabulary)).astype(np.float32)
    model = reference + random.normal(0, 0.3, reference.shape).astype(np.float32)
    following = random.integers(0, vocabulary, tokens)
    found = score(model, reference, following)
    ours, theirs = log_probabilities(model), log_probabilities(reference)
    expected = (np.exp(theirs) * (theirs - ours)).sum(axis=1)
    np.testing.assert_allclose(found.divergence, expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found.loss, -ours[np.arange(tokens), following], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found.reference_loss, -theirs[np.arange(tokens), following], rtol=1e-5, atol=1e-5)
    assert found.agrees.tolist() == (ours.argmax(axis=1) == theirs.argmax(axis=1)).tolist()


def test_divergence_is_of_the_model_from_the_reference_and_not_the_other_way_round() -> None:
    sure, unsure = np.array([[9.0, 0.0, 0.0]], np.float32), np.array([[1.0, 1.0, 0.0]], np.float32)
    there, back = score(unsure, sure, np.array([0])), score(sure, unsure, np.array([0]))
    ours, theirs = log_probabilities(unsure), log_probabilities(sure)
    assert there.divergence[0] == pytest.approx((np.exp(theirs) * (theirs - ours)).sum(), rel=1e-4)
    assert back.divergence[0] > 2 * there.divergence[0]


def test_a_shift_of_all_logits_changes_nothing() -> None:
    logits = np.random.default_rng(1).normal(0, 2, (5, 100)).astype(np.float32)
    found = score(logits + np.float32(64), logits, np.zeros(5, np.intp))
    assert found.divergence.max() < 1e-5
    assert found.agrees.all()


def test_tokens_that_are_ruled_out_cost_nothing_where_both_rule_them_out() -> None:
    logits = np.random.default_rng(2).normal(0, 2, (4, 50)).astype(np.float32)
    masked = logits.copy()
    masked[:, 40:] = -np.inf
    found = score(masked, masked, np.zeros(4, np.intp))
    assert found.divergence.tolist() == [0] * 4
    np.testing.assert_allclose(found.loss, score(logits[:, :40], None, np.zeros(4, np.intp)).loss)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("of_reference", [False, True])
def test_what_is_no_number_is_refused_and_said_whose_it_is(value: float, of_reference: bool) -> None:
    good = np.zeros((3, 10), np.float32)
    bad = good.copy()
    bad[1, 4] = value
    with pytest.raises(NotFiniteError) as caught:
        score(good if of_reference else bad, bad if of_reference else good, np.zeros(3, np.intp))
    assert caught.value.of_reference == of_reference


def test_without_a_reference_only_the_loss_is_known() -> None:
    found = score(np.zeros((3, 4), np.float32), None, np.array([0, 1, 2]))
    assert found.loss.tolist() == pytest.approx([np.log(4)] * 3)
    assert (len(found.divergence), len(found.reference_loss), len(found.agrees)) == (0, 0, 0)
