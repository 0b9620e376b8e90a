#!/usr/bin/env python3
"""Times selective_scan_cuda of state-spaces/mamba where it is installed.

    python3 cuda/bench/mamba_ssm.py > mamba.jsonl
    go run ./cuda/bench -beside mamba.jsonl

The shapes, the dtype and the method are those of cuda/bench: float32, random
inputs, several sets in turn where one would fit in the cache, the calls of a run
in one CUDA graph, the median over many runs, timed by events. Each line of the
output is one figure; what is said for people goes to standard error.

Since July 2026 mamba-ssm leaves the extension out of its wheels: build it with
    MAMBA_FORCE_BUILD=TRUE MAMBA_KEEP_CUDA_BUILD=TRUE pip install --no-build-isolation .
in a checkout of https://github.com/state-spaces/mamba. Nothing of it is needed by, or part of,
this repository.
"""
import argparse
import json
import statistics
import sys

ROWS = [
    (1, 128, 256), (1, 128, 1024), (1, 128, 4096), (1, 768, 1024),
    (1, 1536, 256), (1, 1536, 1024), (1, 1536, 2048), (1, 1536, 4096), (1, 1536, 16384), (1, 1536, 65536),
    (1, 2560, 2048), (1, 5120, 2048), (1, 5120, 65536),
    (8, 1536, 2048), (8, 2560, 2048), (8, 5120, 2048), (8, 5120, 65536),
]
N = 16


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30, help="runs that a median is of")
    parser.add_argument("--no-backward", action="store_true", help="forward only")
    parser.add_argument("--row", help="measure only this row: BxDxL, 1x1536x2048 for instance")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "float16"])
    args = parser.parse_args()
    try:
        import torch
        import selective_scan_cuda as kernel
    except ImportError as missing:
        say(f"{missing}: install torch and mamba-ssm with its CUDA extension first (see --help)")
        return 1
    if not torch.cuda.is_available():
        say("no CUDA device")
        return 1
    device = torch.cuda.get_device_properties(0)
    dtype = getattr(torch, args.dtype)
    size = torch.finfo(dtype).bits // 8
    cache = getattr(device, "L2_cache_size", 50 << 20)

    def timed(sets, calls, run):
        """The median, fastest and slowest time of one call in microseconds."""
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            for i in range(3):
                run(sets[i % len(sets)])
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            for i in range(calls):
                run(sets[i % len(sets)])
        times = []
        for i in range(args.runs + 3):
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            start.record()
            graph.replay()
            end.record()
            torch.cuda.synchronize()
            if i >= 3:
                times.append(1e3 * start.elapsed_time(end) / calls)
        return statistics.median(times), min(times), max(times)

    for B, D, L in [tuple(map(int, args.row.split("x")))] if args.row else ROWS:
        name = f"B {B}, D {D}, L {L}"
        try:
            A = -(0.1 + 3.9 * torch.rand(D, N, device="cuda"))
            skip, bias = (torch.rand(D, device="cuda") * 2 - 1 for _ in range(2))

            def fresh():
                noise = lambda *shape: torch.rand(*shape, device="cuda", dtype=dtype).mul_(2).sub_(1)
                return {"u": noise(B, D, L), "delta": noise(B, D, L), "z": noise(B, D, L),
                        "B": noise(B, 1, N, L), "C": noise(B, 1, N, L)}

            def forward(s):
                return kernel.fwd(s["u"], s["delta"], A, s["B"], s["C"], skip, s["z"], bias, True)

            def figure(what, times):
                median, low, high = times
                print(json.dumps({"what": what, "by": "state-spaces/mamba", "device": device.name, "B": B, "D": D, "L": L,
                                  "N": N, "dtype": args.dtype, "us": median, "us_low": low, "us_high": high}), flush=True)
                say(f"{name}: {what} {median:.1f} µs ({low:.1f} to {high:.1f})")

            one = size * 4 * B * D * L
            free, _ = torch.cuda.mem_get_info()
            n = max(1, min(1 + 3 * cache // one, int(0.6 * free) // one, 4096))
            calls = max(n, min(10, 1 + (1 << 28) // (B * D * L)))
            sets = [fresh() for _ in range(n)]
            figure("forward", timed(sets, calls, forward))
            if args.no_backward:
                continue
            for s in sets:
                out, x, _ = forward(s)
                s["out"], s["x"], s["dout"] = out, x, torch.rand_like(out).mul_(2).sub_(1)

            def backward(s):
                return kernel.bwd(s["u"], s["delta"], A, s["B"], s["C"], skip, s["z"], bias, s["dout"], s["x"], s["out"],
                                  None, True, False)

            figure("backward", timed(sets, calls, backward))
        except torch.cuda.OutOfMemoryError:
            say(f"{name}: does not fit")
        finally:
            sets = A = skip = bias = None
            torch.cuda.empty_cache()
    return 0


if __name__ == "__main__":
    sys.exit(main())
