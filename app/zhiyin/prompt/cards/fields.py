"""The fields that each version of the card format knows.

Sources: the specifications "character-card-spec-v2" (V1 and V2) and "character-card-spec-v3".
"""

from typing import Any, Literal

Version = Literal[1, 2, 3]

SPECS: dict[int, tuple[str, str]] = {2: ("chara_card_v2", "2.0"), 3: ("chara_card_v3", "3.0")}

V1: dict[str, Any] = {"name": "", "description": "", "personality": "", "scenario": "", "first_mes": "", "mes_example": ""}
V2: dict[str, Any] = {
    **V1,
    "creator_notes": "",
    "system_prompt": "",
    "post_history_instructions": "",
    "alternate_greetings": [],
    "tags": [],
    "creator": "",
    "character_version": "",
    "extensions": {},
}
V3: dict[str, Any] = {**V2, "group_only_greetings": []}
REQUIRED: dict[int, dict[str, Any]] = {1: V1, 2: V2, 3: V3}

ONLY_V2 = (*(name for name in V2 if name not in V1), "character_book")
ONLY_V3 = (
    "group_only_greetings",
    "nickname",
    "creator_notes_multilingual",
    "source",
    "assets",
    "creation_date",
    "modification_date",
)

TEXTS = (*V1, "creator_notes", "system_prompt", "post_history_instructions", "creator", "character_version", "nickname")
LISTS = ("alternate_greetings", "group_only_greetings", "tags", "source", "assets")
OBJECTS = ("extensions", "character_book", "creator_notes_multilingual")
NUMBERS = ("creation_date", "modification_date")

OWN = "zhiyin"  # our namespace in ``extensions``
