import pytest

from zhiyin.store import Store, StoreCode, StoreError


def test_profiles_and_which_is_the_default(store: Store) -> None:
    profiles = store.profiles
    mei = profiles.add("Mei", "A sailor.", "ab" * 32).result()
    assert (mei.name, mei.description, mei.picture, mei.default) == ("Mei", "A sailor.", "ab" * 32, True)
    ann = profiles.add("ann").result()
    zoe = profiles.add("Zoe").result()
    assert [profile.name for profile in profiles.all().result()] == ["Mei", "ann", "Zoe"]
    profiles.set_default(zoe.id).result()
    assert [(profile.name, profile.default) for profile in profiles.all().result()] == [("Zoe", True), ("ann", False), ("Mei", False)]
    profiles.set_default(None).result()
    assert not any(profile.default for profile in profiles.all().result())
    changed = profiles.update(ann.id, "Anne", "A baker.", "").result()
    assert (changed.name, changed.description) == ("Anne", "A baker.")

    profiles.set_default(mei.id).result()
    profiles.delete(mei.id).result()
    assert [profile.name for profile in profiles.all().result()] == ["Anne", "Zoe"]
    assert profiles.get(mei.id).result().name == "Mei"  # conversations go on with it
    assert profiles.restore(mei.id).result().default  # nobody took its place
    profiles.delete(mei.id).result()
    profiles.set_default(zoe.id).result()
    assert not profiles.restore(mei.id).result().default


def test_the_first_after_all_were_deleted_is_the_default_again(store: Store) -> None:
    first = store.profiles.add("first").result()
    store.profiles.delete(first.id).result()
    second = store.profiles.add("second").result()
    assert second.default
    assert not store.profiles.restore(first.id).result().default


def test_books(store: Store) -> None:
    books = store.books
    sea, air = books.add("sea", '{"entries": []}', 0).result(), books.add("Air", '{"entries": [1]}', 1).result()
    assert [row.name for row in books.all().result()] == ["Air", "sea"]
    assert [(book.row, book.book) for book in books.get_many([sea.id, 99, air.id]).result()] == [
        (sea, '{"entries": []}'),
        (air, '{"entries": [1]}'),
    ]
    changed = books.update(sea.id, "Ocean", '{"entries": [1, 2]}', 2).result()
    assert (changed.name, changed.entries, changed.created) == ("Ocean", 2, sea.created)
    assert changed.updated > sea.updated
    books.delete(air.id).result()
    assert books.all().result() == [changed]
    assert [book.row.id for book in books.get_many([air.id, sea.id]).result()] == [sea.id]
    assert books.restore(air.id).result() == air
    assert books.all().result() == [air, changed]


def test_tasks(store: Store) -> None:
    tasks = store.tasks
    one, two = tasks.add('{"a": 1}').result(), tasks.add('{"b": 2}', builtin="translation").result()
    assert (one.task, one.builtin, two.builtin) == ('{"a": 1}', "", "translation")
    assert tasks.all().result() == [one, two]
    changed = tasks.update(one.id, '{"a": 3}').result()
    assert (changed.task, changed.created) == ('{"a": 3}', one.created)
    tasks.delete(one.id).result()
    assert tasks.all().result() == [two]
    assert tasks.restore(one.id).result() == changed
    assert tasks.all().result() == [changed, two]


def test_what_is_not_there_is_said_to_be_missing(store: Store) -> None:
    for what, future in (
        ("profile", store.profiles.get(9)),
        ("profile", store.profiles.update(9, "", "", "")),
        ("profile", store.profiles.set_default(9)),
        ("profile", store.profiles.restore(9)),
        ("book", store.books.update(9, "", "", 0)),
        ("book", store.books.restore(9)),
        ("task", store.tasks.update(9, "")),
        ("task", store.tasks.restore(9)),
    ):
        with pytest.raises(StoreError) as caught:
            future.result()
        assert (caught.value.code, caught.value.failure.args["what"]) == (StoreCode.MISSING, what)
    for deleted in (store.profiles.delete(9), store.books.delete(9), store.tasks.delete(9)):
        deleted.result()
