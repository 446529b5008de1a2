"""What an evaluation found, as the command line, the chart and the JSON report show it. Light: only values."""

from msgspec import Struct


class TextScore(Struct, frozen=True):
    """One text: perplexity of the model and of the reference (0 without one), over so many tokens."""

    name: str  # "zh", "en", or a file's name
    tokens: int
    perplexity: float
    reference: float = 0.0


class Evaluation(Struct, frozen=True):
    """A model against its reference on texts. Divergences are Kullback-Leibler, in nats per token; sizes in bytes; speeds in tokens/s.

    Without a reference, everything that compares is 0.
    """

    model: str
    reference: str
    type: str
    size: int
    reference_size: int
    texts: tuple[TextScore, ...]
    perplexity: float  # over all texts
    reference_perplexity: float
    mean_divergence: float
    divergence_99: float  # 99 % of the tokens diverge less
    agreement: float  # how often both find the same token the most probable; 0 to 1
    speed: float  # decoding, one token after the other
    reference_speed: float
    divergences: tuple[float, ...] = ()  # percentiles 0, 1, … 100, for the chart
