"""Read a mamba-tui trace with NumPy alone, whole or torn by a crash: trace-format.md says what is in it.

    t = mtrace.Trace("run.npz")
    t["delta"]              # (T, L, D) of the newest branch; also "token", "u", "B", "C", "lane", …
    for step, h in t.states(layer=0): ...   # h (D, N) after each step, computed from Δ, u, B
"""
import ast, json, mmap, struct, sys
import numpy as np


def members(path):
    """Yield (name, bytes) of the complete members in order, from the local headers."""
    with open(path, "rb") as f:
        b, p = memoryview(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)), 0
    while bytes(b[p:p + 4]) == b"PK\3\4" and p + 30 <= len(b):
        size, _, name, extra = struct.unpack("<IIHH", b[p + 18:p + 30])
        data = p + 30 + name + extra
        if data + size > len(b):
            return
        yield bytes(b[p + 30:p + 30 + name]).decode(), b[data:data + size]
        p = data + size


def array(b):
    """The .npy array in b, without a copy."""
    n, = struct.unpack("<H", b[8:10])
    head = ast.literal_eval(bytes(b[10:10 + n]).decode())
    descr = head["descr"]
    dtype = np.dtype(descr if isinstance(descr, str) else [tuple(f) for f in descr])
    return np.frombuffer(b[10 + n:], dtype).reshape(head["shape"])


class Trace:
    def __init__(self, path, branch=None):
        self.lines, self.keys, self.events, self.branch = {1: []}, {1: {}}, [], 1
        for name, b in members(path):
            folder = name.split("/")[0]
            if name == "trace.json":
                self.meta = json.loads(bytes(b))
            elif name == "A.npy":
                self.A = array(b)
            elif name == "D.npy":
                self.D = array(b)
            elif folder == "event":
                e = json.loads(bytes(b))
                self.events.append(e)
                if e["op"] != "beside" or e["args"]["current"]:
                    self.branch = e["branch"] or self.branch
                if e["op"] == "branch":
                    a = e["args"]
                    shared = a["at"] + 1 if a["parent"] else 0
                    self.lines[a["id"]] = self.lines.get(a["parent"], [])[:shared]
                    self.keys[a["id"]] = {t: k for t, k in self.keys.get(a["parent"], {}).items() if t <= shared}
            elif folder == "key":
                k = array(b)[0]
                self.keys[int(k["branch"])][int(k["step"])] = k
            elif folder == "step":
                rows = array(b)
                at, n = int(rows[0]["branch"]), int(rows[0]["step"])
                self.branch = at
                self.lines[at] = self.lines[at][:n] + list(rows)  # rolling back: what follows n is replaced
                self.keys[at] = {t: k for t, k in self.keys[at].items() if t <= n}
        self.branch = branch or self.branch

    def __len__(self):
        return len(self.lines[self.branch])

    def __getitem__(self, field):
        return np.stack([r[field] for r in self.lines[self.branch]])

    def states(self, layer, start=0):
        """Yield (step, h) from the keyframe before start on; h is (D, N) after the step."""
        keys = self.keys[self.branch]
        first = max((t for t in keys if t <= start), default=0)
        h = keys[first]["h"][layer].copy() if first in keys else np.zeros_like(self.A[layer])
        for t, r in enumerate(self.lines[self.branch][first:], first):
            delta, u, B = r["delta"][layer], r["u"][layer], r["B"][layer]
            if r["rule"][layer] != 0:
                raise ValueError("only the released rule is computed here")
            if r["reset"][layer] & 1:
                h = np.zeros_like(h)
            h = np.exp(delta[:, None] * self.A[layer]) * h + (delta * u)[:, None] * B[None, :]
            if t >= start:
                yield t, h


if __name__ == "__main__":
    t = Trace(sys.argv[1])
    m = t.meta
    print(f"{m['model']['card']['name']} on {m['backend']['name']}: {len(t)} steps of branch {t.branch} of {len(t.lines)}, dims {m['dims']}")
    for layer in range(m["dims"]["L"]):
        for step, h in t.states(layer):
            pass
        print(f"layer {layer}: |h| after step {step} is {np.linalg.norm(h):.6g}, recorded {t['lane'][step, layer, m['lanes'].index('h_norm')]:.6g}")
