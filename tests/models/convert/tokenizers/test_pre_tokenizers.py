"""Every pre-tokenizer that has a name in llama.cpp cuts words there as it does in its own library."""

from pathlib import Path
from typing import Any

import pytest
from tests.models.convert.tokenizers.made_tokenizers import byte_level, folder_of, proven, training_text, vocabulary_of

from zhiyin_models.convert.tokenizers import pre_tokenizers as known
from zhiyin_models.errors import Code, ModelError

DIGITS = {"type": "Digits", "individual_digits": True}
BYTES = known.byte_level(use_regex=False)
WORDS = known.byte_level(use_regex=True)


def split(pattern: str, behavior: str = "Isolated", *, invert: bool = False) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert}


def sequence(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "pretokenizers": list(steps)}


DEFINITIONS = {
    "llama-bpe": sequence(split(known.LLAMA_3), BYTES),
    "qwen2": sequence(split(known.QWEN_2), BYTES),
    "qwen35": sequence(split(known.QWEN_35), BYTES),
    "gpt-2": WORDS,
    "smollm": sequence(DIGITS, WORDS),
    "falcon": sequence(
        {"type": "Punctuation", "behavior": "Contiguous"}, WORDS, {"type": "Digits", "individual_digits": False}, split("[0-9][0-9][0-9]")
    ),
    "deepseek-llm": sequence(
        split("[\r\n]"), split(known.EUROPEAN), split(known.FULL_WIDTH), split(r"\s+$"), split(known.CHINESE), DIGITS, BYTES
    ),
    "deepseek-coder": sequence(split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split(known.CHINESE), DIGITS, BYTES),
    "deepseek-v3": sequence(split(r"\p{N}{1,3}"), split(known.KANA), split(known.DEEPSEEK_3), BYTES),
    "tekken": sequence(split(known.TEKKEN), BYTES),
    "granite-embed-multi-97m": sequence(split(known.GPT_4O), BYTES),
    "seed-coder": sequence(split(known.SEED_CODER), BYTES),
    "minicpm5": sequence(split(r"\p{N}{1,3}"), split(known.MINICPM_5), BYTES),
    "ufakzeka": sequence(split(known.WORD.removeprefix("|") + r"|\p{N}" + known.REST), BYTES),
}
WHOLE = {"llama-bpe", "glm4", "tekken", "minicpm5", "granite-embed-multi-97m"}  # words that are tokens are taken whole


@pytest.mark.parametrize("name", [name for name in DEFINITIONS if name != "tekken"])
def test_each_definition_tokenizes_as_its_name(name: str, tmp_path: Path) -> None:
    content = byte_level(DEFINITIONS[name], ignore_merges=name in WHOLE)
    vocabulary = vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.json": content}), 720)
    assert vocabulary.pre == name
    assert proven(vocabulary, tmp_path) == ()


def test_what_the_library_only_comes_close_to_is_accepted_where_the_vocabulary_never_shows_it(tmp_path: Path) -> None:
    """llama.cpp's "tekken" parts combining marks from their letters: it shows once the vocabulary has merges across them."""
    lines = [text for text in training_text() if all(ord(letter) < 0x300 or 0x3000 <= ord(letter) < 0xA000 for letter in text)]
    plain = byte_level(DEFINITIONS["tekken"], ignore_merges=True, lines=lines)
    vocabulary = vocabulary_of(folder_of(tmp_path / "plain", {"tokenizer.json": plain}), 720)
    assert (vocabulary.pre, proven(vocabulary, tmp_path)) == ("tekken", ())
    marked = byte_level(DEFINITIONS["tekken"], ignore_merges=True)
    vocabulary = vocabulary_of(folder_of(tmp_path / "marked", {"tokenizer.json": marked}), 720)
    with pytest.raises(ModelError) as caught:
        proven(vocabulary, tmp_path)
    assert caught.value.code == Code.TOKENIZER_DIFFERS


def test_every_name_of_the_table_is_tried() -> None:
    names = {one.name for choices in known.NAMES.values() for one in choices}
    assert names == {*DEFINITIONS, "glm4", "chatglm-bpe", "dbrx"}


@pytest.mark.parametrize(
    ("section", "name"),
    [
        (sequence(split(known.LLAMA_3.replace(r"\r", "\r").replace(r"\n", "\n")), BYTES), "dbrx"),
        (sequence(split(known.LLAMA_3, "Removed", invert=True), BYTES), "dbrx"),
        (
            sequence(
                split(
                    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
                    "Removed",
                    invert=True,
                ),
                BYTES,
            ),
            "dbrx",
        ),
        (sequence(split(known.QWEN_2.replace(r"|\p{N}|", r"|\p{N}{1}|")), BYTES), "qwen2"),
        (sequence(split(known.GPT_2), BYTES), "gpt-2"),
        (sequence(sequence(DIGITS), WORDS), "smollm"),
    ],
)
def test_other_ways_of_writing_the_same_have_the_same_name(section: dict[str, Any], name: str) -> None:
    assert known.name_of(section, ignores_merges=False, beginning=True) == name


@pytest.mark.parametrize(("whole", "beginning", "name"), [(True, True, "llama-bpe"), (True, False, "glm4"), (False, False, "chatglm-bpe")])
def test_a_name_says_what_else_comes_with_it(whole: bool, beginning: bool, name: str) -> None:
    assert known.name_of(DEFINITIONS["llama-bpe"], ignores_merges=whole, beginning=beginning) == name


@pytest.mark.parametrize(
    "section",
    [
        sequence(split(r"\p{L}+|\p{N}+|\S"), BYTES),
        sequence(split(known.LLAMA_3, "MergedWithNext"), BYTES),
        sequence(split(known.LLAMA_3, invert=True), BYTES),
        sequence(split("x" * 5000), BYTES),
        WORDS | {"add_prefix_space": True},
        sequence({"type": "UnicodeScripts"}, WORDS),
        sequence({"type": "Split", "pattern": {"String": "a"}, "behavior": "Isolated"}, BYTES),
        sequence({"type": "Split", "pattern": 7}, BYTES),
        {"type": "Sequence", "pretokenizers": 7},
        {"type": "Sequence", "pretokenizers": [3, None, []]},
        None,
        "ByteLevel",
    ],
)
def test_a_definition_without_a_name_is_refused_with_its_text(section: Any) -> None:
    with pytest.raises(ModelError) as caught:
        known.name_of(section, ignores_merges=False, beginning=True)
    assert caught.value.code == Code.TOKENIZER_UNSUPPORTED
    assert caught.value.failure.args["detail"]
