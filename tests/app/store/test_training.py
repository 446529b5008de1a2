import itertools
import json
import sqlite3
import threading
from typing import Any

import pytest

from zhiyin.store import Sent, SentMessage, Status, Store, StoreCode, StoreError, TrainingKind
from zhiyin.store.training import ExportCancelled, export
from zhiyin.store.training_prompts import PROMPT_LIMIT

MESSAGE = {"role": str, "content": str}
# https://huggingface.co/docs/trl/dataset_formats, conversational: preference, unpaired preference, language modeling
DOCUMENTED: dict[TrainingKind, dict[str, Any]] = {
    "dpo": {"prompt": [MESSAGE], "chosen": [MESSAGE], "rejected": [MESSAGE]},
    "kto": {"prompt": [MESSAGE], "completion": [MESSAGE], "label": bool},
    "sft": {"messages": [MESSAGE]},
}


def fits(value: Any, form: Any) -> bool:
    if isinstance(form, dict):
        return isinstance(value, dict) and value.keys() == form.keys() and all(fits(value[key], form[key]) for key in form)
    if isinstance(form, list):
        return isinstance(value, list) and bool(value) and all(fits(item, form[0]) for item in value)
    return type(value) is form


def lines(store: Store, kind: TrainingKind, *, strict: bool = False) -> list[dict[str, Any]]:
    """The exported lines, each checked against what is documented."""
    path = store.paths.data_dir / f"{kind}.jsonl"
    exported = store.export_training(path, kind, strict=strict).result()
    assert (exported.kind, exported.path) == (kind, path)
    if not exported.records:
        return []
    text = path.read_bytes()
    assert text.endswith(b"\n")
    found = [json.loads(line) for line in text.decode("utf-8").splitlines()]
    assert len(found) == exported.records
    for line in found:
        assert fits(line, DOCUMENTED[kind])
        for key in ("chosen", "rejected", "completion"):
            assert [message["role"] for message in line.get(key, [{"role": "assistant"}])] == ["assistant"]
        roles = [message["role"] for message in line.get("prompt", line.get("messages", [])[:-1])]
        assert not strict or ("system" not in roles[1:] and roles[roles[0] == "system"] == "user")
        assert roles[-1] == "user"
        assert all(one != next_one for one, next_one in itertools.pairwise(roles))
    assert list(path.parent.glob("*.part")) == []
    return found


def said(line: dict[str, Any], key: str) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in line[key]]


def asked(store: Store, texts: list[str], system: str | None = None) -> tuple[int, list[int]]:
    """A conversation with one question and these finished replies."""
    made = store.create_conversation(system_prompt=system).result()
    question = store.add_user_turn(made.id, None, "写一首诗。").result()
    return made.id, list(store.add_replies(made.id, question.id, texts).result().sibling_ids)


def test_better_against_worse(store: Store) -> None:
    _, (good, bad, other_bad, unrated) = asked(store, ["好", "坏", "糟", "?"], "Be brief.")
    store.ratings.rate(good, 1)
    store.ratings.rate(bad, -1)
    store.ratings.rate(other_bad, -1)
    _, (first, second, third) = asked(store, ["one", "two", "three"])
    store.ratings.rank([third, first, second]).result()
    found = lines(store, "dpo")
    assert [(line["chosen"][0]["content"], line["rejected"][0]["content"]) for line in found] == [
        ("好", "坏"),
        ("好", "糟"),
        ("one", "two"),
        ("three", "one"),
        ("three", "two"),
    ]
    assert said(found[0], "prompt") == [("system", "Be brief."), ("user", "写一首诗。")]
    assert said(found[2], "prompt") == [("user", "写一首诗。")]
    assert unrated
    assert "好" in (store.paths.data_dir / "dpo.jsonl").read_text(encoding="utf-8")  # not as \u597d: people read it too


def test_ratings_that_contradict_each_other_say_nothing(store: Store) -> None:
    _, (one, two, three) = asked(store, ["a", "b", "a "])
    store.ratings.rank([one, two, three]).result()
    store.ratings.rate(one, -1).result()
    store.ratings.rate(two, 1).result()
    exported = store.export_training(store.paths.data_dir / "x", "dpo").result()
    # a before b by rank and after it by thumb; a and "a " are the same; b before "a " is left
    assert (exported.records, exported.left_out, exported.conversations) == (1, 3, 1)


def test_each_reply_with_its_label(store: Store) -> None:
    _, (good, bad, plain) = asked(store, ["A", "B", "C"])
    store.ratings.rate(good, 1)
    store.ratings.rate(bad, -1)
    store.ratings.rate(plain, 0, "only a remark").result()
    found = lines(store, "kto")
    assert [(line["completion"][0]["content"], line["label"]) for line in found] == [("A", True), ("B", False)]


def test_what_is_to_be_imitated(store: Store) -> None:
    _, (good, best, bad, worst) = asked(store, ["A", "B", "C", "D"], "S")
    store.ratings.rank([best, worst]).result()
    store.ratings.rate(good, 1)
    store.ratings.rate(bad, -1).result()
    found = lines(store, "sft")
    assert [said(line, "messages") for line in found] == [
        [("system", "S"), ("user", "写一首诗。"), ("assistant", "A")],
        [("system", "S"), ("user", "写一首诗。"), ("assistant", "B")],
    ]
    store.ratings.rate(best, -1).result()
    assert store.export_training(store.paths.data_dir / "y", "sft").result().left_out == 1


def test_the_prompt_is_what_the_model_saw(store: Store) -> None:
    made, (first, _) = asked(store, ["hello", "unused"], "the conversation's own")
    summary = store.add_summary(made, first, "They met.", first).result()
    again = store.add_user_turn(made, summary.id, "again").result()
    more = store.add_user_turn(made, again.id, "and more").result()
    empty = store.add_reply(made, more.id, model="m", status=Status.FAILED).result()
    last = store.add_user_turn(made, empty.id, "now").result()
    reply = store.add_reply(made, last.id, model="m", text="done", status=Status.COMPLETE).result()
    store.ratings.rate(reply.id, 1).result()
    (line,) = lines(store, "sft")
    history = [("user", "写一首诗。"), ("assistant", "hello"), ("user", "again\n\nand more\n\nnow"), ("assistant", "done")]
    assert said(line, "messages") == [("system", "the conversation's own"), *history]


def keep_sent(store: Store, reply: int, *messages: SentMessage, text: str = "") -> None:
    store.sent.put(Sent(reply, text, messages)).result()


def test_a_prompt_is_what_was_sent_to_the_letter(store: Store) -> None:
    made, (greeting,) = asked(store, ["Hello."], "the conversation's own")
    now = store.add_user_turn(made, greeting, "now").result()
    reply = store.add_reply(made, now.id, model="m", text="done", status=Status.COMPLETE).result()
    store.ratings.rate(reply.id, 1).result()
    history = [
        SentMessage("assistant", "history", "Hello.", turn=greeting),
        SentMessage("user", "lore", "It snows."),
        SentMessage("user", "history", "Yu: now", turn=now.id),
    ]
    keep_sent(
        store,
        reply.id,
        SentMessage("system", "system", "Play."),
        SentMessage("system", "persona", "You are Li Bai."),
        SentMessage("user", "examples", "example left out", dropped=True),
        SentMessage("user", "history", "long ago", dropped=True, turn=1),
        *history[:1],
        SentMessage("system", "lore", "Wine is dear."),
        *history[1:],
        SentMessage("system", "post_history", "Be brief."),
    )
    (line,) = lines(store, "sft")
    assert said(line, "messages") == [
        ("system", "Play.\n\nYou are Li Bai."),
        ("assistant", "Hello."),
        ("system", "Wine is dear."),
        ("user", "It snows.\n\nYu: now\n\nBe brief."),  # trainers refuse a prompt that ends with instructions
        ("assistant", "done"),
    ]
    (line,) = lines(store, "kto", strict=True)
    assert said(line, "prompt") == [
        ("system", "Play.\n\nYou are Li Bai.\n\nWine is dear."),
        ("user", "It snows.\n\nYu: now\n\nBe brief."),
    ]


def test_strict_templates_get_turns_that_alternate(store: Store) -> None:
    _, (reply,) = asked(store, ["done"])
    store.ratings.rate(reply, 1).result()
    keep_sent(
        store,
        reply,
        SentMessage("user", "history", "one"),
        SentMessage("assistant", "history", "two"),
        SentMessage("system", "lore", "It snows."),
        SentMessage("user", "history", "three"),
    )
    assert [len(lines(store, "kto", strict=strict)[0]["prompt"]) for strict in (False, True)] == [4, 3]
    assert said(lines(store, "kto", strict=True)[0], "prompt")[-1] == ("user", "It snows.\n\nthree")


def test_greetings_are_left_out_of_a_path_where_that_is_asked_for(store: Store) -> None:
    made = store.create_conversation(system_prompt="S").result()
    greeting = store.add_replies(made.id, None, ["Hello."]).result()
    question = store.add_user_turn(made.id, greeting.id, "q").result()
    reply = store.add_reply(made.id, question.id, model="m", text="a", status=Status.COMPLETE).result()
    store.ratings.rate(reply.id, 1).result()
    assert said(lines(store, "kto")[0], "prompt") == [("system", "S"), ("assistant", "Hello."), ("user", "q")]
    assert said(lines(store, "kto", strict=True)[0], "prompt") == [("system", "S"), ("user", "q")]


def test_what_a_continued_reply_had_already_is_no_part_of_its_prompt(store: Store) -> None:
    _, (first, second) = asked(store, ["begun and ended", "other"])
    store.ratings.rank([first, second]).result()
    begun = SentMessage("assistant", "history", "begun", turn=first)
    keep_sent(store, first, SentMessage("user", "history", "q"), SentMessage("system", "lore", "It snows."), begun, text="q begun")
    (line,) = lines(store, "dpo")
    assert said(line, "prompt") == [("user", "q\n\nIt snows.")]


def test_what_was_sent_for_an_alternative_counts_for_all_of_one_persona(store: Store) -> None:
    _, (first, second) = asked(store, ["a", "b"])
    store.ratings.rank([first, second]).result()
    keep_sent(store, first)  # nothing is known of it
    keep_sent(store, second, SentMessage("system", "persona", "You are Li Bai."), SentMessage("user", "history", "q"))
    (line,) = lines(store, "dpo")
    assert said(line, "prompt") == [("system", "You are Li Bai."), ("user", "q")]


# ---------------------------------------------------------------- which text


def test_a_judgement_stays_with_the_text_that_was_judged(store: Store) -> None:
    _, (bad, good) = asked(store, ["bad text", "good text"])
    store.ratings.rate(bad, -1).result()
    store.ratings.rate(good, 1).result()
    store.edit_reply(bad, "corrected text").result()
    store.edit_reply(good, "better text").result()
    store.ratings.remark(bad, "it was wrong").result()  # says nothing of what it is now
    labels = {line["completion"][0]["content"]: line["label"] for line in lines(store, "kto")}
    assert labels == {"bad text": False, "good text": True}
    assert [said(line, "messages")[-1] for line in lines(store, "sft")] == [("assistant", "better text")]
    pairs = [(line["chosen"][0]["content"], line["rejected"][0]["content"]) for line in lines(store, "dpo")]
    assert pairs == [("good text", "bad text"), ("corrected text", "bad text")]  # a correction is a preference as well
    store.ratings.rate(bad, -1).result()  # the new text, too
    labels = {line["completion"][0]["content"]: line["label"] for line in lines(store, "kto")}
    assert labels == {"corrected text": False, "good text": True}
    assert len(lines(store, "dpo")) == 1


def test_a_rank_stays_with_the_text_that_was_ranked(store: Store) -> None:
    _, (first, second) = asked(store, ["a", "b"])
    store.ratings.rank([first, second]).result()
    store.edit_reply(first, "c").result()
    store.ratings.rate(first, -1).result()  # of what it is now
    store.edit_reply(first, "d").result()
    store.ratings.rate(second, 1).result()
    pairs = [(line["chosen"][0]["content"], line["rejected"][0]["content"]) for line in lines(store, "dpo")]
    assert pairs == [("a", "b"), ("b", "c"), ("d", "c")]


# ---------------------------------------------------------------- thoughts


def test_thoughts_are_no_part_of_what_is_learnt(store: Store) -> None:
    texts = ["<think>\nhm\n</think>\n\ngood", "left open</think>bad", "<think>never closed", "one <think>x</think>two", "<think>a</think>"]
    _, replies = asked(store, texts)
    store.ratings.rank(replies).result()
    for reply in replies:
        store.ratings.rate(reply, 1 if reply != replies[1] else -1).result()
    assert [line["completion"][0]["content"] for line in lines(store, "kto")] == ["good", "bad", "one two"]
    assert [said(line, "messages")[-1][1] for line in lines(store, "sft")] == ["good", "one two"]
    assert store.export_training(store.paths.data_dir / "x", "kto").result().left_out == 2
    pairs = {(line["chosen"][0]["content"], line["rejected"][0]["content"]) for line in lines(store, "dpo")}
    assert pairs == {("good", "bad"), ("good", "one two")}  # "one two" is better by its thumb and worse by its rank


def test_a_thought_that_the_prompt_opened_has_to_be_closed_as_well(store: Store) -> None:
    _, (cut, whole, continued, edited) = asked(store, ["hm, hm", "hm</think>done", "hm, hm", "hm, hm"])
    for reply in (cut, whole, continued, edited):
        store.ratings.rate(reply, 1).result()
    question = SentMessage("user", "history", "q")
    for reply in (cut, whole, edited):
        keep_sent(store, reply, question, text="<user>q<assistant><think>\n")
    own = SentMessage("assistant", "history", "hm,", turn=continued)
    keep_sent(store, continued, question, own, text="<user>q<assistant><think>\nhm,")
    store.edit_reply(edited, "by hand").result()
    assert [said(line, "messages")[-1][1] for line in lines(store, "sft")] == ["done", "by hand"]
    assert [line["completion"][0]["content"] for line in lines(store, "kto")] == ["done"]


# ---------------------------------------------------------------- the rest


def test_fifty_alternatives_make_every_pair(store: Store) -> None:
    _, replies = asked(store, [f"reply {number}" for number in range(50)])
    store.ratings.rank(replies).result()
    assert len(lines(store, "dpo")) == 50 * 49 // 2


def test_other_personas_are_heard_as_others(store: Store) -> None:
    made = store.create_conversation().result()
    question = store.add_user_turn(made.id, None, "Well?").result()
    li = store.add_reply(made.id, question.id, model="m", text="Wine!", status=Status.COMPLETE, persona=1, speaker="Li").result()
    du = store.add_reply(made.id, li.id, model="m", text="Tea.", status=Status.COMPLETE, persona=2, speaker="Du").result()
    store.ratings.rate(du.id, 1).result()
    (line,) = lines(store, "kto")
    assert said(line, "prompt") == [("user", "Well?\n\nLi: Wine!")]
    assert said(line, "completion") == [("assistant", "Tea.")]


def test_what_cannot_be_learnt_from_is_left_out(store: Store) -> None:
    made = store.create_conversation().result()
    greeting, _ = store.add_replies(made.id, None, ["Hello.", "Hey."]).result().sibling_ids
    store.ratings.rate(greeting, 1).result()  # nothing was asked
    gone, (reply,) = asked(store, ["x"])
    store.ratings.rate(reply, 1).result()
    store.delete_conversation(gone).result()
    for kind in DOCUMENTED:
        assert lines(store, kind) == []
    assert store.export_training(store.paths.data_dir / "z", "kto").result().left_out == 1
    assert store.ratings.counts().result().good == 1


def test_a_long_path_is_cut_at_its_oldest_end(store: Store) -> None:
    made = store.create_conversation().result()
    parent = None
    for number in range(8):
        turn = store.add_user_turn(made.id, parent, f"{number}" * (PROMPT_LIMIT // 5)).result()
        parent = store.add_reply(made.id, turn.id, model="m", text=f"r{number}", status=Status.COMPLETE).result().id
    store.ratings.rate(parent or 0, 1).result()
    (line,) = lines(store, "kto")
    assert [content[:2] for _, content in said(line, "prompt")] == ["r3", "44", "r4", "55", "r5", "66", "r6", "77"]


def test_thousands_of_ratings_come_in_batches_with_progress(store: Store) -> None:
    asked(store, ["x"])
    connection = sqlite3.connect(store.paths.database)
    connection.executemany(
        "INSERT INTO turns (id, conversation, parent, role, status, created, text) VALUES (?, 1, ?, ?, 'complete', 0, ?)",
        ((ident, 1 if ident % 2 else ident - 1, "user" if ident % 2 else "assistant", f"t{ident}") for ident in range(3, 1003)),
    )
    connection.execute("INSERT INTO ratings (turn, thumb, changed) SELECT id, 1, 0 FROM turns WHERE role = 'assistant'")
    connection.commit()
    connection.close()
    steps: list[tuple[int, int]] = []
    path = store.paths.data_dir / "many.jsonl"
    exported = store.export_training(path, "kto", lambda done, total: steps.append((done, total))).result()
    assert exported.records == 501
    assert (steps[0], steps[-1]) == ((0, 501), (501, 501))
    assert steps == sorted(steps)
    completions = [json.loads(line)["completion"][0]["content"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(set(completions)) == 501


def test_cancelling_needs_no_statement_to_end(store: Store) -> None:
    _, (reply,) = asked(store, ["a"])
    store.ratings.rate(reply, 1).result()
    connection = sqlite3.connect(store.paths.database)
    connection.execute("CREATE VIEW endless AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n")
    connection.execute("ALTER TABLE ratings RENAME TO rated")
    connection.execute("CREATE VIEW ratings AS SELECT rated.* FROM rated, endless")
    connection.commit()
    looks = itertools.count()
    with pytest.raises(ExportCancelled):
        export(connection, store.paths.data_dir / "x.jsonl", "kto", cancelled=lambda: next(looks) > 3)
    connection.close()
    assert not list(store.paths.data_dir.glob("x.jsonl*"))


def test_cancelling_leaves_what_was_there(store: Store) -> None:
    for reply in (asked(store, ["a"])[1][0], asked(store, ["b"])[1][0]):
        store.ratings.rate(reply, 1).result()
    path = store.paths.data_dir / "old.jsonl"
    path.write_text("old")
    begun, go_on = threading.Event(), threading.Event()

    def wait(_done: int, _total: int) -> None:
        begun.set()
        assert go_on.wait(30)

    running = store.export_training(path, "kto", wait)
    waiting = store.export_training(path, "kto")
    assert begun.wait(30)
    assert running.cancel()
    assert waiting.cancel()
    go_on.set()
    store.backups().result()  # answered after both
    assert path.read_text() == "old"
    assert list(path.parent.glob("*.part")) == []


def test_a_place_that_cannot_be_written_is_said(store: Store) -> None:
    _, (reply,) = asked(store, ["a"])
    store.ratings.rate(reply, 1).result()
    with pytest.raises(StoreError) as caught:
        store.export_training(store.paths.data_dir / "nowhere" / "x.jsonl", "kto").result()
    assert caught.value.code is StoreCode.IO
