"""A checkpoint's tokenizer as a GGUF vocabulary: which of its files is read, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.convert.source_files import shown
from zhiyin_models.convert.tensors import Metadata
from zhiyin_models.convert.tokenizers import byte_pair_files
from zhiyin_models.convert.tokenizers.chat_template import read_template
from zhiyin_models.convert.tokenizers.entries import Added, Entries, TokenType, merge_added
from zhiyin_models.convert.tokenizers.fast_tokenizer import BYTE, NAME, SPACE, FastFile, Spaces
from zhiyin_models.convert.tokenizers.pre_tokenizers import name_of, unsupported
from zhiyin_models.convert.tokenizers.sentencepiece_file import BYTE_PAIRS, LARGEST_FILE, UNIGRAM, SentencePieceFile, parse
from zhiyin_models.convert.tokenizers.source_tokenizer import FastSource, SentencePieceSource, SourceTokenizer
from zhiyin_models.convert.tokenizers.special_tokens import BEGIN, SpecialTokens
from zhiyin_models.convert.tokenizers.tokenizer_config import TokenizerConfig, bad
from zhiyin_models.errors import Code, Failure, ModelError

BPE, PIECES, PIECES_UNIGRAM = "BPE", "SentencePiece BPE", "SentencePiece unigram"
MODEL_FILES = ("tokenizer.model", "spiece.model")
LARGEST_JSON = 64 << 20  # bytes


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """What a tokenizer becomes. ``metadata`` is everything under ``tokenizer.``; ``source`` is the tokenizer itself."""

    kind: str  # "BPE", "SentencePiece BPE", "SentencePiece unigram"
    pre: str  # llama.cpp's name of the pre-tokenizer; "" for SentencePiece
    size: int
    added: tuple[str, ...]  # the texts that become one token each
    template: str  # the file that the chat template comes from; "" if none does
    metadata: Metadata
    source: SourceTokenizer
    notices: tuple[Failure, ...] = ()

    @property
    def tokens(self) -> list[str]:
        """The text of each token, as it is written."""
        values = self.metadata["tokenizer.ggml.tokens"]
        return [str(value) for value in values] if isinstance(values, list) else []

    @property
    def types(self) -> list[int]:
        """The type of each token: see ``TokenType``."""
        values = self.metadata["tokenizer.ggml.token_type"]
        return [int(value) for value in values] if isinstance(values, list) else []

    def encode(self, text: str) -> list[int]:
        """Ids of a text as the source library has them, nothing added; the texts of added tokens become those tokens."""
        return self.source.encode(text)


@dataclass(slots=True)
class Draft:
    """A vocabulary before its special tokens and its template are known."""

    kind: str
    entries: Entries
    added: dict[int, Added]
    source: SourceTokenizer
    metadata: Metadata
    known: dict[str, int]  # roles that the model file itself assigns
    ends: tuple[str, str] | None = None
    begins: bool = False
    pre: FastFile | None = None


def read_vocabulary(checkpoint: Checkpoint, rows: int, hints: Mapping[str, object], template: str = "") -> Vocabulary:
    """Read the tokenizer of a checkpoint whose embedding has ``rows``.

    ``hints`` is what its family knows (see the package); ``template`` the path of a chat template that the user chose.
    Raises ModelError TOKENIZER_MISSING, TOKENIZER_BAD, TOKENIZER_UNSUPPORTED, TEMPLATE_BAD, CONFIG_BAD.
    """
    config = TokenizerConfig(checkpoint)
    draft = _draft(checkpoint, config, rows, hints)
    for one in draft.added.values():
        draft.entries.add(one, rows)
    if draft.metadata["tokenizer.ggml.model"] == "llama":
        _spell_spaces(draft.entries)
    draft.entries.fill(rows)
    special = SpecialTokens(checkpoint, config, hints, draft.entries.ids(), draft.known)
    pre = ""
    if draft.pre is not None:
        pre = name_of(draft.pre.pre_tokenizer, ignores_merges=draft.pre.ignores_merges, beginning=special.bos is not None)
        draft.metadata["tokenizer.ggml.pre"] = pre
        if special.bos is None and pre not in ("glm4", "chatglm-bpe"):
            special.bos = special.eos  # the library would take its own default, which is some other word
            draft.begins, draft.ends = False, draft.ends or ("", "")
    metadata = draft.metadata | draft.entries.metadata(scores=draft.kind != BPE)
    metadata |= special.metadata(draft.entries.tokens, draft.ends, begins=draft.begins)
    jinja, name = read_template(checkpoint, config.values, hints, template)
    if jinja:
        metadata["tokenizer.chat_template"] = jinja
    places = [place for place, kind in enumerate(draft.entries.types) if kind == TokenType.USER_DEFINED]
    texts = [one.text for one in draft.added.values()] + [draft.entries.tokens[place] for place in places]
    return Vocabulary(
        draft.kind, pre, rows, tuple(dict.fromkeys(text for text in texts if text.strip(SPACE))), name, metadata, draft.source
    )


def _draft(checkpoint: Checkpoint, config: TokenizerConfig, rows: int, hints: Mapping[str, object]) -> Draft:
    values = checkpoint.json(NAME, LARGEST_JSON)
    fast, refusal = None, None
    if values is not None:
        try:
            fast = FastFile(checkpoint, values)
        except ModelError as error:
            if error.code != Code.TOKENIZER_UNSUPPORTED:
                raise
            refusal = error
    if fast is not None and fast.is_byte_level:
        return _byte_level(config, fast, checkpoint.text(NAME, LARGEST_JSON))
    for name in MODEL_FILES:
        data = checkpoint.data(name, LARGEST_FILE)
        if data is None:
            continue
        if byte_pair_files.is_tiktoken(data):
            built = byte_pair_files.from_tiktoken(checkpoint, name, data, hints, config.added)
            return _byte_level(config, FastFile(checkpoint, built, name), None)
        file = parse(data, shown(checkpoint.path / name))
        vocabulary = fast.model.get("vocab") if fast is not None else None
        if fast is None or not isinstance(vocabulary, dict | list) or len(vocabulary) <= len(file.entries.tokens):
            return _sentencepiece(checkpoint, config, file, data=data, fast=fast, hints=hints)
    if fast is not None:
        return _escaped(checkpoint, config, fast, rows)
    if refusal is not None:
        raise refusal
    merged = byte_pair_files.from_merges(checkpoint, config)
    if merged is not None:
        return _byte_level(config, FastFile(checkpoint, merged, "vocab.json"), None)
    raise ModelError(Code.TOKENIZER_MISSING, path=shown(checkpoint.path))


def _byte_level(config: TokenizerConfig, fast: FastFile, text: str | None) -> Draft:
    entries, merges = fast.byte_level_entries()
    form = fast.unicode_form()
    name_of(fast.pre_tokenizer, ignores_merges=fast.ignores_merges, beginning=True)  # refused before the library sees its expressions
    added = merge_added(fast.added, config.added)
    source = FastSource(fast.open(text, added), added, form)
    metadata: Metadata = {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.merges": merges}
    begins = fast.values.get("post_processor") is None and config.kind in BEGIN
    return Draft(BPE, entries, added, source, metadata, {}, fast.ends(), begins, fast)


def _sentencepiece(
    checkpoint: Checkpoint,
    config: TokenizerConfig,
    file: SentencePieceFile,
    *,
    data: bytes,
    fast: FastFile | None,
    hints: Mapping[str, object],
) -> Draft:
    entries = file.entries
    ids = entries.ids()
    texts = config.roles() or {entries.tokens[place] for place in file.special.values()}
    roles = {ids[text]: Added(ids[text], text) for text in texts if text in ids}
    named = hints.get("special_tokens")
    places = enumerate(named if isinstance(named, list | tuple) else (), len(entries.tokens))
    hinted = {place: Added(place, text) for place, text in places if isinstance(text, str)}
    added = merge_added(config.added, fast.added if fast else {}, roles, hinted)
    spaces = Spaces(prefix=file.add_prefix, merges=file.merge_spaces, charsmap=file.charsmap)
    kind, metadata = _escaped_metadata(spaces, unigram=file.kind == UNIGRAM, byte_fallback=file.byte_fallback)
    if file.kind not in (UNIGRAM, BYTE_PAIRS) or file.space_behind:
        raise unsupported("a SentencePiece model of words or characters")
    symbols = {place: Added(place, entries.tokens[place]) for place, one in enumerate(entries.types) if one == TokenType.USER_DEFINED}
    if file.kind == BYTE_PAIRS and file.add_prefix:
        for place, symbol in symbols.items():
            if len(symbol.text) == 1:  # the library would put a space behind it; a character is a token anyway
                entries.types[place] = TokenType.NORMAL
    once = config.flag("legacy") is False or (fast is not None and fast.spaces().once)
    cut = {place: one for place, one in added.items() if place not in symbols or one.text.strip(SPACE)}  # spaces are the library's own
    try:
        source = SentencePieceSource(data, cut, symbols, prefix_once=once, unigram=file.kind == UNIGRAM)
    except ValueError as error:
        raise bad(checkpoint, MODEL_FILES[0], str(error)) from error
    return Draft(kind, entries, added, source, metadata, file.special, fast.ends() if fast else None, begins=file.kind == BYTE_PAIRS)


def _escaped(checkpoint: Checkpoint, config: TokenizerConfig, fast: FastFile, rows: int) -> Draft:
    """A tokenizer.json that was made of a SentencePiece model which is not there any more."""
    spaces = fast.spaces()
    known: dict[str, int] = {}
    unigram = fast.kind == "Unigram"
    if unigram:
        entries, known["unk"] = fast.unigram_entries()
        byte_fallback = bool(fast.model.get("byte_fallback"))
    else:
        entries = fast.escaped_entries()
        byte_fallback = bool(fast.model.get("byte_fallback")) and set(entries.tokens) >= BYTE
    if not spaces.escapes:
        raise unsupported("a model that neither works on bytes nor escapes spaces")
    kind, metadata = _escaped_metadata(spaces, unigram=unigram, byte_fallback=byte_fallback)
    added = merge_added(fast.added, config.added)
    if len(entries.tokens) > rows:
        raise entries.bad(f"it has {len(entries.tokens)} tokens, and the model has rows for {rows}")
    tokenizer = fast.open(checkpoint.text(NAME, LARGEST_JSON), added)
    source = FastSource(tokenizer, added, spaces.rewriting, prefix_missing=spaces.missing, unigram=unigram)
    begins = fast.values.get("post_processor") is None and config.kind in BEGIN
    return Draft(kind, entries, added, source, metadata, known, fast.ends(), begins)


def _escaped_metadata(spaces: Spaces, *, unigram: bool, byte_fallback: bool) -> tuple[str, Metadata]:
    """Kind and metadata of a SentencePiece model. Raises ModelError TOKENIZER_UNSUPPORTED."""
    if unigram and byte_fallback:
        raise unsupported("a SentencePiece unigram model with byte fallback, for which llama.cpp has no equal")
    if not unigram and not byte_fallback:
        raise unsupported("a SentencePiece BPE model without byte fallback, for which llama.cpp has no equal")
    metadata: Metadata = {
        "tokenizer.ggml.model": "t5" if unigram else "llama",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.add_space_prefix": spaces.prefix,
    }
    if unigram:
        metadata["tokenizer.ggml.remove_extra_whitespaces"] = spaces.merges
        if spaces.charsmap:
            metadata["tokenizer.ggml.precompiled_charsmap"] = spaces.charsmap
    return (PIECES_UNIGRAM if unigram else PIECES), metadata


def _spell_spaces(entries: Entries) -> None:
    """The library looks for user-defined tokens in the text as it is, so their spaces are written as spaces.

    Runs of nothing but spaces (Gemma has them) are pieces like others there, merged before all others.
    """
    texts = set(entries.tokens)
    for place, kind in enumerate(entries.types):
        text = entries.tokens[place]
        if kind != TokenType.USER_DEFINED or SPACE not in text:
            continue
        if not text.strip(SPACE):
            entries.types[place], entries.scores[place] = TokenType.NORMAL, 1.0
        elif text.replace(SPACE, " ") not in texts:
            entries.tokens[place] = text.replace(SPACE, " ")
