package trace

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/session"
)

// asPython prints, with the reader of assets/docs, what the test compares.
const asPython = `
import sys, json
sys.path.insert(0, sys.argv[1])
import mtrace, numpy as np
out = []
for b in sorted(mtrace.Trace(sys.argv[2]).lines):
    t = mtrace.Trace(sys.argv[2], b)
    if len(t) == 0:
        out.append({"branch": b})
        continue
    L = t.meta["dims"]["L"]
    out.append({
        "branch": b, "token": t["token"].tolist(), "hcrc": t["h_crc"].tolist(), "top": t["top_id"].tolist(),
        "delta": t["delta"].astype(float).sum(axis=(0, 2)).tolist(), "c": t["C"].astype(float).sum(axis=(0, 2)).tolist(),
        "h": [[float(np.abs(h).max()) for _, h in t.states(l)] for l in range(L)],
        "late": [[float(np.abs(h).max()) for _, h in t.states(l, start=len(t) - 3)] for l in range(L)],
    })
print(json.dumps(out))
`

// The reader that needs NumPy alone finds the same numbers, in whole files and
// in torn ones, and computes h.
func TestPythonReader(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil || exec.Command(python, "-c", "import numpy").Run() != nil {
		t.Skip("no python3 with numpy here")
	}
	r, whole := recordedStory(t, nil)
	for _, b := range [][]byte{whole, whole[:len(whole)-1], whole[:len(whole)*3/5]} {
		name := filepath.Join(t.TempDir(), "t.npz")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(python, "-c", asPython, "../../assets/docs", name)
		cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
		text, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
		}
		var got []struct {
			Branch  int
			Token   []int32
			HCRC    []uint32
			Top     [][]int32
			Delta   []float64
			C       []float64
			H, Late [][]float64
		}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		tr := openBytes(t, b)
		if len(got) != len(tr.Branches()) {
			t.Fatalf("%d branches, want %d", len(got), len(tr.Branches()))
		}
		for i, branch := range tr.Branches() {
			g := got[i]
			rows, err := tr.Rows(branch.ID, 0, branch.Len, model.TapDrive)
			if err != nil {
				t.Fatal(err)
			}
			if g.Branch != branch.ID || len(g.Token) != rows.T {
				t.Fatalf("branch %d has %d steps, want %d with %d", g.Branch, len(g.Token), branch.ID, rows.T)
			}
			for k := range rows.Token {
				if g.Token[k] != rows.Token[k] || g.HCRC[k] != rows.HCRC[k] || g.Top[k][0] != rows.TopID[k*tr.Meta.Top] {
					t.Errorf("branch %d step %d is not the same", branch.ID, k)
				}
			}
			near := func(what string, got, want float64) {
				t.Helper()
				if math.Abs(got-want) > 1e-5*math.Abs(want) {
					t.Errorf("branch %d: %s is %g, want %g", branch.ID, what, got, want)
				}
			}
			at := make([]int, tr.Meta.Dims.L)
			for _, rec := range tapped(t, session.Live(r.m), branch.ID, rows.Token, nil) {
				T, l := rec.To-rec.From, rec.Layer
				for k := range T {
					most := 0.0
					for _, x := range rec.H[k*len(rec.H)/T : (k+1)*len(rec.H)/T] {
						most = max(most, math.Abs(float64(x)))
					}
					near("max|h|", g.H[l][at[l]], most)
					if back := at[l] - (rows.T - 3); back >= 0 {
						near("max|h| from a keyframe", g.Late[l][back], most)
					}
					at[l]++
				}
			}
			for l := range rows.Delta {
				var delta, c float64
				for _, x := range rows.Delta[l] {
					delta += float64(x)
				}
				for _, x := range rows.C[l] {
					c += float64(x)
				}
				near("ΣΔ", g.Delta[l], delta)
				near("ΣC", g.C[l], c)
			}
		}
	}
}
