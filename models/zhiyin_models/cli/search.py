"""``zhiyin-models search``, ``sources`` and ``token``: what there is at the hubs, and how they are asked."""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable
from getpass import getpass

import msgspec

from zhiyin_models.cli.engine import library
from zhiyin_models.cli.models import parameters_text
from zhiyin_models.cli.terminal import Terminal
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.hub.settings import HubSettings, Source, read_hub_settings
from zhiyin_models.hub.values import Repository, SearchQuery, Sort, SourceHealth
from zhiyin_models.messages import text

SPARE = ("languages", "licence", "likes")  # columns of a narrow terminal's table that are left out, in this order
MOST_LANGUAGES = 4  # of a repository that are shown; some name a hundred
LONGEST_TOKEN = 1 << 16  # characters that are read


def search(options: Namespace, terminal: Terminal) -> int:
    """What a hub has of these words, as a table or as JSON."""
    from zhiyin_models.hub import search as hub  # noqa: PLC0415 - the command line starts without the network's libraries

    directory = library(options).directory
    settings = read_hub_settings(directory)
    least, most = options.size
    query = SearchQuery(
        text=" ".join(options.words),
        author=options.author,
        task=options.task,
        licence=options.licence,
        language=options.language,
        kind=options.kind,
        least_parameters=least,
        most_parameters=most,
        sort=Sort(options.sort),
        limit=options.limit,
    )
    source = _named(settings, options.source, terminal) if options.source else ""
    last = options.page * options.limit
    with hub.connect(settings, directory) as connection, terminal.bar.busy(terminal.phrase("asking")):
        told = passed_over(terminal)
        found, answered = hub.search(settings, query, source, connection=connection, passed_over=told)
        listed = list(found.repositories)
        while found.more and len(listed) < last:
            found, answered = hub.search(settings, query, more=found.more, connection=connection)
            listed += found.repositories
    repositories = listed[last - options.limit : last]
    if options.json:
        terminal.write_json(msgspec.json.encode(repositories))
    elif repositories:
        keys = ("repository", "downloads", "likes", "parameters", "licence", "languages", "access")
        rows = [[terminal.phrase(key) for key in keys], *(_row(one, terminal) for one in repositories)]
        terminal.write_table(rows, spare=[keys.index(key) for key in SPARE])
        terminal.complain("found_at", count=len(repositories), source=answered)
        if found.more or len(listed) > last:
            terminal.complain("found_more", page=options.page + 1)
    else:
        terminal.complain("found_no_more" if listed else "found_nothing", source=answered)
    return 0


def passed_over(terminal: Terminal) -> Callable[[Source, ModelError], None]:
    """Says why a source was not the one that answered."""

    def say(source: Source, error: ModelError) -> None:
        terminal.complain("stood_in", source=source.name, why=text(error.code, terminal.lang, error.failure.args))

    return say


def _row(found: Repository, terminal: Terminal) -> list[str]:
    return [
        found.id,
        f"{found.downloads:,}",
        f"{found.likes:,}",
        parameters_text(found.parameters) if found.parameters else "",
        found.licence,
        languages_text(found.languages),
        terminal.phrase("access_gated") if found.gated else terminal.phrase("access_private") if found.private else "",
    ]


def languages_text(languages: Iterable[str]) -> str:
    """zh, en, and how many more."""
    known = list(languages)
    more = f" +{len(known) - MOST_LANGUAGES}" if len(known) > MOST_LANGUAGES else ""
    return ", ".join(known[:MOST_LANGUAGES]) + more


# ---------------------------------------------------------------- sources


def sources(options: Namespace, terminal: Terminal) -> int:
    """Every source of the settings, and whether it answers; a failure when none does."""
    from zhiyin_models.hub.health import check_sources  # noqa: PLC0415
    from zhiyin_models.hub.search import connect  # noqa: PLC0415

    directory = library(options).directory
    settings = read_hub_settings(directory)
    with connect(settings, directory) as connection, terminal.bar.busy(terminal.phrase("asking")):
        health = {one.name: one for one in check_sources(settings, connection)}
    if options.json:
        terminal.write_json(msgspec.json.encode(list(health.values())))
    else:
        headings = [terminal.phrase(key) for key in ("name", "kind", "address", "state")]
        terminal.write_table([headings, *(_source_row(source, health.get(source.name), terminal) for source in settings.sources)])
    return 0 if any(not one.problem for one in health.values()) else 1


def _source_row(source: Source, health: SourceHealth | None, terminal: Terminal) -> list[str]:
    if not source.enabled or health is None:
        state = terminal.phrase("switched_off")
    elif health.problem:
        state = _problem(health, source, terminal)
    else:
        state = terminal.phrase("answers_in", milliseconds=f"{health.milliseconds:.0f}")
    return [source.name, source.kind, source.address, state]


def _problem(health: SourceHealth, source: Source, terminal: Terminal) -> str:
    """The sentence of its code; the arguments come as ``name=value, …``."""
    args = dict(pair.partition("=")[::2] for pair in health.detail.split(", ") if "=" in pair)
    try:
        return text(Code(health.problem), terminal.lang, {**args, "address": source.address})
    except ValueError:  # a code of another version
        return health.problem


def _named(settings: HubSettings, name: str, terminal: Terminal) -> str:
    return find_source(settings, name, terminal).name


def find_source(settings: HubSettings, name: str, terminal: Terminal) -> Source:
    """The source of that name, without regard to case and what stands between words. Raises ModelError."""
    wanted = _plain(name)
    for source in settings.sources:
        if _plain(source.name) == wanted:
            return source
    known = ", ".join(source.name for source in settings.sources)
    raise ModelError(Code.USAGE, detail=terminal.phrase("no_source", name=name[:100], known=known))


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


# ---------------------------------------------------------------- tokens


def token(options: Namespace, terminal: Terminal) -> int:
    """Keep the token of a source, or forget it. It is read where no list of processes and no history shows it."""
    from zhiyin_models.hub.tokens import delete_token, write_token  # noqa: PLC0415

    directory = library(options).directory
    source = find_source(read_hub_settings(directory), options.source, terminal)
    notice: Failure | None = None
    if not source.official:
        raise ModelError(Code.USAGE, detail=terminal.phrase("mirror_no_token", source=source.name))
    if options.delete:
        delete_token(source, directory)
    else:
        notice = write_token(source, _given_token(source, terminal), directory)
    if notice is not None:
        terminal.fail(notice)
    terminal.complain("token_gone" if options.delete else "token_kept", source=source.name)
    return 0


def _given_token(source: Source, terminal: Terminal) -> str:
    """What a person types unseen, or what comes on standard input. Raises ModelError."""
    try:
        given = getpass(terminal.phrase("ask_token", source=source.name)) if sys.stdin.isatty() else sys.stdin.read(LONGEST_TOKEN)
    except (OSError, ValueError, EOFError):  # a stream that cannot be read
        given = ""
    if not given.strip():
        raise ModelError(Code.USAGE, detail=terminal.phrase("no_token"))
    return given
