"""Every code has a sentence, and every sentence uses only what its code carries."""

import inspect
import re
from enum import StrEnum
from string import Formatter

import pytest
from PySide6.QtWidgets import QApplication

from zhiyin import errors, i18n
from zhiyin.prompt.errors import CardCode, CardDetail
from zhiyin.store.errors import StoreCode
from zhiyin_models.errors import Code

NAMES = re.compile(r"[a-z_]+")


def promised(kind: type[StrEnum]) -> dict[str, set[str]]:
    """The arguments named in the comment beside each code."""
    found = {}
    for line in inspect.getsource(kind).splitlines():
        if match := re.match(r'\s+[A-Z_]+ = "([^"]+)"(?:\s+# (.*))?', line):
            comment = re.sub(r"\([^)]*\)|^a notice:", "", match[2] or "")
            found[match[1]] = set(NAMES.findall(comment))
    return found


@pytest.mark.parametrize("kind", [CardCode, Code, StoreCode])
def test_every_code_has_a_sentence_that_uses_what_it_carries(kind: type[StrEnum]) -> None:
    carried = promised(kind)
    for code in kind:
        sentence = str(errors.SENTENCES[code])
        used = {name for _, name, _, _ in Formatter().parse(sentence) if name}
        assert used <= carried[code], code
        assert sentence.endswith("."), code


@pytest.mark.usefixtures("qapp")
def test_sizes_are_shown_as_a_person_reads_them() -> None:
    text = errors.describe(Code.MODEL_TOO_BIG, {"path": "big.gguf", "need": 5 << 30, "free": 3 << 30})
    assert "5.0" in text
    assert "3.0" in text
    assert str(5 << 30) not in text


@pytest.mark.usefixtures("qapp")
def test_a_missing_argument_costs_its_word_and_an_unknown_code_still_says_something() -> None:
    assert "…" in errors.describe(Code.MODEL_MISSING, {})
    assert "no.such" in errors.describe("no.such", {})


@pytest.mark.usefixtures("qapp")
def test_why_a_source_was_left_is_said_in_words() -> None:
    args = {"address": "https://a.example", "name": "m.gguf"}
    assert "(the checksum is wrong)" in errors.describe(Code.SOURCE_SWITCHED, {**args, "detail": Code.CHECKSUM_DIFFERS.value})
    assert "(503)" in errors.describe(Code.SOURCE_SWITCHED, {**args, "detail": "503"})


@pytest.mark.usefixtures("qapp")
def test_known_details_are_said_in_the_language_of_the_window(qapp: QApplication) -> None:
    assert {str(detail) for detail in CardDetail} <= set(errors.DETAILS)
    args: dict[str, errors.Argument] = {"path": "a.json", "detail": CardDetail.JSON, "line": 3}
    assert "(the JSON is broken at line 3)" in errors.describe(CardCode.DAMAGED, args)
    i18n.install(qapp, "zh_CN")
    try:
        for detail in errors.DETAILS:
            said = errors.describe(CardCode.DAMAGED, {**args, "path": "“卡”", "detail": detail})
            assert not re.search("[a-z]{2,}", said), said
    finally:
        i18n.install(qapp, "en")


@pytest.mark.usefixtures("qapp")
def test_brackets_without_content_are_left_out() -> None:
    args: dict[str, errors.Argument] = {"reason": "SIGKILL", "detail": " "}
    assert errors.describe(Code.JOB_DIED, args) == "The job ended unexpectedly: SIGKILL. Start it again: it goes on where it was."
    assert "SIGKILL (lines)" in errors.describe(Code.JOB_DIED, {**args, "detail": "lines"})
    assert "/a ()/b" in errors.describe(Code.MODEL_MISSING, {"path": "/a ()/b"})
