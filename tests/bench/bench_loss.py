"""What INT4 costs: perplexity of the starter's checkpoint at Q4_K_M over BF16 on the bundled texts, without and with an importance matrix.

The matrix is calibrated on this project's own pages, not on the texts that are measured.
"""

import tempfile
from pathlib import Path
from typing import Any

from tests.bench.figures import at_most, noted, starter
from tests.models.convert.starter_checkpoint import make

from zhiyin_models.convert.pipeline import convert
from zhiyin_models.evaluate.calibration import calibrate
from zhiyin_models.evaluate.evaluation import default_texts, evaluate
from zhiyin_models.jobs.protocol import Convert, Output
from zhiyin_models.work import Stop, silent

PAGES = ("README.md", "README.zh.md", "ARCHITECTURE.md")


def run() -> list[dict[str, Any]]:
    """All figures of what is lost."""
    root = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory(prefix="bench-loss-") as name:
        folder = Path(name)
        source = make(starter(), folder / "starter")
        wide, plain, weighed = (folder / f"{kind}.gguf" for kind in ("wide", "plain", "weighed"))
        convert(Convert(str(source), (Output("BF16", str(wide)), Output("Q4_K_M", str(plain)))), silent, Stop())
        calibrate(wide, [(root / page).read_text("utf-8") for page in PAGES], folder / "imatrix.gguf", silent, Stop())
        task = Convert(str(source), (Output("Q4_K_M", str(weighed)),), imatrix=str(folder / "imatrix.gguf"))
        convert(task, silent, Stop())
        without, with_matrix = (evaluate(model, wide, default_texts(), silent, Stop()) for model in (plain, weighed))
        growth = without.perplexity / without.reference_perplexity
        less = with_matrix.perplexity / with_matrix.reference_perplexity
    return [
        noted("perplexity of BF16", without.reference_perplexity, ""),
        at_most("perplexity of Q4_K_M over BF16", growth, 1.05),
        at_most("perplexity of Q4_K_M with an importance matrix over BF16", less, round(growth, 4)),
        noted("mean KL divergence of Q4_K_M, without and with the matrix", without.mean_divergence, "nats"),
        noted("… with it", with_matrix.mean_divergence, "nats"),
    ]
