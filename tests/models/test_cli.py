"""What the command line understands and says, without an engine."""

import json
from pathlib import Path

import pytest
from tests.models.gguf_files import starter_truncated, write_small, write_split

from zhiyin_models import __version__
from zhiyin_models.cli import COMMANDS, main
from zhiyin_models.cli.arguments import chosen_language, parse
from zhiyin_models.cli.models import parameters_text
from zhiyin_models.cli.terminal import Terminal, neutral, width

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZHIYIN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ZHIYIN_LANG", "en")
    return tmp_path / "data"


def refused(capsys: Output, *arguments: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    return output.err


# ------------------------------------------------------------------ grammar


def test_the_language_is_chosen_before_anything_is_said() -> None:
    assert chosen_language(["chat", "--lang", "zh"], {"ZHIYIN_LANG": "en"}) == "zh"
    assert chosen_language(["--lang=en", "chat"], {"LANG": "zh_CN.UTF-8"}) == "en"
    assert chosen_language([], {"ZHIYIN_LANG": "zh", "LC_ALL": "C"}) == "zh"
    assert chosen_language(["--lang"], {"ZHIYIN_LANG": "fr", "LC_ALL": "", "LANG": "zh_TW.UTF-8"}) == "zh"
    assert chosen_language([], {"LC_ALL": "de_DE.UTF-8", "LANG": "zh_CN.UTF-8"}) == "en"
    assert chosen_language([], {}) in {"zh", "en"}


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_is_in_one_language(command: list[str], capsys: Output) -> None:
    for lang, foreign in (("zh", ("usage", "options", "arguments", "show", "the ")), ("en", ("用法", "选项", "模型"))):
        with pytest.raises(SystemExit) as caught:
            main([*command, "--help", "--lang", lang])
        assert caught.value.code == 0
        words = capsys.readouterr().out
        assert words.startswith("用法：zhiyin-models" if lang == "zh" else "usage: zhiyin-models")
        assert not [word for word in foreign if word in words]


def test_the_version(capsys: Output) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "en", "zh"),
    [
        ([], "are required: COMMAND", "缺少参数 COMMAND"),
        (["chat"], "are required: MODEL", "缺少参数 MODEL"),
        (["fly"], "invalid choice", "COMMAND 不能是 'fly'"),
        (["info", "a", "b"], "unrecognized arguments: b", "无法识别的参数 b"),
        (["chat", "a", "--seed"], "--seed: expected one argument", "--seed 缺少值"),
        (["chat", "a", "--seed", "x"], "x is not a whole number", "--seed：x 不是整数"),
        (["chat", "a", "--temperature", "warm"], "warm is not a number", "warm 不是数字"),
        (["chat", "a", "--temperature", "nan"], "nan is not between 0 and 100", "nan 不在 0 到 100 之间"),
        (["chat", "a", "--top-p", "1.5"], "1.5 is not between 0 and 1", "1.5 不在 0 到 1 之间"),
        (["chat", "a", "--max-tokens", "-5"], "-5 is not between", "-5 不在"),
        (["chat", "a", "--gpu-layers", "most"], "most is not a whole number", "most 不是整数"),
        (["devices", "--rpc", "somewhere"], "somewhere is not HOST:PORT", "somewhere 不是 主机:端口"),
        (["devices", "--rpc", "host:99999"], "host:99999 is not HOST:PORT", "host:99999 不是"),
        (["search", "a", "--size", "8B"], "8B is not MIN-MAX", "8B 不是 最小-最大"),
        (["search", "a", "--limit", "0"], "0 is not between 1 and 100", "0 不在 1 到 100 之间"),
        (["pull", "a/b", "--sha256", "abc"], "abc is not a SHA-256", "abc 不是 64 位"),
        (["import", "a", "--copy", "--found"], "--found: not allowed with argument --copy", "--found 不能与 --copy 同用"),
        (["list", "--json=yes"], "ignored explicit argument 'yes'", "--json 不接受值 'yes'"),
        (["list", "--lang", "fr"], "invalid choice: 'fr'", "--lang 不能是 'fr'"),
    ],
)
def test_a_wrong_command_is_one_sentence(arguments: list[str], en: str, zh: str, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    assert en in refused(capsys, *arguments)
    monkeypatch.setenv("ZHIYIN_LANG", "zh")
    assert zh in refused(capsys, *arguments)


def test_options_before_and_after_the_command() -> None:
    assert parse(["--data-dir", "/a", "list"], "en").data_dir == Path("/a")
    assert parse(["--data-dir", "/a", "list", "--data-dir", "/b"], "en").data_dir == Path("/b")
    assert parse(["list"], "en").data_dir is None
    options = parse(["chat", "m", "--rpc", "a:1", "--rpc", "[::1]:2", "--gpu-layers", "auto", "--min-p", "0.1"], "en")
    assert (options.rpc, options.gpu_layers, options.min_p) == (["a:1", "[::1]:2"], -1, 0.1)
    assert parse(["chat", "m", "--gpu-layers", "-1"], "en").gpu_layers == -1
    for words, sizes in (("1b-8B", (10**9, 8 * 10**9)), ("500M-", (500_000_000, 0)), ("0-1.5B", (0, 1_500_000_000))):
        assert parse(["search", "--size", words], "en").size == sizes


# ------------------------------------------------------------------ models


def test_info_is_a_table_or_json(starter: Path, capsys: Output) -> None:
    assert main(["info", str(starter)]) == 0
    table = capsys.readouterr().out
    assert ["Quant", "type", "Q4_1"] in [line.split() for line in table.splitlines()]
    assert main(["info", "starter", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert (described["architecture"], described["quant"], described["layers"], described["kv_heads"]) == ("llama", "Q4_1", 30, 3)
    assert "<|im_start|>" in described["chat_template"]
    assert described["memory"] > described["size"]
    assert main(["info", "starter", "--lang", "zh"]) == 0
    assert "量化类型" in capsys.readouterr().out


def test_info_of_a_split_model(tmp_path: Path, capsys: Output) -> None:
    paths = write_split(tmp_path, "large")
    assert main(["info", str(paths[0])]) == 0
    assert ["Parts", "3"] in [line.split() for line in capsys.readouterr().out.splitlines()]
    paths[1].unlink()
    assert main(["info", str(paths[0])]) == 1
    output = capsys.readouterr()
    assert ["Parts", "2"] in [line.split() for line in output.out.splitlines()]
    assert "large-00002-of-00003.gguf" in output.err


def test_a_models_own_words_cannot_steer_the_terminal(tmp_path: Path, capsys: Output) -> None:
    path = write_small(
        tmp_path / "model.gguf", {"general.name": "\x1b[2J\x1b]0;owned\x07name\u202e\n", "general.architecture": "\x9b31mllama"}
    )
    main(["info", str(path)])
    assert main(["import", str(path)]) == 0
    assert main(["list"]) == 0
    output = capsys.readouterr()
    assert all(char.isprintable() or char == "\n" for char in output.out + output.err)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.gguf", None, "There is no model file"),
        ("text.gguf", b"not a model at all", "is not a GGUF model"),
        ("old.gguf", b"GGUF\x01\x00\x00\x00" + bytes(16), "is a GGUF file of version 1"),
        ("cut.gguf", b"GGUF\x03\x00\x00\x00" + bytes(3), "is incomplete"),
    ],
)
def test_bad_files_are_one_sentence_and_a_failure(tmp_path: Path, capsys: Output, name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    for command in (["info"], ["import"], ["chat", "--prompt", "x"]):
        assert main([*command, str(tmp_path / name)]) == 1
        output = capsys.readouterr()
        assert words in output.err
        assert output.err.count("\n") == 1


def test_a_truncated_model_is_described_and_complained_about(tmp_path: Path, capsys: Output) -> None:
    path = starter_truncated(tmp_path / "half.gguf")
    assert main(["info", str(path), "--lang", "zh"]) == 1
    output = capsys.readouterr()
    assert "Q4_1" in output.out
    assert "不完整：应有 93.8 MB，实际只有 47.7 MB" in output.err


def test_the_library_from_the_terminal(tmp_path: Path, capsys: Output) -> None:
    assert main(["list"]) == 0
    assert "The library is empty" in capsys.readouterr().err
    path = write_small(tmp_path / "小模型.gguf")
    for _ in range(2):
        assert main(["import", str(path)]) == 0
    assert main(["import", "starter"]) == 0
    capsys.readouterr()
    assert main(["list", "--json"]) == 0
    models = json.loads(capsys.readouterr().out)
    assert [model["name"] for model in models] == ["SmolLM2-135M-Instruct", "小模型"]
    assert main(["info", "小模型"]) == 0
    path.unlink()
    capsys.readouterr()
    assert main(["list"]) == 0
    assert "file missing" in capsys.readouterr().out
    assert main(["info", "小模型"]) == 1
    assert main(["info", "no such name"]) == 1
    assert "no model “no such name” in the library" in capsys.readouterr().err


def test_a_library_that_cannot_be_written(tmp_path: Path, starter: Path, capsys: Output) -> None:
    (tmp_path / "file").touch()
    assert main(["import", str(starter), "--data-dir", str(tmp_path / "file")]) == 1
    assert "cannot be written" in capsys.readouterr().err


# ------------------------------------------------------------------ the terminal


def test_replies_cannot_steer_the_terminal() -> None:
    assert neutral("a\x1b[31mb\r\n\tc\x07\x7f\x9b\u202e\u2028d") == "a␛[31mb\n\tc␇␡\ufffd\ufffd\nd"
    family = "👨\u200d👩\u200d👧 नमस्ते 你好"
    assert neutral(family) == family


def test_columns_line_up_for_chinese(capsys: Output) -> None:
    Terminal("zh").write_table([["名称", "x"], ["e\u0301", "y"], ["model", "z"]])
    rows = capsys.readouterr().out.splitlines()
    assert rows == ["名称   x", "e\u0301      y", "model  z"]
    assert width("琴e\u0301") == 3


@pytest.mark.parametrize(("count", "words"), [(0, "0"), (999, "999"), (134_515_008, "135M"), (7_615_616_512, "7.62B"), (10**16, "10000T")])
def test_parameters(count: int, words: str) -> None:
    assert parameters_text(count) == words
