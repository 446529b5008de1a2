"""The ``zhiyin`` command: the window, or, in a frozen build, one of its children."""

import argparse
import os
import runpy
import sys
from pathlib import Path

INTERRUPTED = 130  # as a shell reports SIGINT


def _is_chinese() -> bool:
    names = ("ZHIYIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    return next((os.environ[name] for name in names if os.environ.get(name)), "").lower().startswith("zh")


def _say(english: str, chinese: str) -> str:
    return chinese if _is_chinese() else english


def _parser() -> argparse.ArgumentParser:
    from zhiyin import __version__  # noqa: PLC0415 - a child of a frozen build is dispatched before anything is imported

    parser = argparse.ArgumentParser(
        prog="zhiyin",
        description=_say("A private desktop chat with local models.", "与本机模型私下交谈的桌面应用。"),
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("-h", "--help", action="help", help=_say("show this help and exit", "显示此帮助并退出"))
    parser.add_argument("--version", action="version", version=f"zhiyin {__version__}", help=_say("show the version", "显示版本"))
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help=_say("where conversations and models are kept", "对话与模型的存放位置")
    )
    parser.add_argument("--lang", choices=["zh", "en"], help=_say("language of the window, this time", "本次窗口所用语言"))
    return parser


def _run_child(kind: str) -> int:
    import zhiyin.importing.command  # noqa: F401, PLC0415 - makes its kind known
    from zhiyin_models.child.command import MODULES  # noqa: PLC0415 - a child must not import Qt

    if kind not in MODULES:
        return 2
    sys.argv = sys.argv[:1]
    runpy.run_module(MODULES[kind], run_name="__main__", alter_sys=True)
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the window until it is closed; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) >= 2 and arguments[0] == "--child":
        return _run_child(arguments[1])
    options = _parser().parse_args(arguments)
    from zhiyin.display import has_display  # noqa: PLC0415 - see above

    if not has_display():
        print(  # noqa: T201 - there is no window to say it in
            _say(
                "There is no display here; chat in the terminal with: zhiyin-models chat MODEL",
                "此处没有图形界面；可在终端中对话：zhiyin-models chat 模型",
            ),
            file=sys.stderr,
        )
        return 1
    try:
        from zhiyin.application import run  # noqa: PLC0415 - see above

        return run(data_dir=options.data_dir, language=options.lang)
    except KeyboardInterrupt:  # before the window hears it
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
