"""``zhiyin-models info`` and ``devices``: what a model file says of itself, and what models can run on."""

from argparse import Namespace

import msgspec

from zhiyin_models.cli.engine import engine, library
from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.errors import ModelError
from zhiyin_models.library.fit import estimate
from zhiyin_models.library.gguf import GGUFFile, read_metadata
from zhiyin_models.messages import size_text

USUAL_CONTEXT = 8192  # what the engine takes at most when nothing is said


def info(options: Namespace, terminal: Terminal) -> int:
    """What a file says of itself; one that cannot be whole is still described, and then complained about."""
    file = read_metadata(library(options).find(options.model).path)
    context = min(file.trained_context or USUAL_CONTEXT, USUAL_CONTEXT)
    memory = estimate(file, context).total
    if options.json:
        terminal.write_json(msgspec.json.encode(_described(file, context, memory)))
    else:
        terminal.write_table(_info_rows(file, context, memory, terminal))
    terminal.flush()
    try:
        file.check_complete()
    except ModelError as error:
        terminal.fail(error.failure)
        return 1
    return 0


def _described(file: GGUFFile, context: int, memory: int) -> dict[str, object]:
    return {
        "name": file.name,
        "path": str(file.path),
        "parts": len(file.parts),
        "version": file.version,
        "size": file.size,
        "architecture": file.architecture,
        "parameters": file.parameters,
        "quant": file.quant,
        "trained_context": file.trained_context,
        "layers": file.layers,
        "embedding": file.embedding,
        "heads": file.heads,
        "kv_heads": file.kv_heads,
        "key_length": file.key_length,
        "value_length": file.value_length,
        "vocabulary": file.vocabulary,
        "tensors": file.tensor_count,
        "chat_template": file.chat_template,
        "context": context,
        "memory": memory,
    }


def _info_rows(file: GGUFFile, context: int, memory: int, terminal: Terminal) -> list[tuple[str, str]]:
    values = {
        "name": file.name,
        "file": str(file.path),
        "parts": str(len(file.parts)),
        "size": size_text(file.size),
        "architecture": file.architecture,
        "parameters": parameters_text(file.parameters),
        "quant": file.quant,
        "trained_context": f"{file.trained_context:,}",
        "layers": str(file.layers),
        "embedding": f"{file.embedding:,}",
        "heads": f"{file.heads} ({file.kv_heads})",
        "vocabulary": f"{file.vocabulary:,}",
        "template": terminal.phrase("template_own" if file.chat_template else "template_none"),
        "memory": terminal.phrase("memory_at", memory=size_text(memory), context=f"{context:,}"),
    }
    return [(terminal.phrase(key), value) for key, value in values.items() if key != "parts" or len(file.parts) > 1]


def parameters_text(count: int) -> str:
    """A number of weights as people say it: 135M, 7.6B."""
    for unit, letter in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K")):
        if count >= unit:
            return f"{count / unit:.3g}{letter}" if count < 1000 * unit else f"{count // unit}{letter}"
    return str(count)


def devices(options: Namespace, terminal: Terminal) -> int:
    """What models can run on, as the engine sees it."""
    with engine(options) as client:
        found = client.devices(options.rpc).devices
    if options.json:
        terminal.write_json(msgspec.json.encode(found))
        return 0
    headings = [terminal.phrase(key) for key in ("device", "description", "kind", "backend", "free_memory")]
    rows = [
        [one.name, one.description, one.kind, one.backend, f"{size_text(one.memory_free)} / {size_text(one.memory_total)}"] for one in found
    ]
    terminal.write_table([headings, *rows])
    return 0
