"""Replies of a real engine, against the plainest loop over the same tokens."""

import math

import numpy as np
import pytest
from tests.models.engine.asking import answer, ask, begin, growing, rendered, talk
from tests.models.engine.reference import Reference

from zhiyin_models.engine import protocol as p
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.engine.sampling import check_settings
from zhiyin_models.errors import Code, ModelError

FOX = talk("Tell me a story about a fox.")


def test_greedy_replies_are_those_of_the_plain_loop_turn_after_turn(engine: EngineClient, reference: Reference) -> None:
    first = ask(engine, "plain", FOX, max_tokens=30)
    prompt = reference.tokens(rendered(engine, FOX))
    tokens = reference.greedy(prompt, 30)
    assert first.text == reference.text(tokens)
    assert (first.stats.prompt_tokens, first.stats.reused_tokens, first.stats.generated_tokens) == (len(prompt), 0, 30)
    assert first.finished.reason == "length"

    following = talk("Tell me a story about a fox.", first.text, "And then?")
    second = ask(engine, "plain", following, max_tokens=20)
    text = rendered(engine, following)
    tail = reference.tokens(text[len(rendered(engine, FOX)) + len(first.text) :])
    assert second.text == reference.text(reference.greedy(prompt + tokens + tail, 20))
    assert second.stats.reused_tokens == len(prompt) + 29  # the last token of the reply was never decoded
    assert second.stats.prompt_tokens == len(prompt) + 30 + len(tail)
    assert second.stats.context_used == second.stats.prompt_tokens + 20


def test_regenerating_decodes_one_token_of_the_prompt_and_editing_what_follows_the_edit(engine: EngineClient) -> None:
    words = " ".join(f"word{number}" for number in range(40))
    messages = talk(f"{words} and the last word is old")
    first = ask(engine, "edit", messages, max_tokens=8)
    again = ask(engine, "edit", messages, max_tokens=8)
    assert again.stats.reused_tokens == first.stats.prompt_tokens - 1
    assert again.text == first.text
    edited = talk(f"{words} and the last word is new")
    changed = ask(engine, "edit", edited, max_tokens=8)
    assert changed.stats.reused_tokens >= changed.stats.prompt_tokens - 12
    assert changed.text == ask(engine, "", edited, max_tokens=8).text


def test_passing_requests_and_other_sessions_leave_a_conversation_its_state(engine: EngineClient) -> None:
    first = ask(engine, "own", FOX, max_tokens=8)
    passing = ask(engine, "", (*FOX, p.Message("assistant", first.text), p.Message("user", "A title?")), max_tokens=8)
    assert passing.stats.reused_tokens >= first.stats.prompt_tokens - 1  # lent by the conversation
    ask(engine, "other", talk("Something else"), max_tokens=8)
    second = ask(engine, "own", talk("Tell me a story about a fox.", first.text, "Go on."), max_tokens=8)
    assert second.stats.reused_tokens == first.stats.context_used - 1
    answer(engine, lambda number: p.Forget(id=number, session="own"))
    answer(engine, lambda number: p.Forget(id=number, session="other"))


def test_a_stop_in_the_prefill_keeps_what_was_decoded_and_disturbs_nothing(engine: EngineClient) -> None:
    long = talk(" ".join(f"word{number}" for number in range(120)))
    whole = ask(engine, "", long, max_tokens=10)
    stopped = (
        begin(engine, "stopped", long, max_tokens=10).until(lambda event: isinstance(event, p.Prefill) and event.done > 0).stop().done()
    )
    assert stopped.finished.reason == "stopped"
    assert stopped.text == ""
    done = max(event.done for event in stopped.events if isinstance(event, p.Prefill))
    assert 0 < done < whole.stats.prompt_tokens
    again = ask(engine, "stopped", long, max_tokens=10)
    assert again.stats.reused_tokens >= done
    assert again.text == whole.text


def test_a_stop_while_decoding_keeps_the_reply_so_far_and_disturbs_nothing(engine: EngineClient) -> None:
    stopped = begin(engine, "half", FOX).until(growing).stop().done()
    assert stopped.finished.reason == "stopped"
    assert stopped.text
    following = talk("Tell me a story about a fox.", stopped.text, "Go on.")
    second = ask(engine, "half", following, max_tokens=10)
    assert second.stats.reused_tokens >= stopped.stats.context_used - 2
    continued = ask(engine, "half2", talk("Tell me a story about a fox.", stopped.text), open_reply=True, max_tokens=10)
    whole = ask(engine, "whole", FOX, max_tokens=stopped.stats.generated_tokens + 10)
    assert whole.text.startswith(stopped.text + continued.text[:4])


def test_a_reply_is_continued_in_place_from_the_tokens_it_has(engine: EngineClient) -> None:
    whole = ask(engine, "", FOX, max_tokens=30).text
    first = ask(engine, "open", FOX, max_tokens=12)
    rest = ask(engine, "open", talk("Tell me a story about a fox.", first.text), open_reply=True, max_tokens=18)
    assert first.text + rest.text == whole
    assert rest.stats.reused_tokens == first.stats.context_used - 1


def test_stop_strings_that_span_tokens_are_never_shown(engine: EngineClient) -> None:
    whole = ask(engine, "", FOX, max_tokens=40).text
    for stop in (whole[10:25], whole[31:33]):
        reply = ask(engine, "", FOX, max_tokens=40, stop=("never said", stop))
        assert reply.text == whole[: whole.index(stop)]
        assert (reply.finished.reason, reply.finished.stop_string) == ("stop_string", stop)
    almost = ask(engine, "", FOX, max_tokens=40, stop=(whole[-6:] + "???",))
    assert almost.text == whole


def test_characters_of_several_tokens_arrive_whole(engine: EngineClient, reference: Reference) -> None:
    messages = talk("🦙 你好，世界 " * 3, "🦙 你好，世界 🦙 你好，世界 🦙")
    reply = ask(engine, "", messages, open_reply=True, max_tokens=40)
    prompt = reference.tokens(rendered(engine, messages, open_reply=True))
    assert "你好" in reply.text
    assert "🦙" in reply.text
    assert reference.text(reference.greedy(prompt, 60)).startswith(reply.text)
    assert max(event.tokens for event in reply.events if isinstance(event, p.Text)) > 1


def test_several_replies_to_one_prompt(engine: EngineClient) -> None:
    sampling = p.Sampling(temperature=1.2, seed=11)
    reply = ask(engine, "several", FOX, n=3, max_tokens=15, sampling=sampling)
    texts = [reply.text_of(index) for index in range(3)]
    assert len(set(texts)) == 3
    assert reply.finished.reasons == ("length",) * 3
    assert reply.stats.generated_tokens == 45
    assert [ask(engine, "several", FOX, n=3, max_tokens=15, sampling=sampling).text_of(index) for index in range(3)] == texts
    following = ask(engine, "several", talk("Tell me a story about a fox.", texts[0], "Go on."), max_tokens=5)
    assert following.stats.reused_tokens >= reply.stats.context_used - 1


def test_several_replies_are_the_same_as_one_and_each_stops_by_itself(engine: EngineClient) -> None:
    whole = ask(engine, "", FOX, max_tokens=20).text
    reply = ask(engine, "", FOX, n=2, max_tokens=20, stop=(whole[20:26],))
    assert [reply.text_of(0), reply.text_of(1)] == [whole[:20]] * 2
    assert reply.finished.reasons == ("stop_string",) * 2


def test_more_replies_than_the_context_has_sequences(engine: EngineClient) -> None:
    reply = ask(engine, "", FOX, n=17, max_tokens=2)
    assert {reply.text_of(index) for index in range(17)} == {reply.text}
    assert len(reply.finished.reasons) == 17


def test_the_likeliest_candidates_of_every_token(engine: EngineClient, reference: Reference) -> None:
    reply = ask(engine, "", FOX, n_probs=4, max_tokens=6)
    found = [token for event in reply.events if isinstance(event, p.Text) for token in event.probabilities]
    assert [len(candidates) for candidates in found] == [4] * 6
    prompt = reference.tokens(rendered(engine, FOX))
    assert [candidates[0].token for candidates in found] == reference.greedy(prompt, 6)
    for candidates in found:
        assert sorted((one.probability for one in candidates), reverse=True) == [one.probability for one in candidates]
    weights = np.exp(reference.logits(prompt).astype(float))
    assert found[0][0].probability == pytest.approx(float(weights[found[0][0].token] / weights.sum()), abs=0.01)
    assert found[0][0].text == reply.text[: len(found[0][0].text)]


def test_a_seed_gives_the_same_reply_again_and_is_chosen_when_there_is_none(engine: EngineClient) -> None:
    seven = p.Sampling(temperature=1.5, seed=7, typical_p=0.9, repeat_penalty=1.1, presence_penalty=0.2, frequency_penalty=0.1)
    first, second = (ask(engine, "", FOX, max_tokens=12, sampling=seven) for _ in range(2))
    assert first.text == second.text
    assert first.stats.sampling == seven
    chosen = ask(engine, "", FOX, max_tokens=12, sampling=p.Sampling(temperature=1.5))
    again = ask(engine, "", FOX, max_tokens=12, sampling=chosen.stats.sampling)
    assert chosen.stats.sampling.seed == chosen.stats.seed
    assert again.text == chosen.text


def test_penalties_keep_a_greedy_reply_from_repeating_itself(engine: EngineClient) -> None:
    messages = talk("What is the capital of France?", system=None)
    plain = ask(engine, "", messages, max_tokens=36)
    assert plain.text.count("femme") > 2
    penalised = ask(engine, "", messages, max_tokens=36, sampling=p.Sampling(temperature=0, frequency_penalty=1.5))
    assert penalised.text.count("femme") < plain.text.count("femme")


def test_counting_tokenizing_and_rendering_are_answered_while_decoding(engine: EngineClient) -> None:
    running = begin(engine, "", FOX).until(growing)
    counted = answer(engine, lambda number: p.Count(id=number, texts=("one two three", "", "<|im_end|>"))).final
    assert isinstance(counted, p.Counted)
    assert counted.tokens[:2] == (3, 0)
    assert counted.tokens[2] > 1
    tokens = answer(engine, lambda number: p.Tokenize(id=number, text="hi 🦙<|im_end|>", special=True)).final
    assert isinstance(tokens, p.Tokens)
    assert tokens.pieces[0] == "hi"
    assert tokens.pieces[-1] == "<|im_end|>"
    assert any(piece.startswith("<0x") for piece in tokens.pieces)
    assert rendered(engine, talk("hi")).endswith("<|im_start|>assistant\n")
    info = answer(engine, lambda number: p.Info(id=number)).final
    assert isinstance(info, p.Loaded)
    devices = answer(engine, lambda number: p.Devices(id=number)).final
    assert isinstance(devices, p.DeviceList)
    assert devices.devices[-1].kind == "cpu"
    assert not any(isinstance(event, p.FINAL) for event in running.events)
    assert running.stop().done().finished.reason == "stopped"


def test_the_queue_goes_by_priority_and_a_waiting_request_can_be_stopped(engine: EngineClient) -> None:
    running = begin(engine, "", FOX).until(growing)
    waiting = [begin(engine, "", FOX, max_tokens=2, priority=priority) for priority in (0, 3, 0, 3)]
    for request in waiting:
        request.until(lambda event: isinstance(event, p.Queued))
    waiting[2].stop().done()
    assert waiting[2].finished.reason == "stopped"
    assert waiting[2].text == ""
    running.stop().done()
    started = [request.done().stats.queue_seconds for request in waiting]
    assert started[1] < started[3] < started[0]


def test_what_cannot_be_asked_for(engine: EngineClient) -> None:
    assert ask(engine, "", FOX, n=0).failed.code is Code.REQUEST_BAD
    assert ask(engine, "", FOX, n_probs=-1).failed.code is Code.REQUEST_BAD
    assert ask(engine, "", FOX, max_tokens=-1).failed.code is Code.REQUEST_BAD
    assert answer(engine, lambda number: p.Render(id=number, messages=FOX, max_tokens=-1)).failed.code is Code.REQUEST_BAD
    for sampling in (p.Sampling(top_k=-1), p.Sampling(top_p=1.5), p.Sampling(temperature=-0.1), p.Sampling(presence_penalty=1e39)):
        assert ask(engine, "", FOX, sampling=sampling).failed.code is Code.REQUEST_BAD
    with pytest.raises(ModelError):
        check_settings(p.Sampling(min_p=math.nan))
    assert ask(engine, "", FOX, open_reply=True).failed.code is Code.TEMPLATE_NO_CONTINUE


def test_an_end_of_turn_ends_the_reply(engine: EngineClient) -> None:
    reply = ask(engine, "", talk("What is the capital of France?", system=p.Message("system", "")), max_tokens=100)
    assert reply.finished.reason == "end"
    assert "<|im_end|>" not in reply.text


def test_a_stop_acts_while_a_prompt_is_measured(engine: EngineClient) -> None:
    huge = talk("a few words that are said again and again, " * 30_000)
    assert begin(engine, "", huge).stop().done().finished.reason == "stopped"
    assert ask(engine, "", FOX, max_tokens=1).finished.reason == "length"


def test_candidates_of_tokens_behind_a_stop_string_arrive_too(engine: EngineClient) -> None:
    whole = ask(engine, "", FOX, max_tokens=8)
    reply = ask(engine, "", FOX, n_probs=2, max_tokens=8, stop=(whole.text[-6:],))
    assert reply.finished.reason == "stop_string"
    found = [token for event in reply.events if isinstance(event, p.Text) for token in event.probabilities]
    assert len(found) == reply.stats.generated_tokens
    assert reply.text == whole.text[: whole.text.index(whole.text[-6:])]
