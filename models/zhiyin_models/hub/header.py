"""What memory depends on, of a model that is not here: read from the first bytes of its file, else from what else is known of it."""

import json
from pathlib import Path

from msgspec.structs import replace

from zhiyin_models.hub.answers import Json, bad_answer, field, number, read_beginning, text
from zhiyin_models.hub.connection import Connection
from zhiyin_models.hub.values import RemoteFile, Repository, Shape
from zhiyin_models.library.gguf import GGUFFile
from zhiyin_models.library.gguf_header import read_beginning as read_metadata
from zhiyin_models.library.shapes import as_shape, guess_shape

FIRST = 256 << 10  # bytes: the numbers stand before the vocabulary in nearly every file
SECOND = 2 << 20
MAX_CONFIG = 1 << 20
MOST = 1 << 40  # what one of its numbers may be
MOST_TOKENS = 1 << 24


def shape_of_file(connection: Connection, address: str, name: str = "") -> Shape | None:
    """The shape that the header of a remote GGUF file tells; None where it does not tell. Raises ModelError NETWORK_…, HUB_…, MODEL_… ."""
    for amount in (FIRST, SECOND):
        beginning = _beginning(connection, address, amount, name)
        file = GGUFFile(Path(name or "model.gguf"), (), metadata=read_metadata(beginning))
        shape = as_shape(file)
        shape = replace(shape, vocabulary=min(shape.vocabulary, MOST_TOKENS))
        if shape.layers and shape.embedding and shape.vocabulary:
            return shape
        if len(beginning) < amount:
            break
    return shape if shape.layers and shape.embedding else None


def shape_of_config(content: bytes) -> Shape | None:
    """The shape that a checkpoint's config.json tells; None where it does not tell."""
    try:
        config = json.loads(content[:MAX_CONFIG])
    except (ValueError, RecursionError):
        return None
    inner = field(config, "text_config")
    if isinstance(inner, dict):  # of a model that sees as well
        config = {**config, **inner}
    layers, embedding = _any(config, "num_hidden_layers", "n_layer", "num_layers"), _any(config, "hidden_size", "n_embd")
    heads = _any(config, "num_attention_heads", "n_head")
    if not layers or not embedding or not heads:
        return None
    length = _any(config, "head_dim", "kv_channels") or embedding // heads
    return Shape(
        layers=layers,
        embedding=embedding,
        heads=heads,
        kv_heads=_any(config, "num_key_value_heads", "multi_query_group_num") or heads,
        key_length=length,
        value_length=length,
        vocabulary=_any(config, "vocab_size", "padded_vocab_size"),
        trained_context=_any(config, "max_position_embeddings", "seq_length", "n_positions"),
        architecture=text(field(config, "model_type"), 64),
        feed_forward=_any(config, "intermediate_size", "ffn_hidden_size", "n_inner"),
    )


def completed(shape: Shape | None, repository: Repository, file: RemoteFile | None) -> Shape:
    """A shape with what the repository says of its model; guessed from the number of parameters where nothing is known."""
    guess = guess_shape(
        repository.parameters,
        size=file.size if file is not None else 0,
        name=repository.name,
        architecture=repository.architecture,
        trained_context=repository.trained_context,
    )
    if shape is None:
        return guess
    return replace(
        shape,
        parameters=guess.parameters,
        active=guess.active,
        trained_context=shape.trained_context or guess.trained_context,
        architecture=shape.architecture or guess.architecture,
    )


def _beginning(connection: Connection, address: str, amount: int, name: str) -> bytes:
    """The first bytes of a file, from a server that knows ranges and from one that does not."""
    with connection.stream(address, {"Range": f"bytes=0-{amount - 1}"}) as answer:
        error = connection.refusal(answer, name)
        if error is not None:
            raise error
        if answer.status == 206 and not answer.headers.get("content-range", "").strip().startswith("bytes 0-"):
            raise bad_answer(address, "Content-Range")
        return read_beginning(connection, answer, amount)


def _any(config: Json, *names: str) -> int:
    """The first of several names that has a number."""
    return next((found for name in names if 0 < (found := number(field(config, name))) <= MOST), 0)
