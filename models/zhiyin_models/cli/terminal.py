"""What the command line writes: replies on standard output, everything about them on standard error, in one language."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Sequence

from zhiyin_models.cli.progress import Bar
from zhiyin_models.cli.text_width import fitted, width
from zhiyin_models.errors import Argument, Failure
from zhiyin_models.messages import Language, one_line, phrase, text

# A reply may hold anything, so nothing in it may steer the terminal: control characters become their pictures, and marks that
# reverse the direction of what follows become U+FFFD. Zero-width joiners stay, since emoji and several scripts need them.
NEUTRAL: dict[int, int | str | None] = {
    **{code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)},
    0x0D: None,
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD),
    0x2028: "\n",
    0x2029: "\n",
}


def neutral(words: str) -> str:
    """Text from outside, of any length and with its line breaks, that a terminal shows and does not obey."""
    return words.translate(NEUTRAL)


class OutputError(Exception):
    """Standard output cannot be written to: the disk is full, or it is no file for writing."""


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Within it, what goes wrong with standard output is an ``OutputError``; a reader that left stays a ``BrokenPipeError``."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:  # a stream for reading only raises both
        raise OutputError(getattr(error, "strerror", None) or str(error)) from error


def _open_what_is_closed() -> None:
    """Give streams that were closed when the program began (``<&-``) a place to go, so that no file takes their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _columns_of_output() -> int:
    """How wide the terminal is that standard output goes to; 0 where it goes elsewhere."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else 0
    except (OSError, ValueError):
        return 0


class Terminal:
    """Standard output and standard error, spoken to in one language."""

    def __init__(self, lang: Language) -> None:
        self.lang = lang
        self.bar = Bar(self)
        self._progress_width = 0
        _open_what_is_closed()
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")

    def phrase(self, key: str, **args: Argument) -> str:
        """A line of the table, in the language."""
        return phrase(key, self.lang, **args)

    # ------------------------------------------------------------ standard output

    def write(self, words: str) -> None:
        """A piece of a reply, made harmless."""
        with writing():
            sys.stdout.write(neutral(words))
            sys.stdout.flush()

    def write_json(self, encoded: bytes) -> None:
        """One line of JSON."""
        with writing():
            sys.stdout.write(encoded.decode() + "\n")

    def write_line(self, words: str) -> None:
        """One line of our own."""
        with writing():
            sys.stdout.write(words + "\n")

    def write_table(self, rows: Sequence[Sequence[str]], *, spare: Sequence[int] = (), short: int = -1) -> None:
        """Columns as wide as what is in them; cells are made harmless.

        On a terminal that is too narrow the ``spare`` columns go, one after the other, and what is in the column ``short`` is shortened.
        """
        cells = [[one_line(cell) for cell in row] for row in rows]
        if room := _columns_of_output():
            cells = fitted(cells, room, spare, short)
        widths = [max(width(cell) for cell in column) for column in zip(*cells, strict=True)]
        for row in cells:
            self.write_line("  ".join(cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True)).rstrip())

    def flush(self) -> None:
        """Write out what is buffered, so that a failure to do so is noticed in time."""
        with writing():
            sys.stdout.flush()

    def abandon_output(self) -> None:
        """Standard output takes nothing more: nothing goes there from now on, not even at exit."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)

    # ------------------------------------------------------------ standard error

    @property
    def interactive(self) -> bool:
        """Whether a person watches standard error."""
        return sys.stderr.isatty()

    def fail(self, failure: Failure) -> None:
        """A failure or a notice, as one sentence."""
        self.note(text(failure.code, self.lang, failure.args))

    def complain(self, key: str, **args: Argument) -> None:
        """A line of the table on standard error."""
        self.note(self.phrase(key, **args))

    def note(self, words: str) -> None:
        """A line on standard error."""
        self.clear_progress()
        with contextlib.suppress(OSError):  # there is nobody left to be told
            sys.stderr.write(words + "\n")
            sys.stderr.flush()

    def ask(self, question: str) -> None:
        """A question that is answered on the same line."""
        self.clear_progress()
        sys.stderr.write(question)
        sys.stderr.flush()

    def replace_line(self, words: str) -> None:
        """A line that the next one replaces, for a terminal that can do no more."""
        with contextlib.suppress(OSError):
            sys.stderr.write("\r" + words + " " * (self._progress_width - width(words)))
            sys.stderr.flush()
        self._progress_width = width(words)

    def clear_progress(self) -> None:
        """Take the bar or the progress line away."""
        self.bar.clear()
        if self._progress_width:
            with contextlib.suppress(OSError):
                sys.stderr.write("\r" + " " * self._progress_width + "\r")
                sys.stderr.flush()
            self._progress_width = 0

    def end_line(self) -> None:
        """Begin a new line after what Ctrl-C cut off, where a person watches."""
        self.clear_progress()
        if self.interactive:
            sys.stderr.write("\n")
