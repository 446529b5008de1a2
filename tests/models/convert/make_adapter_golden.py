"""Makes the adapters of ``adapters/`` and the numbers that PEFT merges them to. For developers: needs torch, transformers and peft.

Run it as ``python tests/models/convert/make_adapter_golden.py``. The bases are tiny; every adapter is trained on nothing, but random.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

FOLDER = Path(__file__).parent / "adapters"
EVERY = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def llama(*, tied: bool) -> LlamaForCausalLM:
    torch.manual_seed(1)
    sizes = {"vocab_size": 12, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2}
    return LlamaForCausalLM(LlamaConfig(**sizes, num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=tied)).eval()


def gpt2() -> GPT2LMHeadModel:
    torch.manual_seed(2)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=12, n_embd=8, n_head=2, n_layer=1, n_positions=8)).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name.endswith("bias"):
                value.normal_()
    return model


BASES: dict[str, Callable[[], torch.nn.Module]] = {"untied": lambda: llama(tied=False), "tied": lambda: llama(tied=True), "gpt2": gpt2}
CASES: dict[str, tuple[str, dict[str, object]]] = {
    "lora": ("untied", {"target_modules": ["q_proj", "v_proj"], "r": 4, "lora_alpha": 6}),
    "second": ("untied", {"target_modules": ["v_proj", "down_proj"], "r": 2, "lora_alpha": 3}),
    "rslora": ("untied", {"target_modules": ["q_proj", "up_proj"], "r": 3, "lora_alpha": 6, "use_rslora": True}),
    "patterns": (
        "untied",
        {
            "target_modules": EVERY,
            "r": 2,
            "lora_alpha": 4,
            # The second fits nothing, since it begins at the start; the third is any down_proj; the first that fits decides.
            "rank_pattern": {"layers.0.self_attn.q_proj": 3, "^layers.1.self_attn.q_proj": 4, r".*\.down_proj": 1, "up_proj|gate_proj": 5},
            "alpha_pattern": {"^model.layers.1.mlp.up_proj": 32, "proj": 7, "self_attn.v_proj": 9, "mlp.down_proj": 3, "v_proj": 1},
        },
    ),
    "dora": ("untied", {"target_modules": EVERY, "r": 2, "lora_alpha": 4, "use_dora": True, "use_rslora": True}),
    "gpt2": ("gpt2", {"target_modules": ["c_attn", "attn.c_proj", "c_fc"], "r": 2, "lora_alpha": 4, "fan_in_fan_out": True}),
    "gpt2_dora": ("gpt2", {"target_modules": ["c_attn", "attn.c_proj"], "r": 2, "fan_in_fan_out": True, "use_dora": True}),
    "bias_all": ("gpt2", {"target_modules": ["c_attn"], "r": 2, "fan_in_fan_out": True, "bias": "all"}),
    "lora_bias": ("gpt2", {"target_modules": ["c_attn", "c_fc"], "r": 2, "lora_alpha": 5, "fan_in_fan_out": True, "lora_bias": True}),
    "saved": ("untied", {"target_modules": ["q_proj"], "r": 2, "modules_to_save": ["lm_head", "embed_tokens", "norm"]}),
    "embedding": ("untied", {"target_modules": ["embed_tokens", "q_proj", "lm_head"], "r": 2, "lora_alpha": 6}),
    "embedding_dora": ("untied", {"target_modules": ["embed_tokens"], "r": 2, "lora_alpha": 6, "use_dora": True}),
    "grown": ("untied", {"target_modules": ["q_proj"], "r": 2, "modules_to_save": ["lm_head", "embed_tokens"]}),
    "grown_tied": ("tied", {"target_modules": ["q_proj"], "r": 2, "modules_to_save": ["embed_tokens"], "ensure_weight_tying": True}),
    "tokens": ("tied", {"target_modules": ["q_proj"], "r": 2, "trainable_token_indices": [3, 11]}),
    "output": ("tied", {"target_modules": ["lm_head"], "r": 2, "lora_alpha": 6}),
}


def randomise(model: torch.nn.Module, seed: int) -> None:
    """Everything that training could have changed becomes something else."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for value in model.parameters():
            if value.requires_grad:
                value.add_(torch.randn_like(value))


def make(name: str, seed: int) -> None:
    base, options = CASES[name]
    model = BASES[base]()
    if name.startswith("grown"):
        model.resize_token_embeddings(15, mean_resizing=False)
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **options))
    randomise(adapted, seed)
    adapted.save_pretrained(FOLDER / name, save_embedding_layers="auto")
    (FOLDER / name / "README.md").unlink()
    path = FOLDER / name / "adapter_config.json"
    config = {key: value for key, value in json.loads(path.read_text()).items() if value not in (None, {}, [])}
    path.write_text(json.dumps(dict(sorted(config.items())), indent=1))
    if name == "lora":
        state = {key: value for key, value in adapted.state_dict().items() if "lora_" in key}
        old = FOLDER / "lora_old"
        old.mkdir()
        torch.save(state, old / "adapter_model.bin")  # with the adapter's own name in the names
        shutil.copy(path, old)


def merged(names: dict[str, float], base: str) -> dict[str, np.ndarray]:
    """What PEFT makes of the base and adapters, each at its weight; what it leaves as it was is left out."""
    model = BASES[base]()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    if any(name.startswith("grown") for name in names):
        model.resize_token_embeddings(15, mean_resizing=False)
    first, *others = names
    adapted = PeftModel.from_pretrained(model, FOLDER / first, adapter_name=first)
    for name in others:
        adapted.load_adapter(FOLDER / name, name)
    for module in adapted.modules():
        for name, weight in names.items():
            if hasattr(module, "set_scale") and name in module.scaling:
                module.set_scale(name, weight)
    if names.keys() == {"output"}:  # merging would change the shared embeddings; what it computes with is this
        layer = adapted.base_model.model.lm_head
        return {"lm_head.weight": (layer.weight + layer.get_delta_weight("output")).detach().numpy()}
    state = adapted.merge_and_unload(adapter_names=list(names)).state_dict()
    return {
        name: value.numpy().copy()
        for name, value in state.items()
        if before[name].shape != value.shape or not torch.equal(before[name], value)
    }


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for name, make_base in BASES.items():
        state = make_base().state_dict()
        if name != "untied":
            del state["lm_head.weight"]
        save_file({key: value.clone() for key, value in state.items()}, FOLDER / f"{name}.safetensors")
    golden: dict[str, np.ndarray] = {}
    for seed, (name, (base, _)) in enumerate(CASES.items()):
        make(name, seed)
        golden |= {f"{name}/{key}": value for key, value in merged({name: 1.0}, base).items()}
    together = {"lora": 0.7, "second": -0.4, "rslora": 1.5}
    golden |= {f"together/{key}": value for key, value in merged(together, "untied").items()}
    golden |= {f"lora_dora/{key}": value for key, value in merged({"lora": 0.7, "dora": 0.6}, "untied").items()}
    np.savez_compressed(FOLDER / "merged.npz", **golden)


if __name__ == "__main__":
    main()
