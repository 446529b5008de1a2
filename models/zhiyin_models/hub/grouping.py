"""A repository's files as what a person picks: one model for each quant type, and what a conversion needs. Names are claims from outside.

Only names and sizes are looked at; nothing is asked for.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from msgspec.structs import replace

from zhiyin_models.hub.values import RemoteFile, Variant

MAX_FILES = 20_000  # of a repository that are looked at
MAX_PATH = 1024  # characters
MAX_DEPTH = 8  # folders
MAX_SPLITS = 1000
MAX_VARIANTS = 1000
MAX_PROJECTORS = 32

SPLIT = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})", re.DOTALL)
QUANT = re.compile(
    r"(?<![a-z0-9])(?:(?P<before>ud|i1)[-_.])?"
    r"(?P<type>q4_0_[48]_[48]"
    r"|iq[1-6]_(?:xxs|xs|nl|kss|ks|kt|kl|bn|s|m|l|k)(?:_xxl|_xl|_l)?(?:_r\d{1,2})?"
    r"|q[1-8]_k(?:_(?:xxl|xl|xs|l|m|s))?(?:_r\d{1,2})?"
    r"|q[1-8]_[01](?:_xl|_l)?(?:_r\d{1,2})?"
    r"|q[1-8](?=$)"
    r"|tq[12]_0|mxfp4(?:_moe)?|nvfp4|bf16|bf32|fp?16|fp?32)"
    r"(?![a-z0-9])",
    re.IGNORECASE,
)
# What llama.cpp does not read (any more): other programs' types, and Q4_0 laid out beforehand for one kind of processor.
UNREADABLE = re.compile(r"(?:.*_)?(?:Q4_0_[48]_[48]|IQ\d_(?:KSS|KS|KT|KL|BN|K)(?:_\w+)?|\w+_R\d{1,2})")
PROJECTOR = re.compile(r"(?:^|[-_.])mmproj(?:[-_.]|$)", re.IGNORECASE)
IMATRIX = re.compile(r"(?:^|[-_.])imatrix(?:[-_.]|$)", re.IGNORECASE)
# Adapters, vocabularies, and heads that foretell several tokens: none runs alone.
NO_MODEL = re.compile(r"(?:^|^ggml-)(?:lora|adapter|vocab|mtp)(?:[-_.]|$)|[-_.](?:lora|adapter|vocab)$", re.IGNORECASE)
PROJECTOR_ORDER = ("F16", "BF16", "Q8_0", "F32")

WEIGHTS = (("model", ".safetensors"), ("pytorch_model", ".bin"))  # a checkpoint has one or the other
SMALL = frozenset(
    {
        *("config.json", "generation_config.json", "tokenizer.json", "tokenizer.model", "spiece.model", "tokenizer_config.json"),
        *("special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json"),
    }
)
LEGAL = re.compile(r"(?:licen[cs]e|notice|use_policy)(?:[-_.][\w.-]{0,40})?", re.IGNORECASE)
OTHER_WEIGHTS = ("adapter_", "optimizer", "consolidated")  # an adapter, a training's state, the same once more
SHARD = re.compile(r"(?P<stem>[\w.-]{1,200})-(?P<number>\d{5})-of-(?P<count>\d{5,6})(?P<ending>\.safetensors|\.bin)")
TIKTOKEN = ".tiktoken"


class _Named(NamedTuple):
    """A GGUF file with its name taken apart."""

    file: RemoteFile
    folder: str
    stem: str  # without part number and ending
    number: int  # 0: it is no part
    parts: int  # of its set


def group(files: Sequence[RemoteFile]) -> tuple[Variant, ...]:
    """The models among a repository's files, the smallest first (those of unknown size last).

    A split set counts when all of its parts are there. Every model gets the projectors of its own folder or the folders above, or all there
    are; the one to prefer comes first. Left out are importance matrices, adapters, vocabularies, and types that llama.cpp cannot read.
    """
    named = list(_gguf_files(files[:MAX_FILES]))
    projectors = [one for one in named if PROJECTOR.search(one.stem)][:MAX_PROJECTORS]
    whole: dict[tuple[str, str], _Named] = {}
    sets: defaultdict[tuple[str, str, int], list[_Named]] = defaultdict(list)
    for one in named:
        if PROJECTOR.search(one.stem) or not _is_model(one.stem):
            continue
        if one.parts:
            sets[one.folder, one.stem, one.parts].append(one)
        else:
            whole.setdefault((one.folder, one.stem), one)
    models: list[tuple[_Named, tuple[RemoteFile, ...]]] = [(one, (one.file,)) for one in whole.values()]
    for (folder, stem, _), found in sets.items():
        ordered = _complete(found)
        if ordered and (folder, stem) not in whole:
            models.append((found[0], ordered))
    models = [model for model in models if not UNREADABLE.fullmatch(quant_of(model[0].file.path))]
    variants = [(one, Variant(one.stem, quant_of(one.file.path), ordered)) for one, ordered in models]
    variants.sort(key=lambda pair: (pair[1].size < 0, pair[1].size, pair[1].name, pair[0].folder))
    return tuple(replace(variant, projectors=_projectors_for(one.folder, projectors)) for one, variant in variants[:MAX_VARIANTS])


def quant_of(path: str) -> str:
    """The quant type that a file's name tells, else the nearest folder's: Q4_K_M, UD-Q4_K_XL, i1-Q4_K_M, IQ4_XS, F16 …; "" for none."""
    place = PurePosixPath(path[-MAX_PATH:])
    for name in (_stem(place.name), *reversed(place.parent.parts)):
        matches = list(QUANT.finditer(name[-256:]))
        if matches:
            found = matches[-1]  # what stands before the last one belongs to the model's name
            kind = found["type"].upper().replace("FP16", "F16").replace("FP32", "F32").removesuffix("_MOE")
            before = {"ud": "UD-", "i1": "i1-"}.get((found["before"] or "").lower(), "")
            return before + kind
    return ""


def plain_quant(quant: str) -> str:
    """A quant type without who made it or how: Q4_K_M for i1-Q4_K_M, Q4_K_XL for UD-Q4_K_XL."""
    return quant.removeprefix("UD-").removeprefix("i1-")


def checkpoint_files(files: Sequence[RemoteFile]) -> tuple[RemoteFile, ...]:
    """What a conversion needs of a repository that holds a checkpoint at its top; () when it holds none.

    Weights as safetensors, or as .bin where there are none, the whole set of them; their index, configuration, tokenizer, template and
    licence. config.json comes first, then the small files, then the weights in order.
    """
    top = {file.path: file for file in files[:MAX_FILES] if "/" not in file.path and 0 < len(file.path) <= MAX_PATH}
    if "config.json" not in top:
        return ()
    for stem, ending in WEIGHTS:
        weights = _weights(top, stem, ending)
        if weights:
            index = [top[name] for name in (f"{stem}{ending}.index.json",) if name in top]
            small = [file for name, file in sorted(top.items()) if _is_small(name)]
            small.sort(key=lambda file: file.path != "config.json")
            return (*small, *index, *weights)
    return ()


# ---------------------------------------------------------------- GGUF


def _gguf_files(files: Iterable[RemoteFile]) -> Iterable[_Named]:
    """Those that end in .gguf; hidden ones and those in the depths are no models."""
    for file in files:
        if len(file.path) > MAX_PATH or not file.path.lower().endswith(".gguf"):
            continue
        parts = file.path.split("/")
        if len(parts) > MAX_DEPTH + 1 or any(not part or part.startswith(".") for part in parts):
            continue
        folder, name = "/".join(parts[:-1]), parts[-1][: -len(".gguf")]
        match = SPLIT.fullmatch(name)
        if match is None:
            yield _Named(file, folder, name, 0, 0)
        elif 1 <= int(match["number"]) <= int(match["count"]) <= MAX_SPLITS:
            yield _Named(file, folder, match["stem"], int(match["number"]), int(match["count"]))


def _stem(name: str) -> str:
    whole = name[: -len(".gguf")] if name.lower().endswith(".gguf") else name
    match = SPLIT.fullmatch(whole)
    return match["stem"] if match else whole


def _is_model(stem: str) -> bool:
    """An importance matrix is named for itself; a model that was made with one still names its quant type."""
    if IMATRIX.search(stem) and (stem.lower().startswith("imatrix") or not QUANT.search(stem[-256:])):
        return False
    return not NO_MODEL.search(QUANT.sub("", stem[-256:]).strip("-_."))


def _complete(parts: Sequence[_Named]) -> tuple[RemoteFile, ...]:
    """The parts in order, or () when one is missing or is there twice."""
    ordered = sorted(parts, key=lambda part: part.number)
    if [part.number for part in ordered] != list(range(1, parts[0].parts + 1)):
        return ()
    return tuple(part.file for part in ordered)


def _projectors_for(folder: str, projectors: Sequence[_Named]) -> tuple[RemoteFile, ...]:
    near = [one for one in projectors if not one.folder or folder == one.folder or folder.startswith(one.folder + "/")]

    def preference(one: _Named) -> tuple[int, int, str]:
        quant = plain_quant(quant_of(one.stem))
        return (PROJECTOR_ORDER.index(quant) if quant in PROJECTOR_ORDER else len(PROJECTOR_ORDER), one.file.size, one.file.path)

    return tuple(one.file for one in sorted(near or projectors, key=preference))


# ---------------------------------------------------------------- checkpoints


def _weights(top: dict[str, RemoteFile], stem: str, ending: str) -> tuple[RemoteFile, ...]:
    """One file of the usual name, or a whole set of shards. Safetensors may have other names; a .bin file may be anything."""
    if stem + ending in top:
        return (top[stem + ending],)
    sets: defaultdict[tuple[str, int], dict[int, RemoteFile]] = defaultdict(dict)
    for name, file in top.items():
        match = SHARD.fullmatch(name)
        if match and match["ending"] == ending and 1 <= int(match["number"]) <= int(match["count"]) <= MAX_SPLITS:
            sets[match["stem"], int(match["count"])][int(match["number"])] = file
    whole = {name: [parts[number] for number in sorted(parts)] for (name, count), parts in sets.items() if len(parts) == count}
    if stem in whole:
        return tuple(whole[stem])
    if ending != ".safetensors":
        return ()
    others = sorted(name for name in top if name.endswith(ending) and not name.startswith(OTHER_WEIGHTS))
    if len(others) == 1 and not SHARD.fullmatch(others[0]):
        return (top[others[0]],)
    named_so = [parts for name, parts in whole.items() if not name.startswith(OTHER_WEIGHTS)]
    return tuple(named_so[0]) if len(named_so) == 1 and len(named_so[0]) == len(others) else ()


def _is_small(name: str) -> bool:
    return name in SMALL or name.endswith(TIKTOKEN) or LEGAL.fullmatch(name) is not None
