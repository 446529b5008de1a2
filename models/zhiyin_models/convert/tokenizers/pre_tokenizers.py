"""How text is cut into words before byte pairs are merged: a definition from tokenizer.json, and llama.cpp's name for the same.

llama.cpp knows a closed list of names (src/llama-vocab.cpp, of the version that this app is built for), each with expressions of its own;
a definition is matched by what it says, in a form in which expressions that find the same words are written the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from zhiyin_models.errors import Code, ModelError

MOST_STEPS = 16
LONGEST = 4096  # characters of an expression
SHOWN = 160

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
WORD = r"|[^\r\n\p{L}\p{N}]?\p{L}+"
LLAMA_3 = CONTRACTIONS + WORD + r"|\p{N}{1,3}" + REST
QWEN_2 = CONTRACTIONS + WORD + r"|\p{N}" + REST
QWEN_35 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CASED = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
UPPER = r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
CASED_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TEKKEN = CASED + UPPER + r"|\p{N}" + CASED_REST
GPT_4O = CASED + CONTRACTIONS + "?" + UPPER + CONTRACTIONS + r"?|\p{N}{1,3}" + CASED_REST
SEED_CODER = CONTRACTIONS + WORD + r"|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"
MINICPM_5 = CONTRACTIONS + WORD + r"|\p{N}+" + REST
CHINESE = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
KANA = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
DEEPSEEK_3 = (
    '[!"#$%&' + r"'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# The letters of European scripts, as DeepSeek's first models list them.
EUROPEAN = (
    r"\s?"
    "[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376\u0377\u037b-"
    "\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5"
    "\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-"
    "\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-"
    "\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-"
    "\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-"
    "\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-"
    "\U0001044f\U000104b0-\U000104d3\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df\U0001e900-"
    "\U0001e943]+"
)
FULL_WIDTH = r"\s?" + "[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"
GPT_2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
PUNCTUATION = "<punctuation>"  # the step of that name

Steps = tuple[str, ...]


class Known(NamedTuple):
    """One of llama.cpp's names, and what comes with it."""

    name: str
    ignores_merges: bool = False
    no_beginning: bool = False  # a model without a BOS token is told that it has none


NAMES: Mapping[Steps, tuple[Known, ...]] = {
    (LLAMA_3,): (
        Known("llama-bpe", ignores_merges=True),
        Known("glm4", ignores_merges=True, no_beginning=True),
        Known("dbrx"),
        Known("chatglm-bpe", no_beginning=True),
    ),
    (QWEN_2,): (Known("qwen2"),),
    (QWEN_35,): (Known("qwen35"),),
    (GPT_2,): (Known("gpt-2"),),
    (r"\p{N}", GPT_2): (Known("smollm"),),
    (PUNCTUATION, GPT_2, r"\p{N}+", "[0-9][0-9][0-9]"): (Known("falcon"),),
    (r"[\r\n]", EUROPEAN, FULL_WIDTH, r"\s+$", CHINESE, r"\p{N}"): (Known("deepseek-llm"),),
    (r"[\r\n]", EUROPEAN, FULL_WIDTH, r"\s+$", CHINESE, r"\p{N}+"): (Known("deepseek-llm"),),
    (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", CHINESE, r"\p{N}"): (Known("deepseek-coder"),),
    (r"\p{N}{1,3}", KANA, DEEPSEEK_3): (Known("deepseek-v3"),),
    (TEKKEN,): (Known("tekken", ignores_merges=True),),
    (GPT_4O,): (Known("granite-embed-multi-97m", ignores_merges=True),),
    (SEED_CODER,): (Known("seed-coder"),),
    (r"\p{N}{1,3}", MINICPM_5): (Known("minicpm5", ignores_merges=True),),
    (WORD.removeprefix("|") + r"|\p{N}" + REST,): (Known("ufakzeka"),),
}

# Ways of writing the same. Possessive: none of these expressions could give back what it took.
SAME = (
    (r"\"", '"'),
    ("\r", r"\r"),
    ("\n", r"\n"),
    ("]?+", "]?"),
    ("]++", "]+"),
    ("}++", "}+"),
    (r"\p{N}{1}", r"\p{N}"),
    (r"|\s*[\r\n]|", r"|\s*[\r\n]+|"),
    (r"|\s+$|\s*[\r\n]+|", r"|\s*[\r\n]+|"),
    ("'(?i:[sdmt]|ll|ve|re)", CONTRACTIONS),
    ("(?i:'s|'t|'re|'ve|'m|'d|'ll)", CONTRACTIONS),
    ("(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", CONTRACTIONS),
    ("'(?:[sdmt]|ll|ve|re)|", "'s|'t|'re|'ve|'m|'ll|'d|"),
)


def name_of(section: Any, *, ignores_merges: bool, beginning: bool) -> str:
    """llama.cpp's name for the ``pre_tokenizer`` section of a byte-level tokenizer.

    ``ignores_merges`` is the model's; ``beginning`` says whether it has a BOS token.
    Raises ModelError TOKENIZER_UNSUPPORTED with the definition that has no name.
    """
    steps = steps_of(section)
    known = NAMES.get(steps)
    if known is None:
        raise unsupported("its words are cut by " + " ".join(steps))
    return min(known, key=lambda one: (one.ignores_merges != ignores_merges, one.no_beginning == beginning)).name


def definition(pattern: str) -> dict[str, Any]:
    """The ``pre_tokenizer`` section of a byte-level tokenizer with one expression."""
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return {"type": "Sequence", "pretokenizers": [split, byte_level(use_regex=False)]}


def byte_level(*, use_regex: bool) -> dict[str, Any]:
    """The step that writes bytes as characters."""
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": use_regex}


def is_byte_level(section: Any) -> bool:
    """Whether the words are written as bytes."""
    return any(isinstance(step, dict) and step.get("type") == "ByteLevel" for step in _flat(section))


def steps_of(section: Any) -> Steps:
    """The expressions that cut the text, one after the other, each in its plainest form. Raises ModelError TOKENIZER_UNSUPPORTED."""
    steps: list[str] = []
    for step in _flat(section):
        kind = step.get("type") if isinstance(step, dict) else None
        if kind == "ByteLevel":
            if step.get("add_prefix_space"):
                raise unsupported("ByteLevel with add_prefix_space")
            if step.get("use_regex", True):
                steps.append(GPT_2)
        elif kind == "Digits":
            steps.append(r"\p{N}" if step.get("individual_digits") else r"\p{N}+")
        elif kind == "Punctuation" and step.get("behavior") == "Contiguous":
            steps.append(PUNCTUATION)
        elif kind == "Split":
            steps.append(_expression(step))
        else:
            raise unsupported(f"the pre-tokenizer {kind!r}")
    return tuple(steps)


def plain(pattern: str) -> str:
    """An expression in the form in which the table has it."""
    for written, same in SAME:
        pattern = pattern.replace(written, same)
    return pattern


def _expression(step: Mapping[str, Any]) -> str:
    pattern = step.get("pattern")
    expression = pattern.get("Regex") if isinstance(pattern, dict) else None
    if not isinstance(expression, str) or len(expression) > LONGEST:
        raise unsupported(f"it splits by {str(pattern)[:SHOWN]}")
    behavior, invert = step.get("behavior"), step.get("invert")
    # What an expression that leaves nothing out finds is the same either way.
    if (behavior, bool(invert)) not in {("Isolated", False), ("Removed", True)}:
        raise unsupported(f"it splits by {expression[:SHOWN]} {behavior}")
    expression = plain(expression)
    if behavior == "Removed" and not expression.endswith(r"|\s+"):
        raise unsupported(f"it splits by {expression[:SHOWN]} {behavior}")
    return expression


def _flat(section: Any, depth: int = 0) -> Sequence[Any]:
    if section is None:
        return []
    if isinstance(section, dict) and section.get("type") == "Sequence":
        inner = section.get("pretokenizers")
        if depth > 3 or not isinstance(inner, list) or len(inner) > MOST_STEPS:
            raise unsupported("its pre-tokenizer is too deep")
        return [step for one in inner for step in _flat(one, depth + 1)][: 4 * MOST_STEPS]
    return [section]


def unsupported(detail: str) -> ModelError:
    """The error that says what the library has no equal of."""
    return ModelError(Code.TOKENIZER_UNSUPPORTED, detail=detail[:400])
