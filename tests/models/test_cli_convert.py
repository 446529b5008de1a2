"""Conversions from the command line: what it writes, and its sentences in both languages."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.models.gguf_files import write_small

from zhiyin_models.cli import main

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZHIYIN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ZHIYIN_LANG", "en")
    return tmp_path / "data"


def test_a_checkpoint_is_described_in_both_languages(checkpoint: Path, libai: Path, capsys: Output) -> None:
    for lang, words in (("en", "INT4 (Q4_K_M)  100.6 MB   143.9 MB"), ("zh", "内存（8k）")):
        assert main(["inspect", str(checkpoint), "--adapter", str(libai), "--lang", lang]) == 0
        said = capsys.readouterr().out
        assert words in said
        assert "LlamaForCausalLM → llama" in said
        assert "LoRA" in said
    assert main(["inspect", str(checkpoint), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == 134_515_008


def test_a_converted_checkpoint_is_in_the_library(checkpoint: Path, tmp_path: Path, capsys: Output) -> None:
    assert main(["convert", str(checkpoint), "--type", "q8_0", "--type", "Q8_0"]) == 0
    path = tmp_path / "data" / "models" / f"{checkpoint.name}-Q8_0.gguf"
    assert str(path) in capsys.readouterr().out
    assert main(["list", "--json"]) == 0
    assert [model["name"] for model in json.loads(capsys.readouterr().out)] == [checkpoint.name]
    assert main(["convert", str(checkpoint), "--type", "Q8_0", "--lang", "zh"]) == 1
    assert "已经存在，不会覆盖" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["convert", "{nowhere}"], "There is nothing at"),
        (["convert", "{empty}"], "is no Hugging Face checkpoint"),
        (["convert", "{checkpoint}", "--type", "Q9", "-o", "{out}"], "There is no quantization type “Q9”"),
        (["convert", "{checkpoint}", "--type", "Q4_0", "--type", "Q8_0", "-o", "{out}.gguf"], "is one file"),
        (["convert", "{checkpoint}", "--adapter", "{empty}", "-o", "{out}"], "The adapter"),
        (["convert", "{checkpoint}", "--imatrix", "{small}", "-o", "{out}"], "importance matrix"),
        (["quantize", "{checkpoint}"], "is a folder and no model file"),
        (["chat", "{checkpoint}"], "is a folder and no model file"),
        (["calibrate", "{small}"], "--text or --conversations"),
        (["calibrate", "{small}", "--text", "{notes}", "-o", "{notes}"], "not overwritten"),
        (["evaluate", "{small}", "--chart", "{small}"], "not overwritten"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(arguments: list[str], words: str, checkpoint: Path, tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "empty").mkdir()
    small = write_small(tmp_path / "small.gguf")
    (tmp_path / "notes.txt").write_text("李白")
    before = small.read_bytes()
    places = {"nowhere": "nowhere", "empty": "empty", "out": "out", "small": "small.gguf", "notes": "notes.txt"}
    filled = {name: str(tmp_path / place) for name, place in places.items()} | {"checkpoint": str(checkpoint)}
    misunderstood = words in {"is one file", "--text or --conversations"}
    assert main([argument.format(**filled) for argument in arguments]) == (2 if misunderstood else 1)
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert small.read_bytes() == before
    assert (tmp_path / "notes.txt").read_text() == "李白"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_leaves_nothing(number: signal.Signals, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "zhiyin_models", "convert", str(checkpoint), "--type", "IQ4_XS", "-o", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "models")}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not list(out.glob("*.part")):
        os.sched_yield()
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert list(out.iterdir()) == []
