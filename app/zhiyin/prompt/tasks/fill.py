"""From a task and what was filled in to the messages that are sent, and from a reply to its answer."""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from zhiyin.prompt.tasks.template import Example, Task
from zhiyin_models.engine.protocol import Message

PLACEHOLDER = re.compile(r"\{([^{}\s]{1,64})\}")
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
THINK_OPEN, THINK_CLOSE = "<think>", "</think>"
USUAL = {
    "zh": ("先一步一步地想，把思考过程简短写出来；最后另起一行，以“{marker}”开头，只写答案。", "答案："),
    "en": (
        "Think step by step and write your reasoning down briefly. Then begin a new line with “{marker}” and write only the answer.",
        "Answer:",
    ),
}
EXAMPLE_HEADINGS = {"zh": ("示例 {number}", "输入", "输出"), "en": ("Example {number}", "Input", "Output")}


class Filled(Struct, frozen=True):
    """What is to be sent: the system text, the examples as turns, the input; and the marker that the answer is known by ("" for none)."""

    messages: tuple[Message, ...]
    system: str
    user: str
    marker: str = ""


def language_of(task: Task) -> str:
    """The language in which the task speaks to the model: "zh" or "en"."""
    if task.language in USUAL:
        return task.language
    return "zh" if HAN.search(f"{task.instruction}{task.name}") else "en"


def reasoning_words(task: Task) -> tuple[str, str]:
    """How reasoning is asked for, and the marker."""
    instruction, marker = USUAL[language_of(task)]
    marker = task.reasoning.marker.strip() or marker
    return (task.reasoning.instruction.strip() or instruction).replace("{marker}", marker), marker


def missing(task: Task, values: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of fields that must be filled in and are not."""
    return tuple(field.key for field in task.fields if not field.optional and not values.get(field.key, "").strip())


def fill(task: Task, values: Mapping[str, str], *, examples: Sequence[Example] = (), reasoning: bool = False) -> Filled:
    """Lay a task out for a chat model: the instruction as the system's, each example as a turn and its answer, then the input.

    Placeholders are replaced letter by letter and once: braces in what was filled in mean nothing.
    """
    words, marker = reasoning_words(task)
    system = _replaced(task, task.instruction, values).strip()
    if reasoning:
        system = f"{system}\n\n{words}" if system else words
    messages = [Message(role="system", content=system, section="system")] if system else []
    for number, example in enumerate(examples):
        answer = example.output.strip()
        user = input_text(task, example.values, cue=not reasoning)
        if not answer or not user:
            continue
        if reasoning:
            thought = example.reasoning.strip()
            answer = f"{thought}\n{marker}{_gap(marker)}{answer}" if thought else f"{marker}{_gap(marker)}{answer}"
        messages.append(Message(role="user", content=user, section="examples", drop=number))
        messages.append(Message(role="assistant", content=answer, section="examples", drop=number))
    user = input_text(task, values, cue=not reasoning)
    messages.append(Message(role="user", content=user, section="history"))
    return Filled(tuple(messages), system, user, marker if reasoning else "")


def input_text(task: Task, values: Mapping[str, str], *, cue: bool = True) -> str:
    """The input as the model sees it. Lines of fields that were left empty are left out; ``cue`` puts the output's label at the end."""
    lines = []
    for line in (task.input_format or _usual_format(task)).split("\n"):
        keys = [key for key in PLACEHOLDER.findall(line) if task.field(key) is not None]
        if keys and not any(_value(task, key, values).strip() for key in keys):
            continue
        lines.append(_replaced(task, line, values))
    text = "\n".join(lines).strip()
    label = task.output_label.strip()
    return f"{text}\n\n{label}" if cue and label and text else text


def kept_system(task: Task, filled: Filled) -> str:
    """The system text with the examples written into it, for a conversation that goes on from one input."""
    heading, given, wanted = EXAMPLE_HEADINGS[language_of(task)]
    pairs = [message for message in filled.messages if message.section == "examples"]
    parts = [filled.system] if filled.system else []
    for number, (user, answer) in enumerate(zip(pairs[::2], pairs[1::2], strict=True), start=1):
        parts.append(f"### {heading.format(number=number)}\n{given}\n{user.content}\n\n{wanted}\n{answer.content}")
    return "\n\n".join(parts)


class Split(Struct, frozen=True):
    """A reply taken apart; ``open`` while only the reasoning has come."""

    reasoning: str
    answer: str
    open: bool = False


def split_answer(text: str, marker: str = "", *, whole: bool = True) -> Split:
    """Take a reply apart at the marker, or at the end of a block of thinking; without either all of it is the answer.

    ``whole`` says that nothing more comes: until then a reply without its marker may still be reasoning.
    """
    thought = ""
    if text.lstrip().startswith(THINK_OPEN):
        thought, closed, rest = text.lstrip()[len(THINK_OPEN) :].partition(THINK_CLOSE)
        if not closed:
            return Split("", thought.strip()) if whole else Split(thought.strip(), "", open=True)
        text = rest
    before, answer, found = _at_marker(text, marker, whole=whole) if marker else ("", text, False)
    reasoning = "\n\n".join(part for part in (thought.strip(), before.strip()) if part)
    if marker and not found and not whole:
        return Split("\n\n".join(part for part in (thought.strip(), text.strip()) if part), "", open=True)
    if found and not answer.strip() and whole:  # the marker is the last word: better all of it than nothing
        return Split(thought.strip(), text.strip())
    return Split(reasoning, (answer if found else text).strip())


def _at_marker(text: str, marker: str, *, whole: bool) -> tuple[str, str, bool]:
    word = re.escape(marker.strip().rstrip(":：").strip())
    colon = r"[ \t*_]{0,4}[:：][ \t*_]{0,4}" if marker.strip()[-1:] in ":：" else r"[ \t*_]{0,4}"
    at_line = re.compile(rf"^[ \t#>*_]{{0,8}}{word}{colon}", re.IGNORECASE | re.MULTILINE)
    inside = re.compile(f"{word}{colon}", re.IGNORECASE)
    lines = list(at_line.finditer(text))
    # reasoning may speak of the marker: in a whole reply the last one counts, unless nothing follows it
    match = next((one for one in reversed(lines) if text[one.end() :].strip()), lines[-1]) if lines and whole else next(iter(lines), None)
    if match is None:
        match = next(reversed(list(inside.finditer(text))), None)
    return ("", text, False) if match is None else (text[: match.start()], text[match.end() :], True)


def _usual_format(task: Task) -> str:
    if len(task.fields) == 1:
        return f"{{{task.fields[0].key}}}"
    colon = "：" if language_of(task) == "zh" else ": "
    return "\n".join(f"{field.name}{colon}{{{field.key}}}" for field in task.fields)


def _value(task: Task, key: str, values: Mapping[str, str]) -> str:
    field = task.field(key)
    return values.get(key, field.default if field is not None else "")


def _replaced(task: Task, text: str, values: Mapping[str, str]) -> str:
    known = {field.key for field in task.fields}
    return PLACEHOLDER.sub(lambda match: _value(task, match[1], values).strip("\n") if match[1] in known else match[0], text)


def _gap(marker: str) -> str:
    return "" if marker.endswith("：") else " "


def placeholders(texts: Iterable[str]) -> tuple[str, ...]:
    """The keys that stand in braces in the texts, in order, each once."""
    return tuple(dict.fromkeys(key for text in texts for key in PLACEHOLDER.findall(text)))
