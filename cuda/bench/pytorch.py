#!/usr/bin/env python3
"""Times PyTorch's own path of a Mamba of the shape of mamba-130m: transformers' MambaForCausalLM with random weights in
float32, which runs in plain PyTorch where mamba-ssm is not installed and through its kernels where it is (the output
says which).

    python3 cuda/bench/pytorch.py > pytorch.jsonl
    go run ./cuda/bench -only token -beside pytorch.jsonl
"""
import argparse
import importlib.util
import json
import statistics
import sys
import time

sys.path.pop(0)  # this folder: its mamba_ssm.py is not the package of that name


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
    sys.path.pop(0)  # the script of that name beside this one is not the package
    path = "mamba_ssm kernels" if importlib.util.find_spec("mamba_ssm") else "plain PyTorch"
    print(f"transformers through {path}", file=sys.stderr)
    config = MambaConfig(vocab_size=50280, hidden_size=768, state_size=16, num_hidden_layers=24, conv_kernel=4, expand=2)
    model = MambaForCausalLM(config).float().cuda().eval()

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

    def figure(what, L, times):
        line = {"what": what, "by": f"transformers, {path}", "device": torch.cuda.get_device_name(0), "B": 1, "D": 1536, "L": L,
                "N": 16, "dtype": "float32", "us": statistics.median(times), "us_low": min(times), "us_high": max(times)}
        print(json.dumps(line), flush=True)

    with torch.inference_mode():
        for L in (256, 2048):
            ids = torch.randint(0, config.vocab_size, (1, L), device="cuda")
            figure("prefill", L, timed(lambda: model(ids, use_cache=True).logits[0, -1].cpu()))
        # A token is the slope between a short and a long continuation.
        ids = torch.randint(0, config.vocab_size, (1, 16), device="cuda")
        few, many = 8, 72
        generate = lambda n: model.generate(ids, min_new_tokens=n, max_new_tokens=n, do_sample=False)
        short, long = timed(lambda: generate(few)), timed(lambda: generate(many))
        base = statistics.median(short)
        figure("decode", 1, [(t - base) / (many - few) for t in long])
    return 0


if __name__ == "__main__":
    sys.exit(main())
