"""Makes gradient.json, the golden of ../golden_test.go, with PyTorch's autograd.

    pip install torch
    python golden.py

The model is written here from the equations alone: the recurrence of the
reference (selective_scan_ref: h = exp(delta A) h + delta B u, one step at a
time), in float64, on weights that are float32 numbers. Autograd does the rest:
none of it shares anything with the backward pass it is held against.
"""

import json
import pathlib

import torch
from torch.nn.functional import cross_entropy, silu, softplus

torch.set_default_dtype(torch.float64)

V, M, D, N, K, R, LAYERS, L, EPS = 7, 5, 6, 3, 4, 2, 2, 41, 1e-5


def forward(w, tokens):
    x = w["embeddings.weight"][tokens]  # (L, M)
    for i in range(LAYERS):
        p = {k.removeprefix(f"layers.{i}."): v for k, v in w.items() if k.startswith(f"layers.{i}.")}
        r = norm(x, p["norm.weight"])
        xz = r @ p["mixer.in_proj.weight"].T + p["mixer.in_proj.bias"]
        u, z = xz[:, :D], xz[:, D:]
        padded = torch.cat([torch.zeros(K - 1, D), u])
        taps = p["mixer.conv1d.weight"]
        u = silu(sum(padded[k : k + L] * taps[:, k] for k in range(K)) + p["mixer.conv1d.bias"])
        dt, B, C = (u @ p["mixer.x_proj.weight"].T).split([R, N, N], dim=1)
        delta = softplus(dt @ p["mixer.dt_proj.weight"].T + p["mixer.dt_proj.bias"])
        A = -torch.exp(p["mixer.A_log"])
        A = A + (A.float().double() - A).detach()  # every backend keeps A as float32
        h, y = torch.zeros(D, N), []
        for t in range(L):
            h = torch.exp(delta[t][:, None] * A) * h + delta[t][:, None] * B[t] * u[t][:, None]
            y.append(h @ C[t])
        y = (torch.stack(y) + p["mixer.D"] * u) * silu(z)
        x = x + y @ p["mixer.out_proj.weight"].T + p["mixer.out_proj.bias"]
    return norm(x, w["norm_f.weight"]) @ w.get("lm_head.weight", w["embeddings.weight"]).T


def norm(x, w):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS) * w


def main():
    g = torch.Generator().manual_seed(2312)

    def normal(std, *shape):
        return (torch.randn(shape, generator=g) * std).float().double()

    def uniform(low, high, *shape):
        return (torch.rand(shape, generator=g) * (high - low) + low).float().double()

    golden = {
        "comment": "made by golden.py",
        "config": {"VocabSize": V, "DModel": M, "DInner": D, "DState": N, "DConv": K, "DtRank": R, "NLayer": LAYERS,
                   "Eps": EPS, "Bias": True, "ConvBias": True},
        "cases": [],
    }
    for tied in (False, True):
        w = {"embeddings.weight": normal(1, V, M)}
        for i in range(LAYERS):
            w |= {f"layers.{i}.{k}": v for k, v in {
                "norm.weight": uniform(0.5, 1.5, M),
                "mixer.in_proj.weight": normal(0.4, 2 * D, M), "mixer.in_proj.bias": normal(0.3, 2 * D),
                "mixer.conv1d.weight": normal(0.6, D, K), "mixer.conv1d.bias": normal(0.3, D),
                "mixer.x_proj.weight": normal(0.5, R + 2 * N, D),
                "mixer.dt_proj.weight": normal(0.5, D, R), "mixer.dt_proj.bias": uniform(-2, 1, D),
                "mixer.A_log": uniform(-1.5, 0.5, D, N), "mixer.D": normal(1, D),
                "mixer.out_proj.weight": normal(0.5, M, D), "mixer.out_proj.bias": normal(0.3, M),
            }.items()}
        w["norm_f.weight"] = uniform(0.5, 1.5, M)
        if not tied:
            w["lm_head.weight"] = normal(0.5, V, M)
        tokens = torch.randint(0, V, (L,), generator=g)
        targets = torch.randint(0, V, (L,), generator=g)
        targets[torch.rand(L, generator=g) < 0.4] = -1
        for v in w.values():
            v.requires_grad_()
        loss = cross_entropy(forward(w, tokens), targets, ignore_index=-1, reduction="mean")
        loss.backward()
        golden["cases"].append({
            "tied": tied, "tokens": tokens.tolist(), "targets": targets.tolist(), "loss": loss.item(),
            "weights": {k: [float(f"{x:.9g}") for x in v.detach().flatten().tolist()] for k, v in w.items()},
            "gradients": {k: [float(f"{x:.10g}") for x in v.grad.flatten().tolist()] for k, v in w.items()},
        })
    path = pathlib.Path(__file__).parent / "gradient.json"
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, torch.__version__)


if __name__ == "__main__":
    main()
