"""Gemma 2 and 3: norms around 0, a sliding window in some layers, softly capped logits; of Gemma 3 with vision, the text part."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.decoder import Decoder
from zhiyin_models.convert.families.family import family
from zhiyin_models.convert.families.rope import THETA, Rope, RopeReader
from zhiyin_models.convert.tensors import Metadata, Target, TensorInfo

LARGEST_CAP = 1e6
KINDS = ("sliding_attention", "full_attention")
SIZES: dict[str, Any] = {
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
}


class Gemma(Decoder):
    """What both generations share. llama.cpp scales the embeddings by √hidden itself, and the attention by a rule of its own."""

    tied_default = True
    norm_add = 1.0
    activation_key = "hidden_activation"
    activations = ("gelu_pytorch_tanh",)
    activation_default = "gelu_pytorch_tanh"
    wide_layers: ClassVar[int]  # of the one size whose attention llama.cpp scales by hidden ÷ heads, and not by the head
    period: ClassVar[int]  # without ``layer_types``: every so many layers, one sees all of the text
    defaults: ClassVar[Mapping[str, Any]]  # what Transformers takes where config.json does not say

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        given = {key: value for key, value in config.values.items() if value is not None or key not in self.defaults}
        config = Configuration({**self.defaults, **given}, config.path)
        super().__init__(config, tensors)
        if config.flag("attention_bias", default=False):
            raise config.bad("attention_bias", value=True)
        if config.flag("use_bidirectional_attention", default=False):
            raise config.bad("use_bidirectional_attention", value=True)
        scaled = self.hidden // self.heads if self.layers == self.wide_layers else self.head
        scalar = config.number("query_pre_attn_scalar", default=256)
        if scalar != scaled:
            raise config.bad("query_pre_attn_scalar", scalar)
        self.windowed = self._windowed()
        self.window = min(self._window(), self.context)  # a window as long as the text is none

    def _windowed(self) -> list[bool]:
        """Which layers see a window only."""
        kinds = self.config.values.get("layer_types")
        if kinds is None:
            period = self._period()
            return [(layer + 1) % period != 0 for layer in range(self.layers)]
        if not isinstance(kinds, list) or len(kinds) != self.layers or not all(kind in KINDS for kind in kinds):
            raise self.config.bad("layer_types", kinds)
        return [kind == KINDS[0] for kind in kinds]

    def _period(self) -> int:
        return self.period

    def _window(self) -> int:
        if any(self.windowed) and self.config.values.get("sliding_window", 0) is None:
            raise self.config.bad("sliding_window", None)
        return self.config.integer("sliding_window", default=4096)

    def cap(self, key: str, default: float | None = None) -> float:
        """A soft cap of logits."""
        return self.config.number(key, low=1e-3, high=LARGEST_CAP, default=default)

    def windows(self) -> Metadata:
        """The window, and the layers that have it where they are not llama.cpp's usual ones; without the prefix."""
        metadata: Metadata = {"attention.sliding_window": self.window}
        if self.windowed != [(layer + 1) % self.period != 0 for layer in range(self.layers)]:
            metadata["attention.sliding_window_pattern"] = self.windowed
        return metadata

    def more_metadata(self) -> Metadata:
        """What one generation adds, without the prefix."""
        return self.windows()

    def metadata(self) -> Metadata:
        """See Family."""
        return super().metadata() | {f"{self.architecture}.{key}": value for key, value in self.more_metadata().items()}

    def layer(self, target: str, source: str) -> Iterator[Target]:
        """Norms before and after both halves."""
        yield self.norm(f"{target}.attn_norm", f"{source}.input_layernorm")
        yield from self.attention(target, f"{source}.self_attn")
        yield self.norm(f"{target}.post_attention_norm", f"{source}.post_attention_layernorm")
        yield self.norm(f"{target}.ffn_norm", f"{source}.pre_feedforward_layernorm")
        yield from self.network(target, f"{source}.mlp")
        yield self.norm(f"{target}.post_ffw_norm", f"{source}.post_feedforward_layernorm")

    @property
    def tokenizer_hints(self) -> Mapping[str, object]:
        """Every text begins with BOS; a turn ends with a token of its own."""
        return {"add_bos": True, "end_tokens": ["<end_of_turn>"]}


@family("Gemma2ForCausalLM")
class Gemma2(Gemma):
    """Attention and output are capped always, and the output is tied always, in llama.cpp."""

    architecture = "gemma2"
    wide_layers = 46  # 27B
    period = 2
    defaults = SIZES | {"vocab_size": 256000, "max_position_embeddings": 8192}

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        if not self.tied:
            raise config.bad("tie_word_embeddings", value=False)

    def more_metadata(self) -> Metadata:
        """See Gemma."""
        return self.windows() | {
            "attn_logit_softcapping": self._always("attn_logit_softcapping", 50.0),
            "final_logit_softcapping": self._always("final_logit_softcapping", 30.0),
        }

    def _always(self, key: str, default: float) -> float:
        if self.config.values.get(key, default) is None:  # null is "none" there, unlike a key that is missing
            raise self.config.bad(key, None)
        return self.cap(key, default)


@family("Gemma3ForCausalLM")
class Gemma3(Gemma):
    """Norms of each head of Q and K; layers with a window rotate by another base, and without scaling."""

    architecture = "gemma3"
    wide_layers = 62  # 27B
    period = 6
    defaults = SIZES | {"vocab_size": 262208, "max_position_embeddings": 131072}  # with vision, only what differs is said
    head_norms = True
    theta = 1_000_000.0

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        if self.config.has("attn_logit_softcapping"):
            raise self.config.bad("attn_logit_softcapping", self.config.values["attn_logit_softcapping"])

    def _period(self) -> int:
        return self.config.integer("sliding_window_pattern", "_sliding_window_pattern", default=self.period)

    def read_rope(self) -> Rope:
        """The layers that see all of the text."""
        rope = RopeReader(self.config, self.head, self.context, theta=self.theta).of(self._section("full_attention", "rope_theta"))
        if rope.metadata.get("rope.scaling.type", "linear") != "linear":  # llama.cpp would stretch the windows' rotation too
            raise self.config.bad("rope_scaling", rope.metadata["rope.scaling.type"])
        return rope

    def _section(self, kind: str, key: str) -> Configuration:
        """One kind of layer's rotary positions, from either spelling; its base comes from ``key`` where it is not within."""
        both = self.config.section("rope_parameters")
        if both is not None and not any(both.has(name) for name in KINDS):
            raise self.config.bad("rope_parameters", both.values)
        held = both.section(kind) if both is not None else None
        values = dict(held.values) if held is not None else {}
        scaling = self.config.section("rope_scaling") if kind == "full_attention" else None
        values |= scaling.values if scaling is not None else {}
        if values.get("rope_theta") is None:
            values["rope_theta"] = self.config.number(key, low=2, high=1e15, default=self.theta if kind == "full_attention" else THETA)
        return Configuration(values, self.config.path)

    def _window_base(self) -> float:
        section = self._section("sliding_attention", "rope_local_base_freq")
        rope = RopeReader(self.config, self.head, self.context).of(section)
        if "rope.scaling.type" in rope.metadata:
            raise self.config.bad("rope_parameters", rope.metadata["rope.scaling.type"])
        return section.number("rope_theta")

    def more_metadata(self) -> Metadata:
        """See Gemma."""
        metadata: Metadata = {}
        if any(self.windowed):
            metadata = self.windows() | {"rope.freq_base_swa": self._window_base()}
        if self.config.has("final_logit_softcapping"):
            metadata["final_logit_softcapping"] = self.cap("final_logit_softcapping")
        return metadata


@family("Gemma3ForConditionalGeneration")
class Gemma3Text(Gemma3):
    """The text part of Gemma 3 with vision, whose configuration is nested; Transformers has named its tensors in two ways."""

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        text = config.section("text_config")
        if text is None:
            raise config.bad("text_config", None)
        if "language_model.model.embed_tokens.weight" in tensors:
            self.output, body = "language_model.lm_head", "language_model.model"
        else:
            self.output, body = "lm_head", "model.language_model"
        self.embeddings, self.block, self.final_norm = f"{body}.embed_tokens", f"{body}.layers", f"{body}.norm"
        tied = {"tie_word_embeddings": config.values["tie_word_embeddings"]} if config.has("tie_word_embeddings") else {}
        super().__init__(Configuration({**text.values, **tied}, text.path), tensors)

    def ignores(self, name: str) -> bool:
        """See Family. What sees pictures stays behind."""
        return super().ignores(name) or name.removeprefix("model.").startswith(("vision_tower.", "multi_modal_projector."))
