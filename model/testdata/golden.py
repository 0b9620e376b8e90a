"""Makes the goldens of ../golden_test.go with the real library.

    pip install torch transformers safetensors
    python golden.py

For each of two small MambaForCausalLM of odd shapes, none of whose tensors is
left at its trivial initial value, it writes beside itself

    NAME/config.json, NAME/model.safetensors   save_pretrained's own files
    NAME/expected.safetensors                  what the library computes:
        tokens    (L)        int32
        logits    (L, V)     teacher-forced, float32
        h.I       (D, N)     state of layer I after the last token
        conv.I    (D, K)     last K inputs of layer I's convolution, last = newest

The library runs on the CPU in float32, by its own PyTorch reference of the
scan and the convolution (mamba_ssm and causal_conv1d are not installed). The
committed files were made with torch 2.15.0 and transformers 5.23.0; the
versions also stand in the metadata of expected.safetensors. No test runs this.
"""

import json
import math
import pathlib

import safetensors.torch
import torch
import transformers
from transformers import MambaConfig, MambaForCausalLM

HERE = pathlib.Path(__file__).parent
LENGTH = 29

MODELS = {
    # biases everywhere, tied head
    "golden-bias": dict(
        vocab_size=37, hidden_size=24, intermediate_size=40, state_size=5, num_hidden_layers=3,
        conv_kernel=4, time_step_rank=3, use_bias=True, use_conv_bias=True, tie_word_embeddings=True,
    ),
    # no biases, a head of its own, three taps
    "golden-plain": dict(
        vocab_size=23, hidden_size=18, intermediate_size=27, state_size=7, num_hidden_layers=2,
        conv_kernel=3, time_step_rank=2, use_bias=False, use_conv_bias=False, tie_word_embeddings=False,
    ),
}


def randomise(model, generator):
    """Every tensor gets values that no shortcut would survive."""

    def uniform(p, low, high):
        p.copy_(torch.rand(p.shape, generator=generator) * (high - low) + low)

    def normal(p, std):
        p.copy_(torch.randn(p.shape, generator=generator) * std)

    for name, p in model.named_parameters():
        if "norm" in name:
            uniform(p, 0.5, 1.5)
        elif name.endswith("A_log"):
            uniform(p, -1.5, 1.5)
        elif name.endswith("mixer.D"):
            normal(p, 1)
        elif name.endswith("dt_proj.bias"):
            uniform(p, -4, 1)
        elif name.endswith("conv1d.weight"):
            normal(p, 0.6)
        elif name.endswith("bias"):
            normal(p, 0.3)
        elif "embeddings" in name or "lm_head" in name:
            normal(p, 1)
        else:  # a projection
            normal(p, 1.2 / math.sqrt(p.shape[1]))


def main():
    for seed, (name, options) in enumerate(MODELS.items()):
        generator = torch.Generator().manual_seed(20231201 + seed)
        model = MambaForCausalLM(MambaConfig(**options)).eval().float()
        with torch.no_grad():
            randomise(model, generator)
            tokens = torch.randint(0, options["vocab_size"], (1, LENGTH), generator=generator)
            out = model(tokens, use_cache=True)
        expected = {"tokens": tokens[0].to(torch.int32), "logits": out.logits[0].contiguous()}
        for i in range(options["num_hidden_layers"]):
            expected[f"h.{i}"] = out.cache_params.get_recurrent_state(i)[0].float().contiguous()
            expected[f"conv.{i}"] = out.cache_params.get_conv_state(i)[0].float().contiguous()
        print(name, {k: tuple(v.shape) for k, v in expected.items()})
        folder = HERE / name
        model.save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        safetensors.torch.save_file(
            expected,
            folder / "expected.safetensors",
            metadata={"torch": torch.__version__, "transformers": transformers.__version__},
        )
        print(json.loads((folder / "config.json").read_text())["architectures"])


if __name__ == "__main__":
    main()
