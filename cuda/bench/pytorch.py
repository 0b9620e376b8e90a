#!/usr/bin/env python3
"""Times a Mamba of the shape of mamba-130m, with random weights in float32, in PyTorch: transformers' MambaForCausalLM,
which runs in plain PyTorch where mamba-ssm and causal-conv1d are not installed and through their kernels where they are;
and, where mamba-ssm is installed, its own MambaLMHeadModel, whose tokens are decoded in a CUDA graph. Each line of the
output says which it was.

    python3 cuda/bench/pytorch.py > pytorch.jsonl
    go run ./cuda/bench -only token -beside pytorch.jsonl
"""
import argparse
import importlib
import json
import statistics
import sys
import time

sys.path.pop(0)  # this folder: its mamba_ssm.py is not the package of that name
LAYERS, WIDTH, VOCABULARY = 24, 768, 50280


def usable(package):
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    args = parser.parse_args()
    try:
        import torch
        from transformers import MambaConfig, MambaForCausalLM
    except ImportError as missing:
        print(f"{missing}: install torch and transformers first", file=sys.stderr)
        return 1
    if not torch.cuda.is_available():
        print("no CUDA device", file=sys.stderr)
        return 1

    def timed(run):
        times = []
        for i in range(args.runs + 2):
            torch.cuda.synchronize()
            begin = time.perf_counter()
            run()
            torch.cuda.synchronize()
            if i >= 2:
                times.append(1e6 * (time.perf_counter() - begin))
        return times

    def figure(by, what, L, times):
        line = {"what": what, "by": by, "device": torch.cuda.get_device_name(0), "B": 1, "D": 2 * WIDTH, "L": L,
                "N": 16, "dtype": "float32", "us": statistics.median(times), "us_low": min(times), "us_high": max(times)}
        print(json.dumps(line), flush=True)

    def tokens(n):
        return torch.randint(0, VOCABULARY, (1, n), device="cuda")

    def decoding(by, generate):
        # A token is the slope between a short and a long continuation.
        few, many = 8, 72
        short, long = timed(lambda: generate(few)), timed(lambda: generate(many))
        base = statistics.median(short)
        figure(by, "decode", 1, [(t - base) / (many - few) for t in long])

    def own_model():
        """mamba_ssm's model, with what its generation does: the fast path of a prompt and a graph for each token."""
        from mamba_ssm.models.config_mamba import MambaConfig
        from mamba_ssm.models.mixer_seq_simple import MambaLMHeadModel
        from mamba_ssm.utils.generation import InferenceParams

        conv = "with" if usable("causal_conv1d") else "without"
        by = f"mamba_ssm's model, {conv} causal_conv1d"
        model = MambaLMHeadModel(MambaConfig(d_model=WIDTH, n_layer=LAYERS, vocab_size=VOCABULARY), device="cuda", dtype=torch.float32).eval()
        for L in (256, 2048):
            ids = tokens(L)

            def prefill():
                params = InferenceParams(max_seqlen=L + 1, max_batch_size=1)
                return model(ids, inference_params=params, num_last_tokens=1).logits.cpu()

            figure(by, "prefill", L, timed(prefill))
        ids = tokens(16)
        decoding(by, lambda n: model.generate(ids, max_length=16 + n, cg=True, top_k=1))
        # The graph of a token and its logits alone, without choosing the next token in Python.
        step, position = tokens(1), torch.full((1, 1), 20, dtype=torch.long, device="cuda")
        figure(f"{by}, the graph alone", "decode", 1, [t / 50 for t in timed(lambda: [model._decoding_cache.run(step, position, 20).cpu() for _ in range(50)])])

    def transformers_model():
        kernels = [p for p in ("mamba_ssm", "causal_conv1d") if usable(p)]
        by = "transformers, " + (" and ".join(kernels) or "plain PyTorch")
        config = MambaConfig(vocab_size=VOCABULARY, hidden_size=WIDTH, state_size=16, num_hidden_layers=LAYERS, conv_kernel=4, expand=2)
        model = MambaForCausalLM(config).float().cuda().eval()
        for L in (256, 2048):
            ids = tokens(L)
            figure(by, "prefill", L, timed(lambda: model(ids, use_cache=True).logits[0, -1].cpu()))
        ids = tokens(16)
        decoding(by, lambda n: model.generate(ids, min_new_tokens=n, max_new_tokens=n, do_sample=False))

    with torch.inference_mode():
        if usable("mamba_ssm"):
            own_model()
        transformers_model()
    return 0


if __name__ == "__main__":
    sys.exit(main())
