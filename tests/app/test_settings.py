"""Settings survive damage field by field; the appearance is replaced in one step."""

from pathlib import Path

from zhiyin.settings import Appearance, AppSettings, decode_settings, read_appearance, write_appearance


def test_a_spoilt_field_costs_only_itself() -> None:
    settings = decode_settings({"system_prompt": "be brief", "context": "many", "sampling": {"temperature": 0.5}, "from_the_future": 1})
    assert settings == AppSettings(system_prompt="be brief", sampling=settings.sampling)
    assert settings.sampling.temperature == 0.5
    assert decode_settings("nonsense") == AppSettings()


def test_the_appearance_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    assert read_appearance(path) == Appearance()
    write_appearance(path, Appearance(language="zh_CN", theme="dark"))
    assert read_appearance(path) == Appearance(language="zh_CN", theme="dark")
    assert list(tmp_path.iterdir()) == [path]


def test_an_appearance_that_cannot_be_read_or_written_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    path.write_bytes(b"\xff{")
    assert read_appearance(path) == Appearance()
    write_appearance(tmp_path / "absent" / "window.json", Appearance())
    assert not (tmp_path / "absent").exists()
