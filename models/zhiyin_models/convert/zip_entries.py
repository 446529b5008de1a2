"""Where the stored entries of a zip file lie, so that they can be read in place. Nothing is unpacked, and the directory is not believed.

Format: PKWARE APPNOTE.TXT 6.3, with its 64-bit fields; of it, what PyTorch writes.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from zhiyin_models.convert.source_files import SourceFile
from zhiyin_models.convert.weight_file import damaged

MAX_ENTRIES = 1 << 18
MAX_DIRECTORY = 64 << 20  # bytes
MAX_COMMENT = 0xFFFF
LOCAL, CENTRAL, END, END64, LOCATOR64 = b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7"
LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")
CENTRAL_HEADER = struct.Struct("<4sHHHHHHIIIHHHHHII")
END_RECORD = struct.Struct("<4sHHHHIIH")
END64_RECORD = struct.Struct("<4sQHHIIQQQQ")
LOCATOR_RECORD = struct.Struct("<4sIQI")
MASKED16, MASKED32 = 0xFFFF, 0xFFFFFFFF  # the true number is in a 64-bit field


class Entry(NamedTuple):
    """A file in the archive: where its bytes begin, how many there are, and whether they are stored as they are."""

    place: int
    size: int
    stored: bool


class _Listed(NamedTuple):
    """An entry as the directory has it; ``header`` is where its own header lies."""

    name: bytes
    header: int
    size: int
    stored: bool


def zip_entries(file: SourceFile) -> dict[str, Entry]:
    """Every file in the archive, by name. Raises ModelError SHARD_DAMAGED, SOURCE_CHANGED, SOURCE_UNREADABLE."""
    begin, size, count = _directory(file)
    if count > MAX_ENTRIES or size > MAX_DIRECTORY:
        raise damaged(file.path, f"an archive of {count} files")
    entries: dict[str, Entry] = {}
    for listed in _listed(file, file.bytes_at(begin, size), count):
        entry = _locate(file, listed, begin)
        name = listed.name.decode("utf-8", "replace")
        if name in entries:
            raise damaged(file.path, f"{name[:64]} appears twice in the archive")
        entries[name] = entry
    last = 0
    for entry in sorted(entries.values()):
        if entry.place < last and entry.size:
            raise damaged(file.path, "files of the archive lie upon each other")
        last = max(last, entry.place + entry.size)
    return entries


def _directory(file: SourceFile) -> tuple[int, int, int]:
    """Where the directory begins, its bytes, and how many entries it should have."""
    start = max(0, file.size - END_RECORD.size - MAX_COMMENT)
    tail = file.bytes_at(start, file.size - start)
    found = tail.rfind(END)
    while found >= 0 and (found + END_RECORD.size > len(tail) or not _ends(tail, found)):
        found = tail.rfind(END, 0, found)
    if found < 0:
        raise damaged(file.path, "the archive's directory, which is at its end, is missing")
    _, _, _, _, count, size, begin, _ = END_RECORD.unpack_from(tail, found)
    end = start + found
    if count == MASKED16 or MASKED32 in (size, begin):
        end, count, size, begin = _directory64(file, end)
    if begin + size > end:
        raise damaged(file.path, "the archive's directory is not where it should be")
    return begin, size, count


def _ends(tail: bytes, found: int) -> bool:
    """Whether the record found reaches exactly to the end of the file."""
    return found + END_RECORD.size + int(END_RECORD.unpack_from(tail, found)[-1]) == len(tail)


def _directory64(file: SourceFile, end: int) -> tuple[int, int, int, int]:
    place = end - LOCATOR_RECORD.size
    if place >= 0:
        mark, _, record, _ = LOCATOR_RECORD.unpack(file.bytes_at(place, LOCATOR_RECORD.size))
        if mark == LOCATOR64 and record + END64_RECORD.size <= place:
            mark, *_, count, size, begin = END64_RECORD.unpack(file.bytes_at(record, END64_RECORD.size))
            if mark == END64:
                return record, count, size, begin
    raise damaged(file.path, "the archive's directory is not where it should be")


def _listed(file: SourceFile, directory: bytes, count: int) -> Iterator[_Listed]:
    place = 0
    for _ in range(count):
        if place + CENTRAL_HEADER.size > len(directory):
            raise damaged(file.path, "the archive's directory is too short")
        fields = CENTRAL_HEADER.unpack_from(directory, place)
        mark, flags, method, packed, size = fields[0], fields[3], fields[4], fields[8], fields[9]
        names, extras, comments, header = fields[10], fields[11], fields[12], fields[16]
        place += CENTRAL_HEADER.size
        name, extra = directory[place : place + names], directory[place + names : place + names + extras]
        place += names + extras + comments
        if mark != CENTRAL or place > len(directory):
            raise damaged(file.path, "the archive's directory is too short")
        if MASKED32 in (packed, size, header):
            size, packed, header = _wide(file, extra, size, packed, header)
        yield _Listed(name, header, packed, not method and not flags & 1 and packed == size)


def _wide(file: SourceFile, extra: bytes, *numbers: int) -> list[int]:
    """The numbers, with those that do not fit in 32 bits taken from the extra field, where they follow each other in this order."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        place += 4
        if kind == 1:
            values = iter(struct.unpack_from(f"<{min(length, len(extra) - place) // 8}Q", extra, place))
            wide = [next(values, -1) if number == MASKED32 else number for number in numbers]
            if -1 not in wide:
                return wide
            break
        place += length
    raise damaged(file.path, "a length is missing in the archive's directory")


def _locate(file: SourceFile, listed: _Listed, end: int) -> Entry:
    """Where the bytes are, by the entry's own header; all of it lies before the directory."""
    room = listed.header + LOCAL_HEADER.size
    if room <= end:
        fields = LOCAL_HEADER.unpack(file.bytes_at(listed.header, LOCAL_HEADER.size))
        names, place = fields[9], room + fields[9] + fields[10]
        if fields[0] == LOCAL and place + listed.size <= end and file.bytes_at(room, names) == listed.name:
            return Entry(place, listed.size, listed.stored)
    raise damaged(file.path, f"{listed.name[:64].decode('utf-8', 'replace')} is not where the archive's directory says")
