"""Where tokens lie: a keyring that works, one that fails, one that hangs, and one that keeps nothing."""

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.settings import Source
from zhiyin_models.hub.tokens import delete_token, read_token, write_token

HUB = Source("Hub", "huggingface", "https://hub.example", official=True)
MIRROR = Source("Mirror", "huggingface", "https://mirror.example")


class MemoryKeyring(KeyringBackend):
    """A keyring for the length of a test."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False
        self.forgetful = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise KeyringLocked
        if not self.forgetful:
            self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


class HangingKeyring(MemoryKeyring):
    """Waits for a person to type a password, whom nobody told."""

    def __init__(self) -> None:
        super().__init__()
        self.given_up = threading.Event()
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        self.given_up.wait()
        return super().get_password(service, username)


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    ours = MemoryKeyring()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


def refusal(source: Source, token: str, folder: Path) -> Code:
    with pytest.raises(ModelError) as caught:
        write_token(source, token, folder)
    return caught.value.code


def test_a_keyring_that_works_is_used_and_no_file(ring: MemoryKeyring, tmp_path: Path) -> None:
    assert read_token(HUB, tmp_path) == ""
    assert write_token(HUB, " hf_abc\n", tmp_path) is None
    assert ring.kept == {("zhiyin", "hub.example"): "hf_abc"}
    assert read_token(HUB, tmp_path) == "hf_abc"
    assert list(tmp_path.iterdir()) == []
    delete_token(HUB, tmp_path)
    delete_token(HUB, tmp_path)
    assert read_token(HUB, tmp_path) == ""
    assert ring.kept == {}


def test_a_mirror_neither_gets_nor_keeps_a_token(ring: MemoryKeyring, tmp_path: Path) -> None:
    ring.kept["zhiyin", "mirror.example"] = "hf_abc"
    assert read_token(MIRROR, tmp_path) == ""
    assert refusal(MIRROR, "hf_abc", tmp_path) == Code.REQUEST_BAD


@pytest.mark.parametrize("token", ["hf_a b", "hf_\r\nX-Header: 1", "令牌", "x" * 5000, "\x00"])
@pytest.mark.usefixtures("ring")
def test_what_could_not_stand_in_a_header_is_no_token(token: str, tmp_path: Path) -> None:
    assert refusal(HUB, token, tmp_path) == Code.REQUEST_BAD


@pytest.mark.parametrize("trouble", ["locked", "forgetful"])
def test_without_a_keyring_a_file_that_only_the_user_can_read(ring: MemoryKeyring, trouble: str, tmp_path: Path) -> None:
    setattr(ring, trouble, True)
    notice = write_token(HUB, "hf_abc", tmp_path)
    file = tmp_path / "tokens.json"
    assert notice is not None
    assert (notice.code, notice.args) == (Code.TOKEN_IN_FILE, {"path": str(file)})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_token(HUB, tmp_path) == "hf_abc"
    assert not list(tmp_path.glob("*.part"))
    setattr(ring, trouble, False)  # it works again: the file has the newer one, until another is given
    assert read_token(HUB, tmp_path) == "hf_abc"
    assert write_token(HUB, "hf_new", tmp_path) is None
    assert "hf_" not in file.read_text()
    assert read_token(HUB, tmp_path) == "hf_new"


def test_a_token_that_was_taken_away_does_not_come_back_from_a_locked_keyring(ring: MemoryKeyring, tmp_path: Path) -> None:
    write_token(HUB, "hf_old", tmp_path)
    ring.locked = True
    delete_token(HUB, tmp_path)
    ring.locked = False
    assert ring.get_password("zhiyin", "hub.example") == "hf_old"
    assert read_token(HUB, tmp_path) == ""


def test_a_keyring_that_hangs_is_given_up_once(tmp_path: Path) -> None:
    before = keyring.get_keyring()
    ring = HangingKeyring()
    keyring.set_keyring(ring)
    try:
        assert write_token(HUB, "hf_abc", tmp_path) is not None
        assert read_token(HUB, tmp_path) == "hf_abc"
        assert read_token(Source("Other", "modelscope", "https://other.example", official=True), tmp_path) == ""
        assert ring.asked == 1  # the second one did not wait
        ring.given_up.set()
        assert write_token(HUB, "hf_new", tmp_path) is None  # a person tried again, and it answered
    finally:
        ring.given_up.set()
        keyring.set_keyring(before)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 100_000, b"[1]", b'{"hub.example": 5}', b'{"hub.example": "a\\nb"}'])
@pytest.mark.usefixtures("ring")
def test_a_damaged_file_holds_nothing(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_bytes(content)
    assert read_token(HUB, tmp_path) == ""


def test_a_folder_that_cannot_be_written_is_said(ring: MemoryKeyring, tmp_path: Path) -> None:
    ring.locked = True
    (tmp_path / "file").write_text("")
    assert refusal(HUB, "hf_abc", tmp_path / "file") == Code.LIBRARY_UNWRITABLE
