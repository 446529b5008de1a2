"""Byte-level vocabularies: tokenizer.json, vocab.json with merges.txt, tiktoken's ranks; their special tokens and templates."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.models.convert.tokenizers.made_tokenizers import CHAT, byte_level, folder_of, proven, vocabulary_of

from zhiyin_models.convert.tokenizers import pre_tokenizers as known
from zhiyin_models.convert.tokenizers.byte_pair_files import BYTES
from zhiyin_models.errors import Code, ModelError

QWEN = known.definition(known.QWEN_2)


@pytest.fixture(scope="session")
def qwen() -> str:
    return json.dumps(byte_level(QWEN))


def token(place: int, text: str, **flags: bool) -> dict[str, Any]:
    return {
        "id": place,
        "content": text,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    } | flags


def test_an_extended_vocabulary(qwen: str, tmp_path: Path) -> None:
    """Tokens in tokenizer.json, others that only tokenizer_config.json and added_tokens.json know, and rows that nothing uses."""
    content = json.loads(qwen)
    content["added_tokens"] += [token(700, "<tool_call>", special=False), token(701, "月光", special=False)]
    config = {"added_tokens_decoder": {"702": {"content": "<|user|>", "special": True}}, "eos_token": {"content": "<|im_end|>"}}
    folder = folder_of(
        tmp_path / "m", {"tokenizer.json": content, "tokenizer_config.json": config, "added_tokens.json": {"<|user|>": 702, "<extra>": 703}}
    )
    vocabulary = vocabulary_of(folder, 768)
    assert proven(vocabulary, tmp_path) == ()
    assert vocabulary.pre == "qwen2"
    assert {"<tool_call>", "月光", "<|user|>", "<extra>", *CHAT} == set(vocabulary.added)
    kinds = vocabulary.types
    assert [kinds[place] for place in (0, 700, 701, 702, 703, 704, 767)] == [3, 4, 4, 3, 4, 5, 5]
    assert vocabulary.encode("床前月光<|user|>")[-2:] == [701, 702]
    assert len(set(vocabulary.tokens)) == 768


def test_merges_as_pairs_and_as_words(qwen: str, tmp_path: Path) -> None:
    content = json.loads(qwen)
    pairs = [merge if isinstance(merge, list) else merge.split(" ") for merge in content["model"]["merges"]]
    content["model"]["merges"] = pairs
    first = vocabulary_of(folder_of(tmp_path / "pairs", {"tokenizer.json": content}), 700)
    content["model"]["merges"] = [" ".join(pair) for pair in pairs]
    second = vocabulary_of(folder_of(tmp_path / "words", {"tokenizer.json": content}), 700)
    assert first.metadata == second.metadata


def test_truncation_and_padding_of_training_are_left_out(qwen: str, tmp_path: Path) -> None:
    padding = {
        "strategy": {"Fixed": 64},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "<s>",
    }
    truncation = {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}
    content = json.loads(qwen) | {"padding": padding, "truncation": truncation}
    assert proven(vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.json": content}), 700), tmp_path) == ()


def test_text_that_only_the_normaliser_changes_is_told(qwen: str, tmp_path: Path) -> None:
    content = json.loads(qwen) | {"normalizer": {"type": "NFC"}}
    notices = proven(vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.json": content}), 700), tmp_path)
    assert [notice.code for notice in notices] == [Code.TOKENIZER_NORMALISED]
    assert "e\u0301" in str(notices[0].args["detail"])


@pytest.mark.parametrize("kind", ["Lowercase", "StripAccents", "BertNormalizer", "Nmt", "Replace", "Strip"])
def test_a_normaliser_that_does_more_is_refused(qwen: str, tmp_path: Path, kind: str) -> None:
    content = json.loads(qwen) | {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": kind}]}}
    with pytest.raises(ModelError) as caught:
        vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.json": content}), 700)
    assert caught.value.code == Code.TOKENIZER_UNSUPPORTED
    assert kind in str(caught.value.failure.args["detail"])


def test_vocab_json_with_merges_txt(qwen: str, tmp_path: Path) -> None:
    model = json.loads(qwen)["model"]
    merges = "#version: 0.2\n" + "\n".join(" ".join(merge) if isinstance(merge, list) else merge for merge in model["merges"]) + "\n"
    decoder = {str(place): {"content": text, "special": True} for place, text in enumerate(CHAT)}
    config = {"tokenizer_class": "Qwen2Tokenizer", "added_tokens_decoder": decoder}
    folder = folder_of(tmp_path / "m", {"vocab.json": model["vocab"], "merges.txt": merges.encode(), "tokenizer_config.json": config})
    vocabulary = vocabulary_of(folder, 700)
    assert vocabulary.pre == "qwen2"
    assert [notice.code for notice in proven(vocabulary, tmp_path)] == [Code.TOKENIZER_NORMALISED]
    (folder / "tokenizer_config.json").write_text(json.dumps(config | {"tokenizer_class": "GPT2Tokenizer"}))
    assert vocabulary_of(folder, 700).pre == "gpt-2"


def test_tiktoken_ranks_with_special_tokens_of_the_family(tmp_path: Path) -> None:
    """GLM-4 as its first checkpoints have it: merges are found again in the ranks."""
    content = byte_level(known.definition(known.LLAMA_3), added=())["model"]
    ordered = sorted(content["vocab"], key=content["vocab"].get)
    lines = [base64.b64encode(bytes(BYTES[letter] for letter in text)) + b" %d\n" % rank for rank, text in enumerate(ordered)]
    names = ["<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>"]
    hints = {"special_tokens": names, "pattern": known.LLAMA_3, "end_tokens": ["<|user|>"], "eos": "<|endoftext|>"}
    folder = folder_of(tmp_path / "m", {"tokenizer.model": b"".join(lines)}, {"bos_token_id": None, "eos_token_id": [700, 707]})
    vocabulary = vocabulary_of(folder, 768, hints)
    assert vocabulary.pre == "glm4"
    assert vocabulary.encode("[gMASK]<sop><|user|>") == [702, 704, 707]
    assert (vocabulary.metadata["tokenizer.ggml.eos_token_id"], vocabulary.metadata["tokenizer.ggml.eot_token_id"]) == (700, 707)
    assert "tokenizer.ggml.bos_token_id" not in vocabulary.metadata
    assert proven(vocabulary, tmp_path) == ()
    with pytest.raises(ModelError) as caught:
        vocabulary_of(folder, 768)
    assert caught.value.code == Code.TOKENIZER_UNSUPPORTED


def ends(*single: str) -> dict[str, Any]:
    steps = [{"Sequence": {"id": "A", "type_id": 0}} if name == "A" else {"SpecialToken": {"id": name, "type_id": 0}} for name in single]
    special = {name: {"id": name, "ids": [CHAT.index(name)], "tokens": [name]} for name in single if name != "A"}
    template = {
        "type": "TemplateProcessing",
        "single": steps,
        "pair": [*steps, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": special,
    }
    return {"type": "Sequence", "processors": [known.byte_level(use_regex=True), template]}


@pytest.mark.parametrize(
    ("processor", "flags", "wanted"),
    [
        (ends("<s>", "A"), {}, (True, False)),
        (ends("<s>", "A", "</s>"), {}, (True, True)),
        (ends("A"), {}, (False, False)),
        (ends("<s>", "A"), {"add_bos_token": False}, (True, False)),
        (ends("<s>", "A"), {"add_bos_token": False, "tokenizer_class": "LlamaTokenizerFast"}, (False, False)),
        (ends("<|im_start|>", "<s>", "A"), {}, (False, False)),
        (None, {}, (False, False)),
        (None, {"add_bos_token": True}, (True, False)),
        (None, {"tokenizer_class": "LlamaTokenizer"}, (True, False)),
        (known.byte_level(use_regex=True), {"add_eos_token": True, "tokenizer_class": "LlamaTokenizer"}, (False, True)),
    ],
)
def test_what_is_put_around_a_text(qwen: str, tmp_path: Path, processor: Any, flags: dict[str, Any], wanted: tuple[bool, bool]) -> None:
    content = json.loads(qwen) | {"post_processor": processor}
    config = {"bos_token": "<s>", "eos_token": "</s>"} | flags
    metadata = vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.json": content, "tokenizer_config.json": config}), 700).metadata
    assert (metadata["tokenizer.ggml.add_bos_token"], metadata["tokenizer.ggml.add_eos_token"]) == wanted


@pytest.mark.parametrize(
    ("config", "generation", "wanted"),
    [
        ({"eos_token": "</s>"}, {}, (1, None)),
        ({"eos_token": "</s>"}, {"eos_token_id": [1, 3]}, (1, 3)),
        ({"eos_token": "<|im_end|>"}, {"eos_token_id": [3, 2]}, (3, 2)),
        ({}, {"eos_token_id": [3, 1]}, (1, 3)),
        ({"eos_token": {"content": "</s>"}}, {"eos_token_id": 3}, (1, 3)),
        ({"eos_token": "no such"}, {"eos_token_id": None}, (1, None)),
    ],
)
def test_the_ends_of_answers(qwen: str, tmp_path: Path, config: Any, generation: Any, wanted: tuple[int, int | None]) -> None:
    files = {"tokenizer.json": json.loads(qwen), "tokenizer_config.json": config, "generation_config.json": generation}
    metadata = vocabulary_of(folder_of(tmp_path / "m", files), 700).metadata
    assert (metadata["tokenizer.ggml.eos_token_id"], metadata.get("tokenizer.ggml.eot_token_id")) == wanted


@pytest.mark.parametrize("config", [{"eos_token_id": 700}, {"bos_token_id": 5000}])
def test_an_id_beyond_the_vocabulary_is_refused(qwen: str, tmp_path: Path, config: dict[str, int]) -> None:
    with pytest.raises(ModelError) as caught:
        vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.json": json.loads(qwen)}, config), 700)
    assert caught.value.code == Code.CONFIG_BAD


def test_templates_in_their_order(qwen: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", {"tokenizer.json": json.loads(qwen)})

    def found(chosen: str = "") -> tuple[str, object]:
        vocabulary = vocabulary_of(folder, 700, {"chat_template": "hint"}, chosen)
        return vocabulary.template, vocabulary.metadata.get("tokenizer.chat_template")

    assert found() == ("", "hint")
    several = [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "named"}]
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": several}))
    assert found() == ("tokenizer_config.json", "named")
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": "of json"}))
    assert found() == ("chat_template.json", "of json")
    (folder / "chat_template.jinja").write_text("{{ bos_token }}知音")
    assert found() == ("chat_template.jinja", "{{ bos_token }}知音")
    own = tmp_path / "模板.jinja"
    own.write_text("{{ messages }}")
    assert found(str(own)) == ("模板.jinja", "{{ messages }}")


@pytest.mark.parametrize("source", ["{% for x in %}", "{{ unclosed", "x" * 200_000, "\ud800"])
def test_a_template_that_does_not_compile_is_one_sentence(qwen: str, tmp_path: Path, source: str) -> None:
    folder = folder_of(tmp_path / "m", {"tokenizer.json": json.loads(qwen), "chat_template.json": {"chat_template": source}})
    good = tmp_path / "good.jinja"
    good.write_text("fine")
    assert vocabulary_of(folder, 700, template=str(good)).template == "good.jinja"
    with pytest.raises(ModelError) as caught:
        vocabulary_of(folder, 700)
    assert caught.value.code == Code.TEMPLATE_BAD
    assert str(caught.value.failure.args["path"]).endswith("chat_template.json")


@pytest.mark.parametrize("name", ["nowhere.jinja", "folder", "empty.jinja", "latin.jinja"])
def test_a_chosen_template_that_cannot_be_read_is_one_sentence(qwen: str, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.jinja").touch()
    (tmp_path / "latin.jinja").write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError) as caught:
        vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.json": json.loads(qwen)}), 700, template=str(tmp_path / name))
    assert caught.value.code == Code.TEMPLATE_BAD


def test_no_tokenizer_at_all(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        vocabulary_of(folder_of(tmp_path / "m", {"tokenizer_config.json": {}}), 700)
    assert caught.value.code == Code.TOKENIZER_MISSING


def spoiled(content: dict[str, Any], where: str, value: Any) -> dict[str, Any]:
    *path, last = where.split(".")
    inner = content
    for name in path:
        inner = inner[name]
    inner[last] = value
    return content


HUGE = 10**18
HOSTILE: list[tuple[str, Any]] = [
    ("model", None),
    ("model", []),
    ("model.type", "WordPiece"),
    ("model.type", {"a": 1}),
    ("model.vocab", []),
    ("model.vocab", {}),
    ("model.vocab", {"a": "0"}),
    ("model.vocab", {"a": -1}),
    ("model.vocab", {"a": True}),
    ("model.vocab", {"a": HUGE}),
    ("model.vocab", {"a": 0, "b": 0}),
    ("model.vocab", {"a": 1.5}),
    ("model.vocab", {"a" * 100_000: 0}),
    ("model.vocab", {"a": (1 << 22) - 1}),
    ("model.merges", {}),
    ("model.merges", [["no", "such"]]),
    ("model.merges", ["a b c"]),
    ("model.merges", ["ab"]),
    ("model.merges", [["a", 7]]),
    ("model.merges", [7]),
    ("model.dropout", 0.5),
    ("model.end_of_word_suffix", "</w>"),
    ("added_tokens", 7),
    ("added_tokens", [7]),
    ("added_tokens", [{"content": "a"}]),
    ("added_tokens", [token(-1, "a")]),
    ("added_tokens", [token(HUGE, "a")]),
    ("added_tokens", [token(9000, "a")]),
    ("added_tokens", [token(700, "a"), token(700, "b")]),
    ("added_tokens", [token(700, "")]),
    ("added_tokens", [{"id": 700, "content": 7}]),
    ("added_tokens", [token(0, "e")]),
    ("normalizer", 7),
    ("normalizer", {"type": "Sequence", "normalizers": 7}),
    ("pre_tokenizer", []),
    ("post_processor", {"type": "TemplateProcessing", "single": 7}),
]


@pytest.mark.parametrize(("where", "value"), HOSTILE)
def test_a_broken_tokenizer_json_is_one_sentence(qwen: str, tmp_path: Path, where: str, value: Any) -> None:
    folder = folder_of(tmp_path / "m", {"tokenizer.json": spoiled(json.loads(qwen), where, value)})
    with pytest.raises(ModelError) as caught:
        vocabulary_of(folder, 720)
    assert caught.value.code in (Code.TOKENIZER_BAD, Code.TOKENIZER_UNSUPPORTED)


@pytest.mark.parametrize(
    "name", ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.json"]
)
@pytest.mark.parametrize(
    "data", [b"", b"[]", b"7", b"{", b"\xff", b'{"a": ' + b"[" * 5000, b'{"bos_token": 7, "x": NaN, "chat_template": 7}']
)
def test_a_small_file_of_anything_is_one_sentence_or_no_matter(qwen: str, tmp_path: Path, name: str, data: bytes) -> None:
    folder = folder_of(tmp_path / "m", {"tokenizer.json": json.loads(qwen), name: data})
    try:
        assert vocabulary_of(folder, 700).size == 700
    except ModelError as error:
        assert error.code in (Code.TOKENIZER_BAD, Code.TEMPLATE_BAD, Code.CONFIG_BAD)


@pytest.mark.parametrize(
    "config",
    [
        {"added_tokens_decoder": [7]},
        {"added_tokens_decoder": {"x": {}}},
        {"added_tokens_decoder": {"-1": {"content": "a"}}},
        {"added_tokens_decoder": {"9" * 30: {"content": "a"}}},
        {"added_tokens_decoder": {"705": {"content": "gap"}}},
        {"added_tokens_decoder": {"700": {"content": ["a"]}}},
        {"added_tokens_decoder": {"700": 7}},
        {"added_tokens_decoder": {"700": {"content": "\ud800"}}},
        {"added_tokens_decoder": {"700": {"content": "a" * 2000}}},
    ],
)
def test_added_tokens_that_cannot_be_are_refused(qwen: str, tmp_path: Path, config: Any) -> None:
    with pytest.raises(ModelError) as caught:
        vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.json": json.loads(qwen), "tokenizer_config.json": config}), 720)
    assert caught.value.code == Code.TOKENIZER_BAD
