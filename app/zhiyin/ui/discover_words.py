"""Repositories, variants and how they fit, in words of the language of the moment."""

import time

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from zhiyin.ui.amounts import count_text, number_text, parameters_text, percent_text, size_text
from zhiyin.ui.discover_values import Fit, RepositoryRow, State, Verdict
from zhiyin.ui.model_words import language_name
from zhiyin_models.hub.values import Repository

ROLES: dict[Verdict, str] = {"gpu": "jade", "partly": "ochre", "cpu": "ink.soft", "no": "accent"}
DAY = 86_400
LANGUAGES_SHOWN = 4


def fit_role(fit: Fit) -> str:
    """The colour of a verdict."""
    return ROLES.get(fit.verdict, "ink.faint")


def fit_words(fit: Fit) -> str:
    """Whether it fits, in two or three words; "" where nobody knows."""
    words: dict[Verdict, str] = {
        "gpu": QCoreApplication.translate("Discover", "fits on the GPU"),
        "partly": QCoreApplication.translate("Discover", "partly on the GPU"),
        "cpu": QCoreApplication.translate("Discover", "runs on the CPU"),
        "no": QCoreApplication.translate("Discover", "does not fit"),
    }
    return words.get(fit.verdict, "")


def speed_words(fit: Fit) -> str:
    """Expected tokens a second; "" where nothing was measured."""
    if fit.speed is None or fit.verdict in ("", "no"):
        return ""
    return QCoreApplication.translate("Discover", "about {number} tokens/s").format(number=number_text(fit.speed, 2))


def need_words(fit: Fit) -> str:
    """The memory that it needs."""
    if not fit.verdict or not fit.need:
        return ""
    size = size_text(fit.need)
    if fit.guessed:
        return QCoreApplication.translate("Discover", "about {size} of memory").format(size=size)
    said = QCoreApplication.translate("Discover", "{size} of memory").format(size=size)
    if fit.room:
        return said + " · " + QCoreApplication.translate("Discover", "would fit with {context} tokens").format(context=count_text(fit.room))
    return said


def short_count(count: int) -> str:
    """A count that nobody reads to the last digit: 1.2M, 35k; 120万."""
    chinese = QLocale().language() == QLocale.Language.Chinese
    for unit, divisor in (("亿", 100_000_000), ("万", 10_000)) if chinese else (("M", 1_000_000), ("k", 1000)):
        if count >= divisor:
            number = count / divisor
            return f"{number:.1f}".removesuffix(".0") + unit if number < 10 else f"{number:.0f}{unit}"
    return str(max(0, count))


def age_words(when: float, now: float | None = None) -> str:
    """How long ago something was changed; "" when that is not known."""
    if not 0 < when < 1 << 40:
        return ""
    days = int(((now if now is not None else time.time()) - when) // DAY)
    if days < 1:
        return QCoreApplication.translate("Discover", "updated today")
    if days < 60:
        return QCoreApplication.translate("Discover", "updated {days} days ago").format(days=days)
    date = QDateTime.fromSecsSinceEpoch(int(when)).date()
    return QCoreApplication.translate("Discover", "updated {date}").format(date=QLocale().toString(date, "yyyy-MM"))


def kind_words(repository: Repository) -> str:
    """What can be done with it, where that is not a GGUF model."""
    if repository.kind == "checkpoint":
        return QCoreApplication.translate("Discover", "checkpoint")
    return ""


def language_names(codes: tuple[str, ...]) -> str:
    """The first few languages."""
    names = [language_name(code) for code in codes[:LANGUAGES_SHOWN]]
    return ", ".join(names) + ("…" if len(codes) > LANGUAGES_SHOWN else "")


def _counted(words: str, count: int) -> str:
    """Words with a count; in Chinese what is counted follows its unit without a space."""
    return words.format(count=short_count(count)).replace("万 ", "万").replace("亿 ", "亿") if count else ""


def facts(repository: Repository, *, gated: bool = True) -> list[str]:
    """What is known of a repository, most wanted first."""
    found = [
        kind_words(repository),
        parameters_text(repository.parameters) if repository.parameters else "",
        _counted(QCoreApplication.translate("Discover", "{count} downloads"), repository.downloads),
        _counted(QCoreApplication.translate("Discover", "{count} likes"), repository.likes),
        age_words(repository.updated),
        repository.licence[:40],
        language_names(repository.languages),
    ]
    if gated and repository.gated:
        found.insert(0, QCoreApplication.translate("Discover", "licence to be accepted"))
    return [part for part in found if part]


def row_facts(row: RepositoryRow) -> str:
    """The last line of a row."""
    repository = row.repository
    if not row.sentence:
        return " · ".join(facts(repository))
    size = f"{row.quant} {size_text(row.size)}".strip() if row.size else row.quant
    parts = (
        parameters_text(repository.parameters) if repository.parameters else "",
        size,
        repository.licence[:40],
        language_names(repository.languages),
    )
    return " · ".join(part for part in parts if part)


def row_verdict(row: RepositoryRow) -> str:
    """What stands at the right of a row."""
    if row.installed:
        return QCoreApplication.translate("Discover", "on this computer")
    words = " · ".join(part for part in (fit_words(row.fit), speed_words(row.fit)) if part)
    return f"Q4: {words}" if words and row.fit.guessed else words


def state_words(state: State, fraction: float) -> str:
    """What becomes of a download, in a word or two."""
    words: dict[State, str] = {
        "asking": QCoreApplication.translate("Discover", "asking…"),
        "queued": QCoreApplication.translate("Discover", "waits for its turn"),
        "running": QCoreApplication.translate("Discover", "downloading {percent}").format(percent=percent_text(int(fraction * 100) / 100)),
        "paused": QCoreApplication.translate("Discover", "paused"),
        "failed": QCoreApplication.translate("Discover", "failed"),
        "installed": QCoreApplication.translate("Discover", "on this computer"),
        "newer": QCoreApplication.translate("Discover", "newer than the one on this computer"),
    }
    return words.get(state, "")


def parts_words(count: int) -> str:
    """A split set."""
    return QCoreApplication.translate("Discover", "{count} parts").format(count=count) if count > 1 else ""
