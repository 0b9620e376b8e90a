package bench

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"mamba-tui/scan"
)

// small are options under which everything is measured in no time; rows are
// kept.
func small(rows *[]Row) *Options {
	return &Options{Quick: true, Budget: time.Nanosecond, PerPoint: time.Hour, MaxLength: 512, Array: 1 << 20,
		Layer: Layer{L: 16, D: 48, N: 16, M: 32}, Row: func(r Row) { *rows = append(*rows, r) }}
}

// cpu is a backend without limits.
func cpu(set scan.KernelSet) *Backend {
	b := &Backend{Name: "cpu " + set.String(), Threads: 1, Slow: set == scan.Generic,
		Open: func(f scan.WeightFormat) (scan.Backend, error) {
			return scan.NewCPU(scan.Options{Kernels: set, Threads: 1, Weights: f}), nil
		}}
	if !b.Slow {
		b.Formats = scan.WeightFormats()
	}
	return b
}

// TestWork: the formulas by hand.
func TestWork(t *testing.T) {
	// 2 steps, 3 channels, 4 states.
	w := ScanWork(2, 3, 4, false)
	if w.Elements != 24 || w.FLOP != 2*3*(17*4+3) || w.Bytes != 4*(4*6+2*8+3*12) {
		t.Errorf("scan: %+v", w)
	}
	if s := ScanWork(2, 3, 4, true); s.Bytes != w.Bytes+4*24 || s.FLOP != w.FLOP {
		t.Errorf("scan with states: %+v", s)
	}
	if l := LinearWork(5, 7, 11, 2); l.FLOP != 2*5*7*11 || l.Bytes != 2*7*11+4*5*18 || l.Limit != LimitFMA {
		t.Errorf("linear: %+v", l)
	}
	if l := LinearWork(1, 7, 11, 4); l.Limit != LimitMemory {
		t.Errorf("one row is bounded by %q", l.Limit)
	}
	if a := attentionWay().work(3); a.FLOP != 4*sweepD*6 { // 1 + 2 + 3 pairs
		t.Errorf("attention: %+v", a)
	}
	for L, want := range map[int]float64{1: 1, 2: 4, 3: 8, 256: 512} {
		if got := fftSize(L); got != want {
			t.Errorf("a convolution of %d steps has transforms of %v, want %v", L, got, want)
		}
	}
}

// TestFill: rates and shares follow from time and work.
func TestFill(t *testing.T) {
	var r Row
	r.fill(Work{Elements: 10, Element: "state", FLOP: 400, Bytes: 100, Limit: LimitFMA}, 20, 3, Limits{GFLOPS: 80, GBytes: 50})
	if r.NSPerElement != 2 || r.PerSecond != 5e8 || r.GFLOPS != 20 || r.GBytes != 5 || r.Share != 0.25 {
		t.Errorf("%+v", r)
	}
	r = Row{}
	r.fill(Work{Bytes: 100, Limit: LimitMemory}, 20, 3, Limits{GBytes: 50})
	if r.Share != 0.1 {
		t.Errorf("share of the memory is %v", r.Share)
	}
	r = Row{}
	r.fill(Work{Bytes: 100, Limit: LimitMemory}, 20, 3, Limits{})
	if r.Share != 0 {
		t.Errorf("share of an unknown limit is %v", r.Share)
	}
}

// TestBest: the fastest repetition counts, short work is grouped, work of
// eight budgets runs once, errors and an end of the context come out.
func TestBest(t *testing.T) {
	o := &Options{Budget: 20 * time.Millisecond}
	var now time.Duration
	takes := []time.Duration{9, 7, 5, 8}
	calls := 0
	fake := clock{"fake", func() time.Duration { return now }}
	ns, n, err := o.best(context.Background(), fake, func() error {
		now += takes[min(calls, 3)] * time.Millisecond
		calls++
		time.Sleep(2 * time.Millisecond) // longer than the shortest group
		return nil
	})
	if err != nil || ns != 5e6 || n < 3 || calls != n+1 {
		t.Errorf("best of %v is %v ns in %d repetitions, %d calls, %v", takes, ns, n, calls, err)
	}
	calls = 0
	_, n, err = o.best(context.Background(), wallClock(), func() error { calls++; return nil })
	if err != nil || n < 1000 || calls != n+1 {
		t.Errorf("nothing was repeated %d times in %d calls, %v", n, calls, err)
	}
	calls = 0
	_, n, err = (&Options{Budget: time.Millisecond}).best(context.Background(), wallClock(), func() error {
		calls++
		time.Sleep(20 * time.Millisecond)
		return nil
	})
	if err != nil || n != 1 || calls != 1 {
		t.Errorf("long work was repeated %d times in %d calls, %v", n, calls, err)
	}
	boom := errors.New("boom")
	if _, _, err := o.best(context.Background(), wallClock(), func() error { return boom }); err != boom {
		t.Errorf("error is %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if _, _, err := o.best(ctx, wallClock(), func() error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context ended: %v", err)
	}
}

// TestFastestOf: a repetition that a clock has missed most of is not the best.
func TestFastestOf(t *testing.T) {
	for _, c := range []struct {
		times []float64
		want  float64
	}{
		{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 5, 8}, 5}, {[]float64{50, 51, 5.8, 49}, 49},
		{[]float64{1600, 67, 1650, 1590}, 1590}, {[]float64{4, 2, 4}, 2},
	} {
		if got := fastestOf(slices.Clone(c.times)); got != c.want {
			t.Errorf("the fastest of %v is %v, want %v", c.times, got, c.want)
		}
	}
}

// TestLimits: every set has some, and its own are above those of plain Go; a
// cancelled run ends.
func TestLimits(t *testing.T) {
	var rows []Row
	o := small(&rows)
	backends, err := CPUBackends(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if got, least := len(backends), len(scan.KernelSets()); got < least || got > least+1 {
		t.Errorf("%d backends for %d kernel sets", got, least)
	}
	if len(rows) != 2*len(backends) {
		t.Errorf("%d rows of limits", len(rows))
	}
	last := backends[len(backends)-1]
	if last.Name != "cpu generic" || !last.Slow {
		t.Errorf("the last backend is %s", last.Name)
	}
	for _, b := range backends {
		if !(b.Limits.GFLOPS > 0) || !(b.Limits.GBytes > 0) || math.IsInf(b.Limits.GBytes, 0) {
			t.Errorf("%s has limits %+v", b.Name, b.Limits)
		}
		if !b.Slow && b.Threads == 1 && b.Limits.GFLOPS < 2*last.Limits.GFLOPS {
			t.Errorf("%s does %.0f GFLOP/s, plain Go %.0f", b.Name, b.Limits.GFLOPS, last.Limits.GFLOPS)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := CPUBackends(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestScan: the rows of the suite, complete and with rates.
func TestScan(t *testing.T) {
	var rows []Row
	o := small(&rows)
	for _, set := range scan.KernelSets() {
		o.Backends = append(o.Backends, *cpu(set))
	}
	if err := Scan(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, b := range o.Backends {
		want += 3 + 2
		if !b.Slow {
			want += 4
		}
	}
	if len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	for _, r := range rows {
		if r.Suite != "scan" || r.Name == "" || r.Shape == "" || !(r.NS > 0) || r.Repetitions < 1 || !(r.GFLOPS > 0) || !(r.GBytes > 0) || r.Clock == "" || r.LeftOut != "" {
			t.Errorf("%+v", r)
		}
	}
}

// TestSweep: five curves over two lengths; what takes too long and what needs
// too much memory is left out and says so.
func TestSweep(t *testing.T) {
	var rows []Row
	o := small(&rows)
	sets := scan.KernelSets()
	fast, plain := cpu(sets[len(sets)-1]), cpu(scan.Generic)
	if err := Sweep(context.Background(), o, fast, plain); err != nil {
		t.Fatal(err)
	}
	names := map[string][]int{}
	for _, r := range rows {
		if r.LeftOut != "" || !(r.NS > 0) {
			t.Errorf("%+v", r)
		}
		names[r.Name] = append(names[r.Name], r.Length)
	}
	for _, n := range []string{NameFused, NameWritten, NamePlain, NameFFT, NameAttention} {
		if !slices.Equal(names[n], []int{256, 512}) {
			t.Errorf("%s is measured at %v", n, names[n])
		}
	}
	rows = nil
	o.MaxLength, o.PerPoint = 1<<20, time.Nanosecond
	if err := Sweep(context.Background(), o, fast, nil); err != nil {
		t.Fatal(err)
	}
	reasons := map[string]int{}
	for _, r := range rows {
		switch {
		case r.Length == 256 && r.LeftOut == "": // nothing is known about the first
		case strings.Contains(r.LeftOut, "would take about"):
			reasons["time"]++
		case strings.Contains(r.LeftOut, "needs 16.0 GiB, more than 1.0 GiB"):
			reasons["memory"]++
			if r.Name != NameWritten || r.Length != 1<<20 {
				t.Errorf("%+v", r)
			}
		case strings.Contains(r.LeftOut, "needs"):
		default:
			t.Errorf("%+v", r)
		}
	}
	if reasons["time"] == 0 || reasons["memory"] != 1 {
		t.Errorf("left out for %v", reasons)
	}
}

// TestAttention: softmax(q·kᵀ)·v over the past, against float64, where blocks
// of keys and of queries are left over.
func TestAttention(t *testing.T) {
	for _, set := range scan.KernelSets() {
		be := scan.NewCPU(scan.Options{Kernels: set})
		defer be.Close()
		for _, L := range []int{1, 7, 130, keyBlock + 137} {
			a, err := newAttention(be, L)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.run(); err != nil {
				t.Fatal(err)
			}
			got := make([]float32, L*sweepHead)
			if err := be.Read(got, a.y.Buf, 0); err != nil {
				t.Fatal(err)
			}
			a.f.free()
			// The same operands: the fixture's numbers come from a fixed seed.
			f := newFixture(be)
			q := f.uniform(L*sweepHead, -0.125, 0.125)
			var k, v [][]float32
			for at := 0; at < L; at += keyBlock {
				n := min(keyBlock, L-at)
				keys, values := f.uniform(n*sweepHead, -0.05, 0.05), f.uniform(n*sweepHead, -0.05, 0.05)
				for i := range n {
					k = append(k, keys[i*sweepHead:(i+1)*sweepHead])
					row := make([]float32, sweepHead)
					for d := range row {
						row[d] = values[d*n+i]
					}
					v = append(v, row)
				}
			}
			for _, i := range []int{0, L / 3, L - 1} {
				sum, y := 0.0, make([]float64, sweepHead)
				for j := 0; j <= i; j++ {
					s := 0.0
					for d := range sweepHead {
						s += float64(q[i*sweepHead+d]) * float64(k[j][d])
					}
					p := math.Exp(s)
					sum += p
					for d := range y {
						y[d] += p * float64(v[j][d])
					}
				}
				for d := range y {
					if want := y[d] / sum; math.Abs(float64(got[i*sweepHead+d])-want) > 1e-6 {
						t.Fatalf("%v, L %d: y[%d][%d] is %v, want %v", set, L, i, d, got[i*sweepHead+d], want)
					}
				}
			}
		}
	}
}

// TestRowJSON: the names of the fields are a promise.
func TestRowJSON(t *testing.T) {
	var r Row
	r.Suite, r.Name, r.Shape, r.Backend, r.Threads = "scan", NameFused, "L=1", "cpu", 1
	r.fill(Work{Elements: 10, Element: "state", FLOP: 400, Bytes: 100, Limit: LimitFMA}, 20, 3, Limits{GFLOPS: 80})
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"suite", "name", "shape", "backend", "threads", "ns", "repetitions", "element", "ns_per_element",
		"elements_per_s", "flop", "bytes", "gflops", "gbytes_per_s", "limit", "share_of_limit"} {
		if _, ok := m[name]; !ok {
			t.Errorf("%s is missing in %s", name, text)
		}
		delete(m, name)
	}
	if len(m) > 0 {
		t.Errorf("more than was promised: %v", m)
	}
}
