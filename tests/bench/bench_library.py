"""The library: listing 2,000 models at start, and reading what a file says of itself: the starter, and one with a vocabulary of 256,000."""

import random
import statistics
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.figures import at_most, noted, starter
from tests.models.gguf_files import ARRAY, STRING, Raw, text, write_small

from zhiyin_models.library.gguf import read_metadata
from zhiyin_models.library.installed import Library, Origin

MODELS = 2000
VOCABULARY = 256_000
MERGES = 514_000
ROUNDS = 9
FLOAT, INTEGER = 6, 5


def timed(work: Callable[[], object]) -> float:
    """Milliseconds that a call takes, the median of several: the first warms the file up, as the app's own start does."""
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


def write_large_vocabulary(path: Path) -> None:
    """A header as large as they come: tokens in two scripts, scores, types and merges."""
    chance = random.Random(256)
    words = ["".join(chr(chance.randint(97, 122)) for _ in range(chance.randint(1, 12))) for _ in range(VOCABULARY // 2)]
    words += ["".join(chr(chance.randint(0x4E00, 0x9FFF)) for _ in range(chance.randint(1, 4))) for _ in range(VOCABULARY // 2)]
    merges = [f"{chance.choice(words)} {chance.choice(words)}" for _ in range(MERGES)]
    write_small(
        path,
        {
            "tokenizer.ggml.model": "gpt2",
            "tokenizer.ggml.tokens": strings(words),
            "tokenizer.ggml.scores": Raw(ARRAY, struct.pack("<IQ", FLOAT, VOCABULARY) + bytes(4 * VOCABULARY)),
            "tokenizer.ggml.token_type": Raw(ARRAY, struct.pack("<IQ", INTEGER, VOCABULARY) + bytes(4 * VOCABULARY)),
            "tokenizer.ggml.merges": strings(merges),
        },
    )


def strings(items: list[str]) -> Raw:
    """An array of texts."""
    return Raw(ARRAY, struct.pack("<IQ", STRING, len(items)) + b"".join(map(text, items)))


def fill(library: Library) -> None:
    """Models as downloads leave them: a folder for each owner and repository, every tenth with notes and an origin."""
    small = write_small(library.directory / "small.gguf").read_bytes()
    for number in range(MODELS):
        folder = library.models_directory / f"owner-{number % 40}" / f"model-{number // 2}-GGUF"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"model-{number // 2}-{('Q4_K_M', 'Q8_0')[number % 2]}.gguf"
        path.write_bytes(small)
    for model in library.models()[::100]:
        library.record_origin(model.path, Origin("Hugging Face", "owner/name", "0" * 40, {Path(model.path).name: "1" * 64}))
        library.set_notes(model.path, "好用。" * 20)


def run() -> list[dict[str, Any]]:
    """Measure on a real disk, in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vocabulary = folder / "vocabulary.gguf"
        write_large_vocabulary(vocabulary)
        library = Library(folder / "data")
        library.directory.mkdir()
        started = time.perf_counter()
        fill(library)
        first = time.perf_counter() - started
        listed = timed(lambda: Library(library.directory).models())
        path = library.models()[0].path
        used = timed(lambda: library.touch(path))
        size = (library.directory / "library.json").stat().st_size
        whole = timed(lambda: read_metadata(vocabulary))
        mine = timed(lambda: read_metadata(starter()))
    return [
        at_most(f"library: list {MODELS:,} models, cached", listed, 200, "ms"),
        noted(f"library: write and list {MODELS:,} models for the first time", first, "s"),
        noted(f"library: remember a use among {MODELS:,} models", used, "ms"),
        noted("library: state file", size / 2**20, "MiB"),
        at_most("library: metadata of the starter", mine, 20, "ms"),
        at_most(f"library: metadata with {VOCABULARY:,} tokens and {MERGES:,} merges", whole, 150, "ms"),
    ]
