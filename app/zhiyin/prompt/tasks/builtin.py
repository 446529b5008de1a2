"""The tasks that come with the app, in Chinese and English."""

from typing import Literal

from zhiyin.prompt.tasks.reading import read_task_file
from zhiyin.prompt.tasks.template import Task
from zhiyin.resources import asset_path

Language = Literal["zh", "en"]
KEYS = (
    "translation",
    "rewriting",
    "summary",
    "tactful",
    "reading",
    "interview",
    "continuation",
    "poem",
    "couplet",
    "essay",
    "classification",
    "data",
    "recipe",
    "code",
    "free",
)


def built_in(language: Language) -> dict[str, Task]:
    """All of them by their keys, in the order of the gallery. Blocks: a file each."""
    return {key: read_task_file(asset_path(f"tasks/{key}.{language}.json")) for key in KEYS}
