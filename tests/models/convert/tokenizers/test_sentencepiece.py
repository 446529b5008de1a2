"""SentencePiece models: byte pairs and unigrams, from tokenizer.model and from a tokenizer.json that was made of one."""

import json
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from tests.models.convert.tokenizers.made_tokenizers import (
    folder_of,
    message,
    piece,
    proven,
    sentencepiece_model,
    varint,
    vocabulary_of,
)

from zhiyin_models.convert.tokenizers.entries import TokenType
from zhiyin_models.convert.tokenizers.fast_tokenizer import BYTE
from zhiyin_models.convert.tokenizers.sentencepiece_file import parse
from zhiyin_models.errors import Code, ModelError

LLAMA = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


@pytest.fixture(scope="session")
def byte_pairs() -> bytes:
    return sentencepiece_model("bpe", byte_fallback=True)


@pytest.fixture(scope="session")
def unigram() -> bytes:
    return sentencepiece_model("unigram", size=900)


def types_of(metadata: dict[str, Any]) -> list[int]:
    return list(metadata["tokenizer.ggml.token_type"])


def test_byte_pairs_keep_spaces_tabs_and_bytes(byte_pairs: bytes, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", {"tokenizer.model": byte_pairs, "tokenizer_config.json": LLAMA})
    vocabulary = vocabulary_of(folder, 1100)
    assert (vocabulary.kind, vocabulary.pre, vocabulary.size) == ("SentencePiece BPE", "", 1100)
    assert vocabulary.metadata["tokenizer.ggml.add_space_prefix"] is True
    assert vocabulary.metadata["tokenizer.ggml.add_bos_token"] is True
    assert proven(vocabulary, tmp_path) == ()
    library = sentencepiece.SentencePieceProcessor(model_proto=byte_pairs)
    text = "a\tb  c 龘\n"
    assert vocabulary.encode(text) == library.encode(text)
    assert vocabulary.encode(f"x</s>{text}") == [*library.encode("x"), 2, *library.encode(text)]
    kinds = types_of(vocabulary.metadata)
    assert kinds.count(TokenType.BYTE) == 256
    assert kinds[:3] == [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL]
    assert set(kinds[library.get_piece_size() :]) == {TokenType.UNUSED}


def test_no_space_is_put_in_front_where_the_model_says_so(tmp_path: Path) -> None:
    data = sentencepiece_model("bpe", byte_fallback=True, add_dummy_prefix=False)
    vocabulary = vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.model": data}), 1100)
    assert vocabulary.metadata["tokenizer.ggml.add_space_prefix"] is False
    assert proven(vocabulary, tmp_path) == ()


def test_a_vocabulary_that_was_extended(byte_pairs: bytes, tmp_path: Path) -> None:
    """As Chinese Alpaca: pieces behind the others, then tokens that only the small files know."""
    data = byte_pairs + b"".join(piece(text, -500.0 - number) for number, text in enumerate(("明月光", "▁hello▁", "故乡")))
    size = sentencepiece.SentencePieceProcessor(model_proto=data).get_piece_size()
    added = {"<pad>": size, "<|user|>": size + 1, "工具": size + 2}
    decoder = {str(size + 3): {"content": "<|end of turn|>", "special": True}, str(size + 4): {"content": "<think>", "special": False}}
    config = LLAMA | {"added_tokens_decoder": decoder, "pad_token": "<pad>", "additional_special_tokens": ["<|user|>"]}
    folder = folder_of(tmp_path / "m", {"tokenizer.model": data, "added_tokens.json": added, "tokenizer_config.json": config})
    vocabulary = vocabulary_of(folder, size + 16)
    assert proven(vocabulary, tmp_path) == ()
    kinds, scores = types_of(vocabulary.metadata), vocabulary.metadata["tokenizer.ggml.scores"]
    assert isinstance(scores, list)
    assert kinds[size : size + 6] == [3, 3, 4, 3, 4, 5]
    assert scores[size : size + 5] == [-1000.0] * 5
    assert vocabulary.metadata["tokenizer.ggml.padding_token_id"] == size
    assert {"<|user|>", "工具", "<think>", "</s>"} <= set(vocabulary.added)


def test_fewer_rows_than_tokens_are_refused(byte_pairs: bytes, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.model": byte_pairs}), 400)
    assert caught.value.code == Code.TOKENIZER_BAD
    assert "400" in str(caught.value.failure.args["detail"])


def test_spaces_behind_added_tokens_are_told(byte_pairs: bytes, tmp_path: Path) -> None:
    config = LLAMA | {"legacy": False, "added_tokens_decoder": {"1000": {"content": "<|end|>", "special": True, "rstrip": True}}}
    vocabulary = vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.model": byte_pairs, "tokenizer_config.json": config}), 1100)
    assert vocabulary.encode("a<|end|>  \nb") == [*vocabulary.encode("a"), 1000, *vocabulary.encode("<s>b")[1:]]
    assert [notice.code for notice in proven(vocabulary, tmp_path)] == [Code.TOKENIZER_SPACES]


def test_what_only_the_normaliser_changes_is_told(tmp_path: Path) -> None:
    data = sentencepiece_model("bpe", byte_fallback=True, normalization_rule_name="nfkc")
    vocabulary = vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.model": data}), 1100)
    assert [notice.code for notice in proven(vocabulary, tmp_path)] == [Code.TOKENIZER_NORMALISED]


@pytest.mark.parametrize("options", [{}, {"normalization_rule_name": "nmt_nfkc", "remove_extra_whitespaces": True}])
def test_unigrams(options: dict[str, Any], tmp_path: Path) -> None:
    vocabulary = vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.model": sentencepiece_model("unigram", size=900, **options)}), 1100)
    assert vocabulary.kind == "SentencePiece unigram"
    assert vocabulary.metadata["tokenizer.ggml.model"] == "t5"
    assert ("tokenizer.ggml.precompiled_charsmap" in vocabulary.metadata) == bool(options)
    assert [notice.code for notice in proven(vocabulary, tmp_path) if notice.code != Code.TOKENIZER_SPACES] == []


@pytest.mark.parametrize("options", [{"model_type": "unigram", "byte_fallback": True}, {"model_type": "bpe"}, {"model_type": "char"}])
def test_what_the_library_has_no_equal_of_is_refused(options: dict[str, Any], tmp_path: Path) -> None:
    data = sentencepiece_model(options["model_type"], byte_fallback=options.get("byte_fallback", False))
    with pytest.raises(ModelError) as caught:
        vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.model": data}), 4000)
    assert caught.value.code == Code.TOKENIZER_UNSUPPORTED


def as_json(data: bytes, **sections: Any) -> dict[str, Any]:
    """What Transformers makes of a SentencePiece BPE: all ways to merge two pieces into a third, the best piece first."""
    file = parse(data, "tokenizer.model")
    ids = file.entries.ids()
    merges = []
    for token, score in zip(file.entries.tokens, file.entries.scores, strict=True):
        for cut in range(1, len(token)):
            left, right = token[:cut], token[cut:]
            if left in ids and right in ids and token not in BYTE:
                merges.append((-score, ids[left], ids[right], f"{left} {right}"))
    model = {"type": "BPE", "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True, "vocab": ids}
    added = [{"id": number, "content": text, "special": True} for number, text in enumerate(("<unk>", "<s>", "</s>"))]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    content = {"version": "1.0", "added_tokens": [one | flags for one in added]}
    return content | {"model": model | {"merges": [merge for *_, merge in sorted(merges)]}} | sections


ESCAPE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
PREPEND = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, ESCAPE]}
METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
ENDS = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
    "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
}


@pytest.mark.parametrize(
    ("sections", "notices"),
    [
        ({"normalizer": PREPEND, "post_processor": ENDS}, []),
        ({"pre_tokenizer": METASPACE}, [Code.TOKENIZER_SPACES]),
        (
            {
                "normalizer": ESCAPE,
                "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False},
            },
            [],
        ),
    ],
)
def test_a_tokenizer_json_without_its_model_file(byte_pairs: bytes, tmp_path: Path, sections: Any, notices: list[Code]) -> None:
    folder = folder_of(tmp_path / "m", {"tokenizer.json": as_json(byte_pairs, **sections), "tokenizer_config.json": LLAMA})
    vocabulary = vocabulary_of(folder, 1100)
    assert vocabulary.kind == "SentencePiece BPE"
    assert [notice.code for notice in proven(vocabulary, tmp_path)] == notices
    assert vocabulary.metadata["tokenizer.ggml.add_bos_token"] is True


def test_the_model_file_and_the_json_made_of_it_are_written_alike(byte_pairs: bytes, tmp_path: Path) -> None:
    both = {"tokenizer.model": byte_pairs, "tokenizer.json": as_json(byte_pairs, normalizer=PREPEND), "tokenizer_config.json": LLAMA}
    alone = {name: content for name, content in both.items() if name != "tokenizer.model"}
    first, second = (vocabulary_of(folder_of(tmp_path / name, files), 1100) for name, files in (("both", both), ("alone", alone)))
    assert (first.metadata["tokenizer.ggml.tokens"], types_of(first.metadata)) == (
        second.metadata["tokenizer.ggml.tokens"],
        types_of(second.metadata),
    )
    assert proven(first, tmp_path / "both") == proven(second, tmp_path / "alone") == ()


def test_tokens_that_only_the_family_knows(byte_pairs: bytes, tmp_path: Path) -> None:
    """ChatGLM3 lists them in code."""
    data = byte_pairs
    size = sentencepiece.SentencePieceProcessor(model_proto=data).get_piece_size()
    names = ["[MASK]", "[gMASK]", "[sMASK]", "sop", "eop", "<|system|>", "<|user|>"]
    hints = {"special_tokens": names, "end_tokens": ["<|user|>"], "chat_template": "{{ messages[0].content }}", "add_bos": False}
    vocabulary = vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.model": data}), size + 20, hints)
    assert vocabulary.encode("[gMASK]sop<|user|>") == [size + 1, size + 3, size + 6]
    assert vocabulary.metadata["tokenizer.ggml.eot_token_id"] == size + 6
    assert vocabulary.metadata["tokenizer.ggml.add_bos_token"] is False
    assert vocabulary.metadata["tokenizer.chat_template"] == "{{ messages[0].content }}"
    assert proven(vocabulary, tmp_path) == ()


def test_a_unigram_in_a_tokenizer_json(unigram: bytes, tmp_path: Path) -> None:
    file = parse(unigram, "tokenizer.model")
    vocabulary = [[token, score] for token, score in zip(file.entries.tokens, file.entries.scores, strict=True)]
    added = [{"id": 2, "content": "</s>", "special": True, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}]
    content = {
        "version": "1.0",
        "added_tokens": added,
        "pre_tokenizer": METASPACE | {"prepend_scheme": "always"},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": vocabulary, "byte_fallback": False},
    }
    made = vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.json": content}, {"eos_token_id": 2}), 1100)
    assert made.kind == "SentencePiece unigram"
    assert [notice.code for notice in proven(made, tmp_path) if notice.code != Code.TOKENIZER_SPACES] == []
    assert json.dumps(made.metadata["tokenizer.ggml.unknown_token_id"]) == "0"


NORMALISER = b"\x08\0\0\0" + b"\xff\xff\xff\x7f" * 2 + b"x\0"
HOSTILE = {
    "nothing": b"",
    "text": b"hello\nworld\n",
    "zeros": b"\0" * 100,
    "cut off": piece("a", 0.0)[:-2],
    "long length": b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    "endless number": b"\x0a" + b"\xff" * 40,
    "unknown type": piece("a", 0.0, 99),
    "not a number": piece("<unk>", 0.0, 2) + piece("a", float("nan")),
    "infinite": piece("<unk>", 0.0, 2) + piece("a", float("-inf")),
    "twice": piece("<unk>", 0.0, 2) + piece("a", 0.0) + piece("a", 0.0),
    "empty": piece("<unk>", 0.0, 2) + piece("", 0.0),
    "two unknown": piece("<unk>", 0.0, 2) + piece("a", 0.0, 2),
    "not utf-8": message(1, message(1, b"\xff\xfe")),
    "long piece": piece("<unk>", 0.0, 2) + piece("a" * 200_000, 0.0),
    "only bytes": b"".join(piece(f"<0x{byte:02X}>", 0.0, 6) for byte in range(256)),
    "normaliser": piece("<unk>", 0.0, 2) + message(3, message(2, NORMALISER)),
    "short normaliser": piece("<unk>", 0.0, 2) + message(3, message(2, b"\1")),
    "wrong wire type": b"\x0b\x0a",
    "ids": piece("<unk>", 0.0, 2) + message(2, varint(40 << 3) + varint(10**15)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_broken_model_file_is_one_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.model": HOSTILE[name]}), 10)
    assert caught.value.code in (Code.TOKENIZER_BAD, Code.TOKENIZER_UNSUPPORTED)
    assert caught.value.failure.args["detail"]


def test_a_model_file_cut_anywhere_is_one_sentence(byte_pairs: bytes, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", {})
    for size in range(1, len(byte_pairs) - 1, len(byte_pairs) // 40):
        (folder / "tokenizer.model").write_bytes(byte_pairs[:size])
        with pytest.raises(ModelError):
            vocabulary_of(folder, 10)


@pytest.mark.parametrize("text", ["\ud800", "", "a" * 5000])
def test_an_added_token_that_is_no_text_is_refused(byte_pairs: bytes, tmp_path: Path, text: str) -> None:
    folder = folder_of(tmp_path / "m", {"tokenizer.model": byte_pairs, "added_tokens.json": {text: 1000}})
    with pytest.raises(ModelError) as caught:
        vocabulary_of(folder, 1100)
    assert caught.value.code == Code.TOKENIZER_BAD


def test_runs_of_spaces_that_are_tokens(tmp_path: Path) -> None:
    """As Gemma has them, in the model file and listed once more beside it."""
    runs = ["▁" * count for count in range(2, 9)]
    symbols = [*runs, "\n", "\n\n", "<table>", "<start_of_turn>"]
    data = sentencepiece_model("bpe", byte_fallback=True, add_dummy_prefix=False, user_defined_symbols=symbols)
    library = sentencepiece.SentencePieceProcessor(model_proto=data)
    decoder = {str(library.piece_to_id(text)): {"content": text, "special": text.startswith("<s")} for text in symbols}
    folder = folder_of(tmp_path / "m", {"tokenizer.model": data, "tokenizer_config.json": LLAMA | {"added_tokens_decoder": decoder}})
    vocabulary = vocabulary_of(folder, 1024)
    assert vocabulary.encode("a    b") == library.encode("a    b")
    assert proven(vocabulary, tmp_path) == ()
    assert not any(text in vocabulary.added for text in runs)
    added = [{"id": int(place), "content": one["content"], "special": False} for place, one in decoder.items()]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    alone = as_json(data, normalizer=ESCAPE)
    alone["added_tokens"] += [one | flags for one in added]
    made = vocabulary_of(folder_of(tmp_path / "alone", {"tokenizer.json": alone, "tokenizer_config.json": LLAMA}), 1024)
    assert made.kind == "SentencePiece BPE"
