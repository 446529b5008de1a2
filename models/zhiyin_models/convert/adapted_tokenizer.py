"""The tokenizer of a checkpoint with adapters: an adapter that trained embeddings brings the tokens that they are of.

Trainers save the tokenizer beside the adapter. Where the adapter changed the input embeddings, its files stand before the checkpoint's.
Otherwise only its chat template does: a token that was added for padding, and has no embedding, would fit nothing.
"""

from collections.abc import Sequence
from typing import Any

from zhiyin_models.convert.adapter_match import EMBEDDINGS
from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.convert.lora import Adapter
from zhiyin_models.convert.source_files import CONFIGURATIONS, LARGEST_TEXT, SourceFolder
from zhiyin_models.errors import ModelError

TEMPLATE, CONFIG = "chat_template.jinja", "tokenizer_config.json"


def tokenizer_of(checkpoint: Checkpoint, adapters: Sequence[Adapter]) -> Checkpoint:
    """What to read the tokenizer from: the checkpoint without its weights, with the files of the last adapter that has any.

    It needs no closing. Raises ModelError TOKENIZER_BAD, SOURCE_UNREADABLE.
    """
    adapter = next((one for one in reversed(adapters) if SourceFolder(one.path).has(CONFIG)), None)
    if adapter is None:
        return checkpoint
    trained = any(EMBEDDINGS.fullmatch(name) for name in (*adapter.whole, *(f"{module}.weight" for module in adapter.tokens)))
    trained = trained or any(pair.embedding for pair in adapter.pairs.values())
    return Checkpoint(_Layered(checkpoint, adapter, trained=trained), checkpoint.config, [])


class _Layered(SourceFolder):
    """A checkpoint's small files behind those of an adapter."""

    def __init__(self, checkpoint: Checkpoint, adapter: Adapter, *, trained: bool) -> None:
        super().__init__(checkpoint.path)
        self._base, self._front, self._trained = SourceFolder(checkpoint.path), SourceFolder(adapter.path), trained

    def has(self, name: str) -> bool:
        """See SourceFolder."""
        return self._owner(name).has(name)

    def data(self, name: str, limit: int = LARGEST_TEXT) -> bytes | None:
        """See SourceFolder. A template within the adapter's configuration stands before any of the checkpoint's."""
        if name == TEMPLATE and not self._front.has(TEMPLATE):
            template = self._template()
            if len(template) > limit:
                raise self.bad(name, f"larger than {limit >> 20} MB")
            if template:
                return template
        return self._owner(name).data(name, limit)

    def bad(self, name: str, detail: str) -> ModelError:
        """See SourceFolder."""
        owner = self._owner(name)
        return SourceFolder.bad(owner, name, detail)

    def _owner(self, name: str) -> SourceFolder:
        wanted = name not in CONFIGURATIONS if self._trained else name == TEMPLATE
        return self._front if wanted and self._front.has(name) else self._base

    def _template(self) -> bytes:
        """The one within the adapter's configuration: a text, or several by name."""
        values: Any = self._front.json(CONFIG)
        found = values.get("chat_template") if isinstance(values, dict) else None
        if isinstance(found, list):
            named = [one.get("template") for one in found if isinstance(one, dict) and one.get("name") == "default"]
            found = named[0] if named else None
        return found.encode("utf-8", "replace") if isinstance(found, str) else b""
