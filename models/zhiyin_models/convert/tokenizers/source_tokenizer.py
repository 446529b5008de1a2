"""The source's own libraries as one interface: what a converted vocabulary has to agree with."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import sentencepiece
import tokenizers

from zhiyin_models.convert.tokenizers.entries import Added

# NormalizerSpec { add_dummy_prefix: false }: of a message that comes twice, the later fields count.
NO_PREFIX = b"\x1a\x02\x18\x00"

Result = TypeVar("Result")


class SourceTokenizer(Protocol):
    """Text to ids, nothing added in front or behind, the texts of added tokens becoming those tokens."""

    def encode(self, text: str) -> list[int]:
        """As the source library does."""
        ...

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Many texts."""
        ...

    def normalised(self, text: str) -> str:
        """The text as the source's normaliser rewrites it, spaces still written as spaces."""
        ...

    def token(self, place: int) -> str:
        """The text of an id's token, spaces written as the vocabulary writes them; "" for none."""
        ...

    def alike(self, text: str) -> Iterator[list[int]]:
        """As the source would if every text between added tokens stood by itself: without the spaces that tokens claim, then with."""
        ...


class Cuts:
    """Finds added tokens in a text."""

    def __init__(self, added: Mapping[int, Added]) -> None:
        self.added = {one.text: one for one in added.values()}
        self._pattern = re.compile("|".join(map(re.escape, sorted(self.added, key=len, reverse=True))) or "(?!)")

    def parts(self, text: str, *, strip: bool = False) -> Iterator[str | Added]:
        """The texts between the tokens, and the tokens; with ``strip``, without the spaces that the tokens beside them claim."""
        place = 0
        before: Added | None = None
        for found in self._pattern.finditer(text):
            token = self.added[found[0]]
            part = text[place : found.start()]
            if strip:
                part = part.lstrip() if before is not None and before.strips_right else part
                part = part.rstrip() if token.strips_left else part
            if part:
                yield part
            yield token
            before, place = token, found.end()
        rest = text[place:]
        if strip and before is not None and before.strips_right:
            rest = rest.lstrip()
        if rest:
            yield rest


class FastSource:
    """A tokenizer.json in the tokenizers library. ``rewriting`` is its normaliser without what is done to spaces.

    With ``prefix_missing`` (Metaspace) the space in front is put only before what does not begin with one.
    """

    def __init__(
        self,
        tokenizer: tokenizers.Tokenizer,
        added: Mapping[int, Added],
        rewriting: Any = None,
        *,
        prefix_missing: bool = False,
        unigram: bool = False,
    ) -> None:
        self._tokenizer, self._rewriting, self._cuts = tokenizer, rewriting, Cuts(added)
        self._missing, self._unigram = prefix_missing, unigram

    def encode(self, text: str) -> list[int]:
        """As the tokenizers library does. Raises ValueError."""
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Many texts, on all cores. Raises ValueError."""
        found = unpanicked(lambda: self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False))
        return [one.ids for one in found]

    def normalised(self, text: str) -> str:
        """The text after NFC or the like."""
        if self._rewriting is None:
            return text
        rewriting = self._rewriting
        return str(unpanicked(lambda: rewriting.normalize_str(text)))

    def token(self, place: int) -> str:
        """The text of an id's token."""
        return self._tokenizer.id_to_token(place) or ""

    def alike(self, text: str) -> Iterator[list[int]]:
        """Each text between added tokens by itself."""
        for strip in (True, False):
            parts = self._cuts.parts(text, strip=strip)
            yield [place for part in parts for place in ([part.id] if isinstance(part, Added) else self._alone(part))]

    def _alone(self, part: str) -> list[int]:
        # llama.cpp puts a space in front of whatever comes, but not of spaces alone where a unigram model is to read them.
        puts = self._missing and part.startswith((" ", "▁")) and not (self._unigram and not part.strip(" "))
        return self.encode(" " + part if puts else part)


class SentencePieceSource:
    """A tokenizer.model in the sentencepiece library, and the added tokens around it as Transformers cuts them out.

    With ``prefix_once`` only the beginning of the whole text gets the space that SentencePiece puts before words ("legacy": false).
    ``symbols`` are the model's own user-defined pieces.
    ``data`` has been checked: see ``sentencepiece_file``. Raises ValueError for what the library does not read.
    """

    def __init__(self, data: bytes, added: Mapping[int, Added], symbols: Mapping[int, Added], *, prefix_once: bool, unigram: bool) -> None:
        self._unigram = unigram
        self._all_cuts = Cuts({**symbols, **added})
        self._cuts, self._texts = Cuts(added), {place: one.text for place, one in added.items()}
        try:
            self._whole = sentencepiece.SentencePieceProcessor(model_proto=data)
            self._bare = sentencepiece.SentencePieceProcessor(model_proto=data + NO_PREFIX)
        except (RuntimeError, OSError) as error:
            raise ValueError(str(error)[:200]) from error
        self._once = prefix_once

    def encode(self, text: str) -> list[int]:
        """Added tokens are cut out, with the spaces that they claim; each text between them goes to the library."""
        ids: list[int] = []
        for place, part in enumerate(self._cuts.parts(text, strip=True)):
            if isinstance(part, Added):
                ids.append(part.id)
            else:
                ids += (self._bare if self._once and place else self._whole).encode(part)
        return ids

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Many texts."""
        return [self.encode(text) for text in texts]

    def normalised(self, text: str) -> str:
        """The text after the model's own rules."""
        return "".join(
            part.text if isinstance(part, Added) else str(self._bare.normalize(part)).replace("▁", " ") for part in self._cuts.parts(text)
        )

    def token(self, place: int) -> str:
        """The text of an id's token."""
        if place in self._texts:
            return self._texts[place]
        return str(self._whole.id_to_piece(place)) if 0 <= place < self._whole.get_piece_size() else ""

    def alike(self, text: str) -> Iterator[list[int]]:
        """Each text between added tokens by itself."""
        for strip in (True, False):
            parts = self._all_cuts.parts(text, strip=strip)
            yield [place for part in parts for place in ([part.id] if isinstance(part, Added) else self._alone(part))]

    def _alone(self, part: str) -> list[int]:
        library = self._bare if self._unigram and not part.strip(" ") else self._whole
        return list(library.encode(part))


def unpanicked(work: Callable[[], Result]) -> Result:
    """A call into the tokenizers library, whose Rust code panics past every ordinary exception. Raises ValueError."""
    try:
        return work()
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # the panic's class has no name that could be imported
        raise ValueError(str(error)[:200] or type(error).__name__) from error
