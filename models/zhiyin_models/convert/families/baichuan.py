"""Baichuan and Baichuan2: Q, K and V in one projection; 7B rotates, 13B has ALiBi; Baichuan2 normalises its output's rows."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.decoder import Decoder, Rows, linear, rows_of
from zhiyin_models.convert.families.family import family
from zhiyin_models.convert.tensors import Target, TensorInfo

ROTARY_LAYERS, ALIBI_LAYERS = 32, 40  # 7B and 13B: llama.cpp tells them apart by nothing else
BAICHUAN2_ROWS = 125_696

CHAT_TEMPLATE = (  # generation_utils.py of Baichuan2's chat models, whose tokens 195 and 196 these are
    "{% for message in messages %}{% if message['role'] == 'user' %}<reserved_106>{% elif message['role'] == 'assistant' %}<reserved_107>"
    "{% endif %}{{ message['content'] }}{% endfor %}{% if add_generation_prompt %}<reserved_107>{% endif %}"
)


@family("BaichuanForCausalLM", "BaiChuanForCausalLM")
class Baichuan(Decoder):
    """Baichuan2's output (NormHead) divides each of its rows by its length when it runs. llama.cpp does not: they are written divided."""

    architecture = "baichuan"
    own_head = False
    permuted = True
    rope_kinds = ("default",)

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        values = dict(config.values)
        if values.get("max_position_embeddings") is None:  # 13B names its context so
            values["max_position_embeddings"] = values.get("model_max_length")
        super().__init__(Configuration(values, config.path), tensors)
        if self.layers not in (ROTARY_LAYERS, ALIBI_LAYERS):
            raise config.bad("num_hidden_layers", self.layers)
        if self.kv_heads != self.heads:
            raise config.bad("num_key_value_heads", self.kv_heads)
        self.normalised = "z_loss_weight" in config.values or self.rows == BAICHUAN2_ROWS  # a key that Baichuan2's code introduced

    def rotary(self, heads: int) -> Rows | None:
        """See Decoder."""
        return super().rotary(heads) if self.layers == ROTARY_LAYERS else None

    def targets(self) -> Iterator[Target]:
        """See Decoder. llama.cpp wants an output of its own."""
        for target in super().targets():
            yield self._normal(target) if target.name == "output.weight" else target
        if self.tied:
            for target in linear("output", self.embeddings, (self.rows, self.hidden)):
                yield self._normal(target)

    def _normal(self, output: Target) -> Target:
        return replace(output, pieces=tuple(replace(piece, unit=self.normalised) for piece in output.pieces))

    def attention(self, target: str, source: str) -> Iterator[Target]:
        """See Decoder."""
        size = self.hidden
        for part, name in enumerate("qkv"):
            take = self.rotary(self.heads) if name != "v" else None
            yield from rows_of(f"{target}.attn_{name}", f"{source}.W_pack", (3 * size, size), part * size, (part + 1) * size, take=take)
        yield from linear(f"{target}.attn_output", f"{source}.o_proj", (size, size))

    @property
    def tokenizer_hints(self) -> Mapping[str, object]:
        """No text begins with BOS. Baichuan2's chat models have their template in code."""
        hints: dict[str, object] = {"add_bos": False}
        if self.normalised:
            hints["chat_template"] = CHAT_TEMPLATE
        return hints
