"""The grammar of the command line, with its help and its complaints in the language of the user."""

import locale
import re
import sys
from argparse import SUPPRESS, Action, ArgumentParser, ArgumentTypeError, HelpFormatter, Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from zhiyin_models import __version__
from zhiyin_models.engine.protocol import AdapterFile, Sampling
from zhiyin_models.errors import Code
from zhiyin_models.hub.values import Sort
from zhiyin_models.messages import Language, phrase, text, usage_error

if TYPE_CHECKING:
    from argparse import _ArgumentGroup

LANGUAGES: dict[str, Language] = {"zh": "zh", "en": "en"}
LARGEST = 2**31 - 1
SIZES = re.compile(
    r"(?P<least>\d{1,6}(?:\.\d{1,3})?)?(?P<least_unit>[KMBT]?)-(?P<most>\d{1,6}(?:\.\d{1,3})?)?(?P<most_unit>[KMBT]?)", re.IGNORECASE
)
UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
SHA256 = re.compile(r"[0-9a-fA-F]{64}")
ADDRESS = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})")


def chosen_language(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """``--lang`` wherever it stands, else ``ZHIYIN_LANG``, else the locale. Known before parsing, since the help depends on it."""
    for place, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--lang":
            value = value or (arguments[place + 1] if place + 1 < len(arguments) else "")
            if value in LANGUAGES:
                return LANGUAGES[value]
    if environment.get("ZHIYIN_LANG") in LANGUAGES:
        return LANGUAGES[environment["ZHIYIN_LANG"]]
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "zh" if environment[name].lower().startswith("zh") else "en"
    return "zh" if (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


class _Parser(ArgumentParser):
    """An ``ArgumentParser`` whose every word is ours."""

    def __init__(self, *, lang: Language, **options: Any) -> None:
        super().__init__(add_help=False, allow_abbrev=False, formatter_class=lambda prog: _Formatter(prog, lang=lang), **options)
        self.lang = lang

    def _print_message(self, message: str, file: Any = None) -> None:
        (file or sys.stderr).write(message)  # newer versions of the library swallow that nothing can be written

    def error(self, message: str) -> NoReturn:
        self.exit(2, text(Code.USAGE, self.lang, {"detail": usage_error(message, self.lang)}) + "\n")


class _Formatter(HelpFormatter):
    def __init__(self, prog: str, *, lang: Language) -> None:
        super().__init__(prog, max_help_position=32)
        self._lang = lang

    def add_usage(self, usage: str | None, actions: Iterable[Action], groups: Iterable[Any], prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, phrase("usage", self._lang) if prefix is None else prefix)


def parse(arguments: Sequence[str], lang: Language) -> Namespace:
    """The command and its options. Exits with 2 when they are not understood, with 0 after help."""
    parser = _Parser(prog="zhiyin-models", description=phrase("program", lang), lang=lang)
    group = _add_common(parser, lang)
    group.add_argument("--version", action="version", version=__version__, help=phrase("version", lang))
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title=phrase("commands", lang), parser_class=_Parser)
    for name, add in COMMANDS.items():
        command = commands.add_parser(name, help=phrase(name, lang), description=phrase(name, lang), lang=lang)
        group = command.add_argument_group(phrase("arguments", lang))
        add(group, _add_common(command, lang), lang)
    parser.set_defaults(data_dir=None)
    return parser.parse_args(arguments)


def _add_common(parser: ArgumentParser, lang: Language) -> "_ArgumentGroup":
    """Options that may stand before and after the command; suppressed, since a default after it would replace what stood before it."""
    group = parser.add_argument_group(phrase("options", lang))
    group.add_argument("-h", "--help", action="help", help=phrase("help", lang))
    group.add_argument("--lang", choices=sorted(LANGUAGES), default=SUPPRESS, help=phrase("lang", lang))
    group.add_argument("--data-dir", type=Path, metavar="DIR", default=SUPPRESS, help=phrase("data_dir", lang))
    return group


def _add_model(group: "_ArgumentGroup", lang: Language, key: str = "model") -> None:
    group.add_argument("model", metavar="MODEL", help=phrase(key, lang))


def _add_loading(group: "_ArgumentGroup", lang: Language) -> None:
    group.add_argument("--context", type=_whole(lang), default=0, metavar="N", help=phrase("context", lang))
    group.add_argument("--gpu-layers", type=_layers(lang), default=-1, metavar="N", help=phrase("gpu_layers", lang))
    group.add_argument("--threads", type=_whole(lang, 0, 1024), default=0, metavar="N", help=phrase("threads", lang))
    group.add_argument("--lora", type=_adapter(lang), action="append", default=[], metavar="FILE[:X]", help=phrase("lora", lang))
    _add_rpc(group, lang)


def _add_rpc(group: "_ArgumentGroup", lang: Language) -> None:
    group.add_argument("--rpc", type=_address(lang), action="append", default=[], metavar="HOST:PORT", help=phrase("rpc", lang))


def _add_json(group: "_ArgumentGroup", lang: Language) -> None:
    group.add_argument("--json", action="store_true", help=phrase("json", lang))


def _add_chat(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    _add_model(arguments, lang)
    neutral = Sampling()
    options.add_argument("--prompt", metavar="TEXT", help=phrase("prompt", lang))
    options.add_argument("--system", metavar="TEXT", default="", help=phrase("system", lang))
    for name, kind, default in (
        ("temperature", _number(lang, 0, 100), neutral.temperature),
        ("top-k", _whole(lang), neutral.top_k),
        ("top-p", _number(lang, 0, 1), neutral.top_p),
        ("min-p", _number(lang, 0, 1), neutral.min_p),
        ("repeat-penalty", _number(lang, 0.01, 100), neutral.repeat_penalty),
    ):
        options.add_argument(f"--{name}", type=kind, default=default, metavar="X", help=phrase(name.replace("-", "_"), lang))
    options.add_argument("--seed", type=_whole(lang, 0, LARGEST), metavar="N", help=phrase("seed", lang))
    options.add_argument("--max-tokens", type=_whole(lang), default=0, metavar="N", help=phrase("max_tokens", lang))
    options.add_argument("--no-greeting", action="store_true", help=phrase("no_greeting", lang))
    options.add_argument("--stats", action="store_true", help=phrase("stats", lang))
    _add_loading(options, lang)


def _add_info(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    _add_model(arguments, lang)
    _add_json(options, lang)


def _add_devices(_: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    _add_json(options, lang)
    _add_rpc(options, lang)


def _add_bench(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    _add_model(arguments, lang)
    _add_json(options, lang)
    options.add_argument("--runs", type=_whole(lang, 1, 1000), default=3, metavar="N", help=phrase("runs", lang))
    options.add_argument("--prompt-tokens", type=_whole(lang, 16), default=512, metavar="N", help=phrase("bench_prompt", lang))
    options.add_argument("--reply-tokens", type=_whole(lang, 8), default=128, metavar="N", help=phrase("bench_reply", lang))
    _add_loading(options, lang)


def _add_list(_: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    _add_json(options, lang)


def _add_search(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    arguments.add_argument("words", metavar="WORDS", nargs="*", help=phrase("search_words", lang))
    for name, key in (("author", "by_author"), ("task", "by_task"), ("licence", "by_licence"), ("language", "by_language")):
        options.add_argument(f"--{name}", metavar="X", default="", help=phrase(key, lang))
    options.add_argument("--kind", choices=["gguf", "checkpoint", "any"], default="gguf", help=phrase("by_kind", lang))
    options.add_argument("--size", type=_sizes(lang), metavar="MIN-MAX", default=(0, 0), help=phrase("by_size", lang))
    options.add_argument("--sort", choices=[str(sort) for sort in Sort], default=str(Sort.TREND), help=phrase("by_sort", lang))
    options.add_argument("--limit", type=_whole(lang, 1, 100), default=30, metavar="N", help=phrase("search_limit", lang))
    options.add_argument("--page", type=_whole(lang, 1, 20), default=1, metavar="N", help=phrase("search_page", lang))
    _add_source(options, lang)
    _add_json(options, lang)


def _add_source(options: "_ArgumentGroup", lang: Language) -> None:
    options.add_argument("--source", metavar="SOURCE", default="", help=phrase("from_source", lang))


def _add_pull(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    arguments.add_argument("what", metavar="REPO[:QUANT] | URL", help=phrase("pull_what", lang))
    options.add_argument("--sha256", type=_sha256(lang), metavar="X", help=phrase("sha256", lang))
    _add_source(options, lang)
    options.add_argument("--revision", metavar="R", default="", help=phrase("revision", lang))
    options.add_argument("--folder", metavar="DIR", help=phrase("pull_folder", lang))
    options.add_argument("--no-projector", action="store_true", help=phrase("no_projector", lang))
    _add_json(options, lang)


def _add_import(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    arguments.add_argument("model", metavar="MODEL", nargs="?", help=phrase("import_model", lang))
    ways = options.add_mutually_exclusive_group()
    ways.add_argument("--copy", action="store_true", help=phrase("import_copy", lang))
    ways.add_argument("--found", action="store_true", help=phrase("import_found", lang))
    _add_json(options, lang)


def _add_rm(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    arguments.add_argument("model", metavar="NAME", help=phrase("listed_model", lang))
    options.add_argument("--yes", action="store_true", help=phrase("yes", lang))
    _add_json(options, lang)


def _add_verify(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    arguments.add_argument("model", metavar="NAME", nargs="?", help=phrase("listed_model", lang))
    options.add_argument("--all", action="store_true", help=phrase("verify_all", lang))
    _add_json(options, lang)


def _add_sources(_: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    _add_json(options, lang)


def _add_token(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    arguments.add_argument("source", metavar="SOURCE", help=phrase("source_name", lang))
    options.add_argument("--delete", action="store_true", help=phrase("token_delete", lang))


def _add_adapters(options: "_ArgumentGroup", lang: Language) -> None:
    options.add_argument("--adapter", action="append", default=[], metavar="DIR[:WEIGHT]", help=phrase("with_adapter", lang))


def _add_outputs(options: "_ArgumentGroup", lang: Language) -> None:
    options.add_argument("--type", action="append", type=str.upper, metavar="TYPE", help=phrase("with_type", lang))
    options.add_argument("-o", "--output", metavar="OUT", help=phrase("output", lang))
    options.add_argument("--imatrix", metavar="FILE", help=phrase("imatrix", lang))
    _add_json(options, lang)


def _add_inspect(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    arguments.add_argument("source", metavar="SOURCE", help=phrase("source", lang))
    _add_adapters(options, lang)
    _add_json(options, lang)


def _add_convert(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    arguments.add_argument("source", metavar="SOURCE", help=phrase("source", lang))
    _add_adapters(options, lang)
    options.add_argument("--template", metavar="FILE", help=phrase("with_template", lang))
    options.add_argument("--evaluate", action="store_true", help=phrase("with_evaluation", lang))
    options.add_argument("--smoke", metavar="TEXT", help=phrase("smoke", lang))
    _add_outputs(options, lang)


def _add_quantize(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    _add_model(arguments, lang)
    _add_outputs(options, lang)


def _add_adapter(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    arguments.add_argument("source", metavar="SOURCE", help=phrase("source", lang))
    arguments.add_argument("adapter", metavar="ADAPTER", help=phrase("adapter_source", lang))
    options.add_argument("-o", "--output", metavar="OUT", help=phrase("output_file", lang))
    _add_json(options, lang)


def _add_calibrate(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    _add_model(arguments, lang)
    options.add_argument("--text", nargs="+", metavar="FILE", help=phrase("texts", lang))
    options.add_argument("--conversations", action="store_true", help=phrase("conversations", lang))
    options.add_argument("--chunks", type=_whole(lang), default=0, metavar="N", help=phrase("chunks", lang))
    options.add_argument("-o", "--output", metavar="OUT", help=phrase("output_file", lang))
    _add_json(options, lang)


def _add_evaluate(arguments: "_ArgumentGroup", options: "_ArgumentGroup", lang: Language) -> None:
    _add_model(arguments, lang)
    options.add_argument("--reference", metavar="MODEL", help=phrase("reference", lang))
    options.add_argument("--text", nargs="+", metavar="FILE", help=phrase("evaluation_texts", lang))
    options.add_argument("--chart", metavar="FILE.svg", help=phrase("chart", lang))
    _add_json(options, lang)


COMMANDS: dict[str, Callable[["_ArgumentGroup", "_ArgumentGroup", Language], None]] = {
    "chat": _add_chat,
    "info": _add_info,
    "devices": _add_devices,
    "bench": _add_bench,
    "search": _add_search,
    "pull": _add_pull,
    "list": _add_list,
    "import": _add_import,
    "rm": _add_rm,
    "verify": _add_verify,
    "sources": _add_sources,
    "token": _add_token,
    "inspect": _add_inspect,
    "convert": _add_convert,
    "quantize": _add_quantize,
    "adapter": _add_adapter,
    "calibrate": _add_calibrate,
    "evaluate": _add_evaluate,
}

# ---------------------------------------------------------------- values


def _whole(lang: Language, low: int = 0, high: int = LARGEST) -> Callable[[str], int]:
    def value(words: str) -> int:
        try:
            number = int(words)
        except ValueError:
            raise ArgumentTypeError(phrase("not_whole", lang, value=words)) from None
        return int(_within(number, low, high, lang))

    return value


def _number(lang: Language, low: float, high: float) -> Callable[[str], float]:
    def value(words: str) -> float:
        try:
            number = float(words)
        except ValueError:
            raise ArgumentTypeError(phrase("not_number", lang, value=words)) from None
        return _within(number, low, high, lang)

    return value


def _within(number: float, low: float, high: float, lang: Language) -> float:
    if not low <= number <= high:  # not a number is neither
        raise ArgumentTypeError(phrase("out_of_range", lang, value=f"{number:g}", low=f"{low:g}", high=high))
    return number


def _sizes(lang: Language) -> Callable[[str], tuple[int, int]]:
    """Numbers of parameters: 1B-8B, 500M-, 0-3B; 0 for an end that is open."""

    def value(words: str) -> tuple[int, int]:
        match = SIZES.fullmatch(words)
        if match is None or not (match["least"] or match["most"]):
            raise ArgumentTypeError(phrase("not_sizes", lang, value=words))
        least, most = (int(float(match[end] or 0) * UNITS[match[f"{end}_unit"].upper()]) for end in ("least", "most"))
        return least, most

    return value


def _sha256(lang: Language) -> Callable[[str], str]:
    def value(words: str) -> str:
        if not SHA256.fullmatch(words):
            raise ArgumentTypeError(phrase("not_sha256", lang, value=words[:100]))
        return words

    return value


def _layers(lang: Language) -> Callable[[str], int]:
    whole = _whole(lang, -1, 100_000)
    return lambda words: -1 if words == "auto" else whole(words)


def _adapter(lang: Language) -> Callable[[str], AdapterFile]:
    """A file, and how strongly it is added; what follows the last colon may as well be of the name."""

    def value(words: str) -> AdapterFile:
        name, colon, scale = words.rpartition(":")
        try:
            factor = float(scale)
        except ValueError:
            colon = ""
        if not colon or not name or Path(words).exists():
            return AdapterFile(str(Path(words).absolute()))
        return AdapterFile(str(Path(name).absolute()), _within(factor, -100, 100, lang))

    return value


def _address(lang: Language) -> Callable[[str], str]:
    def value(words: str) -> str:
        match = ADDRESS.fullmatch(words)
        if match is None or not 0 < int(match[1]) < 65536:
            raise ArgumentTypeError(phrase("not_address", lang, value=words))
        return words

    return value
