"""Tasks and what is filled in, as the page shows them."""

import msgspec

from zhiyin.prompt.tasks.inputs import Inputs
from zhiyin.prompt.tasks.template import Example, Task
from zhiyin.ui.task_values import TaskExample, TaskForm, TaskInputs


def form_of(task: Task) -> TaskForm:
    """A task, to be shown."""
    return msgspec.convert(task, TaskForm, from_attributes=True)


def task_of(form: TaskForm) -> Task:
    """A task as it was edited."""
    return msgspec.convert(form, Task, from_attributes=True)


def example_of(example: TaskExample) -> Example:
    """An example as it was edited."""
    return msgspec.convert(example, Example, from_attributes=True)


def shown(inputs: Inputs) -> TaskInputs:
    """What was filled in, to be shown."""
    return msgspec.convert(inputs, TaskInputs, from_attributes=True)
