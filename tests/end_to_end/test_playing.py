"""Personas in conversations: greetings, who answers, groups, what was sent, summaries; with the starter model."""

import json

import msgspec
import pytest
from tests.end_to_end.conftest import Driver

from zhiyin.i18n import language
from zhiyin.prompt.groups import user_name
from zhiyin.prompt.scene import Player
from zhiyin.roles import AuthorNote, Member, Setup
from zhiyin.store.records import NewPersona, PersonaRow, Sent, Status
from zhiyin.ui.sent_dialog import SentDialog


def card(name: str, **fields: object) -> str:
    data = {
        "name": name,
        "description": f"{name} keeps a tea house.",
        "personality": "calm",
        "scenario": "An evening in the tea house.",
        "first_mes": f"{{{{user}}}}, welcome. I am {name}.",
        "mes_example": "",
        "creator_notes": "",
        "system_prompt": "",
        "post_history_instructions": "",
        "alternate_greetings": ["The kettle is on."],
        "group_only_greetings": [],
        "tags": [],
        "creator": "",
        "character_version": "",
        "extensions": {},
        **fields,
    }
    return json.dumps({"spec": "chara_card_v3", "spec_version": "3.0", "data": data}, ensure_ascii=False)


@pytest.fixture
def driver(shared_app: Driver) -> Driver:
    """A new conversation, with nobody in it and nothing written."""
    shared_app.until(lambda: not shared_app.session.replies.busy)
    shared_app.chat.new()
    shared_app.window.composer.editor.clear()
    return shared_app.short()


def add(driver: Driver, name: str, **fields: object) -> PersonaRow:
    return driver.session.store.personas.add(NewPersona(card=card(name, **fields), name=name, seal=name[:1])).result(10)


def begin(driver: Driver, persona: PersonaRow) -> None:
    driver.session.playing.start_with(persona.id)
    driver.until(lambda: driver.chat.turns and driver.chat.setup.members == (Member(persona.id),))


def sent_for(driver: Driver, turn: int) -> Sent:
    """What was sent for a reply; it is written just after the reply itself."""
    found: list[Sent] = []

    def known() -> bool:
        sent = driver.session.store.sent.get(turn).result(10)
        found.extend([sent] if sent is not None else [])
        return bool(found)

    driver.until(known)
    return found[0]


def test_a_persona_greets_answers_and_is_named(driver: Driver) -> None:
    persona = add(driver, "Mei")
    begin(driver, persona)
    (greeting,) = driver.chat.turns
    user = user_name(Player(), "zh" if language() == "zh_CN" else "en")
    assert greeting.text == f"{user}, welcome. I am Mei."
    assert len(greeting.sibling_ids) == 2 and greeting.persona == persona.id
    view = driver.window.transcript.stack.entries[0].turn
    assert (view.name, view.seal, view.alternative) == ("Mei", "M", (1, 2))
    driver.chat.show_alternative(greeting.id, 1)
    driver.until(lambda: driver.chat.turns[0].text == "The kettle is on.")
    driver.say("Good evening")
    driver.until(lambda: len(driver.chat.turns) == 3)
    driver.idle()
    reply = driver.chat.turns[-1]
    assert (reply.persona, reply.speaker, reply.status) == (persona.id, "Mei", Status.COMPLETE)
    driver.until(lambda: driver.chat.conversation.title == "Good evening")
    sent = sent_for(driver, reply.id)
    assert "keeps a tea house" in sent.text and "The kettle is on." in sent.text and "Good evening" in sent.text
    assert user in sent.text
    assert {"persona", "history"} <= {message.section for message in sent.messages}


def test_a_conversation_that_was_only_looked_at_leaves_nothing(driver: Driver) -> None:
    persona = add(driver, "Mei")
    begin(driver, persona)
    begun = driver.chat.id
    driver.chat.new()
    driver.until(lambda: begun not in [one.id for one in driver.session.store.conversations().result(10)])


def test_what_was_done_in_a_begun_conversation_keeps_it(driver: Driver) -> None:
    """Only one that is as it was begun is let go of; what was sent, set, renamed or rated stays."""
    mei = add(driver, "Mei")
    kept = []
    begin(driver, mei)
    driver.say("Good evening")
    kept.append(driver.chat.id)
    driver.chat.new()  # before the turn is stored
    for change in ("note", "title", "rating"):
        begin(driver, mei)
        kept.append(driver.chat.id)
        if change == "note":
            driver.session.playing.set_setup(msgspec.structs.replace(driver.chat.setup, note=AuthorNote(text="Rain.")))
        elif change == "title":
            driver.chat.update(title="At the tea house")
            driver.until(lambda: driver.chat.conversation.title == "At the tea house")
        else:
            driver.session.ratings.rate(driver.chat.turns[0].id, 1)
            driver.until(lambda: driver.chat.turns[0].thumb == 1)
        driver.chat.new()
    begin(driver, mei)
    untouched = driver.chat.id
    driver.chat.new()
    driver.until(lambda: untouched not in [one.id for one in driver.session.store.conversations().result(10)])
    assert set(kept) <= {one.id for one in driver.session.store.conversations().result(10)}


def test_what_was_chosen_and_written_goes_along_with_a_persona(driver: Driver) -> None:
    mei = add(driver, "Mei")
    driver.chat.new()
    driver.chat.update(system_prompt="Be brief.", setup=Setup(note=AuthorNote(text="Rain.")))
    driver.window.composer.editor.setPlainText("What do you pour?")
    driver.session.playing.start_with(mei.id)
    driver.until(lambda: driver.chat.turns)
    assert driver.chat.conversation.system_prompt == "Be brief." and driver.chat.setup.note.text == "Rain."
    assert driver.window.composer.text() == "What do you pour?"


def test_several_join_at_once_and_quick_changes_build_on_each_other(driver: Driver) -> None:
    mei, bo, an = (add(driver, name) for name in ("Mei", "Bo", "An"))
    begin(driver, mei)
    driver.session.personas.join_wanted.emit([bo.id, an.id])
    driver.until(lambda: len(driver.chat.turns) == 3)
    assert [turn.persona for turn in driver.chat.turns] == [mei.id, bo.id, an.id]
    bar = driver.window.chat.cast
    bar.mute_changed.emit(mei.id, True)
    bar.mute_changed.emit(bo.id, True)
    bar.remove_requested.emit(an.id)
    wanted = (Member(mei.id, muted=True), Member(bo.id, muted=True))
    driver.until(lambda: driver.session.store.summary(driver.chat.id).result(10).setup.members == wanted)
    assert driver.chat.setup.members == wanted
    driver.session.playing.change_to(an.id)
    driver.until(lambda: driver.session.store.summary(driver.chat.id).result(10).setup.members == (Member(an.id),))


def test_an_edited_question_is_what_the_chosen_one_answers(driver: Driver) -> None:
    mei, bo = add(driver, "Mei"), add(driver, "Bo")
    begin(driver, mei)
    driver.session.playing.join(bo.id)
    driver.until(lambda: len(driver.chat.turns) == 2)
    driver.session.playing.set_setup(msgspec.structs.replace(driver.chat.setup, speaking="user"))
    for text in ("One", "Two"):
        before = len(driver.chat.turns)
        driver.say(text)
        driver.until(lambda count=before: len(driver.chat.turns) == count + 1 and not driver.chat.is_busy())
    driver.chat.edit_and_resend(driver.chat.turns[2].id, "One, edited")
    driver.until(lambda: driver.chat.turns[-1].text == "One, edited" and not driver.chat.is_busy())
    driver.window.chat.cast.speak_requested.emit(bo.id)
    driver.until(lambda: len(driver.chat.turns) == 4)
    driver.idle()
    assert [turn.text for turn in driver.chat.turns[2:3]] == ["One, edited"] and driver.chat.turns[3].persona == bo.id


def test_a_deleted_conversation_says_no_more(driver: Driver) -> None:
    mei = add(driver, "Mei")
    begin(driver, mei)
    driver.short(0)
    driver.say("Tell me a very long story.")
    driver.until(driver.chat.is_busy)
    gone = driver.chat.id
    driver.session.conversations.delete(gone)
    driver.until(lambda: driver.chat.id != gone and not driver.session.replies.busy and not driver.session.answering.is_pending(gone))


def test_two_personas_answer_in_turn_and_one_by_name(driver: Driver) -> None:
    mei, bo = add(driver, "Mei"), add(driver, "Bo", group_only_greetings=["Bo sits down with you."])
    begin(driver, mei)
    driver.session.playing.join(bo.id)
    driver.until(lambda: len(driver.chat.turns) == 2)
    assert driver.chat.turns[1].persona == bo.id
    driver.say("Hello you two")
    driver.until(lambda: len(driver.chat.turns) == 4)
    driver.idle()
    assert driver.chat.turns[-1].persona == mei.id
    setup = msgspec.structs.replace(driver.chat.setup, speaking="mention")
    driver.session.playing.set_setup(setup)
    driver.until(lambda: driver.chat.setup.speaking == "mention")
    driver.say("Bo, and then Mei: what do you drink?")
    driver.until(lambda: len(driver.chat.turns) == 7)
    driver.idle()
    assert [turn.persona for turn in driver.chat.turns[-2:]] == [bo.id, mei.id]
    assert driver.chat.turns[-1].parent == driver.chat.turns[-2].id


def test_the_user_says_who_speaks(driver: Driver) -> None:
    mei, bo = add(driver, "Mei"), add(driver, "Bo")
    begin(driver, mei)
    driver.session.playing.join(bo.id)
    driver.until(lambda: len(driver.chat.setup.members) == 2 and len(driver.chat.turns) == 2)
    driver.session.playing.set_setup(msgspec.structs.replace(driver.chat.setup, speaking="user"))
    driver.until(lambda: driver.chat.setup.speaking == "user")
    before = len(driver.chat.turns)
    driver.say("Well?")
    driver.until(lambda: len(driver.chat.turns) == before + 1 and not driver.chat.is_busy())
    driver.until(lambda: driver.window.chat.cast.isVisible() and not driver.window.chat.cast.question.isHidden())
    driver.window.chat.cast.speak_requested.emit(bo.id)
    driver.until(lambda: len(driver.chat.turns) == before + 2)
    driver.idle()
    assert driver.chat.turns[-1].persona == bo.id
    driver.window.chat.cast.remove_requested.emit(mei.id)
    driver.until(lambda: driver.chat.setup.members == (Member(bo.id),))


def test_a_note_and_who_the_user_is_reach_the_model(driver: Driver) -> None:
    mei = add(driver, "Mei")
    picture = "ab" * 32
    profile = driver.session.store.profiles.add("Tong", "A ferryman.", picture).result(10)
    driver.session.profiles.changed.emit()
    driver.until(lambda: driver.session.cast.player(Setup()).name == "Tong")
    begin(driver, mei)
    assert driver.chat.turns[0].text.startswith("Tong, welcome")
    note = AuthorNote(text="It is raining outside.", depth=0)
    driver.window.panel.cast_changed.emit(Setup(members=(Member(mei.id),), note=note))
    driver.until(lambda: driver.chat.setup.note == note)
    driver.ask("How are you?")
    sent = sent_for(driver, driver.chat.turns[-1].id)
    assert "It is raining outside." in sent.text and "A ferryman." in sent.text
    view = next(entry.turn for entry in driver.window.transcript.stack.entries if entry.turn.role == "user")
    assert (view.name, view.picture) == ("Tong", picture)
    driver.session.store.profiles.delete(profile.id).result(10)
    driver.session.profiles.changed.emit()
    driver.until(lambda: not driver.session.cast.player(Setup()).name)


def test_the_budget_is_shown_and_so_is_what_was_sent(driver: Driver) -> None:
    mei = add(driver, "Mei")
    begin(driver, mei)
    bar = driver.window.chat.budget
    driver.until(lambda: bar.isVisible() and "about" not in bar.words() and dict(bar.parts()).get("persona", 0) > 5)
    driver.ask("What is on the menu?")
    driver.session.budget.show_sent(driver.chat.turns[-1].id)
    driver.until(lambda: driver.window.findChildren(SentDialog))
    (dialog,) = driver.window.findChildren(SentDialog)
    assert "What is on the menu?" in dialog.whole() and "keeps a tea house" in dialog.whole()
    dialog.reject()
    driver.session.budget.show_next()
    driver.until(lambda: [one for one in driver.window.findChildren(SentDialog) if one is not dialog])


def test_what_no_longer_fits_is_summarised_once(driver: Driver) -> None:
    mei = add(driver, "Mei")
    driver.session.change_settings(msgspec.structs.replace(driver.session.settings, context=512))
    driver.session.models.unload()
    driver.session.models.load(driver.session.models.default)
    driver.until(lambda: driver.session.engine.model is not None and driver.session.engine.model.context == 512)
    begin(driver, mei)
    driver.session.playing.set_setup(msgspec.structs.replace(driver.chat.setup, summarize=True))
    driver.until(lambda: driver.chat.setup.summarize)
    for number in range(6):
        driver.ask(f"{number}: " + "tell me of the river and the boats. " * 18)
        if any(turn.role == "system" for turn in driver.chat.turns):
            break
    driver.until(lambda: any(turn.role == "system" for turn in driver.chat.turns))
    (summary,) = [turn for turn in driver.chat.turns if turn.role == "system"]
    assert summary.text and summary.covers is not None
    driver.ask("And now?")
    sent = sent_for(driver, driver.chat.turns[-1].id)
    assert "summary" in {message.section for message in sent.messages}
