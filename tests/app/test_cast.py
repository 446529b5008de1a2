"""Who takes part in conversations, fetched from a real store."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from zhiyin.controllers.cast import Cast, CastController
from zhiyin.prompt.cards.card import Card
from zhiyin.roles import Member, Setup
from zhiyin.services.delivery import Delivery
from zhiyin.store.records import NewPersona
from zhiyin.store.store import Store

WAIT = 20_000


@pytest.mark.parametrize("card", ["", "{", "[]", '{"name": ' + "[" * 5000, '"' + "x" * (9 << 20) + '"'])
def test_a_card_that_cannot_be_read_leaves_a_persona_with_its_name(qtbot: QtBot, tmp_path: Path, card: str) -> None:
    with Store.open(tmp_path, maintenance_delay=1e9) as store, ThreadPoolExecutor(1) as background:
        bad = store.personas.add(NewPersona(card=card, name="坏", seal="坏")).result(10)
        good = store.personas.add(NewPersona(card=Card.blank("好").to_json(), name="好", seal="好")).result(10)
        delivery = Delivery()
        cast = CastController(store=store, background=background, delivery=delivery)
        found: list[Cast] = []
        troubles: list[object] = []
        cast.gather(Setup(members=(Member(bad.id), Member(good.id))), found.append, troubles.append)
        qtbot.waitUntil(lambda: bool(found or troubles), timeout=WAIT)
        delivery.close()
    assert troubles == []
    assert found[0].names == ("坏", "好")
    assert Card(found[0].actors[0].card).name == "坏"
