"""One continuation of the notebook's text: what is asked for, and what has come of it."""

from dataclasses import dataclass, field

import msgspec

from zhiyin.controllers.notebook_tokens import SHOWN, Alignment
from zhiyin.ui.long_lines import mend_long_lines
from zhiyin.ui.notebook_values import NotebookOptions, NotebookText, Piece, with_piece
from zhiyin_models.engine.protocol import Complete, Sampling

SESSION = "notebook"  # in the engine


@dataclass
class Run:
    """On its way, or waiting for its turn."""

    base: NotebookText
    options: NotebookOptions
    request: int | None = None
    stopping: bool = False
    begun: bool = False  # something of it has come
    alignments: dict[int, Alignment] = field(default_factory=dict)
    pieces: dict[int, list[Piece]] = field(default_factory=dict)

    def make(self, identity: int) -> Complete:
        """What the engine is asked."""
        options, sampling = self.options, self.options.sampling
        if options.method == "greedy":
            sampling = msgspec.structs.replace(sampling, temperature=0.0)
        results = 1 if options.method == "greedy" else options.results
        beams = max(options.beams, results) if options.method == "beams" else 0
        return Complete(
            id=identity,
            session=SESSION,
            text=mend_long_lines(self.base.text),
            sampling=Sampling() if beams else sampling,
            max_tokens=options.max_tokens,
            max_total=options.max_total,
            stop=options.stop,
            n=results,
            n_probs=SHOWN if options.probabilities else 0,
            beams=beams,
        )

    def result(self, index: int) -> NotebookText:
        """The text with one of the continuations."""
        text = self.base
        for piece in self.pieces.get(index, []):
            text = with_piece(text, piece)
        return text
