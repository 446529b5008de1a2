"""What hubs say as the view shows it: which variant is recommended, what of a repository is here, where a download goes."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from zhiyin.controllers.catalogue import picks, places_of
from zhiyin.controllers.discover_presentation import (
    Places,
    address_download,
    checkpoint_download,
    contexts,
    installed_keys,
    is_older,
    model_download,
    on_the_way,
    recommended,
    usual_context,
    variant_key,
)
from zhiyin.controllers.updates import Known, has_update, read_known, write_known
from zhiyin.ui.discover_values import Fit, VariantRow
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.settings import HubSettings
from zhiyin_models.hub.values import Details, RemoteFile, Repository, Variant
from zhiyin_models.jobs.protocol import JobState, Status
from zhiyin_models.library.catalogue import read_catalogue
from zhiyin_models.library.installed import InstalledModel, Origin
from zhiyin_models.library.verdict import Machine
from zhiyin_models.work import Progress, Stage

GB = 1 << 30
EYE = RemoteFile("mmproj.gguf", 5)


def variant(quant: str, size: int = GB, sha256: str = "") -> Variant:
    return Variant(f"m-{quant}", quant, (RemoteFile(f"sub/m-{quant}.gguf", size, sha256),), (EYE,))


HELD = Details(
    Repository("ModelScope", "Owner/Name", licence="mit", languages=("zh",)), "0123456789abcdef",
    (variant("Q4_K_M", sha256="new"), variant("Q8_0", 2 * GB)), checkpoint=(RemoteFile("config.json"), RemoteFile("model.safetensors", 9)),
)  # fmt: skip


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(HubSettings(), tmp_path / "models", tmp_path)


@pytest.mark.parametrize(
    ("verdicts", "best"),
    [
        ({"Q2_K": "gpu", "Q4_K_M": "gpu", "Q8_0": "gpu"}, "Q4_K_M"),
        ({"Q2_K": "gpu", "Q4_K_M": "partly", "Q8_0": "cpu"}, "Q2_K"),  # all of it on the GPU is worth more
        ({"IQ2_M": "cpu", "IQ3_M": "cpu", "Q4_K_M": "no"}, "IQ3_M"),
        ({"Q4_K_M": "no", "Q8_0": "no"}, ""),
        ({"Q4_K_M": "", "Q8_0": ""}, ""),  # nothing is known
    ],
)
def test_what_is_recommended_fits(verdicts: dict[str, str], best: str) -> None:
    sizes = {quant: place * GB for place, quant in enumerate(verdicts, 1)}
    rows = [VariantRow(variant(quant, sizes[quant]), Fit(verdict)) for quant, verdict in verdicts.items()]  # type: ignore[arg-type]
    found = recommended(rows)
    assert (found.variant.quant if found else "") == best


def test_contexts_end_where_the_model_was_trained() -> None:
    assert contexts(32_768) == (2048, 4096, 8192, 16_384, 32_768)
    assert contexts(0)[-1] == 131_072
    assert contexts(512) == (512,)
    assert [usual_context(contexts(trained)) for trained in (512, 4096, 0)] == [512, 4096, 8192]


def test_a_download_is_pinned_and_goes_into_the_repositorys_folder(places: Places) -> None:
    task = model_download(HELD, HELD.variants[0], places)
    assert (task.kind, task.source, task.revision) == ("modelscope", "ModelScope", HELD.revision)
    assert task.folder == str(places.models / "Owner" / "Name")
    assert (task.name, task.licence, task.languages, task.files) == ("m", "mit", ("zh",), HELD.variants[0].files)
    assert model_download(HELD, HELD.variants[0], places, EYE.path).files == (*HELD.variants[0].files, EYE)
    assert model_download(HELD, HELD.variants[0], places, beside_older=True).folder.endswith("Name/01234567")
    checkpoint = checkpoint_download(HELD, places)
    assert (checkpoint.purpose, checkpoint.folder) == ("checkpoint", str(places.data_dir / "checkpoints" / "Owner" / "Name"))
    plain = address_download("https://x/y", RemoteFile("../../etc/m.gguf", 7), "ab" * 32, places)
    assert plain.files == (RemoteFile("m.gguf", 7, "ab" * 32),)
    with pytest.raises(ModelError) as refused:
        model_download(replace(HELD, repository=Repository("x", "../..")), HELD.variants[0], places)
    assert refused.value.code is Code.FILE_NAME_BAD


def test_what_is_here_is_known_by_its_place_or_by_where_it_came_from(places: Places) -> None:
    first, second = HELD.variants
    by_place = InstalledModel("a", str(places.models / "Owner" / "Name" / "sub" / "m-Q8_0.gguf"))
    by_origin = InstalledModel("b", "/elsewhere/m-Q4_K_M.gguf", origin=Origin("x", "owner/name", "old", {"m-Q4_K_M.gguf": "old"}))
    found = installed_keys(HELD, [by_place, by_origin, replace(by_place, missing=True)], places.models)
    assert found == {variant_key(HELD, first): by_origin, variant_key(HELD, second): by_place}
    assert is_older(by_origin, first)
    newer = InstalledModel("c", "/beside/m-Q4_K_M.gguf", origin=Origin("x", "Owner/Name", "new", {"m-Q4_K_M.gguf": "new"}))
    assert installed_keys(HELD, [by_origin, newer], places.models)[variant_key(HELD, first)] is newer


def test_what_is_on_its_way_is_told_by_the_newest_download(places: Places) -> None:
    task = model_download(HELD, HELD.variants[0], places)
    key = variant_key(HELD, HELD.variants[0])
    old = JobState("1", task, Status.FAILED, 1.0)
    new = JobState("2", task, Status.RUNNING, 2.0, progress=Progress(Stage.DOWNLOAD, 1, 4))
    assert (on_the_way([new, old])[key].state, on_the_way([old, new])[key].fraction) == ("running", 0.25)
    assert on_the_way([], {key})[key].state == "asking"
    assert on_the_way([JobState("3", task, Status.FINISHED, 3.0)]) == {}


def test_the_catalogue_is_sorted_for_the_machine_and_the_language() -> None:
    machine = Machine(6 * GB, 8 * GB)
    for language in ("zh_CN", "en"):
        found = picks(machine, None, language)
        assert len(found) == len(read_catalogue())
        assert [pick.best for pick in found[:4]] == [True, True, True, False]
        assert all(language[:2] in pick.entry.languages and pick.fit.verdict == "cpu" for pick in found[:3])
        unfit = [pick.fit.verdict == "no" for pick in found]
        assert unfit == sorted(unfit)
        assert unfit[-1]


def test_a_model_of_the_catalogue_is_asked_for_at_every_kind_of_source() -> None:
    entry = next(entry for entry in read_catalogue() if entry.modelscope)
    assert places_of(entry, HubSettings()) == (("Hugging Face", entry.huggingface), ("ModelScope", entry.modelscope))
    assert places_of(entry, HubSettings(sources=())) == (("", entry.huggingface),)


def test_only_another_file_is_an_update() -> None:
    origin = Origin("x", "Owner/Name", "old", {"m-Q4_K_M.gguf": "new"})
    assert not has_update(origin, HELD)
    assert has_update(replace(origin, sha256={"m-Q4_K_M.gguf": "other"}), HELD)
    assert not has_update(replace(origin, sha256={"gone.gguf": "other", "m-Q8_0.gguf": "unknown there"}), HELD)


@pytest.mark.parametrize("spoilt", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"asked": "x"}'])
def test_what_was_found_is_kept_and_a_spoilt_file_costs_only_that(tmp_path: Path, spoilt: bytes) -> None:
    known = Known(5.0, {"/m.gguf": "abc"})
    write_known(tmp_path, known)
    assert read_known(tmp_path) == known
    (tmp_path / "updates.json").write_bytes(spoilt)
    assert read_known(tmp_path) == Known()
