"""Makes the golden files of families that Transformers does not have, by hand and seldom, from the models' own code.

    OMP_NUM_THREADS=1 python -m tests.models.convert.families.make_golden_original FOLDER [CASE…]

in an environment as for make_golden. The folder holds packages with the modules that came with the models; these distributions carry them:

chatglm    colossalai 0.5.0, colossalai/shardformer/modeling/chatglm2_6b: the code of ChatGLM2, which ChatGLM3 and GLM-4-9B have too;
           GLM-4's ``rope_ratio`` multiplies the base there (as vllm, lmdeploy and optimum-habana have it)
internlm2  xtuner 0.2.0, xtuner/_lite/modelings/internlm2
baichuan   optimum-habana 1.21.2, optimum/habana/transformers/models/baichuan: the code of Baichuan2-7B (rotary) and -13B (ALiBi), both with
           NormHead; its imports of Habana's libraries are taken out, and where they rotated, cos and sin
           are taken at the positions
baichuan1  ipex-llm 2.2.0, ipex_llm/transformers/gguf/models/model_implement/baichuan (its modules renamed): the code of Baichuan-7B

Nothing of the converter takes part.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from tests.models.convert.families import make_golden
from tests.models.convert.families.cases import Case
from tests.models.convert.families.generated import tensors_of, tokens_of
from tests.models.convert.families.golden import Golden


def module_of(package: str, kind: str) -> ModuleType:
    """A module of the folder."""
    return importlib.import_module(f"{package}.{kind}_{package}")


def configured(package: str, name: str, case: Case, **more: Any) -> Any:
    """The model's own configuration."""
    values = {key: value for key, value in case.config.items() if key not in ("architectures", "model_type") and value is not None}
    held = getattr(module_of(package, "configuration"), name)(**{**values, **more})
    held.use_cache = False
    held._attn_implementation = "eager"
    return held


def logits_of(model: torch.nn.Module, case: Case, run: Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]) -> Golden:
    """Load the case's values into the model, all of them, and run it."""
    state = model.state_dict()
    shapes = {name: tuple(state[name].shape) for name in sorted(state) if not name.endswith("inv_freq")}
    values = {name: torch.from_numpy(held) for name, held in tensors_of(case, shapes).items()}
    missing, unexpected = model.load_state_dict(values, strict=False)
    assert not unexpected
    assert all(name.endswith("inv_freq") for name in missing), missing
    tokens = torch.from_numpy(tokens_of(case, 288))[None]
    with torch.no_grad():
        return Golden(run(model.float().eval(), tokens).float().numpy(), shapes)


def chatglm(case: Case) -> Golden:
    """ChatGLM's code."""
    held = configured("chatglm", "ChatGLMConfig", case, torch_dtype=torch.float32)
    held.torch_dtype = torch.float32
    model = torch.nn.ModuleDict({"transformer": module_of("chatglm", "modeling").ChatGLMModel(held, empty_init=False)})
    rotary = model["transformer"].rotary_pos_emb
    rotary.inv_freq = 1.0 / (10000 ** (torch.arange(0, rotary.dim, 2).float() / rotary.dim))
    base = 10000 * case.config.get("rope_ratio", 1)
    rotary.forward = lambda length: rotary.forward_impl(length, rotary.dim, torch.float32, torch.device("cpu"), base)

    def run(model: Any, tokens: torch.Tensor) -> torch.Tensor:
        body = model["transformer"]
        length = tokens.shape[1]
        table = body.rotary_pos_emb(length)[None].transpose(0, 1).contiguous()
        embedded = body.embedding(tokens)
        hidden, *_ = body.encoder(embedded, None, rotary_pos_emb=table, kv_caches=None, use_cache=False, output_hidden_states=False)
        logits: torch.Tensor = body.output_layer(hidden)[:, 0]
        return logits

    return logits_of(model, case, run)


def internlm2(case: Case) -> Golden:
    """InternLM2's code."""
    held = configured("internlm2", "InternLM2Config", case, attn_implementation="eager")
    model = module_of("internlm2", "modeling").InternLM2ForCausalLM(held)
    return logits_of(model, case, lambda model, tokens: model(tokens, use_cache=False, return_dict=True).logits[0])


def baichuan(case: Case) -> Golden:
    """The code of the generation that the case names."""
    package, spelling = ("baichuan", "Baichuan") if case.reference == "baichuan" else ("baichuan1", "BaiChuan")
    model = getattr(module_of(package, "modeling"), f"{spelling}ForCausalLM")(configured(package, f"{spelling}Config", case))
    return logits_of(model, case, lambda model, tokens: model(tokens, use_cache=False, return_dict=True).logits[0])


if __name__ == "__main__":
    sys.path.insert(0, sys.argv.pop(1))
    make_golden.REFERENCES.update(chatglm=chatglm, internlm2=internlm2, baichuan=baichuan, baichuan1=baichuan)
    make_golden.main()
