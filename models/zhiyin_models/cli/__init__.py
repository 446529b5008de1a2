"""``zhiyin-models``: the model side from a terminal."""

import contextlib
import logging
import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from zhiyin_models.child.command import MODULES, run_child
from zhiyin_models.cli.arguments import chosen_language, parse
from zhiyin_models.cli.bench import bench
from zhiyin_models.cli.chat import chat
from zhiyin_models.cli.convert import adapter, convert, inspect, quantize
from zhiyin_models.cli.evaluate import calibrate, evaluate
from zhiyin_models.cli.library import import_model, list_models, remove, verify
from zhiyin_models.cli.models import devices, info
from zhiyin_models.cli.pull import pull
from zhiyin_models.cli.search import search, sources, token
from zhiyin_models.cli.terminal import OutputError, Terminal, writing
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.messages import one_line

COMMANDS = {
    "chat": chat,
    "info": info,
    "devices": devices,
    "bench": bench,
    "search": search,
    "pull": pull,
    "list": list_models,
    "import": import_model,
    "rm": remove,
    "verify": verify,
    "sources": sources,
    "token": token,
    "inspect": inspect,
    "convert": convert,
    "quantize": quantize,
    "adapter": adapter,
    "calibrate": calibrate,
    "evaluate": evaluate,
}
MISUSED = 2  # as argparse exits
INTERRUPTED = 130  # as a shell reports SIGINT
NOBODY_READS = 141  # as a shell reports SIGPIPE


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0 only when it did what it was asked to, and 2 when that was not understood."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["--child"] and arguments[1:] and arguments[1] in MODULES:  # a frozen build runs itself
        run_child(arguments[1])
        return 0
    logging.getLogger("zhiyin_models").addHandler(logging.NullHandler())  # what matters is said in sentences
    terminal = Terminal(chosen_language(arguments, os.environ))
    try:
        return _run(_parse(arguments, terminal), terminal)
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            terminal.end_line()
        return INTERRUPTED
    except BrokenPipeError:
        terminal.abandon_output()
        return NOBODY_READS
    except OutputError as error:
        terminal.complain("no_output", detail=one_line(str(error)))
        terminal.abandon_output()
        return 1


def _parse(arguments: Sequence[str], terminal: Terminal) -> Namespace:
    with writing():  # of a help text
        try:
            return parse(arguments, terminal.lang)
        finally:
            terminal.flush()


def _run(options: Namespace, terminal: Terminal) -> int:
    options.terminal = terminal
    try:
        code = COMMANDS[options.command](options, terminal)
        terminal.flush()
    except ModelError as error:
        terminal.fail(error.failure)
        return MISUSED if error.code == Code.USAGE else 1
    except (BrokenPipeError, OutputError):
        raise
    except Exception as error:
        if os.environ.get("ZHIYIN_DEBUG"):
            raise
        terminal.complain("bug", detail=one_line(f"{type(error).__name__}: {error}"))
    else:
        return code
    return 1
