from pathlib import Path

import pytest

from zhiyin.store import Store


def test_settings_keep_any_json_value(data_dir: Path) -> None:
    values = {"language": "zh", "idle": 0, "sizes": [1, 2.5, None], "geometry": {"left": True}, "名": "知音"}
    with Store.open(data_dir) as store:
        for key, value in values.items():
            store.set_setting(key, "overwritten").result()
            store.set_setting(key, value)
    with Store.open(data_dir) as store:
        assert store.all_settings().result() == values
        assert store.get_setting("名").result() == "知音"
        assert store.get_setting("none", 7).result() == 7
        assert store.get_setting("none").result() is None


@pytest.mark.parametrize("value", [object(), float("nan"), b"bytes"])
def test_what_is_no_json_is_refused_at_once(store: Store, value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        store.set_setting("key", value)
    assert store.all_settings().result() == {}
