"""The engine's figures, at its client: speed against the bare library and the binding's own class, reuse between turns, and stopping.

Two threads, the starter model, a context of 8,192. Speeds are compared in pairs that follow each other closely, and the median of the
pairs' ratios counts. A pair during which other programs kept the processor busy is measured again, as far as patience goes.
"""

import random
import statistics
import time
from collections.abc import Sequence
from typing import Any

from tests.bench.figures import CONTEXT, THREADS, at_least, at_most, noted, starter
from tests.bench.neighbours import Neighbours
from tests.bench.reference import Reference
from tests.bench.silent_reader import SilentReader

from zhiyin_models.engine.client import EngineClient
from zhiyin_models.engine.protocol import Finished, Forget, Message, Prefill, Render, Rendered, Sampling, Text

PAIRS = 7
PATIENCE = 120  # seconds after which disturbed pairs are not measured again
REPLY = 256  # tokens
PREFILL = 2000
WORDS = ("river", "garden", "lamp", "paper", "winter", "teacher", "bridge", "music", "stone", "letter", "window", "morning", "forest")


def prose(tokens: int, seed: int) -> str:
    """Text of about so many tokens, never twice the same: no state of an earlier request can help."""
    chooser = random.Random(seed)
    return " ".join(chooser.choice(WORDS) for _ in range(tokens))


def question(seed: int) -> tuple[Message, ...]:
    """A question that is answered at length."""
    return (Message("user", f"Story number {seed}: write a very long story about a {prose(3, seed)}, with many chapters."),)


def spent_on_reply(client: EngineClient, messages: Sequence[Message], seed: int) -> tuple[int, float, str]:
    """Stream one reply; (tokens after the first piece, seconds from the first piece to the last, text)."""
    times: list[float] = []
    tokens: list[int] = []
    pieces: list[str] = []
    for event in client.generate("", messages, sampling=Sampling(seed=seed), max_tokens=REPLY):
        if isinstance(event, Text):
            times.append(time.perf_counter())
            tokens.append(event.tokens)
            pieces.append(event.text)
    return sum(tokens[1:]), times[-1] - times[0], "".join(pieces)


def rendered(client: EngineClient, messages: tuple[Message, ...]) -> str:
    """The text that the engine would decode for these messages."""
    answer = client.call(lambda number: Render(id=number, messages=messages))
    assert isinstance(answer, Rendered)
    return answer.text


class Pairs:
    """Rounds of a comparison: the first warms up, then those on a quiet machine count, or all of them where it never is."""

    def __init__(self) -> None:
        self._quiet: list[dict[str, float]] = []
        self._all: list[dict[str, float]] = []
        self._rounds = 0
        self._started = time.monotonic()

    @property
    def wanting(self) -> bool:
        """Whether another round is needed."""
        patient = time.monotonic() - self._started < PATIENCE
        return len(self._quiet if patient else self._all) < PAIRS

    def add(self, others: Neighbours, **values: float) -> None:
        """What one round gave."""
        self._rounds += 1
        if self._rounds > 1:
            self._all.append(values)
            if others.quiet:
                self._quiet.append(values)

    @property
    def quiet(self) -> int:
        """Rounds that no neighbour disturbed."""
        return len(self._quiet)

    def median(self, name: str) -> float:
        """The median of a value over the rounds that count."""
        rounds = self._quiet if len(self._quiet) >= PAIRS // 2 else self._all
        return statistics.median(values[name] for values in rounds)


def streaming(client: EngineClient, bare: Reference, chat: Reference) -> list[dict[str, Any]]:
    """Streamed tokens a second, at the client, over a bare decode loop and over the binding's own streaming chat."""
    pairs = Pairs()
    seed = 0
    while pairs.wanting:
        seed += 1
        messages = question(seed)
        with Neighbours() as others:
            count, seconds, text = spent_on_reply(client, messages, seed)
            if count < REPLY / 2:
                continue  # the model had little to say
            reference = bare.ask(prompt=rendered(client, messages), reply=text, count=count)
            theirs = chat.ask(messages=[{"role": one.role, "content": one.content} for one in messages], count=REPLY, seed=seed)
        speed = count / seconds
        pairs.add(
            others,
            speed=speed,
            over_bare=speed / (count / reference["decode_seconds"]),
            over_chat=speed / ((theirs["tokens"] - 1) / theirs["seconds"]),
        )
    return [
        noted("pairs of streamed replies that nobody disturbed", pairs.quiet),
        noted("streamed speed at the client", pairs.median("speed"), "tokens/s"),
        at_least("streamed speed / bare llama_decode loop", pairs.median("over_bare"), 0.90),
        at_least("streamed speed / create_chat_completion(stream)", pairs.median("over_chat"), 1.10),
    ]


def first_token(client: EngineClient, session: str, messages: Sequence[Message], reply: int) -> tuple[float, str, Finished]:
    """Seconds from the request to the first text (to the end where there is none), the reply, and the final event."""
    started = time.perf_counter()
    seconds, pieces = 0.0, []
    for event in client.generate(session, messages, sampling=Sampling(temperature=0), max_tokens=reply):
        if isinstance(event, Text):
            seconds = seconds or time.perf_counter() - started
            pieces.append(event.text)
        final = event
    assert isinstance(final, Finished)
    return seconds or time.perf_counter() - started, "".join(pieces), final


def prefill(client: EngineClient, bare: Reference) -> list[dict[str, Any]]:
    """Prompt tokens a second, from the request to the first text, over a bare batched decode of the same tokens."""
    pairs = Pairs()
    seed = 0
    while pairs.wanting:
        seed += 1
        messages = (Message("user", f"{seed} {prose(PREFILL, seed)}"),)
        with Neighbours() as others:
            seconds, _, final = first_token(client, "", messages, 1)
            reference = bare.ask(prompt=rendered(client, messages))
        speed = (final.stats.prompt_tokens - final.stats.reused_tokens) / seconds
        pairs.add(others, speed=speed, over_bare=speed / (reference["tokens"] / reference["prefill_seconds"]))
    return [
        noted("prefill speed at the client", pairs.median("speed"), "tokens/s"),
        at_least("prefill speed / bare batched decode", pairs.median("over_bare"), 0.97),
    ]


def second_turn(client: EngineClient) -> list[dict[str, Any]]:
    """Time to the first token of the second turn, over that of a first turn of 4,000 tokens."""
    ratios, seconds = [], []
    for seed in range(3):
        session = f"turns {seed}"
        opening = Message("user", f"{seed} {prose(3900, 100 + seed)}")
        first, reply, final = first_token(client, session, [opening], 24)
        assert final.stats.prompt_tokens >= 3900
        again = [opening, Message("assistant", reply), Message("user", "And then?")]
        second, _, _ = first_token(client, session, again, 4)
        ratios.append(second / first)
        seconds.append(second)
        client.call(lambda number, session=session: Forget(id=number, session=session))
    return [
        noted("first token, second turn after 4,000 tokens", statistics.median(seconds), "s"),
        at_most("first token, second turn / first turn", statistics.median(ratios), 0.02),
    ]


def stopping(client: EngineClient) -> list[dict[str, Any]]:
    """Seconds from asking for the end to the final event, during a long prefill and during decoding; the longest counts."""
    during_prefill = []
    for trial, wait in enumerate((0.02, 0.4, 1.1, 2.3, 4.7)):
        messages = [Message("user", f"{trial} {prose(7900, 200 + trial)}")]
        with client.generate("stopped", messages, max_tokens=8) as events:
            next(event for event in events if isinstance(event, Prefill))
            time.sleep(wait)
            asked = time.perf_counter()
            events.stop()
            *_, final = events
            during_prefill.append(time.perf_counter() - asked)
            assert isinstance(final, Finished)
            assert final.reason == "stopped"
    during_decode = []
    for trial in range(10):
        with client.generate("", question(300 + trial), sampling=Sampling(seed=trial)) as events:
            for _ in zip(range(12 + 3 * trial), (event for event in events if isinstance(event, Text)), strict=False):
                pass
            asked = time.perf_counter()
            events.stop()
            *_, final = events
            during_decode.append(time.perf_counter() - asked)
            assert isinstance(final, Finished)
    return [
        at_most("stop during an 8,000-token prefill, longest of 5", 1000 * max(during_prefill), 100, "ms"),
        at_most("stop during decode, longest of 10", 1000 * max(during_decode), 100, "ms"),
    ]


def stopping_unread() -> list[dict[str, Any]]:
    """Seconds from asking for the end until the engine computes no more, while nobody reads what it says."""
    with SilentReader(starter(), context=CONTEXT, threads=THREADS) as reader:
        prompt = (Message("user", prose(7900, 400)),)
        prefill = [reader.stop_after(prompt, wait) for wait in (0.5, 2.0, 3.5)]
        decode = [reader.stop_after(question(500 + trial), 4.0, n_probs=20) for trial in range(3)]
    return [
        at_most("stop during prefill, nobody reading, longest of 3", 1000 * max(prefill), 100, "ms"),
        at_most("stop during decode, nobody reading, longest of 3", 1000 * max(decode), 100, "ms"),
    ]


def run() -> list[dict[str, Any]]:
    """All of the engine's figures, in about five minutes."""
    model = starter()
    figures: list[dict[str, Any]] = []
    with EngineClient() as client:
        client.load(model, context=CONTEXT, threads=THREADS)
        with Reference("bare_decode", model) as bare:
            with Reference("binding_chat", model) as chat:
                figures += streaming(client, bare, chat)
            figures += prefill(client, bare)
        figures += second_turn(client)
        figures += stopping(client)
    return figures + stopping_unread()
