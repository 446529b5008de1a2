"""What is sent for a task, and what a reply is taken apart into."""

from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.prompt.tasks.fill import fill, input_text, kept_system, language_of, missing, split_answer
from zhiyin.prompt.tasks.template import Example, Field, Reasoning, Task

TASK = Task(
    name="Translate",
    instruction="Translate into {language}. Keep {braces}.",
    fields=(
        Field("text", "Text"),
        Field("language", "Into", "choice", choices=("French", "Chinese")),
        Field("note", "Note", optional=True),
    ),
    input_format="Text: {text}\nNote: {note}\nInto: {language}",
    output_label="Translation:",
    examples=(
        Example({"text": "rain", "language": "French"}, "pluie", "Rain is feminine."),
        Example({"text": "sun", "language": "Chinese"}, "太阳"),
    ),
)
VALUES = {"text": "snow", "language": "French", "note": ""}


def test_each_example_becomes_a_turn_and_its_answer() -> None:
    filled = fill(TASK, VALUES, examples=TASK.examples)
    assert [(message.role, message.content) for message in filled.messages] == [
        ("system", "Translate into French. Keep {braces}."),
        ("user", "Text: rain\nInto: French\n\nTranslation:"),
        ("assistant", "pluie"),
        ("user", "Text: sun\nInto: Chinese\n\nTranslation:"),
        ("assistant", "太阳"),
        ("user", "Text: snow\nInto: French\n\nTranslation:"),
    ]
    assert [message.drop for message in filled.messages] == [None, 0, 0, 1, 1, None]
    assert len(fill(TASK, VALUES).messages) == 2


def test_reasoning_asks_for_a_marker_and_shows_how_in_the_examples() -> None:
    filled = fill(TASK, VALUES, examples=TASK.examples, reasoning=True)
    assert filled.marker == "Answer:"
    assert "“Answer:”" in filled.system
    assert filled.messages[2].content == "Rain is feminine.\nAnswer: pluie"
    assert filled.messages[4].content == "Answer: 太阳"
    assert "Translation:" not in filled.user
    own = Task(instruction="x", fields=(Field("a"),), reasoning=Reasoning("Think. End with {marker}", "Result:"))
    assert fill(own, {"a": "b"}, reasoning=True).system == "x\n\nThink. End with Result:"
    assert fill(Task(instruction="想", fields=(Field("a"),)), {"a": "b"}, reasoning=True).marker == "答案："


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(max_size=40), st.sampled_from(["{language}", "{text}", "{0}", "{text.__class__}", "%s", "{{text}}", r"\1", "{note!r:>9}"]))
def test_what_is_filled_in_is_taken_letter_by_letter(text: str, trick: str) -> None:
    value = f"a{text}{trick}b"
    user = input_text(TASK, {**VALUES, "text": value}, cue=False)
    assert user == f"Text: {value}\nInto: French".strip()


def test_a_format_may_be_left_to_the_labels() -> None:
    plain = Task(fields=(Field("a", "题目"), Field("b", "字数", optional=True)), name="作文")
    assert input_text(plain, {"a": "春", "b": "百字"}) == "题目：春\n字数：百字"
    assert input_text(plain, {"a": "春", "b": ""}) == "题目：春"
    assert input_text(Task(fields=(Field("a"),)), {"a": "only"}) == "only"
    assert language_of(plain) == "zh"
    assert language_of(TASK) == "en"
    assert missing(TASK, {"text": " ", "language": "French"}) == ("text",)


def test_what_is_kept_has_the_examples_in_the_system_text() -> None:
    text = kept_system(TASK, fill(TASK, VALUES, examples=TASK.examples[:1]))
    assert text.startswith("Translate into French.")
    assert "### Example 1\nInput\nText: rain" in text
    assert text.endswith("Output\npluie")


def test_a_reply_is_taken_apart_at_its_marker() -> None:
    for text in ("First this.\nAnswer: 42", "First this.\n**Answer:** 42", "First this.\n> answer : 42", "First this. So Answer: 42"):
        split = split_answer(text, "Answer:")
        assert split.answer == "42", text
        assert split.reasoning.startswith("First this."), text
    assert split_answer("一加一。\n答案:二", "答案：").answer == "二"
    assert split_answer("no marker at all", "Answer:").answer == "no marker at all"
    assert split_answer("no marker asked. Answer: 3").answer == "no marker asked. Answer: 3"
    assert split_answer("Answer:", "Answer:").answer == "Answer:"
    twice = split_answer("I must begin with\nAnswer: as asked.\nOne and one.\nAnswer: 42", "Answer:")
    assert (twice.answer, twice.reasoning) == ("42", "I must begin with\nAnswer: as asked.\nOne and one.")
    assert split_answer("Answer: as asked.\nOne", "Answer:", whole=False).answer == "as asked.\nOne"
    assert split_answer("Answer: 42\nAnswer:", "Answer:").answer.startswith("42")
    growing = split_answer("I think", "Answer:", whole=False)
    assert (growing.reasoning, growing.answer, growing.open) == ("I think", "", True)


def test_a_block_of_thinking_is_reasoning_whether_asked_for_or_not() -> None:
    assert split_answer("<think>hm\nwell</think>\n\n42").answer == "42"
    assert split_answer("<think>hm</think>so\nAnswer: 42", "Answer:").reasoning == "hm\n\nso"
    assert split_answer("<think>still", whole=False).open
    assert split_answer("<think>cut").answer == "cut"


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("a:： \n*答案Answer<think>/"), max_size=60), st.sampled_from(["", "答案：", "Answer:"]), st.booleans())
def test_no_word_of_a_reply_is_lost(text: str, marker: str, whole: bool) -> None:
    split = split_answer(text, marker, whole=whole)
    letters = "".join(text.split()).replace("<think>", "").replace("</think>", "")
    shown = "".join((split.reasoning + split.answer).split()).replace("<think>", "").replace("</think>", "")
    assert len(letters) - len(shown) <= len(marker) + 34  # the marker with its ornaments
