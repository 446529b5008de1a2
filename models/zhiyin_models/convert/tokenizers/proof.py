"""Proof that a written vocabulary tokenizes as its source does: the same texts through llama.cpp and through the source's library."""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from zhiyin_models.child.child_process import exit_report
from zhiyin_models.child.command import child_command, child_environment
from zhiyin_models.convert.source_files import shown
from zhiyin_models.convert.tokenizers import corpus
from zhiyin_models.convert.tokenizers.byte_pair_files import BYTES
from zhiyin_models.convert.tokenizers.entries import TokenType
from zhiyin_models.convert.tokenizers.vocabulary import BPE, PIECES_UNIGRAM, Vocabulary
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.work import Pace, Report, Stage, Stop

LONGEST = 120.0  # seconds that the library may take
TICK = 0.03  # seconds between looks at the stop
BATCH = 64  # texts that the source tokenizes between two looks
TOLD = 200  # characters of a text that an error shows
AROUND = 6  # tokens that an error shows
TIED = 1e-3  # of scores, which are logarithms of probabilities
LOG = 2000  # bytes of what the process said

Item = TypeVar("Item")


def prove(model: Path, vocabulary: Vocabulary, report: Report, stop: Stop) -> tuple[Failure, ...]:
    """Compare the vocabulary in ``model`` with its source, over the corpus and a sample of the vocabulary's own tokens.

    Returns notices: TOKENIZER_NORMALISED where only the source's Unicode normaliser makes a difference, TOKENIZER_SPACES where only
    the spaces beside added tokens do. Raises ModelError TOKENIZER_DIFFERS with the first text that comes out otherwise,
    TOKENIZER_BAD when the library does not read the vocabulary; StoppedError.
    """
    written = Written(vocabulary)
    texts = list(dict.fromkeys([*corpus.texts(vocabulary.added), *corpus.of_tokens(written.words())]))
    normalised = {text: changed for text in texts if (changed := vocabulary.source.normalised(text)) != text}
    asked = list(dict.fromkeys([*texts, *normalised.values()]))
    pieces = written.sample()
    pace = Pace(Stage.PROVE, len(texts), report)
    with Child({"model": os.fsdecode(model), "texts": asked, "tokens": pieces}, model) as child:
        wanted: list[list[int]] = []
        for place in range(0, len(texts), BATCH):
            stop.check()
            pace.at(place)
            wanted += _from_source(vocabulary, texts[place : place + BATCH])
        answer = child.wait(stop)
    given = dict(zip(asked, answer["ids"], strict=True))
    notices: dict[Code, Failure] = {}
    for text, ids in zip(texts, wanted, strict=True):
        if given[text] != ids and not written.tied(ids, given[text]):
            notice = _excuse(vocabulary, text, ids, given, normalised.get(text, text))
            if notice is None:
                raise _differs(written, text, ids, given[text])
            notices.setdefault(notice.code, notice)
    written.compare(pieces, answer["pieces"])
    pace.at(len(texts))
    return tuple(notices.values())


class Written:
    """The vocabulary as it was written: texts of its tokens, as the library should give them back."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.tokens, self.types = vocabulary.tokens, vocabulary.types
        self._bytes = vocabulary.kind == BPE
        scores = vocabulary.metadata.get("tokenizer.ggml.scores")
        unigram = vocabulary.kind == PIECES_UNIGRAM and isinstance(scores, list)
        self._scores = [float(score) for score in scores] if unigram and isinstance(scores, list) else []
        self._source = vocabulary.source

    def tied(self, wanted: Sequence[int], given: Sequence[int]) -> bool:
        """Whether a unigram model finds two ways of writing the same equally good: the libraries round sums of scores differently."""
        scores = self._scores
        if not scores or max([*wanted, *given], default=0) >= len(scores):
            return False
        same = b"".join(map(self.piece, wanted)) == b"".join(map(self.piece, given))
        return same and abs(sum(scores[place] for place in wanted) - sum(scores[place] for place in given)) < TIED

    def words(self) -> list[str]:
        """The texts of ordinary tokens that are whole characters: as many as the corpus takes."""
        places = [place for place, kind in enumerate(self.types) if kind == TokenType.NORMAL]
        words: list[str] = []
        for place in places[:: max(1, len(places) // corpus.SAMPLE)]:
            try:
                words.append(self.piece(place).decode())
            except UnicodeDecodeError:
                continue
        return words

    def sample(self) -> list[int]:
        """Tokens to look at: all that are special, and some of the others."""
        step = max(1, len(self.tokens) // corpus.SAMPLE)
        return [
            place for place, kind in enumerate(self.types) if kind != TokenType.UNUSED and (place % step == 0 or kind != TokenType.NORMAL)
        ]

    def piece(self, place: int) -> bytes:
        """What a token is in a text."""
        token, kind = self.tokens[place], self.types[place]
        if kind == TokenType.BYTE:
            return bytes([int(token[3:5], 16)])
        if kind != TokenType.NORMAL:
            return token.encode("utf-8", "replace")
        if self._bytes:
            return b"".join(bytes([BYTES[one]]) if one in BYTES else one.encode("utf-8", "replace") for one in token)
        return token.replace("▁", " ").encode("utf-8", "replace")

    def compare(self, places: Sequence[int], given: Sequence[str]) -> None:
        """The library's pieces against the source's own tokens. Raises ModelError TOKENIZER_DIFFERS."""
        for place, piece in zip(places, given, strict=True):
            token = self._source.token(place)
            same = token.replace("▁", " ") == self.tokens[place].replace("▁", " ")
            plain = self._bytes and self.types[place] == TokenType.NORMAL and any(one not in BYTES for one in self.tokens[place])
            if not same or (bytes.fromhex(piece) != self.piece(place) and not plain):
                found = bytes.fromhex(piece).decode("utf-8", "replace")
                raise ModelError(Code.TOKENIZER_DIFFERS, detail=f"#{place}", wanted=token[:TOLD], given=found[:TOLD])

    def named(self, ids: Sequence[int]) -> str:
        """Tokens as an error shows them."""
        return " ".join(f"{self.tokens[place]!r}" if 0 <= place < len(self.tokens) else str(place) for place in ids[:AROUND]) or "–"


class Child:
    """The process that asks llama.cpp. Ended on leaving, whatever happened."""

    def __init__(self, task: dict[str, Any], model: Path) -> None:
        self._model, self._task = model, json.dumps(task).encode()
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(child_command("proof"), env=child_environment(), stdin=pipe, stdout=pipe, stderr=pipe)
        except OSError as error:
            raise self._bad(str(error)) from error
        self._answer, self._log = b"", b""
        self._talk = threading.Thread(target=self._communicate, name="proof", daemon=True)

    def __enter__(self) -> "Child":
        self._talk.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._talk.join()
        self._process.wait()

    def wait(self, stop: Stop) -> dict[str, Any]:
        """The answer. Raises ModelError TOKENIZER_BAD, StoppedError."""
        waited = 0.0
        while self._talk.is_alive() and waited < LONGEST:
            stop.check()
            self._talk.join(TICK)
            waited += TICK
        code = self._process.poll()
        if self._talk.is_alive() or code is None:
            raise self._bad(f"no end after {LONGEST:.0f} s")
        if code != 0:
            ended = exit_report(code)
            last = self._log[-LOG:].decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise self._bad(f"llama.cpp: {ended.signal or ended.code} {last}".strip())
        try:
            answer = json.loads(self._answer)
        except ValueError as error:
            raise self._bad("llama.cpp: no answer") from error
        if "error" in answer:
            raise self._bad(f"llama.cpp: {answer['error'][:TOLD]}")
        return dict(answer)

    def _communicate(self) -> None:
        self._answer, self._log = self._process.communicate(self._task)

    def _bad(self, detail: str) -> ModelError:
        return ModelError(Code.TOKENIZER_BAD, path=shown(self._model), detail=detail)


def _from_source(vocabulary: Vocabulary, texts: Sequence[str]) -> list[list[int]]:
    return _source(lambda: vocabulary.source.encode_all(texts))


def _source(work: Callable[[], Item]) -> Item:
    try:
        return work()
    except ValueError as error:
        raise ModelError(Code.TOKENIZER_UNSUPPORTED, detail=f"its own library gives up: {error}"[:TOLD]) from error


def _excuse(vocabulary: Vocabulary, text: str, wanted: list[int], given: dict[str, list[int]], normalised: str) -> Failure | None:
    """The notice for a difference that is known and can be lived with, or None."""
    if given[normalised] == wanted:
        return Failure(Code.TOKENIZER_NORMALISED, {"detail": text[:TOLD]})
    if any(ids in (given[text], given[normalised]) for ids in _source(lambda: list(vocabulary.source.alike(text)))):
        return Failure(Code.TOKENIZER_SPACES, {"detail": text[:TOLD]})
    return None


def _differs(written: Written, text: str, wanted: Sequence[int], given: Sequence[int]) -> ModelError:
    """The error with the tokens from the first on that differs."""
    same = 0
    while same < min(len(wanted), len(given)) and wanted[same] == given[same]:
        same += 1
    start = max(0, same - 1)
    return ModelError(Code.TOKENIZER_DIFFERS, detail=text[:TOLD], wanted=written.named(wanted[start:]), given=written.named(given[start:]))
