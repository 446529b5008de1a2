import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhiyin.store import Status, Store, StoreCode, StoreError
from zhiyin_models.engine.protocol import FitReport, Sampling, Stats
from zhiyin_models.errors import Code, Failure

STATS = Stats(
    prompt_tokens=12,
    generated_tokens=3,
    tokens_per_second=61.5,
    seed=7,
    sampling=Sampling(temperature=0.2, seed=7),
    fit=FitReport(prompt_tokens=12, limit=100, context=128, sections={"system": 4}, dropped=(1,), dropped_turns=1),
)


def texts(store: Store, conversation: int) -> list[str]:
    return [turn.text for turn in store.conversation(conversation).result().turns]


def test_a_turn_and_its_reply_are_kept_whole(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        made = store.create_conversation(model="m", sampling=Sampling(top_k=3)).result()
        asked = store.add_user_turn(made.id, None, "What is 李白?").result()
        reply = store.add_reply(made.id, asked.id, model="SmolLM2", fingerprint="f1").result()
        assert reply.status is Status.GROWING
        store.grow_reply(reply.id, "A po").result()
        store.finish_reply(reply.id, "A poet.", Status.COMPLETE, "end", STATS).result()
    with Store.open(data_dir) as store:
        view = store.conversation(made.id).result()
    assert [(turn.role, turn.text, turn.status) for turn in view.turns] == [
        ("user", "What is 李白?", Status.COMPLETE),
        ("assistant", "A poet.", Status.COMPLETE),
    ]
    done = view.turns[1]
    assert (done.stats, done.reason, done.model, done.fingerprint, done.parent) == (STATS, "end", "SmolLM2", "f1", asked.id)
    assert done.finished is not None
    assert done.finished >= done.created
    assert view.conversation.sampling == Sampling(top_k=3)
    assert view.conversation.leaf == reply.id
    assert view.conversation.turns == 2
    assert not view.conversation.interrupted


def test_a_failure_is_kept_with_its_reply(store: Store) -> None:
    made = store.create_conversation().result()
    reply = store.add_reply(made.id, None, model="m").result()
    failure = Failure(Code.MESSAGE_TOO_LONG, {"tokens": 9, "limit": 8, "over": 1})
    store.finish_reply(reply.id, "", Status.FAILED, "", None, failure=failure).result()
    (kept,) = store.conversation(made.id).result().turns
    assert (kept.failure, kept.status, kept.stats) == (failure, Status.FAILED, None)


def test_regenerating_and_editing_add_alternatives_and_choosing_shows_them(store: Store) -> None:
    made = store.create_conversation().result()
    asked = store.add_user_turn(made.id, None, "one").result()
    first = store.add_reply(made.id, asked.id, model="m", text="1a", status=Status.COMPLETE).result()
    second = store.add_reply(made.id, asked.id, model="m", text="1b", status=Status.COMPLETE).result()
    assert second.sibling_ids == (first.id, second.id)
    store.add_user_turn(made.id, second.id, "two").result()
    assert texts(store, made.id) == ["one", "1b", "two"]

    edited = store.add_edited_turn(asked.id, "uno").result()
    assert edited.sibling_ids == (asked.id, edited.id)
    assert texts(store, made.id) == ["uno"]

    view = store.choose(first.id).result()
    assert [turn.text for turn in view.turns] == ["one", "1a"]
    assert view.turns[0].sibling_ids == (asked.id, edited.id)
    assert view.turns[1].sibling_ids == (first.id, second.id)
    assert [turn.text for turn in store.choose(asked.id).result().turns] == ["one", "1b", "two"]  # the newest under it
    assert store.conversation(made.id).result().conversation.turns == 5


def test_roots_of_two_conversations_are_no_siblings(store: Store) -> None:
    one, two = store.create_conversation().result(), store.create_conversation().result()
    in_one = store.add_user_turn(one.id, None, "a").result()
    in_two = store.add_user_turn(two.id, None, "b").result()
    assert (in_one.sibling_ids, in_two.sibling_ids) == ((in_one.id,), (in_two.id,))
    with pytest.raises(StoreError) as caught:
        store.add_user_turn(two.id, in_one.id, "a parent elsewhere").result()
    assert caught.value.code is StoreCode.MISSING
    assert texts(store, two.id) == ["b"]


def test_editing_a_reply_keeps_what_the_model_said(store: Store) -> None:
    made = store.create_conversation().result()
    reply = store.add_reply(made.id, None, model="m").result()
    with pytest.raises(StoreError) as caught:
        store.edit_reply(reply.id, "too early").result()
    assert caught.value.code is StoreCode.GROWING
    store.finish_reply(reply.id, "said", Status.COMPLETE, "end", STATS).result()
    store.edit_reply(reply.id, "said").result()
    assert store.revisions(reply.id).result() == []
    store.edit_reply(reply.id, "changed").result()
    last = store.edit_reply(reply.id, "again").result()
    assert (last.text, last.edited, last.stats) == ("again", True, STATS)
    assert [revision.text for revision in store.revisions(reply.id).result()] == ["said", "changed"]


def test_a_cut_reply_is_opened_again_with_its_text(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        made = store.create_conversation().result()
        reply = store.add_reply(made.id, None, model="m").result()
        store.finish_reply(reply.id, "Once upon", Status.STOPPED, "stopped", None).result()
        opened = store.reopen_reply(reply.id).result()
        assert (opened.text, opened.status, opened.finished) == ("Once upon", Status.GROWING, None)
        store.grow_reply(reply.id, "Once upon a time").result()
    with Store.open(data_dir) as store:  # closed without finishing: as after a crash
        (kept,) = store.conversation(made.id).result().turns
        assert (kept.text, kept.status) == ("Once upon a time", Status.INTERRUPTED)
        assert store.interrupted == 1


def test_growing_and_queued_replies_are_interrupted_at_the_next_start(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        made = store.create_conversation().result()
        asked = store.add_user_turn(made.id, None, "q").result()
        done = store.add_reply(made.id, asked.id, model="m", status=Status.COMPLETE, text="done").result()
        growing = store.add_reply(made.id, asked.id, model="m", text="gro").result()
        queued = store.add_reply(made.id, asked.id, model="m", status=Status.QUEUED).result()
    with Store.open(data_dir) as store:
        assert store.interrupted == 2
        found = {
            turn.id: turn.status for chosen in (done, growing, queued) for turn in store.choose(chosen.id).result().turns if turn.parent
        }
        assert found == {done.id: Status.COMPLETE, growing.id: Status.INTERRUPTED, queued.id: Status.INTERRUPTED}
        assert store.summary(made.id).result().interrupted
        assert not store.choose(done.id).result().conversation.interrupted
    with Store.open(data_dir) as store:
        assert store.interrupted == 0


def test_a_finished_reply_no_longer_grows(store: Store) -> None:
    made = store.create_conversation().result()
    reply = store.add_reply(made.id, None, model="m", status=Status.QUEUED).result()
    store.grow_reply(reply.id, "").result()
    assert store.conversation(made.id).result().turns[0].status is Status.GROWING
    store.finish_reply(reply.id, "whole", Status.COMPLETE, "end", None).result()
    store.grow_reply(reply.id, "who").result()
    (kept,) = store.conversation(made.id).result().turns
    assert (kept.text, kept.status) == ("whole", Status.COMPLETE)


def test_a_reply_in_a_deleted_conversation_ends_in_peace(store: Store) -> None:
    made = store.create_conversation().result()
    asked = store.add_user_turn(made.id, None, "q").result()
    reply = store.add_reply(made.id, asked.id, model="m").result()
    store.delete_conversation(made.id).result()
    store.grow_reply(reply.id, "half").result()
    store.finish_reply(reply.id, "whole", Status.COMPLETE, "end", STATS).result()
    assert store.conversations().result() == []
    store.restore_conversation(made.id).result()
    assert texts(store, made.id) == ["q", "whole"]


def test_a_reply_cancelled_in_the_queue_leaves_nothing(store: Store) -> None:
    made = store.create_conversation().result()
    asked = store.add_user_turn(made.id, None, "q").result()
    only = store.add_reply(made.id, asked.id, model="m", status=Status.QUEUED).result()
    view = store.discard_reply(only.id).result()
    assert ([turn.text for turn in view.turns], view.conversation.turns) == (["q"], 1)
    first = store.add_reply(made.id, asked.id, model="m", status=Status.COMPLETE, text="a").result()
    other = store.add_reply(made.id, asked.id, model="m", status=Status.QUEUED).result()
    assert other.id > first.id > only.id  # a number is never used twice
    assert [turn.text for turn in store.discard_reply(other.id).result().turns] == ["q", "a"]
    assert [turn.text for turn in store.discard_reply(first.id).result().turns] == ["q", "a"]  # has text: stays
    store.reopen_reply(first.id, Status.QUEUED).result()
    kept = store.discard_reply(first.id).result().turns[-1]  # to be continued, and called off: as it was
    assert (kept.text, kept.status, kept.reason) == ("a", Status.STOPPED, "stopped")


def test_what_is_not_there_is_said_to_be_missing(store: Store) -> None:
    for future in (
        store.conversation(99),
        store.summary(99),
        store.add_user_turn(99, None, "x"),
        store.choose(99),
        store.discard_reply(99),
        store.finish_reply(99, "x", Status.COMPLETE, "end", None),
        store.edit_reply(99, "x"),
        store.add_edited_turn(99, "x"),
        store.restore_conversation(99),
        store.update_conversation(99, title="x"),
        store.delete_conversation(99),
    ):
        with pytest.raises(StoreError) as caught:
            future.result()
        assert caught.value.code is StoreCode.MISSING
    store.grow_reply(99, "x").result()


def test_a_path_of_ten_thousand_turns(store: Store) -> None:
    made = store.create_conversation().result()
    first = store.add_user_turn(made.id, None, "turn 1").result()
    connection = sqlite3.connect(store.paths.database)
    connection.executemany(
        "INSERT INTO turns (id, conversation, parent, role, status, created, text) VALUES (?, 1, ?, 'user', 'complete', 0, ?)",
        ((ident, ident - 1, f"turn {ident}") for ident in range(2, 10_000)),
    )
    connection.commit()
    connection.close()
    last = store.add_user_turn(made.id, 9_999, "turn 10000").result()
    other = store.add_edited_turn(last.id, "other").result()
    expected = [f"turn {number}" for number in range(1, 10_000)]
    view = store.conversation(made.id).result()
    assert [turn.text for turn in view.turns] == [*expected, "other"]
    assert view.turns[-1].sibling_ids == (last.id, other.id)
    assert [turn.text for turn in store.choose(first.id).result().turns] == [*expected, "other"]
    assert [turn.text for turn in store.choose(last.id).result().turns] == [*expected, "turn 10000"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters()))
def test_any_text_is_kept_or_made_keepable(store: Store, text: str) -> None:
    made = store.create_conversation(draft=text, title=text).result()
    turn = store.add_user_turn(made.id, None, text).result()
    (kept,) = store.conversation(made.id).result().turns
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert kept.text == turn.text == expected


def test_greetings_are_alternatives_of_the_first_message(store: Store) -> None:
    made = store.create_conversation().result()
    first = store.add_replies(made.id, None, ["Hello.", "Good day.", "Hey."], persona=4, speaker="李白").result()
    assert (first.text, first.status, first.persona, first.speaker, len(first.sibling_ids)) == ("Hello.", Status.COMPLETE, 4, "李白", 3)
    assert texts(store, made.id) == ["Hello."]
    second = first.sibling_ids[1]
    assert [turn.text for turn in store.choose(second).result().turns] == ["Good day."]
    asked = store.add_user_turn(made.id, second, "Who are you?", speaker="Mei").result()
    view = store.conversation(made.id).result()
    assert view.conversation.title == "Who are you?"
    assert [(turn.text, turn.persona, turn.speaker, len(turn.sibling_ids)) for turn in view.turns] == [
        ("Good day.", 4, "李白", 3),
        ("Who are you?", None, "Mei", 1),
    ]
    assert store.add_edited_turn(asked.id, "And you?").result().speaker == "Mei"
    assert texts(store, made.id) == ["Good day.", "And you?"]
    assert [turn.text for turn in store.choose(first.id).result().turns] == ["Hello."]
    reply = store.add_reply(made.id, asked.id, model="m", persona=9, speaker="杜甫").result()
    assert (reply.persona, reply.speaker) == (9, "杜甫")
    with pytest.raises(ValueError, match="no replies"):
        store.add_replies(made.id, None, [])
    assert store.summary(made.id).result().turns == 6


def test_a_summary_is_a_turn_of_the_path(store: Store) -> None:
    made = store.create_conversation().result()
    asked = store.add_user_turn(made.id, None, "q").result()
    reply = store.add_reply(made.id, asked.id, model="m", text="a", status=Status.COMPLETE).result()
    summary = store.add_summary(made.id, reply.id, "They met.", asked.id).result()
    assert (summary.role, summary.covers, summary.parent, summary.status) == ("system", asked.id, reply.id, Status.COMPLETE)
    store.add_user_turn(made.id, summary.id, "more").result()
    assert [(turn.role, turn.text, turn.covers) for turn in store.conversation(made.id).result().turns] == [
        ("user", "q", None),
        ("assistant", "a", None),
        ("system", "They met.", asked.id),
        ("user", "more", None),
    ]
    assert store.edit_reply(summary.id, "They met and drank.").result().covers == asked.id
    other = store.add_user_turn(made.id, reply.id, "instead").result()  # of another role: no alternative of the summary
    assert other.sibling_ids == (other.id,)
    assert [turn.text for turn in store.choose(summary.id).result().turns] == ["q", "a", "They met and drank.", "more"]
    elsewhere = store.create_conversation().result()
    foreign = store.add_user_turn(elsewhere.id, None, "x").result()
    for parent, covers in ((foreign.id, asked.id), (reply.id, foreign.id), (reply.id, 99)):
        with pytest.raises(StoreError) as caught:
            store.add_summary(made.id, parent, "s", covers).result()
        assert caught.value.code is StoreCode.MISSING


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["user", "reply", "replies", "summary", "choose"]), st.integers(0, 1000)), max_size=25))
def test_the_view_is_the_path_of_the_tree(store: Store, steps: list[tuple[str, int]]) -> None:
    """Against the simplest model of a tree that there is."""
    made = store.create_conversation().result()
    parents: dict[int, tuple[int | None, str]] = {}
    leaf: int | None = None
    for what, number in steps:
        known = sorted(parents)
        at = known[number % len(known)] if known else None
        if what == "choose":
            if at is None:
                continue
            store.choose(at).result()
            leaf = at
            while below := [ident for ident, (parent, _) in parents.items() if parent == leaf]:
                leaf = max(below, key=lambda ident: newest_under(parents, ident))
            continue
        parent = at if what == "summary" or number % 7 else None
        if what == "summary":
            if parent is None:
                continue
            added = store.add_summary(made.id, parent, "s", parent)
        elif what == "replies":
            added = store.add_replies(made.id, parent, ["a", "b"])
        else:
            added = store.add_user_turn(made.id, parent, "t") if what == "user" else store.add_reply(made.id, parent, model="m")
        leaf = added.result().id
        parents[leaf] = (parent, {"user": "user", "summary": "system"}.get(what, "assistant"))
        if what == "replies":
            parents[leaf + 1] = parents[leaf]
    view = store.conversation(made.id).result()
    expected = []
    while leaf is not None:
        siblings = tuple(ident for ident, place in sorted(parents.items()) if place == parents[leaf])
        expected.append((leaf, siblings))
        leaf = parents[leaf][0]
    assert [(turn.id, turn.sibling_ids) for turn in view.turns] == expected[::-1]


def newest_under(parents: dict[int, tuple[int | None, str]], ident: int) -> int:
    return max([ident, *(newest_under(parents, below) for below, (parent, _) in parents.items() if parent == ident)])
