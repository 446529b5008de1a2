"""The real adapter of these tests (Li Bai, trained on the starter) as a GGUF adapter, without the checkpoint that it was trained on."""

from pathlib import Path

from zhiyin_models.convert.adapter_file import export_adapter
from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.lora import Adapter
from zhiyin_models.convert.plan import open_family, targets_of
from zhiyin_models.convert.tensors import Matrix, TensorInfo

LIBAI = Path(__file__).parent / "data" / "lora-libai"
CONFIG = {  # SmolLM2-135M's
    "hidden_size": 576,
    "intermediate_size": 1536,
    "max_position_embeddings": 8192,
    "num_attention_heads": 9,
    "num_hidden_layers": 30,
    "num_key_value_heads": 3,
    "rms_norm_eps": 1e-5,
    "rope_theta": 100000,
    "tie_word_embeddings": True,
    "vocab_size": 49152,
}


class Shapes:
    """A checkpoint of which nothing but the shapes is there."""

    def __init__(self) -> None:
        width, inner, values = CONFIG["hidden_size"], CONFIG["intermediate_size"], 192
        shapes = {"model.embed_tokens.weight": (CONFIG["vocab_size"], width), "model.norm.weight": (width,)}
        for layer in range(int(CONFIG["num_hidden_layers"])):
            block = f"model.layers.{layer}"
            shapes |= {f"{block}.self_attn.{name}_proj.weight": (width, width) for name in "qo"}
            shapes |= {f"{block}.self_attn.{name}_proj.weight": (values, width) for name in "kv"}
            shapes |= {f"{block}.mlp.{name}_proj.weight": (inner, width) for name in ("gate", "up")}
            shapes |= {f"{block}.mlp.down_proj.weight": (width, inner)}
            shapes |= {f"{block}.{name}_layernorm.weight": (width,) for name in ("input", "post_attention")}
        self.tensors = {name: TensorInfo(name, tuple(map(int, shape)), "BF16") for name, shape in shapes.items()}

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Matrix:
        """There are no values."""
        raise KeyError((name, start, stop))


def write_libai(out: Path, weight: float = 1.0) -> Path:
    """For the starter."""
    shapes = Shapes()
    family = open_family(Configuration(CONFIG), "LlamaForCausalLM", shapes.tensors)
    export_adapter(Adapter.open(LIBAI, weight), targets_of(family, shapes.tensors), family.architecture, shapes, out)
    return out
