"""What is sent for a reply: personas, examples, notes, profiles, groups, summaries, and the order of dropping."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.prompt.assembly import Assembly, assemble, room
from zhiyin.prompt.layout import lay_out
from zhiyin.prompt.scene import Actor, Player, Scene, SceneTurn
from zhiyin.prompt.token_counts import TokenCounts
from zhiyin.roles import AuthorNote, Cards, Member, Setup
from zhiyin_models.engine.protocol import FitReport

ROLES = {"u": "user", "a": "assistant", "s": "system"}


def card(name: str = "Li Bai", **fields: Any) -> dict[str, Any]:
    return {"spec": "chara_card_v3", "spec_version": "3.0", "data": {"name": name, **fields}}


def actor(persona: int = 1, name: str = "Li Bai", *, muted: bool = False, **fields: Any) -> Actor:
    return Actor(persona, card(name, **fields), muted)


def path(*said: str, persona: int | None = 1) -> tuple[SceneTurn, ...]:
    """Turns from texts such as "u:hello" and "a:hi"; "a2:" is said by persona 2."""
    turns = []
    for number, one in enumerate(said, 1):
        head, _, text = one.partition(":")
        who = int(head[1:]) if len(head) > 1 else persona
        turns.append(SceneTurn(number, ROLES[head[0]], text, who if head[0] == "a" else None))
    return tuple(turns)


def scene(*said: str, actors: tuple[Actor, ...] = (), speaker: int | None = None, **fields: Any) -> Scene:
    if actors and speaker is None:
        speaker = actors[0].persona
    setup = fields.pop("setup", Setup(tuple(Member(one.persona, one.muted) for one in actors)))
    return Scene(7, path(*said), actors, speaker, fields.pop("player", Player("Du Fu")), setup, **fields)


def told(assembly: Assembly) -> list[tuple[str, str, str]]:
    return [(message.role[0], message.section, message.content) for message in assembly.layout.messages]


def section(assembly: Assembly, name: str) -> str:
    return "\n\n".join(message.content for message in assembly.layout.messages if message.section == name)


# ---------------------------------------------------------------- without a persona


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text("ab \n{}", max_size=6)), max_size=12),
    st.sampled_from(["", "  ", "Be {{char}}."]),
)
def test_without_a_persona_it_is_the_plain_layout(said: list[tuple[str, str]], system: str) -> None:
    turns = tuple(SceneTurn(number, role, text) for number, (role, text) in enumerate(said))
    assembly = assemble(Scene(1, turns, system_prompt=system))
    assert assembly.layout == lay_out(turns, system_prompt=system)
    assert assembly.stop == ()


# ---------------------------------------------------------------- a persona


def test_what_a_card_says_comes_before_the_turns_in_a_stable_order() -> None:
    bai = actor(
        nickname="Bai",
        description="{{char}} is a poet.",
        personality="free",
        scenario="A boat at night.",
        system_prompt="{{original}} Answer as {{char}}.",
        post_history_instructions="Keep it short, {{user}}. {{original}}",
        creator_notes="never sent",
    )
    assembly = assemble(
        scene("a:Drink!", "u:Gladly.", actors=(bai,), system_prompt="Be kind.", player=Player("Du Fu", "{{user}} is tired."))
    )
    system, *rest = told(assembly)
    assert system[:2] == ("s", "system")
    assert system[2].startswith("Be kind.\n\n")
    assert "conversation with Du Fu" in system[2]
    assert system[2].endswith(" Answer as Bai.")
    assert rest == [
        ("s", "persona", "Bai is a poet.\n\nBai's personality: free\n\nScenario: A boat at night."),
        ("s", "profile", "About Du Fu: Du Fu is tired."),
        ("a", "history", "Drink!"),
        ("u", "history", "Gladly."),
        ("s", "post_history", "Keep it short, Du Fu."),
    ]
    assert assembly.layout.turns == (None, None, None, 1, 2, None)
    assert "never sent" not in str(assembly.layout)


def test_the_system_prompt_of_a_card_replaces_the_app_s_but_not_one_of_the_conversation() -> None:
    own = actor(system_prompt="Only this.")
    assert section(assemble(scene("u:a", actors=(own,), system_prompt="The app's.")), "system") == "Only this."
    kept = section(assemble(scene("u:a", actors=(own,), system_prompt="Mine.", own_system_prompt=True)), "system")
    assert kept.startswith("Mine.")
    assert kept.endswith("\n\nOnly this.")
    with_place = actor(system_prompt="[{{original}}]")
    once = section(assemble(scene("u:a", actors=(with_place,), system_prompt="Mine.", own_system_prompt=True)), "system")
    assert once.startswith("[Mine.")
    assert once.count("Mine.") == 1
    assert section(assemble(scene("u:a", actors=(actor(),), system_prompt="The app's.")), "system").startswith("The app's.")


def test_the_app_speaks_the_language_of_the_window() -> None:
    chinese = assemble(scene("u:你好", actors=(actor(name="李白", personality="豪放"),), language="zh", player=Player()))
    assert section(chinese, "system") == "你就是李白，正在与用户对话。请写出李白接下来的回答，始终保持李白的身份，不要替用户说话或行动。"
    assert section(chinese, "persona") == "李白的性格：豪放"


def test_examples_are_messages_by_block_and_the_last_block_goes_first() -> None:
    text = "<START>\nA night.\n{{user}}: hi\n{{char}}: ho\nsecond line\n<start>\n<BOT>: wine\nDu Fu： more?\n<START>\n\n"
    assembly = assemble(scene("u:now", "a:yes", "u:and", actors=(actor(mes_example=text),)))
    found = [(m.role[0], m.content, m.drop) for m in assembly.layout.messages if m.section == "examples"]
    assert found == [
        ("s", "How Li Bai talks, as an example:", 1),
        ("s", "A night.", 1),
        ("u", "hi", 1),
        ("a", "ho\nsecond line", 1),
        ("a", "wine", 0),
        ("u", "more?", 0),
        ("s", "The examples end here. The conversation begins.", 1),
    ]
    assert [m.drop for m in assembly.layout.messages if m.section == "history"] == [2, 2, None]


def test_a_reply_to_be_continued_is_last_and_has_before_it_what_it_had() -> None:
    bai = actor(post_history_instructions="Short.")
    note = Setup((Member(1),), note=AuthorNote("Sad.", depth=1))
    first = assemble(scene("u:one", "a:two", "u:three", actors=(bai,), setup=note))
    going = assemble(scene("u:one", "a:two", "u:three", "a:fo", actors=(bai,), setup=note))
    assert told(going) == [*told(first), ("a", "history", "fo")]
    more = assemble(scene("u:one", "a:two", actors=(bai,), once_more=True))
    assert told(more)[-3:] == [("a", "history", "two"), ("s", "post_history", "Short."), ("u", "post_history", "(Go on.)")]


# ---------------------------------------------------------------- author's note


@pytest.mark.parametrize(("depth", "place"), [(0, 5), (1, 4), (3, 2), (4, 1), (99, 0)])
def test_a_note_stands_so_many_messages_from_the_end(depth: int, place: int) -> None:
    said = ("u:1", "a:2", "u:3", "a:4", "u:5")
    note = AuthorNote("Note for {{char}}.", depth=depth, role="user")
    texts = [content for _, _, content in told(assemble(scene(*said, setup=Setup(note=note))))]
    expected = ["1", "2", "3", "4", "5"]
    expected.insert(place, "Note for Assistant.")
    assert texts == expected


def test_a_note_comes_with_every_so_many_turns_of_the_user_s() -> None:
    def has(every: int, users: int) -> bool:
        said = [text for number in range(users) for text in (f"u:{number}", f"a:{number}")][:-1]
        return bool(section(assemble(scene(*said, setup=Setup(note=AuthorNote("Note.", every=every)))), "note"))

    assert [has(1, users) for users in (1, 2, 3)] == [True] * 3
    assert [has(2, users) for users in (1, 2, 3, 4)] == [False, True, False, True]
    assert not has(0, 3)


def test_a_note_after_the_scenario_is_part_of_the_head() -> None:
    setup = Setup((Member(1),), note=AuthorNote("Note.", position="after_scenario"))
    assembly = assemble(scene("u:1", actors=(actor(scenario="Here.", mes_example="{{char}}: x"),), setup=setup))
    assert [name for _, name, _ in told(assembly)] == ["system", "persona", "note", *["examples"] * 3, "history"]
    assert next(m.drop for m in assembly.layout.messages if m.section == "note") is None


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ({"prompt": "{{char}} limps.", "depth": 1, "role": "user"}, ["1", "2", "Li Bai limps.", "3"]),
        ({"prompt": "{{char}} limps.", "depth": "2", "role": 9}, ["1", "Li Bai limps.", "2", "3"]),
        ({"prompt": "{{char}} limps."}, ["Li Bai limps.", "1", "2", "3"]),
        ({"prompt": " "}, ["1", "2", "3"]),
        ({"prompt": ["x"], "depth": 0}, ["1", "2", "3"]),
        ("x", ["1", "2", "3"]),
    ],
)
def test_a_card_s_own_note_stands_at_its_depth(note: Any, expected: list[str]) -> None:
    assembly = assemble(scene("u:1", "a:2", "u:3", actors=(actor(extensions={"depth_prompt": note}),)))
    assert [content for _, name, content in told(assembly) if name in ("note", "history")] == expected
    roles = {role for role, name, _ in told(assembly) if name == "note"}
    assert roles <= {"u" if note == {"prompt": "{{char}} limps.", "depth": 1, "role": "user"} else "s"}


# ---------------------------------------------------------------- groups

BAI, FU = actor(1, "Li Bai", description="A poet."), actor(2, "Du Fu", description="Another.")


def test_in_a_group_with_separate_cards_the_others_speak_to_the_one_whose_turn_it_is() -> None:
    said = ("u:Evening.", "a1:Wine!", "a2:No.", "u:Well?", "a1:Yes.")
    assembly = assemble(scene(*said, actors=(BAI, FU), speaker=2, player=Player("Ann")))
    assert section(assembly, "persona") == "Another."
    assert section(assembly, "system").startswith("This is a conversation of Li Bai, Du Fu and Ann. You are Du Fu: ")
    assert [entry for entry in told(assembly) if entry[1] == "history"] == [
        ("u", "history", "Ann: Evening."),
        ("u", "history", "Li Bai: Wine!"),
        ("a", "history", "No."),
        ("u", "history", "Ann: Well?"),
        ("u", "history", "Li Bai: Yes."),
    ]
    assert assembly.stop == ("\nAnn:", "\nAnn：", "\nLi Bai:", "\nLi Bai：")
    assert [m.drop for m in assembly.layout.messages if m.section == "history"] == [0, 0, 0, None, None]


def test_joined_cards_are_all_there_and_the_prompt_s_head_is_the_same_for_each_speaker() -> None:
    setup = Setup((Member(1), Member(2)), cards="joined")
    said = ("u:Evening.", "a1:Wine!", "u:Well?", "a2:No.")
    one, other = (
        assemble(scene(*said, actors=(BAI, FU), speaker=persona, setup=setup, player=Player("Ann"), once_more=True)) for persona in (1, 2)
    )
    assert told(one)[:-1] == told(other)[:-1]
    assert section(one, "persona") == "[Li Bai]\nA poet.\n\n[Du Fu]\nAnother."
    assert told(one)[-2] == ("a", "history", "Du Fu: No.")
    assert told(one)[-1] == ("u", "post_history", "It is Li Bai's turn. Write only Li Bai's next reply.")
    assert one.stop == ("\nAnn:", "\nAnn：", "\nDu Fu:", "\nDu Fu：")
    muted = assemble(scene(*said, actors=(BAI, actor(2, "Du Fu", muted=True, description="Another.")), speaker=1, setup=setup))
    assert section(muted, "persona") == "A poet."


def test_in_a_group_no_card_s_system_prompt_takes_the_rules_of_the_group_away() -> None:
    bossy, other = actor(1, "Li Bai", system_prompt="Only this."), actor(2, "Du Fu", system_prompt="{{original}} And that.")
    alone = section(assemble(scene("u:a", actors=(bossy, FU), system_prompt="The app's.")), "system")
    assert alone.startswith("Only this.\n\nThis is a conversation of Li Bai and Du Fu. You are Li Bai: ")
    setup = Setup((Member(1), Member(2)), cards="joined")

    def joined(one: Actor, two: Actor) -> str:
        asked = scene("u:a", actors=(one, two), setup=setup, player=Player("Ann"), system_prompt="The app's.")
        return section(assemble(asked), "system")

    rule = "This is a conversation of Li Bai, Du Fu and Ann. You play Li Bai and Du Fu. Each time"
    assert joined(bossy, other).startswith(f"The app's.\n\n[Li Bai]\nOnly this.\n\n[Du Fu]\nAnd that.\n\n{rule}")
    assert joined(bossy, actor(2, "Du Fu", system_prompt="Or this.")).startswith(f"[Li Bai]\nOnly this.\n\n[Du Fu]\nOr this.\n\n{rule}")
    assert joined(bossy, FU).startswith(f"The app's.\n\n[Li Bai]\nOnly this.\n\n{rule}")


def test_joined_cards_say_the_same_scenario_once() -> None:
    setup = Setup((Member(1), Member(2)), cards="joined")
    both = tuple(actor(number, name, scenario="A boat.", personality="free") for number, name in ((1, "Li Bai"), (2, "Du Fu")))
    assembly = assemble(scene("u:a", actors=both, setup=setup))
    assert section(assembly, "persona") == "Li Bai's personality: free\n\nScenario: A boat.\n\nDu Fu's personality: free"
    apart = (BAI, actor(2, "Du Fu", scenario="A hut."), actor(3, "Su Shi", scenario="A boat."))
    setup = Setup(tuple(Member(number) for number in (1, 2, 3)), cards="joined")
    persona = section(assemble(scene("u:a", actors=apart, setup=setup)), "persona")
    assert persona == "[Li Bai]\nA poet.\n\n[Du Fu]\nScenario: A hut.\n\n[Su Shi]\nScenario: A boat."


def test_what_one_persona_thought_no_other_hears_and_lore_does_not_read() -> None:
    said = ("u:Hm.", "a1:<think>the moon</think>\n\nYes.", "a1:<think>only", "a2:<think>mine</think>No.", "u:So?")
    books = (lorebook({**MOON, "content": "Round."}, scan_depth=9),)
    kinds: tuple[Cards, ...] = ("separate", "joined")
    for cards in kinds:
        setup = Setup((Member(1), Member(2)), cards=cards)
        assembly = assemble(scene(*said, actors=(BAI, FU), speaker=2, setup=setup, player=Player("Ann"), books=books))
        texts = [content for _, name, content in told(assembly) if name == "history"]
        mine = "<think>mine</think>No."
        assert texts == ["Ann: Hm.", "Li Bai: Yes.", mine if cards == "separate" else f"Du Fu: {mine}", "Ann: So?"]
        assert not assembly.fired


def test_who_answers_after_another_persona_hears_it_as_somebody_else() -> None:
    assembly = assemble(scene("u:Hello", "a1:I am Li Bai.", "u:And you?", actors=(FU,), speaker=2, player=Player("Ann")))
    assert [entry for entry in told(assembly) if entry[1] == "history"] == [
        ("u", "history", "Ann: Hello"),
        ("u", "history", "Assistant: I am Li Bai."),
        ("u", "history", "Ann: And you?"),
    ]


# ---------------------------------------------------------------- lore


def lorebook(*entries: dict[str, Any], **fields: Any) -> dict[str, Any]:
    plain = {"enabled": True, "insertion_order": 1, "extensions": {}}
    return {"extensions": {}, "entries": [{**plain, **entry} for entry in entries], **fields}


def places(assembly: Assembly) -> list[str]:
    return [content if name in ("lore", "history") else name for _, name, content in told(assembly)]


MOON = {"keys": ["moon"], "content": "Round."}
ALWAYS = {"keys": [], "content": "Tang.", "constant": True}
SAID = ("u:the moon", "a:yes", "u:the moon again")


def test_lore_that_comes_and_goes_stands_before_the_last_message_or_where_the_card_says() -> None:
    bai = actor(description="A poet.", character_book=lorebook(MOON, ALWAYS, {**MOON, "content": "Before.", "position": "before_char"}))
    near = places(assemble(scene(*SAID, actors=(bai,))))
    assert near == ["system", "persona", "Tang.", "the moon", "yes", "Round.", "Before.", "the moon again"]
    setup = Setup((Member(1),), lore_place="as_card")
    literal = places(assemble(scene(*SAID, actors=(bai,), setup=setup)))
    assert literal == ["system", "Before.", "persona", "Round.", "Tang.", "the moon", "yes", "the moon again"]


@pytest.mark.parametrize(
    ("decorator", "expected"),
    [
        ("@@depth 0", ["system", "persona", "the moon", "yes", "the moon again", "Round."]),
        ("@@depth 2", ["system", "persona", "the moon", "Round.", "yes", "the moon again"]),
        ("@@reverse_depth 1", ["system", "persona", "the moon", "Round.", "yes", "the moon again"]),
        ("@@position before_desc", ["system", "Round.", "persona", "the moon", "yes", "the moon again"]),
        ("@@position personality", ["system", "persona", "Round.", "persona", "the moon", "yes", "the moon again"]),
        ("@@position after_desc", ["system", "persona", "Round.", "persona", "the moon", "yes", "the moon again"]),
        ("@@position scenario", ["system", "persona", "Round.", "the moon", "yes", "the moon again"]),
    ],
)
def test_decorators_put_lore_where_they_say_in_both_ways(decorator: str, expected: list[str]) -> None:
    bai = actor(description="A poet.", scenario="Here.", personality="" if "desc" in decorator else "free")
    for place in ("near_end", "as_card"):
        setup = Setup((Member(1),), lore_place=place)
        books = (lorebook({**MOON, "content": f"{decorator}\nRound."}),)
        assert places(assemble(scene(*SAID, actors=(bai,), setup=setup, books=books))) == expected


def test_lore_takes_the_role_that_it_is_given_and_its_macros() -> None:
    books = (lorebook({**MOON, "content": "@@role assistant\n@@depth 1\n{{char}} saw {{user}}."}),)
    assert ("a", "lore", "Li Bai saw Du Fu.") in told(assemble(scene(*SAID, actors=(actor(),), books=books)))


def test_what_is_left_out_goes_in_the_stated_order() -> None:
    filler = "more than an eighth of the room " * 14
    entries = [{"keys": ["moon"], "content": f"Lore {number}. {filler}", "priority": number} for number in (3, 1, 2)]
    bai = actor(mes_example="{{char}}: x", description="A poet.")
    setup = Setup((Member(1),), note=AuthorNote("Note."))
    assembly = assemble(
        scene("u:old", "a:older", *SAID, actors=(bai,), setup=setup, books=(lorebook(*entries, token_budget=9999),), context=2048)
    )
    going = sorted((m.drop, m.section, m.content[:7]) for m in assembly.layout.messages if m.drop is not None)
    assert [entry for _, *entry in going if entry[0] != "examples"] == [
        ["lore", "Lore 1."],
        ["lore", "Lore 2."],
        ["history", "old"],
        ["history", "older"],
        ["history", "the moo"],
        ["history", "yes"],
        ["lore", "Lore 3."],
    ]
    assert going[0][:2] == (0, "examples")
    stays = {m.section for m in assembly.layout.messages if m.drop is None}
    assert stays == {"system", "persona", "note", "history"}


def test_in_a_card_s_book_char_is_its_persona_whoever_speaks_and_in_others_who_speaks() -> None:
    entries: list[dict[str, Any]] = [
        {"keys": ["{{char}}"], "content": "{{char}} came."},
        {"keys": [], "constant": True, "content": "{{char}} is here."},
    ]
    owner = actor(1, "Li Bai", character_book=lorebook(*entries))
    setup = Setup((Member(1), Member(2)), cards="joined")
    books = (lorebook({**MOON, "content": "{{char}} looks up."}),)
    assembly = assemble(scene("u:Li Bai saw the moon", actors=(owner, FU), speaker=2, setup=setup, books=books))
    assert section(assembly, "lore") == "Li Bai is here.\n\nLi Bai came.\n\nDu Fu looks up."


@pytest.mark.parametrize(
    ("root", "fired"),
    [("a:Hello, Du Fu.", [0]), ("a:Wine!", [1]), ("a:Wine?", []), ("a:All!", []), ("u:Wine!", [])],
)
def test_an_entry_for_a_greeting_is_there_when_the_path_begins_with_it(root: str, fired: list[int]) -> None:
    entries = [{**ALWAYS, "content": f"@@is_greeting {number}\nText {number}."} for number in (0, 1)]
    fields: dict[str, Any] = {"first_mes": "Hello, {{user}}.", "alternate_greetings": ["Wine!"], "group_only_greetings": ["All!"]}
    bai = actor(character_book=lorebook(*entries), **fields)
    path_of = (root, "u:so", "a:and", "u:so")
    assert [one.index for one in assemble(scene(*path_of, actors=(bai,))).fired] == fired
    elsewhere = actor(2, "Du Fu", character_book=lorebook(*entries), **fields)
    assert not assemble(scene(*path_of, actors=(actor(), elsewhere), speaker=2)).fired


def test_lore_that_two_books_have_alike_is_sent_once() -> None:
    bai = actor(character_book=lorebook(MOON, ALWAYS))
    books = (lorebook(ALWAYS, MOON, {**MOON, "content": "@@depth 1\nRound."}),)
    found = [content for _, name, content in told(assemble(scene(*SAID, actors=(bai,), books=books))) if name == "lore"]
    assert sorted(found) == ["Round.", "Round.", "Tang."]


def test_lore_can_take_the_place_of_the_card_s_instructions_after_the_history() -> None:
    bai = actor(post_history_instructions="Short.")
    books = (lorebook({**MOON, "content": "@@disable_ui_prompt post_history_instructions\nLong."}),)
    assert section(assemble(scene(*SAID, actors=(bai,))), "post_history") == "Short."
    assert section(assemble(scene(*SAID, actors=(bai,), books=books)), "post_history") == ""


def test_lore_over_its_budget_is_told() -> None:
    books = (lorebook(MOON, {**MOON, "content": "Too long " * 100, "priority": -1}, token_budget=60),)
    assembly = assemble(scene(*SAID, actors=(actor(),), books=books))
    assert [one.text for one in assembly.fired] == ["Round."]
    assert len(assembly.over_budget) == 1


# ---------------------------------------------------------------- summaries and long paths


def test_the_newest_summary_stands_for_what_it_covers_and_a_blank_one_for_nothing() -> None:
    turns = (
        *path("u:one", "a:two", "u:three"),
        SceneTurn(8, "system", "They met.", covers=2),
        SceneTurn(9, "assistant", "four", 1),
        SceneTurn(10, "user", "five"),
        SceneTurn(11, "system", "  ", covers=9),
    )
    assembly = assemble(Scene(7, turns, (actor(),), 1))
    assert [entry for entry in told(assembly) if entry[1] != "system"] == [
        ("s", "summary", "What has happened so far:\nThey met."),
        ("u", "history", "three"),
        ("a", "history", "four"),
        ("u", "history", "five"),
    ]
    assert assembly.summarized == (1, 2)
    assert assembly.layout.turns[1] == 8
    assert assembly.memory_start(None) == 3
    elsewhere = assemble(Scene(7, (*turns[:3], SceneTurn(8, "system", "They met.", covers=99)), (actor(),), 1))
    assert not section(elsewhere, "summary")


def test_of_a_very_long_path_only_what_could_fit_is_laid_out_and_the_rest_is_told() -> None:
    long = tuple(SceneTurn(number, "assistant" if number % 2 else "user", f"{number} " + "word " * 50) for number in range(601))
    windows = [assemble(Scene(1, long[: 2 * count + 1], context=2048)) for count in range(250, 300)]
    for count, assembly in zip(range(250, 300), windows, strict=True):
        kept = [turn for turn in assembly.layout.turns if turn is not None]
        assert [*assembly.left_out, *kept] == list(range(2 * count + 1))
        assert sum(TokenCounts().of(message.content) for message in assembly.layout.messages) > 2 * room(2048, 0)
        assert room(2048, 0) - 100 < sum(assembly.estimate.values()) <= room(2048, 0)
        assert assembly.memory_start(FitReport(1, 1, 1)) == kept[0]
    assert len({len(assembly.left_out) for assembly in windows}) <= 5


# ---------------------------------------------------------------- properties

TEXT = st.text("ab 月\n", max_size=8)
TURN = st.tuples(st.sampled_from(["user", "assistant", "assistant"]), TEXT, st.sampled_from([1, 2, None]))


@st.composite
def scenes(draw: Callable[..., Any]) -> Scene:
    said = draw(st.lists(TURN, max_size=14))
    turns = [SceneTurn(n, role, text, None if role == "user" else who) for n, (role, text, who) in enumerate(said)]
    if turns and draw(st.booleans()):
        place = draw(st.integers(0, len(turns) - 1))
        turns.insert(place + 1, SceneTurn(99, "system", draw(TEXT), covers=draw(st.integers(0, 14))))
    actors = draw(st.sampled_from([(), (BAI,), (BAI, FU)]))
    setup = Setup(
        tuple(Member(one.persona) for one in actors),
        cards=draw(st.sampled_from(["separate", "joined"])),
        note=draw(st.sampled_from([AuthorNote(), AuthorNote("Note.", depth=1), AuthorNote("Note.", position="after_scenario", every=2)])),
        lore_place=draw(st.sampled_from(["near_end", "as_card"])),
    )
    books = draw(st.sampled_from([(), (lorebook({**MOON, "keys": ["a", "月"]}, ALWAYS),)]))
    speaker = actors[-1].persona if actors else None
    return Scene(3, tuple(turns), actors, speaker, Player("Ann", "x"), setup, books, context=draw(st.sampled_from([16, 256, 8192])))


@settings(deadline=None, max_examples=100, derandomize=True)
@given(scenes())
def test_every_turn_is_sent_or_told_to_be_left_out(scene: Scene) -> None:
    assembly = assemble(scene)
    assert assembly == assemble(scene, TokenCounts())
    gone = {*assembly.left_out, *assembly.summarized}
    sent = "\n".join(message.content for message in assembly.layout.messages if message.section == "history")
    for turn in scene.turns:
        if turn.role != "system" and turn.text.strip():
            assert (turn.id in gone) or turn.text in sent
    order = [turn for turn in assembly.layout.turns if turn is not None and turn != 99]
    assert order == sorted(order)
    assert len(assembly.layout.turns) == len(assembly.layout.messages)
    assert all(message.content.strip() for message in assembly.layout.messages)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(scenes())
def test_what_never_goes_is_never_given_an_order_and_the_last_group_is_among_it(scene: Scene) -> None:
    messages = assemble(scene).layout.messages
    drops = sorted({message.drop for message in messages if message.drop is not None})
    assert drops == list(range(len(drops)))
    told = [message for message in messages if message.section == "history"]
    assert not told or told[-1].drop is None
    assert all(message.drop is None for message in messages if message.section in ("system", "persona", "profile", "note", "summary"))


@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.lists(st.tuples(st.text("ab月", min_size=1, max_size=6), st.text("ab月", min_size=1, max_size=6)), min_size=2, max_size=8))
def test_the_next_prompt_begins_with_this_one_up_to_what_moves(said: list[tuple[str, str]]) -> None:
    turns: list[SceneTurn] = []
    before: list[tuple[str, str]] = []
    bai = actor(description="{{random:a,b,c}} A poet.", mes_example="{{char}}: x", post_history_instructions="Short. {{roll:20}}")
    for number, (question, reply) in enumerate(said):
        turns.append(SceneTurn(2 * number, "user", question))
        books = (lorebook({**MOON, "keys": ["a", "月"]}, ALWAYS),)
        messages = assemble(scene_of(turns, bai, books)).layout.messages
        now: list[tuple[str, str]] = [(message.role, message.content) for message in messages]
        assert now[: len(before)] == before
        moving = next(place for place, m in enumerate(messages) if m.content in ("Round.", question))
        before = now[:moving]
        turns.append(SceneTurn(2 * number + 1, "assistant", reply, 1))


def scene_of(turns: list[SceneTurn], one: Actor, books: tuple[dict[str, Any], ...]) -> Scene:
    return Scene(1, tuple(turns), (one,), 1, Player("Ann"), Setup((Member(1),)), books)


def test_of_texts_that_could_never_fit_only_so_much_is_read() -> None:
    fields: dict[str, Any] = dict.fromkeys(
        ("description", "personality", "scenario", "system_prompt", "post_history_instructions"), "x{{noop}}" * 900_000
    )
    fields["mes_example"] = "{{char}}: a\n" * 600_000
    fields["name"] = "Bai " * 1_000_000
    assembly = assemble(scene("u:hi", actors=(actor(**fields),), context=4096))
    for name in ("system", "persona", "post_history"):
        assert len(section(assembly, name)) < 3 * 17_000
    assert len(assembly.layout.messages) < 2000
    assert all(len(message.content) < 60_000 for message in assembly.layout.messages)


def test_the_user_s_own_prompt_is_read_for_macros_once() -> None:
    bai = actor(system_prompt="{{char}}: {{original}}")
    player = Player("{{char}}")
    system = section(assemble(scene("u:hi", actors=(bai,), player=player, system_prompt="For {{user}}.")), "system")
    assert system.startswith("Li Bai: For {{char}}.\n\n")


def test_hostile_cards_are_laid_out_all_the_same() -> None:
    for data in (
        {},
        {"name": 3, "description": ["x"], "mes_example": {"a": 1}},
        {"name": "{0} {x}", "description": "{{{{{{", "personality": "{y}"},
    ):
        assembly = assemble(scene("u:hi", actors=(Actor(1, {"spec": "chara_card_v3", "data": data}),)))
        assert told(assembly)[-1] == ("u", "history", "hi")
    assert assemble(scene("u:hi", actors=(Actor(1, {}),))).layout.messages
