"""The command line knows every code and every line in both languages, with every argument used."""

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin_models import cli, errors, messages
from zhiyin_models.errors import Code
from zhiyin_models.messages import PHRASES, SENTENCES, USAGE_ERRORS, one_line, phrase, size_text, text, usage_error
from zhiyin_models.work import Stage

CHINESE = re.compile("[\u4e00-\u9fff]")
NAMES = frozenset(
    {
        *("path", "detail", "version", "expected", "actual", "part", "architecture", "need", "free", "name", "seconds", "limit"),
        *("tokens", "over", "turns", "wanted", "given", "reason", "ours", "theirs", "address", "maker", "device"),
    }
)


def placeholders(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None}


def arguments(code: Code) -> set[str]:
    """As the comment beside the code has them."""
    line = next(line for line in Path(errors.__file__).read_text("utf-8").splitlines() if f' = "{code}"' in line)
    comment = re.sub(r"\(.*?\)", "", line.partition("#")[2])
    return set(re.findall(r"\w+", comment)) & NAMES


@pytest.mark.parametrize("code", Code)
def test_every_code_is_a_sentence_in_both_languages_with_every_argument(code: Code) -> None:
    zh, en = SENTENCES[code]
    assert placeholders(zh) == placeholders(en) == arguments(code)
    assert CHINESE.search(zh)
    assert not CHINESE.search(en)
    assert zh[-1] == "。"
    assert en[-1] in ".t"  # some end in a command to be typed
    args: dict[str, errors.Argument] = dict.fromkeys(arguments(code), 5)
    for lang in get_args(messages.Language):
        assert "…" not in text(code, lang, args)


def test_the_names_of_arguments_are_all_known() -> None:
    used = set().union(*(placeholders(words.en) for words in SENTENCES.values()))
    assert used == NAMES


@pytest.mark.parametrize("key", PHRASES)
def test_every_line_is_in_both_languages_and_used(key: str) -> None:
    zh, en = PHRASES[key]
    assert placeholders(zh) == placeholders(en)
    assert CHINESE.search(zh)
    assert en
    assert not CHINESE.search(en)
    folder = Path(messages.__file__).parent
    sources = "".join(path.read_text("utf-8") for path in [*Path(cli.__file__).parent.glob("*.py"), folder / "messages.py"])
    # help texts are asked for by the name of their option, and ends of replies by their reason
    uses = re.findall(rf"""["']{key}["']|"{key.replace("_", "-")}\"""", sources)
    assert len(uses) > 1 or key in {"stopped", "length", "context_full"} or key.removeprefix("stage_") in set(Stage)


def test_arguments_are_shown_as_people_say_them() -> None:
    assert text(Code.MODEL_TOO_BIG, "en", {"path": "a.gguf", "need": 5 * 1024**3, "free": 300 * 1024**2}) == (
        "a.gguf needs about 5.0 GB of memory and 300.0 MB are free. Close other programs, lower --context, or choose a smaller model."
    )
    assert "16.0 MB" in text(Code.LINE_TOO_LONG, "zh", {"limit": 16 * 1024**2})
    assert "1,000,000 个字符" in text(Code.TEMPLATE_TOO_LARGE, "zh", {"limit": 1_000_000})
    assert "12,345" in text(Code.MESSAGE_TOO_LONG, "en", {"tokens": 12345, "limit": 8000, "over": 4345})
    assert text(Code.ENGINE_DIED, "en", {"reason": "SIGKILL", "detail": ""}) == (
        "The engine ended unexpectedly: SIGKILL. Try again; if it happens again, choose a smaller model."
    )
    assert "退出码 3（the last line）" in text(Code.ENGINE_DIED, "zh", {"reason": 3, "detail": "a line\nthe last line\n"})
    assert "30" in text(Code.ENGINE_SILENT, "zh", {"seconds": 30.0})


def test_why_a_source_was_left_is_said_in_words() -> None:
    args: dict[str, errors.Argument] = {"address": "https://a.example", "name": "m.gguf", "detail": Code.CHECKSUM_DIFFERS.value}
    assert "校验值不符" in text(Code.SOURCE_SWITCHED, "zh", args)
    assert text(Code.SOURCE_SWITCHED, "en", args) == (
        "https://a.example did not serve m.gguf (the checksum is wrong), so another source stood in."
    )
    assert "503" in text(Code.SOURCE_SWITCHED, "zh", {**args, "detail": "503"})


def test_a_missing_argument_costs_its_word_only() -> None:
    assert (
        text(Code.MODEL_NOT_GGUF, "en", {}) == "… is not a GGUF model, or its download failed. Choose another file, or download it again."
    )


def test_hostile_arguments_are_one_harmless_line() -> None:
    sentence = text(Code.MODEL_NOT_GGUF, "en", {"path": "a\x1b]0;title\x07\r\n{detail}\u202e.gguf"})
    assert sentence.startswith("a ]0;title {detail} .gguf is not")
    assert len(text(Code.ENGINE_FAILED, "en", {"detail": "x" * 10_000})) < 500


@given(st.text())
def test_one_line_is_printable(words: str) -> None:
    assert one_line(words).isprintable()


@pytest.mark.parametrize(("size", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (98_362_432, "93.8 MB"), (3 << 40, "3.0 TB")])
def test_sizes(size: int, words: str) -> None:
    assert size_text(size) == words


def test_what_argparse_says_is_translated() -> None:
    assert usage_error("unrecognized arguments: -x -y", "zh") == "无法识别的参数 -x -y"
    assert usage_error("unrecognized arguments: -x -y", "en") == "unrecognized arguments: -x -y"
    assert usage_error("something new", "zh") == "something new"
    assert all(CHINESE.search(words) or "：" in words for _, words in USAGE_ERRORS)


def test_an_unknown_line_is_an_error() -> None:
    with pytest.raises(KeyError):
        phrase("nonsense", "en")
