"""Plain text continued by a real engine, against the plainest loop over the same tokens."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models.engine.asking import GREEDY, Pending, answer, ask, rendered, talk
from tests.models.engine.reference import Reference

from zhiyin_models.engine import protocol as p
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.errors import Code

FOX = "The fox looked at the moon and"
CITY = "The old city by the river was"


@pytest.fixture(scope="module")
def small(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineClient]:
    """An engine with a context of 128 tokens."""
    with EngineClient(log=tmp_path_factory.mktemp("small") / "engine.log") as client:
        client.load(starter, context=128, threads=1)
        yield client


def begin(client: EngineClient, text: str = FOX, session: str = "", **options: Any) -> Pending:
    options.setdefault("sampling", GREEDY)
    return Pending(client, lambda number: p.Complete(id=number, session=session, text=text, **options))


def complete(client: EngineClient, text: str = FOX, session: str = "", **options: Any) -> Pending:
    return begin(client, text, session, **options).done()


def candidates(reply: Pending, index: int = 0) -> list[tuple[p.TokenProbability, ...]]:
    texts = (event for event in reply.events if isinstance(event, p.Text) and event.index == index)
    return [token for event in texts for token in event.probabilities]


def chosen(found: Sequence[p.TokenProbability]) -> p.TokenProbability:
    (one,) = (candidate for candidate in found if candidate.chosen)
    return one


def summed(reference: Reference, prompt: list[int], tokens: Sequence[int]) -> float:
    """The log probability of the tokens after the prompt, each decoded behind the others."""
    total, logits = 0.0, reference.logits(prompt).astype(float)
    for token in tokens:
        total += float(logits[token] - np.logaddexp.reduce(logits))
        logits = reference.more(token).astype(float)
    return total


def test_a_text_is_continued_greedily_as_the_plain_loop_does(engine: EngineClient, reference: Reference) -> None:
    prompt = reference.tokens(FOX)
    reply = complete(engine, max_tokens=12)
    assert reply.text == reference.text(reference.greedy(prompt, 12))
    assert (reply.finished.reason, reply.stats.prompt_tokens, reply.stats.generated_tokens) == ("length", len(prompt), 12)


def test_what_was_written_is_continued_from_the_cache(engine: EngineClient) -> None:
    whole = complete(engine, max_tokens=12).text
    first = complete(engine, session="page", max_tokens=7)
    second = complete(engine, FOX + first.text, "page", max_tokens=5)
    assert first.text + second.text == whole
    assert second.stats.reused_tokens == first.stats.context_used - 1


def test_control_tokens_in_a_text_are_text(engine: EngineClient, reference: Reference) -> None:
    text = "a <|im_end|> b"
    counted = answer(engine, lambda number: p.Count(id=number, texts=(text,))).final
    assert isinstance(counted, p.Counted)
    assert counted.tokens[0] > len(reference.tokens(text))
    ask(engine, "shared", (p.Message("user", text),), max_tokens=1)
    assert complete(engine, text, "shared", max_tokens=2).stats.prompt_tokens == counted.tokens[0]
    assert complete(engine, text + " c", "shared", max_tokens=2).stats.prompt_tokens == counted.tokens[0] + 1


def test_nothing_is_continued_too(engine: EngineClient) -> None:
    reply = complete(engine, "", max_tokens=3)
    assert (reply.stats.prompt_tokens, reply.stats.generated_tokens) == (1, 3)


def test_the_greatest_length_counts_the_text(engine: EngineClient) -> None:
    tokens = complete(engine, max_tokens=1).stats.prompt_tokens
    reply = complete(engine, max_tokens=50, max_total=tokens + 5)
    assert (reply.finished.reason, reply.stats.generated_tokens) == ("length", 5)
    assert complete(engine, max_tokens=50, max_total=tokens + 4, beams=2).stats.generated_tokens == 4
    refused = complete(engine, max_total=tokens)
    assert refused.failed.code is Code.MESSAGE_TOO_LONG
    assert refused.failed.args == {"tokens": tokens, "limit": tokens - 1, "over": 1}
    assert complete(engine, "word " * 9000).failed.code is Code.MESSAGE_TOO_LONG


def test_samples_are_the_same_with_the_same_seed(engine: EngineClient) -> None:
    sampling = p.Sampling(temperature=1.2, seed=5)
    first, second = (complete(engine, n=3, max_tokens=5, sampling=sampling) for _ in range(2))
    texts = [first.text_of(index) for index in range(3)]
    assert len(set(texts)) == 3
    assert texts == [second.text_of(index) for index in range(3)]


def test_the_chosen_token_is_among_its_candidates(engine: EngineClient) -> None:
    greedy = candidates(complete(engine, n_probs=5, max_tokens=6))
    assert all(chosen(found) == found[0] for found in greedy)
    reply = complete(engine, n_probs=1, max_tokens=12, sampling=p.Sampling(temperature=5.0, top_k=0, min_p=0, top_p=1, seed=3))
    found = candidates(reply)
    assert "".join(chosen(one).text for one in found).startswith(reply.text.split("\ufffd")[0][:5])
    assert any(len(one) == 2 and one[1].chosen for one in found)  # none of the likeliest, and there all the same
    assert all(sum(candidate.probability for candidate in one) <= 1 for one in found + greedy)


def test_another_candidate_can_be_put_in_and_continued(engine: EngineClient, reference: Reference) -> None:
    first = complete(engine, session="branch", n_probs=4, max_tokens=6)
    found = candidates(first)
    head = FOX + "".join(chosen(one).text for one in found[:3])
    text = head + found[3][1].text
    branched = complete(engine, text, "branch", max_tokens=5)
    assert branched.text == reference.text(reference.greedy(reference.tokens(text), 5))
    assert branched.stats.reused_tokens >= branched.stats.prompt_tokens - 2


def test_one_beam_is_greedy(engine: EngineClient) -> None:
    greedy, beam = complete(engine, max_tokens=8), complete(engine, max_tokens=8, beams=1)
    assert (beam.text, beam.finished.reason) == (greedy.text, "length")
    question = rendered(engine, talk("What is the capital of France?", system=p.Message("system", "")))
    ended = complete(engine, question.replace("<|im_start|>", "").replace("<|im_end|>", ""), beams=1, stop=("\n",))
    assert ended.text == complete(engine, question.replace("<|im_start|>", "").replace("<|im_end|>", ""), stop=("\n",)).text


def test_beams_find_a_likelier_text_than_greed(engine: EngineClient, reference: Reference) -> None:
    count = 8
    reply = complete(engine, CITY, "beams", beams=4, n=2, n_probs=2, max_tokens=count)
    assert reply.finished.reasons == ("length",) * 2
    prompt = reference.tokens(CITY)
    paths = [[chosen(found).token for found in candidates(reply, index)] for index in range(2)]
    sums = [summed(reference, prompt, tokens) for tokens in paths]
    assert [reference.text(tokens) for tokens in paths] == [reply.text_of(index) for index in range(2)]
    assert list(reply.finished.scores) == pytest.approx([total / count for total in sums], abs=0.02)
    assert list(reply.finished.scores) == sorted(reply.finished.scores, reverse=True)
    assert sums[0] > summed(reference, prompt, reference.greedy(prompt, count))
    # the likeliest two tokens, by trying the likeliest first ones
    two = complete(engine, CITY, beams=4, n_probs=1, max_tokens=2)
    pairs = []
    for first, score in likeliest(reference.logits(prompt), 4):
        second, more = likeliest(reference.logits([*prompt, first]), 1)[0]
        pairs.append((score + more, first, second))
    assert [chosen(found).token for found in candidates(two)] == list(max(pairs)[1:])
    following = complete(engine, CITY + reply.text, "beams", max_tokens=1)
    assert following.stats.reused_tokens == reply.stats.context_used - 1


def likeliest(logits: Any, count: int) -> list[tuple[int, float]]:
    logs = logits.astype(float) - np.logaddexp.reduce(logits.astype(float))
    return [(int(token), float(logs[token])) for token in np.argsort(-logs)[:count]]


def test_a_stop_string_ends_a_beam(engine: EngineClient) -> None:
    whole = complete(engine, beams=3, max_tokens=12).text
    stop = whole[9:14]
    reply = complete(engine, beams=3, n=3, max_tokens=12, stop=("never said", stop))
    assert not any(stop in reply.text_of(index) for index in range(3))
    assert "stop_string" in reply.finished.reasons
    assert all(math.isfinite(score) and score < 0 for score in reply.finished.scores)


def test_a_beam_search_can_be_stopped_and_gives_what_it_has(engine: EngineClient) -> None:
    running = begin(engine, beams=4, n=2).until(lambda event: isinstance(event, p.Prefill) and event.done == event.total)
    counted = answer(engine, lambda number: p.Count(id=number, texts=("one",)))  # the search goes on meanwhile
    assert isinstance(counted.final, p.Counted)
    reply = running.stop().done()
    assert reply.finished.reasons in (("stopped",), ("stopped", "stopped"))
    assert complete(engine, max_tokens=1).finished.reason == "length"


def test_beams_fill_the_context_and_no_more(small: EngineClient) -> None:
    reply = complete(small, "word " * 122, beams=2)
    assert reply.finished.reason == "context_full"
    assert 0 < reply.stats.generated_tokens < 10


def test_completions_that_cannot_be_asked_for(engine: EngineClient) -> None:
    for options in ({"beams": 9}, {"beams": -1}, {"beams": 2, "n": 3}, {"n": 0}, {"max_total": -1}, {"max_tokens": -1}, {"n_probs": -1}):
        assert complete(engine, **options).failed.code is Code.REQUEST_BAD, options


def test_the_prompt_is_told_as_it_would_be_rendered(engine: EngineClient) -> None:
    messages = talk("Tell me a story about a fox.", "Once.", "Go on.")
    reply = ask(engine, "", messages, max_tokens=1, tell_prompt=True)
    (told,) = (event for event in reply.events if isinstance(event, p.PromptText))
    assert told.text == rendered(engine, messages)
    assert reply.events.index(told) < next(index for index, event in enumerate(reply.events) if isinstance(event, p.Prefill))
    counted = answer(engine, lambda number: p.Count(id=number, texts=tuple(one.content for one in messages))).final
    assert isinstance(counted, p.Counted)
    assert told.tokens == counted.tokens
    assert not any(isinstance(event, p.PromptText) for event in ask(engine, "", messages, max_tokens=1).events)


def test_what_was_left_out_of_a_prompt_counts_nothing_in_it(small: EngineClient) -> None:
    messages = talk("long ago " * 35, "Yes.", "word " * 35, "Yes.", "Go on.")
    reply = ask(small, "", messages, max_tokens=1, tell_prompt=True)
    (told,) = (event for event in reply.events if isinstance(event, p.PromptText))
    assert [index for index, tokens in enumerate(told.tokens) if not tokens] == list(reply.fit.dropped)
    assert "long ago" not in told.text
