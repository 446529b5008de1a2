"""Which tokens begin and end a text, end an answer, or stand for the unknown: from every file that says something of it."""

from collections.abc import Mapping, Sequence

from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.convert.tensors import Metadata
from zhiyin_models.convert.tokenizers.tokenizer_config import TokenizerConfig, bad, listed_ids

# The library takes these for the end of an answer by their texts (src/llama-vocab.cpp).
KNOWN_ENDS = frozenset(
    {
        *("<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>", "<|endoftext|>"),
        *("</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>"),
        *("<|tool_response>", "<｜end▁of▁sentence｜>", "[e~["),
    }
)
KEYS = {"unk": "unknown", "sep": "seperator", "pad": "padding", "mask": "mask"}  # as GGUF spells them
# Transformers' classes that begin a text with BOS unless told otherwise, whatever tokenizer.json says.
BEGIN = frozenset({"LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer", "InternLM2Tokenizer", "BaichuanTokenizer", "CohereTokenizer"})


class SpecialTokens:
    """Special tokens as ids of one vocabulary of ``rows``. Raises ModelError TOKENIZER_BAD, CONFIG_BAD."""

    def __init__(
        self, checkpoint: Checkpoint, config: TokenizerConfig, hints: Mapping[str, object], ids: Mapping[str, int], known: Mapping[str, int]
    ) -> None:
        self._checkpoint, self._config, self._hints, self._ids, self._known = checkpoint, config, hints, ids, known
        self.bos = self._role("bos")
        end = self._role("eos")
        ends = self._ends()
        if end is None and ends:
            end = ends[0]
        if end is None:
            raise bad(checkpoint, "tokenizer_config.json", "no token is named that ends a text")
        self.eos = end
        self.turn_ends = [place for place in ends if place != end]

    def metadata(self, texts: Sequence[str], ends: tuple[str, str] | None, *, begins: bool) -> Metadata:
        """As GGUF names them. ``ends``: what a post-processor puts around a text; ``begins``: whether it begins with BOS by default."""
        values: Metadata = {"tokenizer.ggml.eos_token_id": self.eos}
        if self.bos is not None:
            values["tokenizer.ggml.bos_token_id"] = self.bos
        for role, name in KEYS.items():
            place = self._role(role)
            if place is not None:
                values[f"tokenizer.ggml.{name}_token_id"] = place
        unknown = [place for place in self.turn_ends if texts[place] not in KNOWN_ENDS]
        turn = unknown[:1] or self.turn_ends[:1]
        if turn:
            values["tokenizer.ggml.eot_token_id"] = turn[0]
        if len(unknown) > 1:
            values["tokenizer.ggml.eom_token_id"] = unknown[1]
        values["tokenizer.ggml.add_bos_token"] = self.bos is not None and self._around("bos", self.bos, ends, default=begins)
        values["tokenizer.ggml.add_eos_token"] = self._around("eos", self.eos, ends, default=False)
        return values

    def _around(self, role: str, place: int, ends: tuple[str, str] | None, *, default: bool) -> bool:
        flag = self._config.flag(f"add_{role}_token")
        if flag is not None and (ends is None or self._config.kind in BEGIN):
            return flag
        if ends is not None:
            return self._ids.get(ends[0] if role == "bos" else ends[1]) == place
        hint = self._hints.get(f"add_{role}")
        return hint if isinstance(hint, bool) else default

    def _role(self, role: str) -> int | None:
        hint = self._hints.get(role)
        for text in (self._config.token(role), hint):
            if isinstance(text, str) and text in self._ids:
                return self._ids[text]
        if role in self._known:
            return self._known[role]
        if role in ("bos", "eos", "pad"):
            for config in (self._checkpoint.config, self._checkpoint.generation):
                for place in listed_ids(config, f"{role}_token_id"):
                    return self._checked(place, f"{role}_token_id")
        return None

    def _ends(self) -> list[int]:
        """Every token that ends an answer."""
        places = [self._checked(place, "eos_token_id") for place in listed_ids(self._checkpoint.generation, "eos_token_id")]
        named = self._hints.get("end_tokens")
        places += [self._ids[text] for text in (named if isinstance(named, list | tuple) else ()) if text in self._ids]
        return list(dict.fromkeys(places))

    def _checked(self, place: int, key: str) -> int:
        if place >= len(self._ids):
            raise self._checkpoint.config.bad(key, place)
        return place
