"""Fetches one file: several ranges at once from the best place there is, until all bytes are there and their checksum is right."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.hub.claims import Claim, Claims
from zhiyin_models.hub.connection import Connection
from zhiyin_models.hub.fetching import Fetching, NoRangesError
from zhiyin_models.hub.hashing import FrontierHash
from zhiyin_models.hub.part_file import PartFile
from zhiyin_models.hub.places import Place
from zhiyin_models.hub.speed_limit import SpeedLimit
from zhiyin_models.work import Stop, StoppedError

TICK = 0.05  # seconds between two looks at everything
SYNC_SECONDS = 5.0  # between two times that everything so far is put on the disk
SWITCH_AFTER = 3  # failures in a row of one place
ANEW = 8  # beginnings of a file that is sent only as a whole, by a server that does not say which content it is
HOPELESS = 6  # failures in a row of the places that are left, when another one has refused
MEASURE_SECONDS = 0.3
MOST_CONNECTIONS = 16
FLOWING = 2.0  # seconds since the last byte, within which a server is held for being there
CROWDED = {Code.HUB_SERVER, Code.HUB_BUSY, Code.NETWORK_UNREACHABLE, Code.NETWORK_STALLED}
DISK = {Code.DOWNLOAD_DISK_FULL, Code.DISK_SMALL, Code.OUTPUT_UNWRITABLE, Code.OUTPUT_EXISTS, Code.OUTPUT_BUSY}
DENIED = {Code.HUB_GATED, Code.HUB_TOKEN_REFUSED, Code.HUB_TOKEN_NEEDED, Code.HUB_NOT_FOUND}  # a mirror hardly ever has it then
TELLING = (Code.HUB_GATED, Code.HUB_TOKEN_REFUSED, Code.HUB_TOKEN_NEEDED)  # what helps a person most, first


class Told(Protocol):
    """Who hears how a file comes along."""

    def bytes_there(self, count: int) -> None:
        """So many bytes of this file are there."""

    def waiting(self, seconds: float) -> None:
        """Nothing is done for so long."""

    def hashing(self, done: int, total: int) -> None:
        """All bytes are there, and the checksum is behind."""

    def size_known(self) -> None:
        """The size of the file; raises ModelError DISK_SMALL."""


class _AnewError(Exception):
    """What is there cannot be told to belong to what comes now."""


class _Result(NamedTuple):
    claim: Claim
    place: Place
    error: BaseException | None


class Transfer:
    """One file from several places that have the same. The part is taken by the caller, who also publishes it.

    ``reserve`` bytes of the disk are left alone where nobody says how long the file is.
    """

    def __init__(
        self,
        name: str,
        part: PartFile,
        places: Sequence[Place],
        connection: Connection,
        *,
        repository: str,
        limit: SpeedLimit,
        connections: Callable[[], int],
        stop: Stop,
        told: Told,
        reserve: int = 0,
    ) -> None:
        self.notices: list[Failure] = []
        self._name, self._part, self._places = name, part, list(places)
        self._connection, self._patience = connection, connection.patience
        self._connections, self._stop, self._told = connections, stop, told
        self._changed = threading.Condition()
        self._results: list[_Result] = []
        self._claims = Claims()
        self._over = threading.Event()
        self._opened = 0  # which opening of the part this is
        self._fetching = Fetching(name, part, connection, limit, repository=repository, reserve=reserve)
        self._place = self._places[0]
        self._denied_at = 0.0  # monotonic; when a hub said that we cannot have it
        self._fruitless = 0  # failures in a row without a new byte from anywhere
        self._again_at = 0.0  # monotonic
        self._last_new = time.monotonic()  # when the last new byte came
        self._total = 0
        self._sized = False
        self._measured = (time.monotonic(), 0)
        self._error: ModelError | None = None
        self._disk_error: ModelError | None = None

    def run(self) -> str:
        """Fetch what is missing; all of it is on the disk afterwards. Returns the SHA-256. Raises ModelError, StoppedError."""
        self._connection.open()
        for last in (False, True):
            try:
                digest = self._fetch_wherever_it_began()
            except ModelError as error:
                if error.code == Code.FILE_CHANGED and not self._part.asked.sha256:  # a server said what it is, and may have been wrong
                    self._part.discard()
                raise
            expected = self._part.content.sha256
            if expected in ("", digest):
                return digest
            site = self._place.site
            self._part.discard()
            if last:
                break
            self._error = ModelError(Code.CHECKSUM_DIFFERS, name=self._name, address=site)
            self._turn_to_another()
        raise ModelError(Code.CHECKSUM_DIFFERS, name=self._name, address=site)

    @property
    def site(self) -> str:
        """Of the place that is asked now, or was last."""
        return self._place.site

    def _fetch_wherever_it_began(self) -> str:
        for _ in range(ANEW):
            try:
                return self._fetch_and_hash()
            except _AnewError:
                self._part.discard()
        raise self._error or ModelError(Code.NETWORK_UNREACHABLE, address=self._place.site, detail="connection closed")

    def _fetch_and_hash(self) -> str:
        self._over, self._claims, self._results, self._sized = threading.Event(), Claims(), [], False
        self._opened = self._part.open()
        follower = FrontierHash(self._part.part, lambda: self._part.frontier, lambda: self._part.content.size)
        self._fetching.advanced = follower.advanced
        follower.start()
        keeper = threading.Thread(target=self._sync_often, args=(self._over,), name="download-sync", daemon=True)
        keeper.start()
        try:
            self._total, self._last_new = self._part.total, time.monotonic()
            self._measured = (self._last_new, self._total)
            self._look()
            while not self._part.complete:
                self._step()
            while not follower.wait(TICK):
                self._stop.check()
                self._told.hashing(follower.done, self._part.content.size)
            self._sync()
            return follower.result()
        finally:
            self._over.set()
            follower.end()
            self._part.close()

    def _step(self) -> None:
        """One look at everything."""
        self._stop.check()
        if self._disk_error is not None:
            raise self._disk_error
        with self._changed:
            results, self._results = self._results, []
            for result in results:
                if not result.claim.dropped:
                    self._settle(result)
            self._drop_dead()
            self._employ()
            if not self._results:
                self._changed.wait(TICK)
        self._look()

    def _look(self) -> None:
        now, total = time.monotonic(), self._part.total
        if total != self._total:
            self._total, self._last_new, self._fruitless = total, now, 0
        then, before = self._measured
        if now - then >= MEASURE_SECONDS:
            self._claims.speed = (total - before) / (now - then) / max(1, len(self._claims.active))
            self._measured = (now, total)
            self._part.keep()
        if not self._sized and self._part.content.size >= 0:
            self._sized = True
            self._told.size_known()
        if now - self._last_new > self._patience.give_up:
            raise self._error or ModelError(Code.NETWORK_STALLED, address=self._place.site, seconds=round(self._patience.give_up))
        if self._denied_at and now - self._denied_at > self._patience.second and not self._helped():
            raise self._worst()
        left = max(self._again_at, self._place.not_before) - now
        if not self._claims.active and left > 0:
            self._told.waiting(left)
        else:
            self._told.bytes_there(total)

    # ------------------------------------------------------------ connections

    def _employ(self) -> None:
        """Let as many connections work as are wanted; the first one to a place proves it."""
        now = time.monotonic()
        if now < max(self._again_at, self._place.not_before):
            return
        place, size = self._place, self._part.content.size
        wanted = min(self._connections(), place.connections, MOST_CONNECTIONS) if place.proven and place.ranges and size >= 0 else 1
        while len(self._claims.active) < max(1, wanted) and not self._part.complete:
            if size < 0 or not place.ranges:
                content = self._part.content
                if self._part.total and not (content.sha256 or content.revision or content.mark):
                    raise _AnewError
                claim: Claim | None = self._claims.begin_whole(size)
            else:
                claim = self._claims.take(self._part.gaps(), wanted if place.proven else self._connections())
            if claim is None:
                return
            threading.Thread(target=self._work, args=(claim, place, self._over, self._opened), name="download-range", daemon=True).start()

    def _work(self, claim: Claim, place: Place, over: threading.Event, opened: int) -> None:
        error: BaseException | None = None
        try:
            self._fetching.fetch(claim, place, opened, lambda: over.is_set() or claim.dropped or self._stop.asked)
        except Exception as caught:  # told where the others are looked after
            error = caught
        with self._changed:
            if not over.is_set():
                self._results.append(_Result(claim, place, error))
                self._changed.notify()

    def _drop_dead(self) -> None:
        """Give up on connections that never began to answer: some waits of the library have no end of their own."""
        late = time.monotonic() - self._patience.connect - 2 * self._patience.stall
        for claim in [one for one in self._claims.active if one.at == one.begin and one.begun < late]:
            claim.dropped = True
            error = ModelError(Code.NETWORK_STALLED, address=self._place.site, seconds=round(self._patience.stall))
            self._settle(_Result(claim, self._place, error))

    def _settle(self, result: _Result) -> None:
        """Learn from what became of a claim."""
        claim, place, error = result
        self._claims.active.remove(claim)
        if error is None or isinstance(error, StoppedError):
            place.served()
            return
        if claim.at > claim.begin:
            place.failures = 0
        if isinstance(error, NoRangesError):
            place.ranges = False
            self._turn_to_another(with_ranges=True)
            return
        if not isinstance(error, ModelError):
            raise error
        if error.code in DISK:
            raise error
        self._error = error
        if error.code == Code.FILE_CHANGED and not self._portable():
            self._part.discard()
            raise error
        self._suffer(place, error, came=claim.at > claim.begin)

    def _suffer(self, place: Place, error: ModelError, *, came: bool) -> None:
        """A place failed: fewer connections to it, another one, or a pause."""
        others, now = len(self._claims.active), time.monotonic()
        if place.final and error.code == Code.HUB_SERVER:
            place.final = ""  # the address that it redirected to is good for a while only
            self._again_at = now + self._patience.backoff / 2
            return
        if others and not came and error.code in CROWDED and now - self._last_new < FLOWING:
            place.serves_only(others)
            return
        place.gave = place.gave or came
        place.failed(error)
        if place.refused is not None and error.code in DENIED:
            self._denied_at = self._denied_at or now
        if place is not self._place:
            return
        self._fruitless += 0 if came else 1
        usable = [one for one in self._places if one.refused is None]
        patience = SWITCH_AFTER if place.gave else 1  # nobody waits for one that never gave anything while there are others
        useless = place.refused is not None or place.failures >= patience or error.code == Code.HUB_BUSY
        switched = useless and self._turn_to_another()
        if (place.refused is not None and not switched) or self._hopeless(usable, now):
            raise self._worst()
        if switched and self._fruitless < len(self._places):
            return
        doubled = 0 if came else min(self._fruitless - 1, 16)
        pause = min(self._patience.longest, self._patience.backoff * 2**doubled)
        self._again_at = now + pause * random.uniform(0.7, 1.0)  # noqa: S311 - so that not all come back at once

    def _hopeless(self, usable: list[Place], now: float) -> bool:
        """Whether those that are left would only keep a person waiting for what another one has said already."""
        if all(place.not_before - now > self._patience.give_up for place in usable):
            return True
        refused = len(self._places) - len(usable)
        tries = 1 if self._denied_at and not self._helped() else HOPELESS
        return refused > 0 and self._fruitless - refused >= tries * len(usable)

    def _helped(self) -> bool:
        """Whether any place has the file for us."""
        return any(place.proven or place.gave for place in self._places)

    # ------------------------------------------------------------ places

    def _portable(self) -> bool:
        """Whether another place's bytes can be told to be the same file's."""
        content = self._part.content
        return bool(content.sha256 or content.revision) or not self._part.total

    def _turn_to_another(self, *, with_ranges: bool = False) -> bool:
        """Go on with the next place that is not known to be useless."""
        at = self._places.index(self._place)
        ring = [*self._places[at + 1 :], *self._places[:at]]
        fit = [place for place in ring if place.refused is None and (place.ranges or not with_ranges)]
        if not fit or not self._portable():
            return False
        now = time.monotonic()
        before, self._place = self._place, min(fit, key=lambda place: max(0.0, place.not_before - now))
        self._place.failures = 0
        error = self._error
        if error is not None:
            detail = str(error.failure.args.get("detail", error.code.value))
            notice = Failure(Code.SOURCE_SWITCHED, {"name": self._name, "address": before.site, "detail": detail})
            if all(one.args["address"] != before.site for one in self.notices):
                self.notices.append(notice)
        return True

    def _worst(self) -> ModelError:
        """Of the reasons why no place has it, the one to be told."""
        errors = [place.refused for place in self._places if place.refused is not None]
        telling = [error for code in TELLING for error in errors if error.code == code]
        return (telling or errors or [self._error or ModelError(Code.HUB_NO_SOURCE)])[0]

    def _sync(self) -> None:
        """Put everything on the disk, which may take long."""
        thread = threading.Thread(target=self._try_sync, name="download-sync", daemon=True)
        thread.start()
        while thread.is_alive():
            self._stop.check()
            thread.join(TICK)
        if self._disk_error is not None:
            raise self._disk_error

    def _sync_often(self, over: threading.Event) -> None:
        while not over.wait(SYNC_SECONDS):
            self._try_sync()

    def _try_sync(self) -> None:
        try:
            self._part.sync()
        except ModelError as error:
            self._disk_error = error
