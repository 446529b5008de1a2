"""tokenizer.json: what is in it, checked, and which kind of GGUF vocabulary it can become."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import tokenizers
from tokenizers import normalizers

from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.convert.tokenizers.entries import LARGEST, LONGEST, Added, Entries, TokenType
from zhiyin_models.convert.tokenizers.pre_tokenizers import is_byte_level, unsupported
from zhiyin_models.convert.tokenizers.sentencepiece_file import check_charsmap
from zhiyin_models.convert.tokenizers.source_tokenizer import unpanicked
from zhiyin_models.convert.tokenizers.tokenizer_config import MOST_ADDED, added_token, bad, is_id

NAME = "tokenizer.json"
SPACE = "▁"
MOST_GAPS = 1 << 12  # ids that a vocabulary may leave out
UNICODE_FORMS = {"NFC": normalizers.NFC, "NFD": normalizers.NFD, "NFKC": normalizers.NFKC, "NFKD": normalizers.NFKD}
NEVER = -1e6  # the score of a token that no merge makes
BYTE = frozenset(f"<0x{byte:02X}>" for byte in range(256))


@dataclass(slots=True)
class Spaces:
    """What a tokenizer.json does to text before its model sees it."""

    escapes: bool = False  # spaces are written as ▁
    prefix: bool = False  # and one is put in front
    once: bool = False  # only of the whole text, not behind every added token
    missing: bool = False  # only where there is none
    merges: bool = False  # runs of spaces become one
    charsmap: bytes = b""
    rewriting: Any = None  # the normaliser, spaces apart


class FastFile:
    """A parsed tokenizer.json. Raises ModelError TOKENIZER_BAD, TOKENIZER_UNSUPPORTED."""

    def __init__(self, checkpoint: Checkpoint, values: Any, name: str = NAME) -> None:
        self._checkpoint, self._name = checkpoint, name
        if not isinstance(values, dict) or not isinstance(values.get("model"), dict):
            raise self.bad("it has no model")
        self.values: Mapping[str, Any] = values
        self.model: Mapping[str, Any] = values["model"]
        self.kind = self.model.get("type") or ("BPE" if "merges" in self.model else "?")
        if self.kind not in ("BPE", "Unigram"):
            raise unsupported(f"a {str(self.kind)[:40]} model")
        self.added = self._added()
        self.pre_tokenizer = values.get("pre_tokenizer")

    @property
    def is_byte_level(self) -> bool:
        """Whether it is a byte-level BPE."""
        return self.kind == "BPE" and is_byte_level(self.pre_tokenizer)

    @property
    def ignores_merges(self) -> bool:
        """Whether a word that is a token is taken whole."""
        return bool(self.model.get("ignore_merges"))

    def open(self, text: str | None, more: Mapping[int, Added]) -> tokenizers.Tokenizer:
        """The tokenizer in its library; ``text`` is the file's own. Tokens that only other files add follow."""
        content = json.dumps(self.values) if text is None else text
        try:
            tokenizer = unpanicked(lambda: tokenizers.Tokenizer.from_str(content))
            tokenizer.no_truncation()
            tokenizer.no_padding()
            for one in more.values():
                if one.id not in self.added:
                    token = tokenizers.AddedToken(
                        one.text,
                        single_word=one.single_word,
                        lstrip=one.strips_left,
                        rstrip=one.strips_right,
                        normalized=one.normalized,
                        special=one.special,
                    )
                    add = tokenizer.add_special_tokens if one.special else tokenizer.add_tokens
                    unpanicked(lambda add=add, token=token: add([token]))  # type: ignore[misc]
                    if tokenizer.token_to_id(one.text) != one.id:
                        raise self.bad(
                            f"the added token {one.text[:40]!r} has the id {tokenizer.token_to_id(one.text)} instead of {one.id}"
                        )
        except ValueError as error:
            raise self.bad(str(error)) from error
        return tokenizer

    def byte_level_entries(self) -> tuple[Entries, list[str]]:
        """Entries and merges of a byte-level BPE."""
        entries = self._entries()
        return entries, [f"{left} {right}" for left, right in self._merges()]

    def escaped_entries(self) -> Entries:
        """Entries of a BPE that was once a SentencePiece model: the earlier a token's merge, the higher its score."""
        entries = self._entries()
        ids = entries.ids()
        scores: dict[int, float] = {}
        for rank, (left, right) in enumerate(self._merges()):
            place = ids.get(left + right)
            if place is not None:
                scores.setdefault(place, -float(rank))
        unknown = self.model.get("unk_token")
        for place, token in enumerate(entries.tokens):
            if token in BYTE:
                entries.types[place] = TokenType.BYTE
            elif isinstance(unknown, str) and token == unknown:
                entries.types[place] = TokenType.UNKNOWN
            entries.scores[place] = scores.get(place, 0.0 if len(token) == 1 else NEVER)
        return entries

    def unigram_entries(self) -> tuple[Entries, int]:
        """Entries of a unigram model, and the id of its unknown token."""
        entries = self._new_entries()
        vocabulary, unknown = self.model.get("vocab"), self.model.get("unk_id")
        if not isinstance(vocabulary, list) or len(vocabulary) > LARGEST:
            raise self.bad("it has no vocabulary")
        for item in vocabulary:
            if not isinstance(item, list) or len(item) != 2:
                raise self.bad("its vocabulary is no list of pieces")
            piece, score = item
            if not isinstance(piece, str) or isinstance(score, bool) or not isinstance(score, int | float):
                raise self.bad("its vocabulary is no list of pieces")
            try:
                entries.append(piece, float(score), TokenType.NORMAL)
            except OverflowError as error:
                raise self.bad("a score is too large") from error
        if not isinstance(unknown, int) or not is_id(unknown) or unknown >= len(entries.tokens):
            raise unsupported("a unigram model without an unknown token")
        entries.types[unknown] = TokenType.UNKNOWN
        return entries, unknown

    def spaces(self) -> Spaces:
        """What happens before the model, for a tokenizer that was once a SentencePiece model."""
        spaces = Spaces()
        rewriting: list[Any] = []
        for step in self._normalizers():
            kind = step.get("type")
            if kind in UNICODE_FORMS:
                rewriting.append(UNICODE_FORMS[kind]())
            elif kind == "Prepend" and step.get("prepend") == SPACE:
                spaces.prefix = True
            elif kind == "Replace":
                self._replacement(step, spaces, rewriting)
            elif kind == "Precompiled":
                spaces.charsmap = self._charsmap(step)
                rewriting.append(unpanicked(lambda: normalizers.Precompiled(spaces.charsmap)))
            elif kind == "Strip" and self.kind == "Unigram":
                rewriting.append(normalizers.Strip(left=bool(step.get("strip_left")), right=bool(step.get("strip_right"))))
            else:
                raise unsupported(f"the normaliser {str(kind)[:40]}")
        for step in self._pre_tokenizers():
            self._cut(step, spaces)
        spaces.rewriting = normalizers.Sequence(rewriting) if rewriting else None
        return spaces

    def unicode_form(self) -> Any:
        """The normaliser of a byte-level BPE, which may be a Unicode form and no more; None without one."""
        steps = self._normalizers()
        if any(step.get("type") not in UNICODE_FORMS for step in steps):
            raise unsupported("the normaliser " + ", ".join(str(step.get("type"))[:40] for step in steps))
        return normalizers.Sequence([UNICODE_FORMS[step["type"]]() for step in steps]) if steps else None

    def ends(self) -> tuple[str, str] | None:
        """The texts of the tokens that are put before and behind a text ("" for none), or None where nothing says so."""
        steps = _flatten(self.values.get("post_processor"), "processors")
        for step in steps:
            if step.get("type") == "TemplateProcessing":
                return self._template_ends(step)
        return ("", "") if self.values.get("post_processor") is not None else None

    def bad(self, detail: str) -> Exception:
        """The error that says what is wrong with the file."""
        return bad(self._checkpoint, self._name, detail)

    # -------------------------------------------------------------- parts

    def _added(self) -> dict[int, Added]:
        listed = self.values.get("added_tokens") or []
        if not isinstance(listed, list) or len(listed) > MOST_ADDED:
            raise self.bad("its added tokens are no list")
        found: dict[int, Added] = {}
        for value in listed:
            place = value.get("id") if isinstance(value, dict) else None
            if not isinstance(place, int) or not is_id(place):
                raise self.bad("an added token has no id")
            if place in found:
                raise self.bad(f"two added tokens have the id {place}")
            found[place] = added_token(self._checkpoint, self._name, place, value)
        return found

    def _new_entries(self) -> Entries:
        return Entries(str(bad(self._checkpoint, self._name, "").failure.args["path"]))

    def _entries(self) -> Entries:
        model = self.model
        for name in ("continuing_subword_prefix", "end_of_word_suffix", "dropout"):
            if model.get(name):
                raise unsupported(f"a model with {name}")
        vocabulary = model.get("vocab")
        if not isinstance(vocabulary, dict) or not vocabulary or len(vocabulary) > LARGEST:
            raise self.bad("it has no vocabulary")
        by_id: dict[int, str] = {}
        for text, place in vocabulary.items():
            if not is_id(place) or place >= 2 * len(vocabulary) + MOST_GAPS or place in by_id or len(text) > LONGEST:
                raise self.bad(f"the token {text[:40]!r} has the id {str(place)[:20]}")
            by_id[place] = text
        entries = self._new_entries()
        for place in range(max(by_id) + 1):
            text = by_id.get(place, "")
            entries.append(text, 0.0, TokenType.NORMAL if text else TokenType.UNUSED)
        return entries

    def _merges(self) -> list[tuple[str, str]]:
        listed = self.model.get("merges")
        if not isinstance(listed, list) or len(listed) > 4 * LARGEST:
            raise self.bad("it has no merges")
        merges: list[tuple[str, str]] = []
        for item in listed:
            pair = item.split(" ") if isinstance(item, str) else item
            if not isinstance(pair, list) or len(pair) != 2:
                raise self.bad(f"the merge {str(item)[:40]!r}")
            left, right = pair
            if not (left and right and isinstance(left, str) and isinstance(right, str)):
                raise self.bad(f"the merge {str(item)[:40]!r}")
            if " " in left or " " in right:
                raise unsupported(f"the merge {str(item)[:40]!r}")
            merges.append((left, right))
        return merges

    def _normalizers(self) -> list[Mapping[str, Any]]:
        return _flatten(self.values.get("normalizer"), "normalizers")

    def _pre_tokenizers(self) -> list[Mapping[str, Any]]:
        return _flatten(self.pre_tokenizer, "pretokenizers")

    def _replacement(self, step: Mapping[str, Any], spaces: Spaces, rewriting: list[Any]) -> None:
        pattern, content = step.get("pattern"), step.get("content")
        if pattern == {"String": " "} and content == SPACE:
            spaces.escapes = True
        elif pattern == {"Regex": " {2,}"} and content in (" ", SPACE) and self.kind == "Unigram":
            spaces.merges = True
            rewriting.append(normalizers.Replace(tokenizers.Regex(" {2,}"), " "))
        else:
            raise unsupported(f"the normaliser that replaces {str(pattern)[:80]}")

    def _charsmap(self, step: Mapping[str, Any]) -> bytes:
        try:
            charsmap = base64.b64decode(str(step.get("precompiled_charsmap") or ""), validate=True)
        except (binascii.Error, ValueError) as error:
            raise self.bad("its normaliser is damaged") from error
        check_charsmap(self._new_entries(), charsmap)
        return charsmap

    def _cut(self, step: Mapping[str, Any], spaces: Spaces) -> None:
        kind = step.get("type")
        if kind == "Metaspace" and step.get("replacement", SPACE) == SPACE:
            spaces.escapes = True
            scheme = step.get("prepend_scheme") or ("always" if step.get("add_prefix_space", True) else "never")
            spaces.prefix |= scheme in ("first", "always")
            spaces.once |= scheme == "first"
            spaces.missing |= scheme != "never"
        elif kind == "WhitespaceSplit" and self.kind == "Unigram":
            spaces.merges = True
        elif kind == "Split" and step.get("pattern") == {"String": " "} and spaces.escapes:
            pass  # there are no spaces left that it could cut at
        else:
            raise unsupported(f"the pre-tokenizer {str(kind)[:40]}")

    def _template_ends(self, step: Mapping[str, Any]) -> tuple[str, str]:
        single = step.get("single")
        names: list[str] = []
        for item in single if isinstance(single, list) and len(single) <= 16 else ():
            special = item.get("SpecialToken") if isinstance(item, dict) else None
            name = special.get("id") if isinstance(special, dict) else None
            names.append(name if isinstance(name, str) else "")
        if "" not in names:
            raise self.bad("its post-processor leaves the text out")
        before = [left for left, right in pairwise(names) if right == "" and left][:1]
        after = [right for left, right in pairwise(names) if left == "" and right][:1]
        # Two tokens in front are more than the library can add: a template writes them.
        alone = names.index("") <= 1
        return (before[0] if before and alone else "", after[0] if after and len(names) - names.index("") <= 2 else "")


def _flatten(section: Any, inner: str, depth: int = 0) -> list[Mapping[str, Any]]:
    """The steps of a section, sequences taken apart. Raises ModelError TOKENIZER_UNSUPPORTED."""
    if section is None:
        return []
    if not isinstance(section, dict):
        raise unsupported(f"the section {str(section)[:40]}")
    if section.get("type") != "Sequence":
        return [section]
    steps = section.get(inner)
    if depth > 3 or not isinstance(steps, list) or len(steps) > 32:
        raise unsupported("a sequence of too many steps")
    return [step for one in steps for step in _flatten(one, inner, depth + 1)]
