"""One connection at work on one claim: asks for a range, looks whether the answer is what was asked for, and writes what comes."""

import re
import time
from collections.abc import Callable

import msgspec

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.addresses import host_key, shown
from zhiyin_models.hub.claims import Claim
from zhiyin_models.hub.connection import Answer, Connection, Over
from zhiyin_models.hub.content import Content
from zhiyin_models.hub.part_file import PartFile
from zhiyin_models.hub.places import Place, content_of
from zhiyin_models.hub.speed_limit import SpeedLimit

BUFFER = 256 << 10  # bytes; larger ones fall out of the processor's cache and are slower
ROOM_EVERY = 4 << 20  # bytes between two looks at the room on the disk, for a file of unknown size
LEAST = 16 << 10  # bytes that have to come while a server is waited for
CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)")


class NoRangesError(Exception):
    """A place sends files only as a whole."""


class Fetching:
    """How the claims of one file are fetched; used by several threads."""

    def __init__(self, name: str, part: PartFile, connection: Connection, limit: SpeedLimit, *, repository: str, reserve: int) -> None:
        self._name, self._part, self._repository, self._reserve = name, part, repository, reserve
        self._connection, self._limit = connection, limit
        self.advanced: Callable[[], None] = lambda: None  # called after every piece

    def fetch(self, claim: Claim, place: Place, opened: int, over: Over) -> None:
        """All of a claim, from one place, into this opening of the part, until it is ``over``.

        Raises ModelError, StoppedError, NoRangesError; what was written before counts.
        """

        whole = claim.begin == 0 and claim.end in (-1, self._part.content.size) and (claim.end >= 0 or not place.ranges)
        asked = claim.end  # others may take some of it meanwhile
        headers = {} if whole else {"Range": f"bytes={claim.begin}-{asked - 1 if asked >= 0 else ''}"}
        direct = place.final
        with self._connection.stream(direct or place.address, headers, over=over) as answer:
            if answer.status == 416 and self._is_empty(answer, claim):
                return
            self._check(answer, claim, asked, place, direct=bool(direct))
            place.proven = True
            if answer.hops:
                place.final = answer.address
            self._copy(answer, claim, opened, over)

    def _copy(self, answer: Answer, claim: Claim, opened: int, over: Over) -> None:
        buffer = memoryview(bytearray(BUFFER))
        stall = self._connection.patience.stall
        looked, before = time.monotonic(), claim.at
        roomy = 0  # up to where there is room
        while claim.end < 0 or claim.at < claim.end:
            if claim.end < 0 and claim.at >= roomy:
                self._part.check_room(self._reserve + ROOM_EVERY)
                roomy = claim.at + ROOM_EVERY
            wanted = len(buffer) if claim.end < 0 else min(len(buffer), claim.left)
            allowed = self._limit.take(wanted, over)
            if not allowed:
                return
            now = time.monotonic()
            if now - looked > stall:  # a trickle is a stall that nobody notices
                if claim.at - before < LEAST and allowed == wanted:
                    raise ModelError(Code.NETWORK_STALLED, address=shown(answer.address), seconds=round(stall))
                looked, before = now, claim.at
            count = answer.read_into(buffer[:allowed])
            self._limit.give_back(allowed - count)
            if not count:
                break
            if over():  # while it waited
                return
            self._part.write(buffer[:count], claim.at, opened)
            claim.at += count
            self.advanced()
        if claim.end < 0:  # the server did not say how much it would be
            self._part.become(_with_size(self._part.content, claim.at))
            claim.end = claim.at
            self.advanced()
        elif claim.at < claim.end:
            raise ModelError(Code.NETWORK_UNREACHABLE, address=shown(answer.address), detail="connection closed")

    def _check(self, answer: Answer, claim: Claim, asked: int, place: Place, *, direct: bool) -> None:
        """Whether this is the range of the content that was asked for."""
        away = direct or host_key(answer.address) != host_key(place.address)
        error = self._connection.refusal(answer, self._name)
        if error is not None:
            if away and answer.status != 429:  # not what the hub itself says: a signature that has expired, most often
                error = ModelError(Code.HUB_SERVER, address=shown(answer.address), detail=str(answer.status))
            raise error
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise ModelError(Code.HUB_ANSWER_BAD, address=place.site, detail="Content-Encoding")
        page = answer.headers.get("content-type", "").lower().startswith("text/html")
        if page and not self._part.content.sha256 and not self._name.lower().endswith((".html", ".htm")):
            raise ModelError(Code.HUB_ANSWER_BAD, address=place.site, detail="text/html")  # a page for people: please sign in
        total = self._total(answer, claim, asked, place)
        self._check_content(answer, place, total, direct=direct)
        if claim.end < 0:
            claim.end = total
            chunked = answer.headers.get("transfer-encoding", "").lower() == "chunked"
            if total < 0 and not chunked and not self._part.content.sha256:  # then nobody could tell an end from a cut
                raise ModelError(Code.HUB_ANSWER_BAD, address=place.site, detail="Content-Length")

    def _total(self, answer: Answer, claim: Claim, asked: int, place: Place) -> int:
        """The size of the whole file by this answer; -1 where it does not say."""
        if answer.status == 200:
            place.ranges = place.ranges and claim.begin == 0 and asked == self._part.content.size
            if claim.begin:
                raise NoRangesError
            if asked != self._part.content.size:
                claim.end = self._part.content.size
            return -1 if answer.length is None else answer.length
        found = CONTENT_RANGE.fullmatch(answer.headers.get("content-range", "").strip()) if answer.status == 206 else None
        if found is None or found[1] is None:
            said = f"{answer.status} {answer.headers.get('content-range', '')[:80]}"
            raise ModelError(Code.HUB_ANSWER_BAD, address=place.site, detail=said)
        first, last = int(found[1]), int(found[2])
        size = self._part.content.size
        if found[3] != "*" and size not in (-1, int(found[3])):
            raise ModelError(Code.FILE_LENGTH, name=self._name, expected=size, actual=int(found[3]))
        right = first == claim.begin and last >= first and (asked < 0 or last < asked)
        if not right or answer.length not in (None, last + 1 - first):
            raise ModelError(Code.HUB_ANSWER_BAD, address=place.site, detail=f"Content-Range {found[0][:80]}")
        return last + 1 if found[3] == "*" and asked < 0 else -1 if found[3] == "*" else int(found[3])

    def _check_content(self, answer: Answer, place: Place, total: int, *, direct: bool) -> None:
        ours = self._part.content
        theirs = content_of(answer, place, self._repository, total)
        sizes = {size for size in (ours.size, theirs.size, total) if size >= 0}
        if len(sizes) > 1:
            expected = ours.size if ours.size >= 0 else theirs.size
            actual = total if total not in (-1, expected) else theirs.size
            raise ModelError(Code.FILE_LENGTH, name=self._name, expected=expected, actual=actual)
        mark = f"{'direct' if direct else 'linked'} {answer.headers.get('etag', '')}"
        if theirs.sha256 and ours.sha256:
            changed = theirs.sha256 != ours.sha256
        elif ours.sha256 or not self._part.total:
            changed = False
        elif ours.revision:  # it is in the address as well
            changed = theirs.revision not in ("", ours.revision)
        elif direct:
            changed = place.mark not in ("", mark)
        else:
            changed = ours.mark != theirs.mark
        if changed:
            raise ModelError(Code.FILE_CHANGED, name=self._name, address=place.site)
        if direct:
            place.mark = mark
        known = Content(
            ours.size if ours.size >= 0 else theirs.size,
            ours.sha256 or theirs.sha256,
            ours.revision or theirs.revision,
            ours.mark if direct or (ours.mark and self._part.total) else theirs.mark,
            ours.origin,
        )
        if known != ours:
            self._part.become(known)

    def _is_empty(self, answer: Answer, claim: Claim) -> bool:
        """A server that has nothing from there on may say how much it has."""
        found = CONTENT_RANGE.fullmatch(answer.headers.get("content-range", "").strip())
        if found is None or found[1] is not None or found[3] == "*":
            return False
        size, expected = int(found[3]), self._part.content.size
        if size == 0 and expected <= 0:
            self._part.become(_with_size(self._part.content, 0))
            claim.end = claim.at
            return True
        if expected not in (-1, size):
            raise ModelError(Code.FILE_LENGTH, name=self._name, expected=expected, actual=size)
        return False


def _with_size(content: Content, size: int) -> Content:
    return msgspec.structs.replace(content, size=size)
