"""ChatGLM3 and GLM-4-9B as their own code has them: other names in config.json, Q, K and V in one projection.

Which of the two a checkpoint is, its tensors say: a fine-tune that was saved elsewhere has lost the hub's name.
"""

from collections.abc import Iterator, Mapping

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.decoder import Decoder, linear
from zhiyin_models.convert.families.family import family
from zhiyin_models.convert.families.rope import THETA, Rope, RopeReader
from zhiyin_models.convert.tensors import Target, TensorInfo
from zhiyin_models.errors import ModelError

# The usual names, and ChatGLM's.
NAMES = {
    "num_hidden_layers": "num_layers",
    "num_key_value_heads": "multi_query_group_num",
    "head_dim": "kv_channels",
    "intermediate_size": "ffn_hidden_size",
    "max_position_embeddings": "seq_length",
    "rms_norm_eps": "layernorm_epsilon",
    "vocab_size": "padded_vocab_size",
}
# What llama.cpp's graph takes for granted; it is also what ChatGLM's code takes where nothing is said.
FIXED = {
    "rmsnorm": True,
    "post_layer_norm": True,
    "apply_residual_connection_post_layernorm": False,
    "add_bias_linear": False,
    "interleaved_qkv": False,
}
GLM4_ROWS = 100_000  # GLM-4 has more rows of embeddings, ChatGLM3 fewer (151,552 and 65,024)
LEAST_RATIO, LARGEST_RATIO = 50.0, 1e9  # ChatGLM3's are 50 and 500, GLM-4's 500 and 10,000

ROLES = ["<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"]
_TURNS = "{% if add_generation_prompt %}<|assistant|>{% endif %}"
# tokenization_chatglm.py adds these behind tokenizer.model, and encodes a role's line apart, so that what is said begins with a space.
CHATGLM3_HINTS: Mapping[str, object] = {
    "special_tokens": ["[MASK]", "[gMASK]", "[sMASK]", "sop", "eop", *ROLES],
    "end_tokens": ["<|user|>", "<|observation|>"],
    "add_bos": False,
    "chat_template": "[gMASK]sop{% for message in messages %}<|{{ message['role'] }}|>\n {{ message['content'] }}{% endfor %}" + _TURNS,
}
# The code of GLM-4 cuts words by this expression (it is also in the tokenizer.json of its -hf checkpoints), and names these tokens.
GLM4_HINTS: Mapping[str, object] = {
    "special_tokens": ["<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", *ROLES],
    "end_tokens": ["<|endoftext|>", "<|user|>", "<|observation|>"],
    "add_bos": False,
    "eos": "<|endoftext|>",
    "pad": "<|endoftext|>",
    "pattern": (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"),
    "chat_template": "[gMASK]<sop>{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}{% endfor %}" + _TURNS,
}


class Translated(Configuration):
    """ChatGLM's configuration under the usual names; what is wrong is said of the names that are in the file."""

    def __init__(self, config: Configuration) -> None:
        values = {**config.values, **{usual: config.values.get(own) for usual, own in NAMES.items()}}
        if values.get("multi_query_attention") is not True:  # each head has a K and a V of its own
            values["num_key_value_heads"] = values.get("num_attention_heads")
        super().__init__(values, config.path)

    def bad(self, key: str, value: object) -> ModelError:
        """See Configuration."""
        return super().bad(NAMES.get(key, key), value)


@family("ChatGLMModel", "ChatGLMForConditionalGeneration")
class ChatGLM(Decoder):
    """Neighbours of the first half of each head are rotated, there as in llama.cpp, so no rows change places."""

    architecture = "chatglm"
    own_head = False
    context_default = 2048
    eps_default = 1e-5
    embeddings = "transformer.embedding.word_embeddings"
    final_norm = "transformer.encoder.final_layernorm"
    output = "transformer.output_layer"
    block = "transformer.encoder.layers"

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(Translated(config), tensors)
        config.flag("multi_query_attention", default=False)
        for key, only in FIXED.items():
            if config.flag(key, default=only) is not only:
                raise config.bad(key, not only)
        if config.integer("quantization_bit", low=0, default=0):
            raise config.bad("quantization_bit", config.values["quantization_bit"])
        self.attention_bias = config.flag("add_qkv_bias", default=False)
        self.tied = False  # whatever it says: its code has no means to tie

    def read_rope(self) -> Rope:
        """Half of each head, by a base that ``rope_ratio`` multiplies. A small one is ChatGLM2's, whose code divides positions by it."""
        ratio = self.config.number("rope_ratio", low=1, high=LARGEST_RATIO, default=1)
        if 1 < ratio < LEAST_RATIO:
            raise self.config.bad("rope_ratio", ratio)
        theta = THETA * ratio
        return RopeReader(self.config, self.head, self.context, partial=True, share=0.5).of(Configuration({"rope_theta": theta}))

    def layer(self, target: str, source: str) -> Iterator[Target]:
        """See Decoder."""
        yield self.norm(f"{target}.attn_norm", f"{source}.input_layernorm")
        wide = (self.heads + 2 * self.kv_heads) * self.head
        yield from linear(f"{target}.attn_qkv", f"{source}.self_attention.query_key_value", (wide, self.hidden), bias=self.attention_bias)
        yield from linear(f"{target}.attn_output", f"{source}.self_attention.dense", (self.hidden, self.hidden))
        yield self.norm(f"{target}.ffn_norm", f"{source}.post_attention_layernorm")
        yield from linear(f"{target}.ffn_up", f"{source}.mlp.dense_h_to_4h", (2 * self.feed_forward, self.hidden))
        yield from linear(f"{target}.ffn_down", f"{source}.mlp.dense_4h_to_h", (self.hidden, self.feed_forward))

    def ignores(self, name: str) -> bool:
        """See Family."""
        return super().ignores(name) or name == "transformer.rotary_pos_emb.inv_freq"

    @property
    def tokenizer_hints(self) -> Mapping[str, object]:
        """Both tokenizers are code: what it adds to their files."""
        return GLM4_HINTS if self.rows >= GLM4_ROWS else CHATGLM3_HINTS
