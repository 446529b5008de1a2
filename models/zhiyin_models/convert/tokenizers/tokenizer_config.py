"""What the small files beside a tokenizer say: its added tokens, its special tokens by role, its flags."""

from collections.abc import Mapping, Sequence
from typing import Any

from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.source_files import shown
from zhiyin_models.convert.tokenizers.entries import LONGEST, Added
from zhiyin_models.errors import Code, ModelError

ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")
MOST_ADDED = 1 << 14  # Gemma 3 has some 6,400
LONGEST_ADDED = 1 << 10  # characters
LARGEST_CONFIG = 32 << 20  # bytes


class TokenizerConfig:
    """tokenizer_config.json, special_tokens_map.json and added_tokens.json. Raises ModelError TOKENIZER_BAD."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.values = self._object("tokenizer_config.json")
        self._map = self._object("special_tokens_map.json")
        self.added = self._added()

    @property
    def kind(self) -> str:
        """The class that Transformers would load: "LlamaTokenizer"; "" if it is not said."""
        value = self.values.get("tokenizer_class")
        return value.removesuffix("Fast") if isinstance(value, str) else ""

    def flag(self, name: str) -> bool | None:
        """A flag, if it is said."""
        value = self.values.get(name)
        return value if isinstance(value, bool) else None

    def token(self, role: str) -> str:
        """The text of a role's token, or ""."""
        for values in (self.values, self._map):
            value = values.get(f"{role}_token")
            if isinstance(value, dict):
                value = value.get("content")
            if isinstance(value, str) and len(value) <= LONGEST:
                return value
        return ""

    def roles(self) -> set[str]:
        """The texts of all special tokens that have a role, or are called additional ones."""
        texts = {self.token(role) for role in ROLES}
        for values in (self.values, self._map):
            for name in ("additional_special_tokens", "extra_special_tokens"):  # the same, before and after Transformers 5
                more = values.get(name)
                items = more.values() if isinstance(more, dict) else more if isinstance(more, list) else ()
                for item in items:
                    text = item.get("content") if isinstance(item, dict) else item
                    if isinstance(text, str):
                        texts.add(text)
        return texts - {""}

    def _object(self, name: str) -> Mapping[str, Any]:
        value = self.checkpoint.json(name, LARGEST_CONFIG)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise bad(self.checkpoint, name, "it is no object")
        return value

    def _added(self) -> dict[int, Added]:
        """From ``added_tokens_decoder``, then from added_tokens.json, where ids have no flags."""
        found: dict[int, Added] = {}
        decoder = self.values.get("added_tokens_decoder") or {}
        if not isinstance(decoder, dict) or len(decoder) > MOST_ADDED:
            raise bad(self.checkpoint, "tokenizer_config.json", "added_tokens_decoder is no list of tokens")
        for key, value in decoder.items():
            if not key.isdecimal() or len(key) > 9 or not isinstance(value, dict):
                raise bad(self.checkpoint, "tokenizer_config.json", f"the added token {key[:40]!r}")
            found[int(key)] = added_token(self.checkpoint, "tokenizer_config.json", int(key), value)
        texts = {one.text for one in found.values()}
        roles = self.roles()
        for text, place in self._object("added_tokens.json").items():
            if not is_id(place) or len(text) > LONGEST_ADDED or len(found) > MOST_ADDED:
                raise bad(self.checkpoint, "added_tokens.json", f"the token {text[:40]!r} has the id {str(place)[:20]}")
            if place not in found and text not in texts:
                found[place] = Added(place, text, special=text in roles)
        return found


def added_token(checkpoint: Checkpoint, name: str, place: int, value: Mapping[str, Any]) -> Added:
    """One added token as Transformers and tokenizers write it."""
    text = value.get("content")
    if not isinstance(text, str) or len(text) > LONGEST_ADDED or not text:
        raise bad(checkpoint, name, f"the added token {place}")
    return Added(
        place,
        text,
        special=bool(value.get("special", False)),
        strips_left=bool(value.get("lstrip", False)),
        strips_right=bool(value.get("rstrip", False)),
        single_word=bool(value.get("single_word", False)),
        normalized=bool(value.get("normalized", False)),
    )


def is_id(value: object) -> bool:
    """Whether a value can be a token's id."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31


def listed_ids(config: Configuration | None, key: str) -> Sequence[int]:
    """One id, or several, or none: config.json and generation_config.json have both."""
    value = None if config is None else config.values.get(key)
    items = value[:64] if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, int) and is_id(item)]


def bad(checkpoint: Checkpoint, name: str, detail: str) -> ModelError:
    """The error that says what is wrong with which file."""
    return ModelError(Code.TOKENIZER_BAD, path=shown(checkpoint.path / name), detail=detail)
