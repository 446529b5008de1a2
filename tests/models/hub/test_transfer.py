"""One file from a server that misbehaves in every way: it arrives right, or there is one clear reason, and nothing wrong has its name."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.hub_server import (
    TOKEN,
    ChangeETag,
    Cut,
    Forbidden,
    Generated,
    Hangup,
    HubServer,
    Misbehaviour,
    NoETag,
    NoLength,
    NoRange,
    NotJSON,
    Redirect,
    RedirectLoop,
    Reset,
    Silent,
    Stall,
    Status,
    Throttle,
    TokenRefused,
    WrongBytes,
    WrongLength,
    WrongRange,
)
from tests.models.hub.fetched import CONTENT, NAME, REPOSITORY, Case, offer

from zhiyin_models.errors import Code
from zhiyin_models.hub.settings import read_hub_settings, write_hub_settings
from zhiyin_models.hub.tokens import write_token
from zhiyin_models.hub.values import RemoteFile, SourceKind
from zhiyin_models.work import Progress, Stage, Stop, StoppedError, Tuning

SIZE = CONTENT.size


@pytest.fixture
def case(hub: HubServer, tmp_path: Path) -> Case:
    offer(hub)
    return Case(tmp_path, (hub,))


@pytest.fixture
def mirrored(hub: HubServer, mirror: HubServer, tmp_path: Path) -> Case:
    offer(hub)
    return Case(tmp_path, (hub, mirror))


def served(hub: HubServer) -> list[str]:
    """The ranges that were asked of the files' host."""
    return [request.headers.get("range", "") for request in hub.requests if request.host == "files"]


def test_a_file_comes_in_several_ranges_and_is_right(case: Case, hub: HubServer) -> None:
    case.run()
    assert case.right()
    assert len(served(hub)) >= 2
    assert hub.sent < SIZE * 1.2
    last = case.heard[-1]
    assert (last.stage, last.done, last.total, last.detail) == (Stage.DOWNLOAD, SIZE, SIZE, NAME)
    assert [progress.done for progress in case.heard] == sorted(progress.done for progress in case.heard)


def test_the_hub_is_asked_once_and_then_the_place_that_it_names(case: Case, hub: HubServer) -> None:
    case.run()
    assert sum(request.host == "hub" for request in hub.requests) == 1


def test_one_connection_asks_once(hub: HubServer, tmp_path: Path) -> None:
    offer(hub)
    case = Case(tmp_path, (hub,), connections=1)
    case.run()
    assert case.right()
    assert len(served(hub)) <= 2


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("size", [0, 1, 5_000, 3_000_000])
def test_any_size(hub: HubServer, tmp_path: Path, size: int, known: bool) -> None:
    content = Generated(size, 1)
    offer(hub, content)
    case = Case(tmp_path, (hub,), known=known)
    case.run()
    assert case.right(content)


@pytest.mark.parametrize(
    "what",
    [
        Cut(2_000_000),
        Cut(0),
        Reset(1_500_000),
        Hangup(),
        Status(500),
        Status(503, 0),
        Status(416),
        Status(429, 0),
        WrongRange(1),
        WrongLength(5),
        WrongLength(-5),
        WrongBytes(3_000_000),
        NotJSON(),
        Stall(1_000_000),
        Silent(),
        Status(408),
    ],
    ids=lambda what: type(what).__name__,
)
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_a_fault_that_passes_does_no_harm(case: Case, hub: HubServer, what: Misbehaviour, known: bool) -> None:
    if not known:
        case.files = (RemoteFile(NAME),)
    hub.misbehave("*.gguf", what, times=1 if isinstance(what, WrongBytes) else 2, host="files")
    case.run()
    assert case.right()
    done = [progress.done for progress in case.heard]
    assert isinstance(what, WrongBytes) or done == sorted(done)  # only what arrived wrong is fetched again from the beginning


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (Cut(0), Code.NETWORK_UNREACHABLE),
        (Status(500), Code.HUB_SERVER),
        (Status(429, 100), Code.HUB_BUSY),
        (Stall(0), Code.NETWORK_STALLED),
        (WrongBytes(SIZE - 1), Code.CHECKSUM_DIFFERS),
        (WrongLength(7), Code.FILE_LENGTH),
        (WrongRange(1), Code.HUB_ANSWER_BAD),
        (RedirectLoop(), Code.NETWORK_REDIRECTS),
        (Redirect("ftp://127.0.0.1/x"), Code.NETWORK_REDIRECTS),
        (Status(404), Code.HUB_SERVER),
    ],
    ids=lambda value: value.value if isinstance(value, Code) else type(value).__name__,
)
def test_a_fault_that_stays_is_named(case: Case, hub: HubServer, what: Misbehaviour, code: Code) -> None:
    case.patience = msgspec.structs.replace(case.patience, give_up=0.7, stall=0.2)
    hub.misbehave("*.gguf", what, host="files")
    assert case.code() == code
    assert NAME not in case.left()
    hub.behave()
    case.run()  # what was wrong is over
    assert case.right()


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (Status(404), Code.HUB_NOT_FOUND),
        (Forbidden(401), Code.HUB_TOKEN_NEEDED),
        (Forbidden(403), Code.HUB_GATED),
        (TokenRefused(), Code.HUB_TOKEN_NEEDED),
        (RedirectLoop(), Code.NETWORK_REDIRECTS),
    ],
    ids=lambda value: value.value if isinstance(value, Code) else type(value).__name__,
)
def test_what_trying_again_cannot_change_is_said_at_once(case: Case, hub: HubServer, what: Misbehaviour, code: Code) -> None:
    hub.misbehave("*.gguf", what, host="hub")
    assert case.code() == code
    assert len(hub.requests) <= 12  # redirects, at the most
    assert not any(name.endswith(".lock") or name == NAME for name in case.left())


def test_nobody_listening_is_said_after_some_tries(hub: HubServer, tmp_path: Path) -> None:
    offer(hub)
    with HubServer(tmp_path / "gone") as gone:
        offer(gone)
        case = Case(tmp_path, (gone,))
    case.patience = msgspec.structs.replace(case.patience, give_up=0.5, backoff=0.2, longest=0.2)
    error = case.refused()
    assert error.code == Code.NETWORK_UNREACHABLE
    assert error.failure.args["address"] != ""
    assert any(progress.stage == Stage.WAIT and progress.left for progress in case.heard)


# ---------------------------------------------------------------- going on


def cut_in_the_middle(case: Case, hub: HubServer, after: int = 3_000_000) -> int:
    """Let every connection end after a while, and give up; the bytes that are there."""
    patience, case.patience = case.patience, msgspec.structs.replace(case.patience, give_up=0.2)
    hub.misbehave("*.gguf", Cut(after), times=1)
    hub.misbehave("*.gguf", Cut(0))
    assert case.code() == Code.NETWORK_UNREACHABLE
    case.patience = patience
    hub.behave()
    hub.forget_requests()
    return after


def test_the_next_run_goes_on_where_this_one_ended(case: Case, hub: HubServer) -> None:
    there = cut_in_the_middle(case, hub)
    assert case.left() == [f"{NAME}.part", f"{NAME}.part.json"]
    case.heard.clear()
    case.run()
    assert case.right()
    assert case.heard[0].done == there
    assert sum(request.sent for request in hub.requests if request.host == "files") <= SIZE - there + 4_000_000


def test_another_source_goes_on_where_the_first_one_ended(mirrored: Case, hub: HubServer, mirror: HubServer) -> None:
    hub.misbehave("*.gguf", Cut(2_000_000), times=1, host="files")
    hub.misbehave("*.gguf", Cut(0))
    mirror.misbehave("*.gguf", ChangeETag("of-its-own"), host="files")
    outcome = mirrored.run()
    assert mirrored.right()
    assert [notice.code for notice in outcome.notices] == [Code.SOURCE_SWITCHED]
    assert outcome.notices[0].args["address"] == hub.address
    assert mirror.sent <= SIZE - 2_000_000


def test_a_source_that_does_not_have_it_is_stood_in_for(mirrored: Case, hub: HubServer) -> None:
    hub.misbehave("*.gguf", Status(404))
    assert mirrored.run().notices
    assert mirrored.right()


def test_a_busy_source_is_not_waited_for_while_there_is_another(mirrored: Case, hub: HubServer) -> None:
    hub.misbehave("*.gguf", Status(429, 3600))
    mirrored.run()
    assert mirrored.right()


def test_wrong_bytes_are_fetched_again_from_another_source(mirrored: Case, hub: HubServer, mirror: HubServer) -> None:
    hub.misbehave("*.gguf", WrongBytes(100))
    outcome = mirrored.run()
    assert mirrored.right()
    assert mirror.sent >= SIZE
    assert [notice.code for notice in outcome.notices] == [Code.SOURCE_SWITCHED]


def test_wrong_bytes_everywhere_never_get_the_name(mirrored: Case, hub: HubServer, mirror: HubServer) -> None:
    for one in (hub, mirror):
        one.misbehave("*.gguf", WrongBytes(100))
    assert mirrored.code() == Code.CHECKSUM_DIFFERS
    assert mirrored.left() == []


def test_of_several_refusals_the_one_that_helps_is_said(mirrored: Case, hub: HubServer, mirror: HubServer) -> None:
    hub.misbehave("*.gguf", Forbidden(401))
    mirror.misbehave("*.gguf", Hangup())
    assert mirrored.code() == Code.HUB_TOKEN_NEEDED


@pytest.mark.parametrize("what", [Forbidden(403), Status(404)], ids=["gated", "missing"])
@pytest.mark.parametrize("other", [Hangup(), Silent(), Status(503)], ids=lambda what: type(what).__name__)
def test_what_a_hub_denies_is_said_without_waiting_for_others(
    mirrored: Case, hub: HubServer, mirror: HubServer, what: Misbehaviour, other: Misbehaviour
) -> None:
    mirrored.patience = msgspec.structs.replace(mirrored.patience, stall=100.0, give_up=100.0, second=0.2, backoff=2.0, longest=30.0)
    hub.misbehave("*.gguf", what)
    mirror.misbehave("*.gguf", other)
    began = time.monotonic()
    assert mirrored.code() == (Code.HUB_GATED if isinstance(what, Forbidden) else Code.HUB_NOT_FOUND)
    assert time.monotonic() - began < 10.0  # not the minutes that it would have waited
    assert len(mirror.requests) == 1


def test_a_mirror_that_has_what_the_hub_denies_is_not_left_for_a_hiccup(mirrored: Case, hub: HubServer, mirror: HubServer) -> None:
    hub.misbehave("*.gguf", Forbidden(403))
    mirror.misbehave("*.gguf", Cut(2_000_000), times=1)
    mirror.misbehave("*.gguf", Cut(0), times=3)
    mirrored.run()
    assert mirrored.right()


def test_a_file_that_changes_meanwhile_is_said_and_begun_anew(hub: HubServer, tmp_path: Path) -> None:
    address = hub.add_file(NAME, CONTENT)
    case = Case(tmp_path, (hub,), kind="url", repository=address, files=(RemoteFile(NAME),))
    patience, case.patience = case.patience, msgspec.structs.replace(case.patience, give_up=0.2)
    hub.misbehave("*.gguf", Cut(4_000_000), times=1)
    hub.misbehave("*.gguf", Cut(0))
    assert case.code() == Code.NETWORK_UNREACHABLE
    hub.behave()
    case.patience = patience
    other = Generated(SIZE, 8)
    hub.add_file(NAME, other)
    assert case.code() == Code.FILE_CHANGED
    assert case.left() == []
    case.run()
    assert case.right(other)


def test_what_is_there_is_not_gone_on_with_where_nothing_tells_which_content_it_is(hub: HubServer, tmp_path: Path) -> None:
    """Without a checksum, a commit, an ETag or a date, the rest may be another file's."""
    case = Case(tmp_path, (hub,), kind="url", repository=hub.add_file(NAME, CONTENT), files=(RemoteFile(NAME),))
    hub.misbehave("*.gguf", NoETag())
    patience, case.patience = case.patience, msgspec.structs.replace(case.patience, give_up=0.2)
    hub.misbehave("*.gguf", Cut(4_000_000), times=1)
    hub.misbehave("*.gguf", Cut(0))
    assert case.code() == Code.NETWORK_UNREACHABLE
    hub.behave()
    hub.misbehave("*.gguf", NoETag())
    case.patience, other = patience, Generated(SIZE, 8)
    hub.add_file(NAME, other)
    case.run()
    assert case.right(other)


def test_a_server_that_does_not_say_its_mark_any_more_is_not_believed(hub: HubServer, tmp_path: Path) -> None:
    case = Case(tmp_path, (hub,), kind="url", repository=hub.add_file(NAME, CONTENT), files=(RemoteFile(NAME),))
    cut_in_the_middle(case, hub)
    hub.misbehave("*.gguf", NoETag())
    assert case.code() == Code.FILE_CHANGED
    case.run()
    assert case.right()


def test_a_changed_etag_does_not_matter_where_the_checksum_is_known(case: Case, hub: HubServer) -> None:
    cut_in_the_middle(case, hub)
    hub.misbehave("*.gguf", ChangeETag("another"), host="files")
    case.run()
    assert case.right()


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_the_mark_of_the_host_that_serves_the_bytes_is_no_checksum(case: Case, hub: HubServer, known: bool) -> None:
    """Though it may look like one: it may be a hash of another kind."""
    if not known:
        case.files = (RemoteFile(NAME),)
    hub.misbehave("*.gguf", ChangeETag("a" * 64), host="files")
    case.run()
    assert case.right()
    assert sum(request.host == "hub" for request in hub.requests) == 1


@pytest.mark.parametrize("kind", ["huggingface", "url"])
def test_a_page_for_people_is_no_file(case: Case, hub: HubServer, kind: SourceKind) -> None:
    """As a network gives it that wants somebody to sign in; nobody has said what the file is."""
    case.files, case.kind = (RemoteFile(NAME),), kind
    case.repository = hub.add_file(NAME, CONTENT) if kind == "url" else REPOSITORY
    hub.misbehave("*.gguf", NotJSON(), times=2)
    case.run()
    assert case.right()


def test_a_hub_that_names_another_checksum_is_not_believed(case: Case, hub: HubServer) -> None:
    hub.misbehave("*.gguf", ChangeETag("0" * 64))
    assert case.code() == Code.FILE_CHANGED
    assert NAME not in case.left()


def test_the_hubs_own_checksum_is_held_when_no_other_is_known(case: Case, hub: HubServer) -> None:
    case.files = (RemoteFile(NAME),)
    hub.misbehave("*.gguf", WrongBytes(100))
    assert case.code() == Code.CHECKSUM_DIFFERS


def test_without_ranges_a_file_still_comes(case: Case, hub: HubServer) -> None:
    hub.misbehave("*.gguf", NoRange(), host="files")
    case.run()
    assert case.right()
    assert hub.sent <= SIZE * 1.1


def test_without_ranges_a_half_file_is_begun_again_only_where_nothing_else_helps(mirrored: Case, hub: HubServer, mirror: HubServer) -> None:
    mirror.misbehave("*.gguf", Hangup())
    there = cut_in_the_middle(mirrored, hub)
    mirror.behave()
    mirror.forget_requests()
    hub.misbehave("*.gguf", NoRange(), host="files")
    mirrored.run()
    assert mirrored.right()
    assert mirror.sent <= SIZE - there + 4_000_000


def test_without_ranges_anywhere_a_half_file_is_begun_again(case: Case, hub: HubServer) -> None:
    cut_in_the_middle(case, hub)
    hub.misbehave("*.gguf", NoRange(), host="files")
    case.run()
    assert case.right()


@pytest.mark.parametrize("way", [NoRange(), NoLength()], ids=lambda way: type(way).__name__)
def test_without_ranges_the_checksum_is_that_of_the_bytes_that_are_there(case: Case, hub: HubServer, way: Misbehaviour) -> None:
    """The second answer is wrong where the first one was right, and the checksum has been there already."""
    hub.misbehave("*.gguf", way, host="files")
    hub.misbehave("*.gguf", Cut(5_000_000), times=1, host="files")
    hub.misbehave("*.gguf", WrongBytes(100), times=1, host="files")
    case.run()
    assert case.right()


@pytest.mark.parametrize("way", [NoRange(), NoLength()], ids=lambda way: type(way).__name__)
def test_without_ranges_or_marks_nothing_is_mixed(hub: HubServer, tmp_path: Path, way: Misbehaviour) -> None:
    address, other = hub.add_file(NAME, CONTENT), Generated(SIZE, 8)
    case = Case(tmp_path, (hub,), kind="url", repository=address, files=(RemoteFile(NAME),))
    case.patience = msgspec.structs.replace(case.patience, backoff=0.5, longest=0.5)
    for one in (way, NoETag()):
        hub.misbehave("*.gguf", one)
    hub.misbehave("*.gguf", Cut(3_000_000), times=1)

    def on_progress(progress: Progress) -> None:
        if progress.stage == Stage.WAIT:
            hub.add_file(NAME, other)

    case.on_progress = on_progress
    case.run()
    assert case.right(other)


def test_a_server_that_always_sends_half_a_file_is_left_in_the_end(hub: HubServer, tmp_path: Path) -> None:
    case = Case(tmp_path, (hub,), kind="url", repository=hub.add_file(NAME, CONTENT), files=(RemoteFile(NAME),))
    for one in (NoRange(), NoETag(), Cut(3_000_000)):
        hub.misbehave("*.gguf", one)
    assert case.code() == Code.NETWORK_UNREACHABLE
    assert NAME not in case.left()


def test_a_file_of_unknown_size_leaves_room_on_the_disk(hub: HubServer, tmp_path: Path) -> None:
    case = Case(tmp_path, (hub,), kind="url", repository=hub.add_file(NAME, CONTENT), files=(RemoteFile(NAME),))
    hub.misbehave("*.gguf", NoLength())
    case.reserve = shutil.disk_usage(tmp_path).free - 1_000_000
    assert case.code() == Code.DOWNLOAD_DISK_FULL
    case.reserve = 0
    case.run()
    assert case.right()


def test_a_refused_download_leaves_nothing(case: Case, hub: HubServer) -> None:
    hub.misbehave("*.gguf", Forbidden(403))
    assert case.code() == Code.HUB_GATED
    assert case.left() == []


def test_a_signature_that_has_expired_is_asked_for_anew(case: Case, hub: HubServer) -> None:
    hub.misbehave("*.gguf", Cut(1_000_000), times=1, host="files")
    hub.misbehave("*.gguf", Status(403), times=2, host="files")
    case.run()
    assert case.right()
    assert sum(request.host == "hub" for request in hub.requests) >= 2


# ---------------------------------------------------------------- who may know us


def gated(hub: HubServer) -> None:
    hub.add_repository(REPOSITORY, {NAME: CONTENT}, gated="manual")


def test_a_token_goes_to_the_hub_alone_and_only_when_it_asks(hub: HubServer, mirror: HubServer, tmp_path: Path) -> None:
    gated(hub)
    hub.accepted.add(REPOSITORY)
    case = Case(tmp_path, (hub, mirror))
    write_token(read_hub_settings(case.data_dir).sources[0], TOKEN, case.data_dir)
    case.run()
    assert case.right()
    asked = [request for request in hub.requests if request.host == "hub"]
    assert ["authorization" in request.headers for request in asked] == [False, True]
    assert not any("authorization" in request.headers for request in hub.requests if request.host == "files")
    assert not mirror.requests


def test_a_mirror_gets_no_token(hub: HubServer, mirror: HubServer, tmp_path: Path) -> None:
    gated(hub)
    hub.accepted.add(REPOSITORY)
    case = Case(tmp_path, (hub, mirror))
    settings = read_hub_settings(case.data_dir)
    write_token(settings.sources[0], TOKEN, case.data_dir)
    hub.misbehave("*.gguf", Hangup())
    assert case.code() == Code.HUB_TOKEN_NEEDED
    assert mirror.requests
    assert not any("authorization" in request.headers for request in mirror.requests)


def test_a_token_without_the_licence_and_a_token_that_was_revoked(hub: HubServer, tmp_path: Path) -> None:
    gated(hub)
    case = Case(tmp_path, (hub,))
    write_token(read_hub_settings(case.data_dir).sources[0], TOKEN, case.data_dir)
    error = case.refused()
    assert error.code == Code.HUB_GATED
    assert error.failure.args == {"name": NAME, "address": f"{hub.address}/{REPOSITORY}"}
    hub.tokens.clear()
    assert case.code() == Code.HUB_TOKEN_REFUSED


def test_offline_nothing_goes_out(case: Case, hub: HubServer) -> None:
    write_hub_settings(case.data_dir, msgspec.structs.replace(read_hub_settings(case.data_dir), offline=True))
    assert case.code() == Code.HUB_OFFLINE
    assert not hub.requests
    assert case.left() == []


# ---------------------------------------------------------------- stopping and tuning


def stopped_after(case: Case, wanted: Callable[[Progress], bool]) -> float:
    """Ask to stop at the first progress that is as wanted; the seconds until it was heard."""
    stop = Stop()
    asked: list[float] = []

    def ask() -> None:
        asked.append(time.monotonic())
        stop.ask()

    def on_progress(progress: Progress) -> None:
        if wanted(progress) and not asked:
            threading.Timer(0.02, ask).start()

    case.on_progress = on_progress
    with pytest.raises(StoppedError):
        case.run(stop)
    return time.monotonic() - asked[0]


@pytest.mark.parametrize("what", [Stall(100_000), Silent(), Throttle(1_000_000), Status(429, 50)], ids=lambda what: type(what).__name__)
def test_a_stop_is_heard_whatever_is_waited_for(case: Case, hub: HubServer, what: Misbehaviour) -> None:
    case.patience = msgspec.structs.replace(case.patience, stall=60.0, give_up=100.0)
    hub.misbehave("*.gguf", what, host="files")
    assert stopped_after(case, lambda _: True) < 5.0  # not the minute that it would have waited
    assert f"{NAME}.part.lock" not in case.left()
    hub.behave()
    case.on_progress = lambda _: None
    case.run()
    assert case.right()


def test_a_limit_holds_for_all_ranges_together_and_can_be_lifted(case: Case) -> None:
    tuning = Tuning(2_000_000)

    def on_progress(progress: Progress) -> None:
        if progress.done > 1_500_000:
            tuning.set(0, 0)

    case.on_progress = on_progress
    began = time.monotonic()
    case.run(tuning=tuning)
    assert time.monotonic() - began > 0.6
    assert case.right()


def test_more_connections_can_join_while_it_runs(hub: HubServer, tmp_path: Path) -> None:
    offer(hub)
    case = Case(tmp_path, (hub,), connections=1)
    tuning = Tuning(10_000_000, 1)
    case.on_progress = lambda progress: tuning.set(0 if progress.done > 4_000_000 else 10_000_000, 4)
    case.run(tuning=tuning)
    assert case.right()
    assert len(served(hub)) >= 2


def test_a_source_that_never_gave_anything_is_left_at_once(mirrored: Case, hub: HubServer) -> None:
    hub.misbehave("*.gguf", Hangup())
    mirrored.run()
    assert mirrored.right()
    assert len(hub.requests) == 1


def test_sources_that_are_all_gone_are_not_hammered(mirrored: Case, hub: HubServer, mirror: HubServer) -> None:
    mirrored.patience = msgspec.structs.replace(mirrored.patience, give_up=0.6, backoff=0.05, longest=0.2)
    for one in (hub, mirror):
        one.misbehave("*.gguf", Hangup())
    assert mirrored.code() == Code.NETWORK_UNREACHABLE
    assert 4 <= len(hub.requests) + len(mirror.requests) <= 40


def test_the_source_that_served_one_file_is_asked_first_for_the_next(mirrored: Case, hub: HubServer) -> None:
    hub.add_repository(REPOSITORY, {"a.gguf": b"a", "b.gguf": b"b", "c.gguf": b"c"})
    mirrored.revision = hub.repository(REPOSITORY).commits[-1].sha
    mirrored.files = tuple(RemoteFile(name, 1) for name in ("a.gguf", "b.gguf", "c.gguf"))
    hub.misbehave("*.gguf", Hangup())
    mirrored.run()
    assert mirrored.left() == ["a.gguf", "b.gguf", "c.gguf"]
    assert len(hub.requests) == 1
