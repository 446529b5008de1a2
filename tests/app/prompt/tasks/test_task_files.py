"""Tasks as files: nothing lost on the way through, nothing hostile let in, nothing half written."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.prompt.errors import CardCode, CardDetail, CardError
from zhiyin.prompt.tasks import reading
from zhiyin.prompt.tasks.builtin import KEYS, built_in
from zhiyin.prompt.tasks.fill import placeholders
from zhiyin.prompt.tasks.inputs import Inputs, first_inputs, read_inputs, write_inputs
from zhiyin.prompt.tasks.reading import read_task, read_task_file
from zhiyin.prompt.tasks.template import Example, Field, Reasoning, Task
from zhiyin.prompt.tasks.writing import write_task, write_task_file
from zhiyin_models.engine.protocol import Sampling

plain = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
unknown = st.dictionaries(
    plain.map(lambda key: f"x_{key}"),
    st.recursive(st.none() | st.booleans() | st.integers() | plain, lambda inner: st.lists(inner, max_size=3), max_leaves=4),
    max_size=3,
)
keys = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
fields = st.builds(
    Field, key=keys, label=plain, kind=st.sampled_from(["line", "text", "choice"]), placeholder=plain, default=plain,
    optional=st.booleans(), choices=st.lists(plain, max_size=3).map(tuple), extra=unknown,
)  # fmt: skip
examples = st.builds(
    Example, values=st.dictionaries(keys, plain, max_size=3), output=plain, reasoning=plain, ticked=st.booleans(), extra=unknown
)
tasks = st.builds(
    Task, key=plain, name=plain.map(str.strip), summary=plain, icon=plain, language=st.sampled_from(["", "zh", "en"]), instruction=plain,
    fields=st.lists(fields, max_size=3, unique_by=lambda field: field.key).map(tuple), input_format=plain, output_label=plain,
    examples=st.lists(examples, max_size=3).map(tuple),
    reasoning=st.builds(Reasoning, instruction=plain, marker=plain, by_default=st.booleans(), extra=unknown),
    sampling=st.builds(Sampling, temperature=st.floats(0, 2), top_k=st.integers(0, 100), seed=st.none() | st.integers(0, 2**32 - 2)),
    max_tokens=st.integers(0, 4096), stop=st.lists(plain, max_size=3).map(tuple), extra=unknown,
)  # fmt: skip


@settings(max_examples=120, deadline=None, derandomize=True)
@given(tasks)
def test_a_task_comes_back_as_it_was_with_what_nobody_understands(task: Task) -> None:
    text = write_task(Task(instruction="x") if not (task.instruction or task.fields or task.input_format) else task)
    again = read_task(text)
    if task.instruction or task.fields or task.input_format:
        assert again == task
    assert write_task(again) == text


def test_what_another_version_wrote_stays_in_the_file() -> None:
    written = {
        "spec": "zhiyin_task", "spec_version": "9.1", "name": "译", "instruction": "译{text}", "future": {"a": [1, None]},
        "fields": [{"key": "text", "mask": "x"}], "examples": [{"values": {"text": "a", "gone": "b"}, "output": "c", "by": "me"}],
        "reasoning": {"style": "short"}, "sampling": {"temperature": 0.5, "mirostat": 2},
    }  # fmt: skip
    again = json.loads(write_task(read_task(json.dumps(written))))
    assert again["future"] == {"a": [1, None]}
    assert again["fields"][0]["mask"] == "x"
    assert again["examples"][0] == {"values": {"text": "a", "gone": "b"}, "output": "c", "by": "me"}
    assert again["reasoning"]["style"] == "short"
    assert again["sampling"] == {"temperature": 0.5, "mirostat": 2}


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", CardDetail.JSON),
        (b"[]", CardDetail.NOT_OBJECT),
        (b"null", CardDetail.NOT_OBJECT),
        (b'{"instruction": "\xff"}', CardDetail.NOT_UTF8),
        (b"[" * 100_000, CardDetail.DEEP),
        (b'{"instruction": "", "a": ' + b"[" * 60 + b"]" * 60 + b"}", CardDetail.DEEP),
        (b'{"instruction": "", "max_tokens": ' + b"9" * 5000 + b"}", CardDetail.NUMBER),
        (b'{"instruction": "", "a": NaN}', CardDetail.NUMBER),
        (b'{"instruction": "", "a": 1e999}', CardDetail.NUMBER),
        (b'{"spec": "chara_card_v3", "instruction": ""}', "spec"),
        (b'{"name": "only a name"}', "instruction"),
        (b'{"instruction": 5}', "instruction"),
        (b'{"instruction": "", "name": null}', "name"),
        (b'{"fields": {"key": "a"}}', "fields"),
        (b'{"fields": ["a"]}', "fields"),
        (b'{"fields": [{"key": "a b"}]}', "key"),
        (b'{"fields": [{"key": "a"}, {"key": "a"}]}', "key"),
        (b'{"fields": [{"key": "a", "kind": "script"}]}', "kind"),
        (b'{"fields": [{"key": "a", "optional": 1}]}', "optional"),
        (b'{"instruction": "", "examples": [{"values": {"a": 1}}]}', "values"),
        (b'{"instruction": "", "sampling": {"temperature": "hot"}}', "temperature"),
        (b'{"instruction": "", "max_tokens": true}', "max_tokens"),
        (b'{"instruction": "", "stop": "x"}', "stop"),
        (json.dumps({"instruction": "x" * 40_001}).encode(), "instruction"),
        (json.dumps({"instruction": "", "examples": [{}] * 65}).encode(), "examples"),
        (json.dumps({"fields": [{"key": f"k{place}"} for place in range(25)]}).encode(), "fields"),
    ],
)
def test_what_is_no_task_is_refused_in_one_sentence(data: bytes, detail: str) -> None:
    with pytest.raises(CardError) as caught:
        read_task(data, "bad.json")
    assert caught.value.code is CardCode.TASK_BAD
    assert caught.value.failure.args["path"] == "bad.json"
    assert detail in str(caught.value.failure.args["detail"])


def test_numbers_are_brought_into_their_bounds_and_broken_letters_are_replaced() -> None:
    task = read_task('{"instruction": "a\\ud800\\u0000b", "max_tokens": 1e9, "sampling": {"temperature": -3, "seed": 99999999999}}')
    assert task.instruction == "a\ufffd\ufffdb"
    assert task.max_tokens == reading.MOST_TOKENS
    assert task.sampling.temperature == 0
    assert task.sampling.seed == 2**32 - 2


def test_a_file_is_bounded_and_written_whole_or_not_at_all(tmp_path: Path) -> None:
    huge = tmp_path / "巨.json"
    huge.write_bytes(b'{"instruction": "' + b"x" * (reading.MOST_BYTES + 10))
    with pytest.raises(CardError) as caught:
        read_task_file(huge)
    assert caught.value.code is CardCode.TOO_LARGE
    with pytest.raises(CardError) as caught:
        read_task_file(tmp_path)
    assert caught.value.code is CardCode.UNREADABLE
    task = built_in("zh")["poem"]
    place = tmp_path / "作诗.json"
    write_task_file(task, place)
    assert read_task_file(place) == task
    place.write_bytes(b"\xef\xbb\xbf" + place.read_bytes())  # as some editors save it
    assert read_task_file(place) == task
    with pytest.raises(CardError) as caught:
        write_task_file(task, tmp_path / "no" / "x.json")
    assert caught.value.code is CardCode.WRITE_FAILED
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(CardError):
        write_task_file(task, tmp_path / "folder.json")
    assert {place.name for place in tmp_path.iterdir()} == {"巨.json", "作诗.json", "folder.json"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_built_in_task_is_whole(language: str) -> None:
    found = built_in(language)  # type: ignore[arg-type]
    assert tuple(found) == KEYS
    assert len(KEYS) >= 14
    for key, task in found.items():
        assert (task.key, task.language) == (key, language)
        assert task.name
        assert task.summary
        assert task.icon
        assert 2 <= len(task.examples) <= 5
        assert set(placeholders([task.instruction, task.input_format])) == {field.key for field in task.fields}
        for example in task.examples:
            assert set(example.values) == {field.key for field in task.fields}
            assert example.output
            assert example.reasoning
        for field in task.fields:
            assert field.kind != "choice" or field.default in field.choices


@pytest.mark.parametrize("language", ["zh", "en"])
def test_examples_of_a_free_task_wait_to_be_chosen_and_data_is_copied(language: str) -> None:
    found = built_in(language)  # type: ignore[arg-type]
    assert first_inputs(found["free"]).ticked == ()  # whatever is asked for, they answer something else
    for example in found["data"].examples:
        assert set(re.findall(r"\d+(?:\.\d+)?", example.output)) <= set(re.findall(r"\d+(?:\.\d+)?", example.values["data"]))


def test_last_inputs_survive_whatever_stands_in_the_store() -> None:
    task = built_in("en")["translation"]
    first = first_inputs(task)
    assert first.values["language"] == "Chinese"
    assert first.ticked == (0, 1, 2)
    chosen = Inputs({"text": "hello", "language": "French", "tone": "formal"}, (2, 0), reasoning=True, samples=4, temperature=1.1, seed=7)
    assert read_inputs(json.loads(json.dumps(write_inputs(chosen))), task) == chosen
    for broken in (None, [], {"values": 3}, {"ticked": "x"}, {"samples": "many"}, "text"):
        assert read_inputs(broken, task) == first
    odd = read_inputs({"values": {"language": "Klingon", "more": "x"}, "ticked": [9, -1, 1, 1], "samples": 99, "seed": -4}, task)
    assert odd.values == first.values
    assert (odd.ticked, odd.samples, odd.seed) == ((1,), 6, None)
    kept = write_inputs(Inputs({f"k{place}": "x" * 90_000 for place in range(30)}))
    assert sum(len(value) for value in kept["values"].values()) <= 200_000
