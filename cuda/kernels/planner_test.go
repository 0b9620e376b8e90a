package kernels

import "testing"

// TestReuse: after Reset a plan of the same operations allocates nothing.
func TestReuse(t *testing.T) {
	p := NewPlanner(Device{SMs: 132, CC: 90, Shared: 227 << 10})
	plan := func() {
		p.Reset()
		p.RMSNorm(View{4096, 768}, View{8192, 768}, 256, 1, 768, 1e-5)
		p.Linear(LinearArgs{Y: View{4096, 3072}, X: View{8192, 768}, W: 256, L: 1, In: 768, Out: 3072})
		p.Conv(ConvArgs{L: 1, D: 1536, K: 4, SiLU: true})
		p.Scan(ScanArgs{L: 1, D: 1536, N: 16, Softplus: true})
	}
	plan()
	if n := len(p.Launches); n != 4 {
		t.Fatalf("a token step's four operations are %d launches", n)
	}
	if e := p.Launches[3].Entry; e != ScanStep {
		t.Errorf("a token step scans with %s", e.Name())
	}
	if n := testing.AllocsPerRun(100, plan); n != 0 {
		t.Errorf("planning allocates %v times", n)
	}
}

// TestEntries: every kernel has a name and a module, and no two the same.
func TestEntries(t *testing.T) {
	seen := map[string]Entry{}
	for _, e := range Entries() {
		if e.Name() == "" || e.Module() == "" {
			t.Errorf("entry %d has no name or module", e)
		}
		if other, ok := seen[e.Name()]; ok {
			t.Errorf("entries %d and %d are both %q", other, e, e.Name())
		}
		seen[e.Name()] = e
	}
}
