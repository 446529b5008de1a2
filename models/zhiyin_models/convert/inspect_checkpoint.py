"""Looks at a checkpoint and says what it is and what would become of it; writes nothing."""

from collections import Counter
from math import prod
from pathlib import Path

from zhiyin_models.convert.inspection import CONTEXTS, Inspection, TypeEstimate, suggested_name
from zhiyin_models.convert.pipeline import Opened, opened
from zhiyin_models.convert.plan import file_plan, model_entries, model_shape
from zhiyin_models.convert.quant_types import QUANT_TYPES
from zhiyin_models.convert.tensors import Metadata
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.protocol import Inspect
from zhiyin_models.library.fit import kv_cache
from zhiyin_models.library.gguf import GGUFFile
from zhiyin_models.library.gguf_header import Value as Written


def inspect_checkpoint(task: Inspect) -> Inspection:
    """Everything about a checkpoint that its files say. Raises ModelError for what could not be converted."""
    with opened(task.source, task.adapters) as ready:
        return _described(Path(task.source), ready)


def _described(folder: Path, ready: Opened) -> Inspection:
    checkpoint, family, vocabulary = ready.checkpoint, ready.family, ready.vocabulary
    metadata = family.metadata()
    architecture = family.architecture
    dtypes = Counter[str]()
    for info in ready.source.tensors.values():
        dtypes[info.dtype] += prod(info.shape)
    return Inspection(
        path=str(folder),
        name=suggested_name(folder),
        architecture=checkpoint.architecture,
        family=architecture,
        parameters=sum(prod(shape) for _, shape in ready.tensors),
        dtype=dtypes.most_common(1)[0][0] if dtypes else "",
        size=checkpoint.size,
        layers=_number(metadata, f"{architecture}.block_count"),
        context=_number(metadata, f"{architecture}.context_length"),
        vocabulary=vocabulary.size,
        tokenizer=vocabulary.kind,
        pre=vocabulary.pre,
        template=vocabulary.template,
        adapters=tuple(adapter.report(ready.checkpoint.tensors) for adapter in ready.adapters),
        types=_types(ready, metadata, folder),
        notices=(*family.notices, *vocabulary.notices),
    )


def _types(ready: Opened, metadata: Metadata, folder: Path) -> tuple[TypeEstimate, ...]:
    family = ready.family
    entries = model_entries(family, suggested_name(folder), ready.vocabulary.metadata)
    shape = model_shape(family.architecture, metadata)
    caches = kv_caches(family.architecture, metadata)
    estimates = []
    for kind in QUANT_TYPES.values():
        try:
            plan = file_plan(kind, entries, ready.tensors, shape, imatrix=False)
        except ModelError as error:
            if error.code != Code.TYPE_NEEDS_IMATRIX:
                raise
            plan = file_plan(kind, entries, ready.tensors, shape, imatrix=True)
        weights = sum(tensor.size for tensor in plan.tensors)
        estimates.append(TypeEstimate(kind.name, plan.size, tuple(weights + cache for cache in caches), kind.loss))
    return tuple(estimates)


def kv_caches(architecture: str, metadata: Metadata) -> tuple[int, ...]:
    """Bytes of an F16 KV cache for each of ``CONTEXTS``."""
    values: dict[str, Written] = {"general.architecture": architecture}
    for key, value in metadata.items():
        if not isinstance(value, bytes):
            values[key] = tuple(value) if isinstance(value, list) else value
    described = GGUFFile(Path(), (), metadata=values)
    return tuple(kv_cache(described, context) for context in CONTEXTS)


def _number(metadata: Metadata, key: str) -> int:
    value = metadata.get(key, 0)
    return value if isinstance(value, int) else 0
