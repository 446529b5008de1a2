from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin_models.hub.grouping import MAX_DEPTH, MAX_PROJECTORS, MAX_VARIANTS, checkpoint_files, group, plain_quant, quant_of
from zhiyin_models.hub.values import RemoteFile, Variant


def files(*paths: str, size: int = 100) -> list[RemoteFile]:
    """Files of growing sizes, so that the order of the variants is that of the paths."""
    numbers = count(size)
    return [RemoteFile(path, next(numbers)) for path in paths]


def named(variants: Sequence[Variant]) -> list[tuple[str, str]]:
    return [(variant.name, variant.quant) for variant in variants]


@pytest.mark.parametrize(
    ("path", "quant"),
    [
        ("Qwen3-8B-Q4_K_M.gguf", "Q4_K_M"),
        ("qwen2.5-7b-instruct-q4_k_m-00001-of-00002.gguf", "Q4_K_M"),
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "Q4_1"),
        ("Qwen3-8B-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
        ("DeepSeek-R1-UD-IQ1_S-00001-of-00003.gguf", "UD-IQ1_S"),
        ("Model.i1-Q4_K_M.gguf", "i1-Q4_K_M"),
        ("Model.i1-IQ2_XXS.gguf", "i1-IQ2_XXS"),
        ("m-IQ4_XS.gguf", "IQ4_XS"),
        ("m-IQ4_NL.gguf", "IQ4_NL"),
        ("m-Q8_0.gguf", "Q8_0"),
        ("m-Q6_K_L.gguf", "Q6_K_L"),
        ("m-Q2_K.gguf", "Q2_K"),
        ("m_q5_k_s.gguf", "Q5_K_S"),
        ("m-F16.gguf", "F16"),
        ("m.fp16.gguf", "F16"),
        ("m-BF16.gguf", "BF16"),
        ("m-f32.gguf", "F32"),
        ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
        ("gpt-oss-20b-MXFP4_MOE.gguf", "MXFP4"),
        ("m-TQ1_0.gguf", "TQ1_0"),
        ("Phi-3-mini-4k-instruct-q4.gguf", "Q4"),
        ("Model-F16-then-Q6_K.gguf", "Q6_K"),
        ("Q5_K_M/model-00001-of-00002.gguf", "Q5_K_M"),
        ("UD-Q2_K_XL/deep/model.gguf", "UD-Q2_K_XL"),
        ("BF16/model-Q8_0.gguf", "Q8_0"),
        ("Qwen-q4b-v2.gguf", ""),
        ("llama-3-8b.gguf", ""),
        ("", ""),
    ],
)
def test_the_quant_type_is_read_from_names(path: str, quant: str) -> None:
    assert quant_of(path) == quant


def test_who_made_a_quant_type_can_be_left_out() -> None:
    assert [plain_quant(quant) for quant in ("UD-Q4_K_XL", "i1-Q4_K_M", "Q8_0", "")] == ["Q4_K_XL", "Q4_K_M", "Q8_0", ""]


def test_the_smallest_comes_first_and_unknown_sizes_last() -> None:
    listed = [RemoteFile("m-F16.gguf", 900), RemoteFile("m-Q8_0.gguf"), RemoteFile("m-Q4_K_M.gguf", 300), RemoteFile("m-Q2_K.gguf", 200)]
    assert [variant.quant for variant in group(listed)] == ["Q2_K", "Q4_K_M", "F16", "Q8_0"]


def test_a_split_set_is_one_model_with_its_parts_in_order() -> None:
    parts = [RemoteFile(f"big-Q4_K_M-{number:05}-of-00003.gguf", number) for number in (3, 1, 2)]
    (variant,) = group(parts)
    assert (variant.name, variant.quant, variant.size) == ("big-Q4_K_M", "Q4_K_M", 6)
    assert [file.size for file in variant.files] == [1, 2, 3]


@pytest.mark.parametrize(
    "numbers",
    [
        *(("00001-of-00003", "00003-of-00003"), ("00002-of-00002",), ("00000-of-00001",), ("00001-of-00000",), ("00001-of-09999",)),
        *(("00001-of-00002", "00001-of-00002"), ("00001-of-00002", "00003-of-00002"), ("00001-of-00002", "00002-of-00003")),
    ],
)
def test_a_set_that_is_not_whole_is_left_out(numbers: tuple[str, ...]) -> None:
    assert group(files(*(f"big-Q4_K_M-{number}.gguf" for number in numbers), "other-Q8_0.gguf"))[0].name == "other-Q8_0"
    assert len(group(files(*(f"big-Q4_K_M-{number}.gguf" for number in numbers)))) == 0


def test_parts_belong_together_only_within_a_folder() -> None:
    assert group(files("a/m-00001-of-00002.gguf", "b/m-00002-of-00002.gguf")) == ()


def test_a_whole_file_stands_for_a_set_of_the_same_name() -> None:
    (variant,) = group(files("m-Q4_K_M.gguf", "m-Q4_K_M-00001-of-00002.gguf", "m-Q4_K_M-00002-of-00002.gguf"))
    assert [file.path for file in variant.files] == ["m-Q4_K_M.gguf"]


def test_folders_may_name_the_quant_type() -> None:
    listed = files("Q4_K_M/m-00001-of-00002.gguf", "Q4_K_M/m-00002-of-00002.gguf", "Q8_0/m-00001-of-00001.gguf", "BF16/m.gguf")
    assert sorted(named(group(listed))) == [("m", "BF16"), ("m", "Q4_K_M"), ("m", "Q8_0")]


def test_projectors_belong_to_every_model_and_f16_comes_first() -> None:
    listed = files("m-Q4_K_M.gguf", "m-Q8_0.gguf", "mmproj-BF16.gguf", "mmproj-F32.gguf", "mmproj-m-f16.gguf", "m.mmproj-Q8_0.gguf")
    for variant in group(listed):
        assert [file.path for file in variant.projectors] == [
            "mmproj-m-f16.gguf",
            "mmproj-BF16.gguf",
            "m.mmproj-Q8_0.gguf",
            "mmproj-F32.gguf",
        ]
    assert len(group(listed)) == 2


def test_a_model_has_the_projectors_of_its_folder_or_those_above() -> None:
    listed = files("a/m-Q4_K_M.gguf", "a/mmproj-F16.gguf", "b/n-Q4_K_M.gguf", "b/mmproj-F16.gguf", "Q8_0/deep/o.gguf")
    found = {variant.name: [file.path for file in variant.projectors] for variant in group(listed)}
    assert found["m-Q4_K_M"] == ["a/mmproj-F16.gguf"]
    assert found["n-Q4_K_M"] == ["b/mmproj-F16.gguf"]
    assert found["o"] == ["a/mmproj-F16.gguf", "b/mmproj-F16.gguf"]  # which one is not said


@pytest.mark.parametrize(
    "path",
    [
        *("README.md", "m-Q4_K_M.gguf.md", "config.json", "imatrix.gguf", "m.imatrix.gguf", "imatrix_unsloth.gguf", "imatrix-Q8_0.gguf"),
        *(
            "lora-f16.gguf",
            "ggml-adapter-model.gguf",
            "m-lora.gguf",
            "m-lora-F16.gguf",
            "ggml-vocab-llama.gguf",
            "mtp.gguf",
            "MTP/mtp-Q8_0.gguf",
        ),
        *(".hidden/m-Q4_K_M.gguf", ".m-Q4_K_M.gguf", "a//m-Q4_K_M.gguf", "/m-Q4_K_M.gguf", "x/" * (MAX_DEPTH + 1) + "m-Q4_K_M.gguf"),
        *("m-Q4_0_4_4.gguf", "m-Q4_0_8_8.gguf", "m-IQ4_KS.gguf", "m-IQ3_K.gguf", "m-Q4_K_R4.gguf", "m-IQ2_KT.gguf", "m-IQ4_K_R4.gguf"),
        *("m-Q4_K_M.gguf.part", "m" * 2000 + ".gguf"),
    ],
)
def test_what_is_no_model_that_can_be_run(path: str) -> None:
    assert group([RemoteFile(path, 5)]) == ()


@pytest.mark.parametrize(
    "path",
    ["Imatrix-Llama-Q4_K_M-imatrix.gguf", "m-imatrix-IQ3_S.gguf", "vocabulary-trainer-Q4_0.gguf", "Lorax-Q8_0.gguf", "m-MTP-Q4_K_M.gguf"],
)
def test_names_that_only_look_like_something_else(path: str) -> None:
    assert len(group([RemoteFile(path.removeprefix("Imatrix-"), 5)])) == 1


def test_upper_and_lower_case_endings() -> None:
    assert named(group(files("M-Q4_K_M.GGUF"))) == [("M-Q4_K_M", "Q4_K_M")]


def test_great_repositories_stay_bounded() -> None:
    great = [RemoteFile("q4_" * 300 + f"{number}.gguf", number) for number in range(3000)]
    great += [RemoteFile(f"mmproj-{number}.gguf", number) for number in range(3000)]
    great += [RemoteFile(f"d{number % 7}/m-Q4_K_M-{number:05}-of-09999.gguf", number) for number in range(3000)]
    great += [RemoteFile(f"model-{number:05}-of-{number:05}.safetensors", number) for number in range(3000)]
    variants = group(great * 3)
    assert len(variants) == MAX_VARIANTS
    assert {len(variant.projectors) for variant in variants} == {MAX_PROJECTORS}
    assert paths(checkpoint_files([RemoteFile("config.json"), *great])) == ["config.json", "model-00001-of-00001.safetensors"]


NAMES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "model",
                "Q4_K_M",
                "UD",
                "i1",
                "IQ2_XXS",
                "mmproj",
                "imatrix",
                "00001",
                "00002",
                "of",
                "F16",
                "gguf",
                "..",
                "lora",
                "模型",
                "\n",
            ]
        ),
        st.text(max_size=6),
    ),
    min_size=1,
    max_size=7,
).map(lambda parts: "-".join(parts) + ".gguf")
PATHS = st.one_of(NAMES, st.tuples(NAMES, NAMES).map("/".join), st.text(max_size=30))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.builds(RemoteFile, PATHS, st.integers(-1, 1000)), max_size=30))
def test_whatever_the_names_every_file_is_in_one_place_at_most(listed: list[RemoteFile]) -> None:
    variants = group(listed)
    used = [id(file) for variant in variants for file in variant.files]
    assert len(used) == len(set(used))
    assert {id(file) for file in listed} >= set(used)
    assert [(variant.size < 0, variant.size) for variant in variants] == sorted((variant.size < 0, variant.size) for variant in variants)
    for variant in variants:
        assert variant.files
        assert variant.name
        assert "mmproj" not in variant.name.lower().split("-")
        assert {id(file) for file in variant.projectors} <= {id(file) for file in listed}


@settings(max_examples=50, deadline=None)
@given(
    st.permutations(
        files("a-Q4_K_M.gguf", "b-00001-of-00002.gguf", "b-00002-of-00002.gguf", "Q8_0/a.gguf", "mmproj-F16.gguf", "mmproj-Q8_0.gguf")
    )
)
def test_the_order_in_which_a_hub_lists_does_not_matter(listed: list[RemoteFile]) -> None:
    assert group(listed) == group(sorted(listed, key=lambda file: file.path))


# ---------------------------------------------------------------- checkpoints

SMALL = [
    "config.json",
    "chat_template.jinja",
    "generation_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
]
SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


def paths(found: Sequence[RemoteFile]) -> list[str]:
    return [file.path for file in found]


def test_a_checkpoint_is_its_weights_and_what_is_read_beside_them() -> None:
    others = [
        "README.md",
        "pytorch_model.bin",
        "onnx/model.onnx",
        "original/consolidated.00.pth",
        "model.gguf",
        "images/a.png",
        "model.safetensors.bak",
    ]
    others += [
        "sub/config.json",
        "sub/model.safetensors",
        "adapter_model.safetensors",
        "flax_model.msgpack",
        "tf_model.h5",
        "training_args.bin",
    ]
    listed = files(*reversed(SHARDS), "model.safetensors.index.json", *reversed(SMALL), "LICENSE", *others)
    assert paths(checkpoint_files(listed)) == ["config.json", "LICENSE", *SMALL[1:], "model.safetensors.index.json", *SHARDS]


@pytest.mark.parametrize(
    ("weights", "wanted"),
    [
        (["model.safetensors"], ["model.safetensors"]),
        (["model.safetensors", *SHARDS], ["model.safetensors"]),
        (["pytorch_model.bin"], ["pytorch_model.bin"]),
        (
            ["pytorch_model-00002-of-00002.bin", "pytorch_model-00001-of-00002.bin"],
            ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"],
        ),
        ([SHARDS[0], "pytorch_model.bin"], ["pytorch_model.bin"]),
        ([SHARDS[0]], []),
        (["pytorch_model-00001-of-00002.bin"], []),
        (["weights.safetensors"], ["weights.safetensors"]),
        (["weights.safetensors", "consolidated.safetensors", "adapter_model.safetensors"], ["weights.safetensors"]),
        (["a.safetensors", "b.safetensors"], []),
        (["part-00001-of-00001.safetensors"], ["part-00001-of-00001.safetensors"]),
        (["rlhf.bin", "optimizer.bin"], []),
        (["sub/model.safetensors"], []),
        ([], []),
    ],
)
def test_which_weights_are_the_model(weights: list[str], wanted: list[str]) -> None:
    found = paths(checkpoint_files(files("config.json", *weights)))
    assert found == (["config.json", *wanted] if wanted else [])


def test_without_a_configuration_there_is_no_checkpoint() -> None:
    assert checkpoint_files(files("model.safetensors", "tokenizer.json", "sub/config.json")) == ()


def test_other_tokenizers_and_licences_come_along() -> None:
    listed = files(
        "config.json",
        "model.safetensors",
        "qwen.tiktoken",
        "tokenizer.model",
        "LICENSE.txt",
        "NOTICE",
        "USE_POLICY.md",
        "evil.py",
        "license_checker.exe.dll.so",
    )
    found = paths(checkpoint_files(listed))
    assert {"qwen.tiktoken", "tokenizer.model", "LICENSE.txt", "NOTICE", "USE_POLICY.md"} <= set(found)
    assert "evil.py" not in found


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.builds(RemoteFile, st.one_of(PATHS, st.sampled_from([*SMALL, *SHARDS, "pytorch_model.bin", "../config.json"])), st.just(1)),
        max_size=20,
    )
)
def test_a_checkpoint_mixes_no_formats(listed: list[RemoteFile]) -> None:
    found = paths(checkpoint_files(listed))
    assert not any("/" in path for path in found)
    assert not (any(path.endswith(".bin") for path in found) and any(path.endswith(".safetensors") for path in found))
    assert not found or (found[0] == "config.json" and found[-1].endswith((".bin", ".safetensors")))
