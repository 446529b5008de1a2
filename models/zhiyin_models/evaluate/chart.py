"""An evaluation as a chart: what is drawn, in words and values, and how: in a file (SVG) or a terminal. Light: only values."""

import unicodedata
from dataclasses import dataclass
from math import isfinite, log10
from pathlib import Path

import msgspec

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.evaluate.report import Evaluation
from zhiyin_models.evaluate.svg import Drawing
from zhiyin_models.messages import Language, size_text

FULL, EMPTY = "█", "░"
SMALLEST = 1e-6  # divergences under this are drawn as this: the axis is logarithmic


@dataclass(frozen=True, slots=True)
class Labels:
    """The words of a chart."""

    perplexity: str
    all_texts: str
    size: str
    speed: str
    per_second: str
    divergence: str
    mean: str
    percentile: str
    agreement: str
    share: str  # what the axis of the divergences counts


LABELS: dict[Language, Labels] = {
    "zh": Labels(
        "困惑度（越低越好）", "全部", "大小", "生成速度", "词元/秒", "KL 散度", "平均", "99% 的词元低于", "首选词元一致", "词元比例"
    ),
    "en": Labels(
        *("Perplexity (lower is better)", "all", "Size", "Decoding speed", "tokens/s", "KL divergence", "mean", "99 % of tokens below"),
        *("same top token", "share of tokens"),
    ),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: whose it is, its length, and the value beside it. ``reference``: drawn paler."""

    label: str
    value: float
    shown: str
    reference: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Bars of one unit, drawn to one scale."""

    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is drawn. ``curve``: percentiles 0 … 100 of the divergences; empty without a reference."""

    title: str
    groups: tuple[Group, ...]
    facts: tuple[tuple[str, str], ...]
    curve: tuple[float, ...]
    labels: Labels


def chart(found: Evaluation, labels: Labels) -> Chart:
    """What to draw of an evaluation."""
    compared = bool(found.reference)
    names = [found.type or found.model, found.reference]

    def bars(ours: float, theirs: float, form: str, label: str = "") -> tuple[Bar, ...]:
        pair = [Bar(f"{label} {names[0]}".strip(), ours, form.format(ours))]
        if compared:
            pair.append(Bar(f"{label} {names[1]}".strip(), theirs, form.format(theirs), reference=True))
        return tuple(pair)

    texts = [bar for text in found.texts for bar in bars(text.perplexity, text.reference, "{:.2f}", text.name)]
    if len(found.texts) > 1:
        texts += bars(found.perplexity, found.reference_perplexity, "{:.2f}", labels.all_texts)
    sizes = tuple(
        Bar(name, size, size_text(size), reference=bool(index))
        for index, (name, size) in enumerate(zip(names, (found.size, found.reference_size), strict=True))
        if not index or compared
    )
    groups = (
        Group(labels.perplexity, tuple(texts)),
        Group(labels.size, sizes),
        Group(labels.speed, bars(found.speed, found.reference_speed, "{:.1f} " + labels.per_second)),
    )
    facts: tuple[tuple[str, str], ...] = ()
    if compared:
        facts = (
            (f"{labels.divergence}, {labels.mean}", f"{found.mean_divergence:.4f}"),
            (f"{labels.divergence}, {labels.percentile}", f"{found.divergence_99:.3f}"),
            (labels.agreement, f"{found.agreement:.1%}"),
        )
    title = f"{found.model} ({found.type})" if found.type else found.model
    return Chart(f"{title} — {found.reference}" if compared else title, groups, facts, found.divergences, labels)


def to_json(found: Evaluation) -> bytes:
    """The report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def from_json(content: bytes) -> Evaluation:
    """The report that ``to_json`` wrote. Raises msgspec.DecodeError."""
    return msgspec.json.decode(content, type=Evaluation)


def to_svg(drawn: Chart) -> str:
    """A picture that can be read on light and on dark ground."""
    drawing = Drawing(drawn.title)
    for group in drawn.groups:
        longest = _longest(group)
        drawing.heading(group.title)
        for bar in group.bars:
            drawing.bar(bar.label, _share(bar.value, longest), bar.shown, pale=bar.reference)
    if drawn.facts:
        drawing.heading(drawn.labels.divergence)
        for label, shown in drawn.facts:
            drawing.fact(label, shown)
    if len(drawn.curve) > 1:
        heights = [log10(max(SMALLEST, value)) if isfinite(value) else 0.0 for value in drawn.curve]
        drawing.curve(heights, drawn.labels.divergence, drawn.labels.share)
    return drawing.finish()


def write_svg(found: Evaluation, path: Path, lang: Language) -> None:
    """Write the picture to a file, which is replaced in one step. Raises ModelError OUTPUT_UNWRITABLE."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(to_svg(chart(found, LABELS[lang])), encoding="utf-8")
        part.replace(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ModelError(Code.OUTPUT_UNWRITABLE, path=str(path), detail=reason or str(error)) from error


def to_lines(drawn: Chart, width: int = 80) -> list[str]:
    """The bars for a terminal of so many columns."""
    bars = [bar for group in drawn.groups for bar in group.bars]
    label_width = min(max((columns(bar.label) for bar in bars), default=0), max(8, width // 3))
    shown_width = max((columns(bar.shown) for bar in bars), default=0)
    room = max(4, width - label_width - shown_width - 5)
    lines = [drawn.title]
    for group in drawn.groups:
        lines += ["", group.title]
        longest = _longest(group)
        for bar in group.bars:
            filled = max(1, round(room * _share(bar.value, longest))) if bar.value > 0 else 0
            line = FULL * filled if not bar.reference else EMPTY * filled
            lines.append(f"  {_fitted(bar.label, label_width)}  {line} {bar.shown}")
    if drawn.facts:
        lines += ["", *(f"{label}: {shown}" for label, shown in drawn.facts)]
    return lines


def columns(text: str) -> int:
    """How wide a text is in a terminal: Chinese characters take two columns."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _fitted(text: str, width: int) -> str:
    while columns(text) > width:
        text = text[:-2] + "…" if len(text) > 1 else ""
    return text + " " * (width - columns(text))


def _longest(group: Group) -> float:
    return max((bar.value for bar in group.bars if isfinite(bar.value)), default=0.0)


def _share(value: float, longest: float) -> float:
    return min(1.0, max(0.0, value / longest)) if longest > 0 and isfinite(value) else float(not isfinite(value))
