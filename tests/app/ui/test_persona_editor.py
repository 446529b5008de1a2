"""The form of a persona: what is typed is announced once, as it was typed; what nobody touched stays as it came."""

from dataclasses import asdict, replace

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from zhiyin.ui.persona_editor import PersonaEditor, split_tags
from zhiyin.ui.persona_fields import MOST_TEXTS
from zhiyin.ui.persona_values import Edited, PersonaFields, estimated_tokens
from zhiyin_models.engine.protocol import Sampling

ODD = "line\r\nwith\u00a0odd\u2028breaks\u2029and \0 things\t\u2060\n" + "x" * 3000
FIELDS = PersonaFields(
    name="李白 " * 100,  # longer than its line takes
    nickname="太白",
    tags=("诗, 词", " 唐 "),  # as no one would type them
    description=ODD,
    first_message="{{char}} *looks up*",
    alternate_greetings=("one", ODD, ""),
    example_dialogue="<START>\r\n{{user}}: hi",
    creator_notes="<script>alert(1)</script>",
    creator="x\ny",
    seal="李",
    color="#123456",
    picture="a" * 64,
)


def fields_of(fields: PersonaFields) -> dict[str, object]:
    return asdict(fields)


@pytest.fixture
def editor(qtbot: QtBot) -> PersonaEditor:
    shown = PersonaEditor()
    qtbot.addWidget(shown)
    shown.resize(800, 700)
    shown.show_persona(Edited(7, FIELDS, builtin=True, lore_entries=3))
    shown.show()
    return shown


@pytest.fixture
def heard(editor: PersonaEditor) -> list[tuple[int, PersonaFields]]:
    said: list[tuple[int, PersonaFields]] = []
    editor.changed.connect(lambda persona, fields: said.append((persona, fields)))
    return said


def test_what_nobody_touched_comes_back_letter_by_letter(editor: PersonaEditor, heard: list[tuple[int, PersonaFields]]) -> None:
    assert editor.fields() == FIELDS
    editor.long["personality"].field.setPlainText("brave")
    editor.flush()
    assert heard == [(7, replace(FIELDS, personality="brave"))]
    editor.flush()
    assert len(heard) == 1  # said once


@pytest.mark.parametrize("name", ["name", "nickname", "creator", "character_version"])
def test_lines_are_announced(editor: PersonaEditor, heard: list[tuple[int, PersonaFields]], name: str) -> None:
    editor.lines[name].selectAll()
    QTest.keyClicks(editor.lines[name], "new")
    assert not heard  # not with every letter
    editor.flush()
    assert [(persona, getattr(fields, name)) for persona, fields in heard] == [(7, "new")]
    assert {field for field in fields_of(FIELDS) if fields_of(FIELDS)[field] != fields_of(heard[0][1])[field]} == {name}


def test_what_waits_is_announced_when_a_field_is_left(editor: PersonaEditor, heard: list[tuple[int, PersonaFields]]) -> None:
    editor.tags.setText("")
    QTest.keyClicks(editor.tags, "a, b,c ,a")
    QApplication.sendEvent(editor.tags, QFocusEvent(QFocusEvent.Type.FocusOut))
    assert [fields.tags for _persona, fields in heard] == [("a", "b", "c")]


def test_what_waits_is_announced_after_a_pause(qtbot: QtBot, editor: PersonaEditor, heard: list[tuple[int, PersonaFields]]) -> None:
    editor.long["scenario"].field.insertPlainText("night")
    qtbot.waitUntil(lambda: bool(heard), timeout=10_000)
    assert heard[0][1].scenario == "night"


@pytest.mark.parametrize("leave", ["hide", "another", "language"])
def test_nothing_is_lost_however_the_form_is_left(editor: PersonaEditor, heard: list[tuple[int, PersonaFields]], leave: str) -> None:
    editor.long["scenario"].field.insertPlainText("night")
    if leave == "hide":
        editor.hide()
    elif leave == "another":
        editor.show_persona(Edited(8, PersonaFields(name="other")))
    else:
        QApplication.sendEvent(editor, QEvent(QEvent.Type.LanguageChange))
    assert heard == [(7, replace(FIELDS, scenario="night"))]


def test_greetings_are_added_moved_and_removed(editor: PersonaEditor, heard: list[tuple[int, PersonaFields]]) -> None:
    texts = editor.lists["alternate_greetings"]

    def now() -> tuple[str, ...]:
        editor.flush()
        return heard[-1][1].alternate_greetings

    texts.fields[0].down_button.click()
    assert now() == (ODD, "one", "")
    texts.fields[0].remove_button.click()
    assert now() == ("one", "")
    texts.add_button.click()
    assert now() == ("one", "")  # an empty one that was just added is none yet
    texts.fields[-1].field.insertPlainText("new")
    assert now() == ("one", "", "new")
    assert texts.fields[0].up_button.accessibleName() == "Move up: Greeting 1"
    assert not texts.fields[0].up_button.isEnabled()


def test_greetings_beyond_those_shown_are_kept(editor: PersonaEditor, heard: list[tuple[int, PersonaFields]]) -> None:
    texts = editor.lists["group_only_greetings"]
    many = tuple(f"g{number}" for number in range(MOST_TEXTS + 5))
    editor.show_persona(Edited(7, replace(FIELDS, group_only_greetings=many)))
    assert len(texts.fields) == MOST_TEXTS
    texts.fields[0].field.setPlainText("first")
    editor.flush()
    assert heard[-1][1].group_only_greetings == ("first", *many[1:])


def test_a_very_long_text_is_shown_in_part_and_kept_whole(editor: PersonaEditor, heard: list[tuple[int, PersonaFields]]) -> None:
    long = replace(FIELDS, description="字" * 2_000_000)
    editor.show_persona(Edited(7, long))
    assert editor.long["description"].field.isReadOnly()
    editor.long["scenario"].field.insertPlainText("night")
    editor.flush()
    assert heard == [(7, replace(long, scenario="night"))]


def test_seal_colour_picture_and_sampling(editor: PersonaEditor, heard: list[tuple[int, PersonaFields]]) -> None:
    editor.color.swatches["jade"].click()
    assert heard[-1][1].color == "jade"
    editor.set_picture(9, "b" * 64)  # of another persona: it was chosen for one that is not shown any more
    editor.set_picture(7, "b" * 64)
    assert heard[-1][1].picture == "b" * 64
    editor.no_picture_button.click()
    assert heard[-1][1].picture == ""
    editor.sampling_switch.setChecked(True)
    assert heard[-1][1].sampling == Sampling()
    editor.sampling.fields["temperature"].setValue(0.3)
    editor.flush()
    assert heard[-1][1].sampling == Sampling(temperature=0.3)
    editor.sampling_switch.setChecked(False)
    assert [fields.sampling is None for _persona, fields in heard[-2:]] == [False, True]
    assert len(heard) == 6


def test_the_form_follows_what_is_kept(editor: PersonaEditor) -> None:
    editor.set_saved(own=True)  # marks it as changed
    assert editor.state.text() == "Saved"
    shown = editor.edited()
    assert shown is not None
    assert shown.changed
    assert editor.reset_button.isVisible()
    assert editor.lore_button.text() == "Lore (3 entries)"


def test_every_field_has_a_name_for_a_screen_reader(editor: PersonaEditor) -> None:
    fields = [*editor.lines.values(), editor.tags, editor.seal, editor.avatar, *(long.field for long in editor.long.values())]
    assert all(field.accessibleName() for field in fields)
    assert all(swatch.accessibleName() for swatch in editor.color.swatches.values())
    assert editor.long["description"].label.textFormat() != Qt.TextFormat.RichText


@pytest.mark.parametrize(("text", "tags"), [("", ()), (" , ，", ()), ("a;b；c", ("a", "b", "c")), ("诗 词、唐", ("诗 词", "唐"))])
def test_tags_stand_between_commas_of_any_kind(text: str, tags: tuple[str, ...]) -> None:
    assert split_tags(text) == tags


def test_tokens_are_guessed_by_script() -> None:
    assert estimated_tokens("") == 0
    assert estimated_tokens("word " * 100) == 125
    assert estimated_tokens("字" * 100) == 75
