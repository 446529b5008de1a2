import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from zhiyin_models.hub.grouping import group, plain_quant
from zhiyin_models.hub.values import Details, RemoteFile, Repository
from zhiyin_models.library.catalogue import ASSET, ENOUGH, MARGIN, CatalogueFile, Entry, best_for, read_catalogue, refreshed
from zhiyin_models.library.gguf import read_metadata
from zhiyin_models.library.installed import Library
from zhiyin_models.library.shapes import BITS, shape_of
from zhiyin_models.library.speed import Speed
from zhiyin_models.library.verdict import Gpu, Judgement, Machine, Verdict, judge
from zhiyin_models.resources import asset_path

GIB = 1 << 30
ENTRIES = read_catalogue()
LICENCES = {
    *("Apache-2.0", "MIT", "Gemma Terms of Use", "Qwen License"),
    *("Llama 3.1 Community License", "Llama 3.2 Community License", "Llama 3.3 Community License"),
}


def entry(identity: str) -> Entry:
    return next(one for one in ENTRIES if one.id == identity)


# ---------------------------------------------------------------- the list itself


def test_the_catalogue_is_versioned_and_covers_small_and_large() -> None:
    document = json.loads(asset_path(ASSET).read_text("utf-8"))
    assert document["version"] == 1
    assert len(document["entries"]) == len(ENTRIES) >= 30
    sizes = [one.parameters for one in ENTRIES]
    assert sizes == sorted(sizes)
    assert sizes[0] < 200_000_000
    assert sizes[-1] > 70_000_000_000
    assert len({one.family for one in ENTRIES}) >= 10
    assert sum("zh" in one.languages for one in ENTRIES) >= 20
    assert all("en" in one.languages for one in ENTRIES)


def test_identities_and_repositories_are_unique() -> None:
    for values in (
        [one.id for one in ENTRIES],
        [one.huggingface for one in ENTRIES],
        [one.name.en for one in ENTRIES],
        [one.name.zh for one in ENTRIES],
    ):
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("one", ENTRIES, ids=lambda one: one.id)
def test_every_entry_is_complete_and_plausible(one: Entry) -> None:
    assert one.checked
    assert one.licence in LICENCES
    assert one.good_for.zh.endswith("。")
    assert any("一" <= char <= "鿿" for char in one.good_for.zh)
    assert one.good_for.en.endswith(".")
    assert one.good_for.en.isascii()
    shape = one.shape
    assert shape.heads % shape.kv_heads == 0
    assert 4096 <= shape.trained_context <= 1 << 18
    assert not shape.guessed
    assert one.variants == tuple(sorted(one.variants, key=lambda variant: variant.size))
    assert len({variant.quant for variant in one.variants}) == len(one.variants)
    for variant in one.variants:
        (grouped,) = group(variant.files)  # its names are those of one whole model of that quant type
        assert plain_quant(grouped.quant) == variant.quant
        usual = BITS.get(variant.quant, BITS["Q4_K_M"])
        table = shape.embedding * shape.vocabulary if shape.parameters < 2_000_000_000 else 0  # of a small model it is much, and kept finer
        coarse = 1.1 if shape.embedding % 256 == 0 else 1.3  # blocks of 256 do not divide these rows: they are kept in larger types
        assert usual * 0.97 * shape.parameters < variant.size * 8 < usual * coarse * (shape.parameters + table)


@pytest.mark.parametrize("one", ENTRIES, ids=lambda one: one.id)
def test_shapes_add_up_to_the_parameters(one: Entry) -> None:
    """Embedding, attention and feed-forward of all layers make all but the norms; the output may be the embedding once more."""
    shape = one.shape
    attention = 2 * shape.embedding * shape.key_length * (shape.heads + shape.kv_heads)
    experts = 128 * 768 if shape.active else shape.feed_forward  # Qwen3-30B-A3B: 128 experts of 768
    layers = shape.layers * (attention + 3 * shape.embedding * experts)
    table = shape.embedding * shape.vocabulary
    assert any(shape.parameters == pytest.approx(layers + tables * table, rel=0.001) for tables in (1, 2))
    if shape.active:
        used = shape.layers * (attention + 3 * shape.embedding * 8 * 768) + 2 * table
        assert shape.active == pytest.approx(used, rel=0.01)


def test_the_starter_is_as_the_catalogue_says() -> None:
    path = Library.starter()
    assert path is not None
    said, real = entry("smollm2-135m").shape, shape_of(read_metadata(path))
    assert said == real


# ---------------------------------------------------------------- reading


def document(**change: Any) -> dict[str, Any]:
    """The smallest entry in a list of its own, with something changed."""
    listed: dict[str, Any] = json.loads(asset_path(ASSET).read_text("utf-8"))
    return {**listed, "entries": [{**listed["entries"][0], **change}]}


def test_a_good_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(document(id="another")), "utf-8")
    assert [one.id for one in read_catalogue(path)] == ["another"]


@pytest.mark.parametrize(
    "change",
    [
        *({"id": "../evil"}, {"id": ""}, {"huggingface": "no-owner"}, {"modelscope": "a/b/c"}, {"released": "soon"}, {"languages": []}),
        *(
            {"languages": ["Chinese"]},
            {"name": {"zh": "", "en": "x"}},
            {"good_for": {"zh": "好" * 400, "en": "x"}},
            {"licence": ""},
            {"extra": 1},
        ),
        *({"variants": []}, {"variants": [{"quant": "Q8_0", "files": []}]}, {"shape": {"parameters": -1}}, {"shape": "big"}),
        *(
            {"variants": [{"quant": "Q8_0", "files": [{"path": path, "size": 1}]}]}
            for path in ("../m.gguf", "/m.gguf", "m.exe", "a\\m.gguf", "a\nm.gguf")
        ),
        *({"variants": [{"quant": "Q8_0", "files": [{"path": "m.gguf", "size": size}]}]} for size in (-1, 0, 1 << 50, "1", 1.5)),
        {"variants": [{"quant": "Q8_0", "files": [{"path": "m.gguf", "size": 1, "sha256": "no"}]}]},
    ],
    ids=str,
)
def test_a_list_with_anything_wrong_is_not_used(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(document(**change)), "utf-8")
    assert read_catalogue(path) == ()


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[" * 100_000, b"null", b'{"version": 2, "updated": "", "entries": []}', b" " * (1 << 21)]
)
def test_a_file_that_is_no_list_is_not_used(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(content)
    assert read_catalogue(path) == ()
    assert read_catalogue(tmp_path / "absent.json") == ()


def test_an_entry_twice_is_not_used(tmp_path: Path) -> None:
    twice = document()
    twice["entries"] *= 2
    path = tmp_path / "list.json"
    path.write_text(json.dumps(twice), "utf-8")
    assert read_catalogue(path) == ()


def test_words_and_repositories_are_chosen() -> None:
    qwen = entry("qwen3-8b")
    assert qwen.name.of("zh_CN").startswith("通义")
    assert qwen.name.of("en") == qwen.name.of("de") == "Qwen3 8B"
    assert (qwen.repository("huggingface"), qwen.repository("modelscope"), qwen.repository("url")) == (*["Qwen/Qwen3-8B-GGUF"] * 2, "")
    approximate = entry("yi-1.5-9b").variants[0]
    assert approximate.approximate
    assert [file.size for file in approximate.to_fetch] == [-1]
    assert qwen.variants[0].to_fetch == qwen.variants[0].files


# ---------------------------------------------------------------- refreshing


def details(one: Entry, *files: RemoteFile, identity: str = "") -> Details:
    return Details(Repository("Hugging Face", identity or one.huggingface), "c" * 40, group(files))


def test_the_hub_knows_better() -> None:
    yi = entry("yi-1.5-9b")
    name = yi.variants[0].files[0].path
    fresh = refreshed(yi, details(yi, RemoteFile(name, 5_328_957_000, "a" * 64), RemoteFile("Yi-1.5-9B-Chat-Q8_0.gguf", 9)))
    assert fresh.variants == (CatalogueFile("Q4_K_M", (RemoteFile(name, 5_328_957_000, "a" * 64),)),)
    assert fresh.revision == "c" * 40
    assert (fresh.id, fresh.name, fresh.shape) == (yi.id, yi.name, yi.shape)


def test_files_may_have_been_renamed_split_or_taken_away() -> None:
    qwen = entry("qwen3-8b")
    parts = [RemoteFile(f"new-Q4_K_M-{number:05}-of-00002.gguf", 10) for number in (1, 2)]
    fresh = refreshed(qwen, details(qwen, *parts))
    assert [(variant.quant, variant.files) for variant in fresh.variants] == [("Q4_K_M", tuple(parts))]


def test_what_the_hub_does_not_say_stays_as_it_was() -> None:
    qwen = entry("qwen3-8b")
    known = qwen.variants[0].files[0]
    silent = refreshed(qwen, details(qwen, RemoteFile(known.path)))
    assert silent.variants[0].files == (known,)
    parts = entry("qwen2.5-7b")
    names = [RemoteFile(file.path) for file in parts.variants[0].files]
    assert refreshed(parts, details(parts, *names)).variants == parts.variants
    other_size = refreshed(qwen, details(qwen, RemoteFile(known.path, known.size + 1)))
    assert other_size.variants[0].files == (RemoteFile(known.path, known.size + 1),)  # the checksum was of other bytes


def test_another_repository_or_an_empty_one_changes_nothing() -> None:
    qwen = entry("qwen3-8b")
    assert refreshed(qwen, details(qwen, *qwen.variants[0].files, identity="evil/Qwen3-8B-GGUF")) is qwen
    assert refreshed(qwen, details(qwen)) is qwen


# ---------------------------------------------------------------- what suits a computer

COMPUTERS = {
    "4 GB laptop": Machine(int(2.6 * GIB), 4 * GIB),
    "8 GB laptop": Machine(int(5.5 * GIB), 8 * GIB),
    "16 GB laptop": Machine(12 * GIB, 16 * GIB),
    "16 GB with a card of 8 GB": Machine(12 * GIB, 16 * GIB, (Gpu("card", int(7.6 * GIB), 8 * GIB),)),
    "64 GB with a card of 24 GB": Machine(56 * GIB, 64 * GIB, (Gpu("card", int(23.5 * GIB), 24 * GIB),)),
    "128 GB with two such cards": Machine(120 * GIB, 128 * GIB, (Gpu("card", int(23.5 * GIB), 24 * GIB),) * 2),
}
Choices = list[tuple[Entry, CatalogueFile, Judgement]]


@pytest.mark.parametrize(
    ("computer", "chinese", "english", "place"),
    [
        ("4 GB laptop", "qwen2.5-1.5b", "qwen2.5-1.5b", Verdict.CPU),
        ("8 GB laptop", "qwen3-4b-2507", "qwen3-4b-2507", Verdict.CPU),
        ("16 GB laptop", "qwen2.5-7b", "llama-3.1-8b", Verdict.CPU),
        ("16 GB with a card of 8 GB", "glm-4-9b-0414", "glm-4-9b-0414", Verdict.GPU),
        ("64 GB with a card of 24 GB", "glm-4-32b-0414", "gemma-3-27b", Verdict.GPU),
        ("128 GB with two such cards", "qwen2.5-72b", "llama-3.3-70b", Verdict.GPU),
    ],
)
def test_the_best_for_a_computer(computer: str, chinese: str, english: str, place: Verdict) -> None:
    for language, wanted in (("zh_CN", chinese), ("en", english)):
        one, file, judgement = best_for(COMPUTERS[computer], None, language)[0]
        assert (one.id, file.quant, judgement.verdict) == (wanted, "Q4_K_M", place)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("computer", COMPUTERS)
def test_what_every_choice_keeps_to(computer: str, language: str) -> None:
    machine = COMPUTERS[computer]
    choices = best_for(machine, None, language)
    assert len({one.id for one, _, _ in choices}) == len(choices) > 0
    for one, file, judgement in choices:
        assert file in one.variants
        assert judgement == judge(file.size, one.shape, 8192, machine, None)
        assert judgement.verdict != Verdict.NO
        assert judgement.verdict != Verdict.CPU or judgement.need + MARGIN <= machine.memory_free
        assert judgement.tokens_per_second is None
    families = [one.family for one, _, _ in choices]
    assert len(set(families[:4])) == min(4, len(families))
    if language == "zh":
        assert "zh" in choices[0][0].languages


BETTER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"preferred": True}, {}),
    ({"released": "2024-06"}, {}),
    ({}, {"thinks": "default"}),
    ({"thinks": "default"}, {"thinks": "always"}),
    ({"languages": ("zh", "en")}, {"languages": ("en", "zh")}),
    ({"languages": ("en", "zh")}, {"languages": ("en", "de")}),
]


@pytest.mark.parametrize(("better", "worse"), BETTER, ids=str)
def test_between_two_alike(better: dict[str, Any], worse: dict[str, Any]) -> None:
    plain = entry("yi-1.5-9b")
    pair = (replace(plain, id="a", family="a", **worse), replace(plain, id="b", **better))
    assert [one.id for one, _, _ in best_for(COMPUTERS["16 GB laptop"], None, "zh", entries=pair)] == ["b", "a"]


def test_what_is_slow_comes_last_once_speed_is_known() -> None:
    machine = COMPUTERS["64 GB with a card of 24 GB"]
    without_card = Machine(machine.memory_free, machine.memory_total)
    choices = best_for(without_card, Speed(bytes_per_second=40e9), "zh")
    assert choices[0][0].id == "qwen3-30b-a3b-2507"  # it reads a tenth of itself for a token
    speeds = [judgement.tokens_per_second or 0 for _, _, judgement in choices]
    assert speeds[0] > ENOUGH
    first_slow = next(index for index, speed in enumerate(speeds) if speed < ENOUGH)
    fast_families = {one.family for one, _, judgement in choices if (judgement.tokens_per_second or 0) >= ENOUGH}
    assert {one.family for one, _, _ in choices[:first_slow]} == fast_families
    faster = best_for(without_card, Speed(bytes_per_second=400e9), "zh")
    assert faster[0][0].parameters > choices[0][0].parameters


def test_a_large_model_is_not_offered_to_an_unmeasured_processor() -> None:
    choices = best_for(Machine(120 * GIB, 128 * GIB), None, "en")
    assert choices[0][0].id == "qwen3-30b-a3b-2507"
    assert "llama-3.3-70b" in {one.id for one, _, _ in choices[10:]}


def test_a_roomy_card_takes_a_finer_file() -> None:
    machine = Machine(56 * GIB, 64 * GIB, (Gpu("card", int(23.5 * GIB), 24 * GIB),))
    files = {one.id: file.quant for one, file, judgement in best_for(machine, None, "zh") if judgement.verdict == Verdict.GPU}
    assert files["qwen3-8b"] == files["qwen3-14b"] == "Q8_0"
    assert files["qwen3-32b"] == "Q4_K_M"


def test_where_nothing_fits_nothing_is_offered() -> None:
    assert best_for(Machine(500 << 20, 1 << 30), None, "zh") == []
    assert best_for(COMPUTERS["16 GB laptop"], None, "zh", entries=()) == []


def test_a_longer_context_leaves_room_for_less() -> None:
    machine = COMPUTERS["16 GB with a card of 8 GB"]
    short = [one.id for one, _, judgement in best_for(machine, None, "zh", context=2048) if judgement.verdict == Verdict.GPU]
    long = [one.id for one, _, judgement in best_for(machine, None, "zh", context=32_768) if judgement.verdict == Verdict.GPU]
    assert set(long) < set(short)
