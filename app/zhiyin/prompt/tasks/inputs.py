"""What was last filled in for a task, as the store keeps it: bounded, and read whatever stands there."""

from typing import Any

import msgspec
from msgspec import Struct

from zhiyin.prompt.tasks.reading import LONGEST_TEXT, MOST_EXAMPLES, MOST_FIELDS
from zhiyin.prompt.tasks.template import Field, Task

MOST_SAMPLES = 6
LONGEST_KEPT = 200_000  # characters of all fields together


class Inputs(Struct, frozen=True):
    """What is filled in and chosen for one task."""

    values: dict[str, str] = {}
    ticked: tuple[int, ...] = ()  # places of examples
    reasoning: bool = False
    samples: int = 1
    temperature: float = 0.8
    seed: int | None = None  # None = a new one each time
    max_tokens: int = 512


def first_inputs(task: Task) -> Inputs:
    """What a task begins with."""
    return Inputs(
        values={
            field.key: field.default or (field.choices[0] if field.kind == "choice" and field.choices else "") for field in task.fields
        },
        ticked=tuple(place for place, example in enumerate(task.examples) if example.ticked),
        reasoning=task.reasoning.by_default,
        temperature=task.sampling.temperature,
        seed=task.sampling.seed,
        max_tokens=task.max_tokens,
    )


def _first_choice(field: Field) -> str:
    return field.choices[0] if field.kind == "choice" and field.choices else ""


def read_inputs(kept: object, task: Task) -> Inputs:
    """What the store kept, as far as it fits the task as it is now."""
    first = first_inputs(task)
    try:
        found = msgspec.convert(kept, Inputs)
    except msgspec.ValidationError:
        return first
    values = {key: found.values.get(key, value) for key, value in first.values.items()}
    for field in task.fields:
        if field.kind == "choice" and field.choices and values[field.key] not in field.choices:
            values[field.key] = first.values[field.key]
    return msgspec.structs.replace(
        found,
        values=values,
        ticked=tuple(place for place in dict.fromkeys(found.ticked) if 0 <= place < len(task.examples)),
        samples=min(max(found.samples, 1), MOST_SAMPLES),
        temperature=min(max(found.temperature, 0.0), 10.0),
        seed=None if found.seed is None or not 0 <= found.seed < 2**32 - 1 else found.seed,
        max_tokens=min(max(found.max_tokens, 0), 65_536),
    )


def write_inputs(inputs: Inputs) -> dict[str, Any]:
    """For the store: no more than it should hold."""
    room = LONGEST_KEPT
    values: dict[str, str] = {}
    for key, value in list(inputs.values.items())[:MOST_FIELDS]:
        values[key] = value[: min(LONGEST_TEXT, room)]
        room -= len(values[key])
    bounded = msgspec.structs.replace(inputs, values=values, ticked=inputs.ticked[:MOST_EXAMPLES])
    plain: dict[str, Any] = msgspec.to_builtins(bounded)
    return plain
