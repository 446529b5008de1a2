"""Which tokenizer a checkpoint with adapters has."""

import json
import shutil
from pathlib import Path

import pytest
from tests.models.convert.peft_files import pair, write_adapter

from zhiyin_models.convert.adapted_tokenizer import tokenizer_of
from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.convert.lora import Adapter
from zhiyin_models.errors import Code, ModelError

ADAPTERS = Path(__file__).parent / "adapters"


@pytest.fixture
def base(tmp_path: Path) -> Checkpoint:
    """A checkpoint whose tokenizer and template say that they are the base's."""
    folder = tmp_path / "base"
    folder.mkdir()
    shutil.copy(ADAPTERS / "untied.safetensors", folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
    (folder / "tokenizer.json").write_text('"base"')
    (folder / "tokenizer.model").write_bytes(b"base")
    (folder / "tokenizer_config.json").write_text('{"of": "base"}')
    (folder / "chat_template.jinja").write_text("base")
    return Checkpoint.open(folder)


def with_files(folder: Path, **config: object) -> Adapter:
    """An adapter with a tokenizer beside it."""
    (folder / "tokenizer.json").write_text('"adapter"')
    (folder / "tokenizer_config.json").write_text(json.dumps({"of": "adapter"} | config))
    return Adapter.open(folder)


def plain(folder: Path) -> Path:
    return write_adapter(folder, pair("model.layers.0.self_attn.q_proj", 8, 8))


def trained(folder: Path) -> Path:
    return Path(shutil.copytree(ADAPTERS / "grown", folder))


def test_without_files_beside_an_adapter_it_is_the_checkpoints(base: Checkpoint, tmp_path: Path) -> None:
    assert tokenizer_of(base, [Adapter.open(trained(tmp_path / "a"))]) is base
    assert tokenizer_of(base, []) is base


def test_trained_embeddings_bring_their_tokenizer(base: Checkpoint, tmp_path: Path) -> None:
    source = tokenizer_of(base, [with_files(trained(tmp_path / "a")), Adapter.open(plain(tmp_path / "b"))])
    assert source.json("tokenizer.json") == "adapter"
    assert source.json("tokenizer_config.json") == {"of": "adapter"}
    assert source.data("tokenizer.model") == b"base"
    assert source.text("chat_template.jinja") == "base"
    assert source.json("config.json") == {"architectures": ["LlamaForCausalLM"]}
    assert source.architecture == "LlamaForCausalLM"


@pytest.mark.parametrize("template", ["its own", [{"name": "tool_use", "template": "no"}, {"name": "default", "template": "its own"}]])
def test_other_adapters_bring_only_their_chat_template(template: object, base: Checkpoint, tmp_path: Path) -> None:
    source = tokenizer_of(base, [with_files(plain(tmp_path / "a"), chat_template=template)])
    assert source.json("tokenizer.json") == "base"
    assert source.json("tokenizer_config.json") == {"of": "base"}
    assert source.text("chat_template.jinja") == "its own"
    (tmp_path / "a" / "chat_template.jinja").write_text("a file")
    assert tokenizer_of(base, [Adapter.open(tmp_path / "a")]).text("chat_template.jinja") == "a file"


def test_files_that_are_broken_are_named(base: Checkpoint, tmp_path: Path) -> None:
    adapter = with_files(trained(tmp_path / "a"))
    (tmp_path / "a" / "tokenizer_config.json").write_text("[" * 10_000)
    with pytest.raises(ModelError) as error:
        tokenizer_of(base, [adapter]).text("chat_template.jinja")
    assert error.value.code == Code.TOKENIZER_BAD
    assert str(tmp_path / "a") in str(error.value.failure.args["path"])


def test_a_change_of_the_tokenizer_is_a_change_of_the_adapter(tmp_path: Path) -> None:
    before = with_files(plain(tmp_path / "a")).fingerprint()
    after = with_files(tmp_path / "a", chat_template="another")
    assert after.fingerprint() != before
