"""Names that a hub gives to files, and what they are called here: whatever comes in, it stays in its folder."""

import re
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.file_names import MAX_BYTES, MAX_LEVELS, local_name, repository_folder

RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
PIECES = st.sampled_from(
    ["..", ".", "/", "\\", "C:", "con", "NUL.gguf", "a", "模型", ".gguf", " ", "\0", "\n", "\u202e", "é", "e\u0301", ".part", "*"]
)
NAMES = st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=12).map("".join), st.text("ab./ ", max_size=400))


@given(NAMES)
@example("../../etc/passwd")
@example("/etc/passwd")
@example("C:\\Windows\\system32")
@example("a/" * 40 + "b.gguf")
@example("m" * 300 + "-00001-of-00002.gguf")
@example("\ud800.gguf")
def test_a_name_stays_in_its_folder_and_is_one_on_every_system(path: str) -> None:
    try:
        name = local_name(path)
    except ModelError as error:
        assert error.code == Code.FILE_NAME_BAD
        assert str(error.failure.args["name"]).isprintable()
        return
    parts = name.split("/")
    assert 1 <= len(parts) <= MAX_LEVELS
    assert not PurePosixPath(name).is_absolute()
    assert not PureWindowsPath(name).anchor
    for part in parts:
        assert part not in ("", ".", "..")
        assert len(part.encode()) <= MAX_BYTES
        assert not part.startswith((".", " "))
        assert not part.endswith((".", " "))
        assert not RESERVED.match(part)
        assert not re.search(r'[<>:"\\|?*\x00-\x1f]', part)
        assert part.isprintable()
        assert not part.lower().endswith((".part", ".part.json", ".part.lock"))
    assert local_name(name) == name


@pytest.mark.parametrize("name", ["model-Q4_K_M.gguf", "BF16/模型-00001-of-00003.gguf", "tokenizer.json", "Qwen2.5 (1.5B) é.gguf"])
def test_an_ordinary_name_stays_itself(name: str) -> None:
    assert local_name(name) == name


@pytest.mark.parametrize(
    "path", ["../x.gguf", "a/../../x", "/x", "\\x", "C:x.gguf", "c:/x", "", ".", "a/..", "x\0.gguf", "a/", "..\\x", "a/ .. /b"]
)
def test_what_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ModelError) as caught:
        local_name(path)
    assert caught.value.code == Code.FILE_NAME_BAD


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("NUL.gguf", "_NUL.gguf"),
        ("com1", "_com1"),
        ("ab:c?.gguf", "ab_c_.gguf"),
        ("model.gguf. .", "model.gguf"),
        (".hidden/x", "_.hidden/x"),
        ("x.gguf.part", "x.gguf.part_"),
        ("a//b", "a/b"),
        ("1/2/3/4/5.gguf", "1/2/3_4/5.gguf"),
        ("exe\u202efugg.gguf", "exe_fugg.gguf"),
        ("e\u0301.gguf", "é.gguf"),
    ],
)
def test_what_can_be_mended_is(path: str, name: str) -> None:
    assert local_name(path) == name


def test_the_parts_of_a_set_with_a_long_name_stay_a_set() -> None:
    names = [local_name(f"{'長' * 150}-0000{number}-of-00002.gguf") for number in (1, 2)]
    assert names[1] == names[0].replace("-00001-of", "-00002-of")
    assert names[0].endswith("-00001-of-00002.gguf")
    assert local_name("x" * 300 + "a.gguf") != local_name("x" * 300 + "b.gguf")


def test_a_repository_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    assert repository_folder(tmp_path, "Qwen/Qwen3-8B-GGUF") == tmp_path / "Qwen" / "Qwen3-8B-GGUF"
    assert repository_folder(tmp_path, "gpt2") == tmp_path / "gpt2"
    for bad in ("../x", "a/b/c", ""):
        with pytest.raises(ModelError):
            repository_folder(tmp_path, bad)
