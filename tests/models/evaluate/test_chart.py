"""The chart of an evaluation: that it says what was measured, in both languages, whatever names and numbers it is given."""

from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.evaluate.chart import EMPTY, FULL, LABELS, chart, columns, from_json, to_json, to_lines, to_svg, write_svg
from zhiyin_models.evaluate.report import Evaluation, TextScore

SVG = "{http://www.w3.org/2000/svg}"
FOUND = Evaluation(
    model="model-q4_k_m.gguf",
    reference="model-bf16.gguf",
    type="Q4_K_M",
    size=100 << 20,
    reference_size=400 << 20,
    texts=(TextScore("zh", 1785, 20.0, 10.0), TextScore("en", 1275, 5.0, 5.0)),
    perplexity=10.0,
    reference_perplexity=7.5,
    mean_divergence=0.0861,
    divergence_99=0.6918,
    agreement=0.8049,
    speed=120.0,
    reference_speed=60.0,
    divergences=tuple(1e-4 * 1.1**percent for percent in range(101)),
)
ALONE = msgspec.structs.replace(
    FOUND, reference="", reference_size=0, texts=(TextScore("zh", 1785, 20.0),), divergences=(), reference_speed=0.0, agreement=0.0
)


def bars(svg: str) -> list[float]:
    return [float(one.get("width", "0")) for one in ET.fromstring(svg).iter(f"{SVG}rect")]


def words(svg: str) -> str:
    return "\n".join(one.text or "" for one in ET.fromstring(svg).iter(f"{SVG}text"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_picture_says_what_was_measured(lang: str) -> None:
    labels = LABELS["zh" if lang == "zh" else "en"]
    svg = to_svg(chart(FOUND, labels))
    shown = words(svg)
    wanted = [*("Q4_K_M", "model-bf16.gguf", "20.00", "7.50", "0.0861", "0.692", "80.5%", "120.0", "100.0 MB"), labels.size, labels.speed]
    for one in wanted:
        assert one in shown, one
    lengths = bars(svg)
    assert len(lengths) == 6 + 2 + 2
    assert lengths[0] / lengths[1] == pytest.approx(2, rel=0.01)  # 20 and 10
    assert lengths[7] / lengths[6] == pytest.approx(4, rel=0.01)  # 400 and 100 MB
    assert [path for path in ET.fromstring(svg).iter(f"{SVG}path") if path.get("class") == "c"]


def test_without_a_reference_nothing_is_compared() -> None:
    svg = to_svg(chart(ALONE, LABELS["en"]))
    assert len(bars(svg)) == 3
    assert "divergence" not in words(svg)
    assert EMPTY not in "\n".join(to_lines(chart(ALONE, LABELS["en"])))


def test_lines_for_a_terminal_fit_into_it() -> None:
    for width in (40, 80, 200):
        lines = to_lines(chart(FOUND, LABELS["zh"]), width)
        assert all(columns(line) <= width for line in lines[1:])
        drawn = [line for line in lines if FULL in line or EMPTY in line]
        assert len(drawn) == 10
        assert drawn[6].count(FULL) < drawn[7].count(EMPTY)


def test_hostile_names_and_numbers_stay_inside_the_picture() -> None:
    odd = "</text><script>x</script>&\x00\ud800" + "長" * 500
    found = msgspec.structs.replace(
        FOUND,
        model=odd,
        reference=odd,
        type="",
        texts=(TextScore(odd, 1, float("inf"), 0.0),),
        speed=0.0,
        reference_speed=0.0,
        divergences=(0.0, float("inf")) * 3,
    )
    svg = to_svg(chart(found, LABELS["en"]))
    tree = ET.fromstring(svg)
    assert not [one for one in tree.iter() if "script" in one.tag]
    assert all(0 <= width <= 720 for width in bars(svg))
    assert to_lines(chart(found, LABELS["en"]), 10)


def test_the_report_as_json_is_the_evaluation() -> None:
    assert from_json(to_json(FOUND)) == FOUND
    with pytest.raises(msgspec.DecodeError):
        from_json(b'{"model": 3}')


def test_a_picture_is_written_whole_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "图.svg"
    write_svg(FOUND, path, "zh")
    assert "困惑度" in words(path.read_text("utf-8"))
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ModelError) as caught:
        write_svg(FOUND, tmp_path / "absent" / "chart.svg", "en")
    assert caught.value.code == Code.OUTPUT_UNWRITABLE
