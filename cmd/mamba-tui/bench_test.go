package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mamba-tui/model"
	"mamba-tui/scan"
	"mamba-tui/scan/bench"
	"mamba-tui/tui/snapshot"
)

// tinyBench measures everything, of nothing.
func tinyBench(suites ...string) benchOptions {
	return benchOptions{suites: suites, quick: true, length: 512, budget: time.Nanosecond, perPoint: time.Hour,
		array: 1 << 20, layer: bench.Layer{L: 8, D: 32, N: 16, M: 16}, sizes: [][2]int{{80, 24}},
		large: model.Config{VocabSize: 64, DModel: 16, DInner: 32, DState: 4, DConv: 4, DtRank: 1, NLayer: 2, Eps: 1e-5, ConvBias: true}}
}

// TestBenchPlain: every suite has its table, the curves are drawn, and what the
// figures are figures of is named.
func TestBenchPlain(t *testing.T) {
	a, out, errs := testApp("")
	if err := a.bench(context.Background(), tinyBench(benchSuites...)); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{"mamba-tui bench scan model screen", cpuName(), "GOMAXPROCS", "kernel set " + thisMachine().Kernels,
		"limits", "multiply-adds", "reading memory", "fused scan, subnormal states", "linear f32", "time of one layer, one thread; B=1 D=256 N=16",
		bench.NameAttention, bench.NameFFT, "2⁸", "2⁹", "re-scan", "decode f32", "typed token", "80x24 cells", "error "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") || errs.Len() > 0 {
		t.Errorf("escape codes without a terminal, or %q on standard error", errs)
	}
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimRight(line, " ") != line {
			t.Errorf("line %d ends with spaces: %q", i, line)
		}
	}
}

// TestBenchJSON: the schema. The first object names the machine, every other is
// a row whose fields have the promised names and types.
func TestBenchJSON(t *testing.T) {
	a, out, _ := testApp("")
	o := tinyBench(benchSuites...)
	o.json = true
	if err := a.bench(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var head struct {
		Schema  int
		Type    string
		Suites  []string
		Quick   bool
		Machine map[string]any
	}
	if err := json.Unmarshal([]byte(lines[0]), &head); err != nil {
		t.Fatal(err)
	}
	if head.Schema != 1 || head.Type != "bench" || len(head.Suites) != 3 || !head.Quick {
		t.Errorf("the first object is %s", lines[0])
	}
	for _, name := range []string{"cpu", "features", "logical", "gomaxprocs", "os", "arch", "go", "kernels"} {
		if head.Machine[name] == nil {
			t.Errorf("machine has no %s: %s", name, lines[0])
		}
	}
	suites := map[string]int{}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, `{"type":"end"`) {
		t.Errorf("the last object is %s", last)
	}
	for _, line := range lines[1 : len(lines)-1] {
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if row["type"] != "row" || row["schema"] != nil {
			t.Errorf("not a row: %s", line)
		}
		for _, name := range []string{"suite", "name", "shape", "backend"} {
			if _, ok := row[name].(string); !ok {
				t.Errorf("%s is no text in %s", name, line)
			}
		}
		for name, v := range row {
			switch name {
			case "type", "suite", "name", "shape", "backend", "clock", "element", "limit", "note", "left_out":
			case "threads", "length", "ns", "repetitions", "ns_per_element", "elements_per_s", "flop", "bytes", "gflops", "gbytes_per_s", "share_of_limit", "error_to_float64":
				if x, ok := v.(float64); !ok || x < 0 {
					t.Errorf("%s is %v in %s", name, v, line)
				}
			default:
				t.Errorf("unknown field %s in %s", name, line)
			}
		}
		suites[row["suite"].(string)]++
	}
	kinds := len(scan.KernelSets())
	if suites["limits"] < 2*kinds || suites["scan"] < 5*kinds || suites["sweep"] != 10 || suites["model"] < 4*kinds || suites["screen"] != 3 {
		t.Errorf("rows by suite: %v", suites)
	}
}

// madeUp are rows of every kind: rates, a share, an error, curves with an end.
func madeUp() []bench.Row {
	rows := []bench.Row{
		{Suite: "limits", Name: "multiply-adds", Backend: "cpu generic", Threads: 1, Repetitions: 1, GFLOPS: 6.25},
		{Suite: "scan", Name: bench.NameFused, Shape: "L=8 D=32 N=16", Backend: "cpu generic", Threads: 1, NS: 4096, Repetitions: 3,
			Element: "state", NSPerElement: 1, GFLOPS: 3, GBytes: 0.5, Limit: bench.LimitFMA, Share: 0.48},
		{Suite: "model", Name: "decode bf16", Shape: "layers=2", Backend: "cpu avx2", Threads: 2, NS: 2e6, Repetitions: 9,
			Element: "token", NSPerElement: 2e6, PerSecond: 500, Limit: bench.LimitMemory, Share: 0.97, Error: 0.0018},
		{Suite: "screen", Name: "typed token", Shape: "80x24 cells", Backend: "header-exact", Threads: 1, NS: 3e5, Element: "frame", NSPerElement: 3e5, Note: "7.2 KB of text"},
	}
	for i, name := range []string{bench.NameFused, bench.NameAttention} {
		for L := 256; L <= 4096; L *= 2 {
			r := bench.Row{Suite: "sweep", Name: name, Shape: "L=? D=256 N=16", Backend: "cpu avx2", Threads: 1, Length: L, NS: float64(L) * 1000, Repetitions: 1}
			if i == 1 && L > 1024 {
				r.NS, r.LeftOut = 0, "would take about 6s, more than 5s"
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// TestBenchDoc: a document with a table for every suite and the chart.
func TestBenchDoc(t *testing.T) {
	var out bytes.Buffer
	w := &benchDoc{out: bufio.NewWriter(&out)}
	if err := w.begin(machine{}, benchOptions{suites: benchSuites, quick: true}); err != nil {
		t.Fatal(err)
	}
	for _, r := range madeUp() {
		if err := w.row(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := first(w.end(machine{CPU: "A CPU", Load: "1 2 3"}), w.out.Flush()); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{"# What the machine reaches", "mamba-tui bench --quick --markdown", "A CPU", "load 1 2 3 at the start",
		"## Limits", "## The scan", "## Models", "## The screen",
		"| fused scan | L=8 D=32 N=16 | cpu generic | 1 | 1 ns/state | 3.00 | 0.500 | 48 % of multiply-adds |  |",
		"| decode bf16 | layers=2 | cpu avx2 | 2 | 2 ms/token |  |  | 97 % of reading memory | 500 tokens/s, error 0.002 |",
		"```text", "2⁸", "2¹²", "left out: attention, causal at L=4096: would take about 6s, more than 5s"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "|") && strings.Count(line, "|") != 10 {
			t.Errorf("a row of %d cells: %s", strings.Count(line, "|")-1, line)
		}
	}
}

// TestBenchPlot: pictures of the curves; an existing file stays, and is refused
// before anything is measured.
func TestBenchPlot(t *testing.T) {
	for _, kind := range []snapshot.Kind{snapshot.KindSVG, snapshot.KindANSI} {
		text, err := encodeFigure(madeUp(), machine{CPU: "A CPU"}, kind)
		if err != nil || !strings.Contains(string(text), "attention") || !strings.Contains(string(text), "A CPU") {
			t.Errorf("%s has no legend, %v", kind, err)
		}
	}
	a, out, _ := testApp("")
	o := tinyBench("scan")
	o.plot = filepath.Join(t.TempDir(), "f.png")
	if err := a.bench(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(o.plot)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if p, err := png.Decode(f); err != nil || p.Bounds().Dx() < 1000 {
		t.Errorf("the picture is %v, %v", p, err)
	}
	out.Reset()
	if err := a.bench(context.Background(), o); exitCode(err) != exitUsage || out.Len() > 0 {
		t.Errorf("an existing file: %v, after %q", err, out)
	}
}

// TestBenchErrors: what cannot be asked for is a usage error before anything is
// measured; an interrupted run ends with 130.
func TestBenchErrors(t *testing.T) {
	for _, args := range [][]string{{"scam"}, {"scan", "model"}, {"--length", "100"}, {"--length", "2097152"},
		{"--plot", "f.jpg"}, {"--plot", "f.png", "model"}} {
		if r := execute("", append([]string{"bench"}, args...)...); r.code != exitUsage || r.out != "" || strings.Count(r.err, "\n") != 1 {
			t.Errorf("bench %q: exit code %d, %q, %q", args, r.code, r.out, r.err)
		}
	}
	a, _, _ := testApp("")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if code := a.execute(ctx, []string{"bench", "scan", "--quick"}); code != exitInterrupted {
		t.Errorf("interrupted: exit code %d", code)
	}
}

// TestModelName: /proc/cpuinfo of one processor and of none.
func TestModelName(t *testing.T) {
	const text = "processor\t: 0\nmodel\t\t: 7\nmodel name\t: A\x1b[2J CPU  @ 2 GHz\n\nmodel name\t: another\n"
	if got := modelName(strings.NewReader(text)); got != `A\x1b[2J CPU @ 2 GHz` {
		t.Errorf("%q", got)
	}
	if got := modelName(strings.NewReader("processor: 0\n")); got != "" {
		t.Errorf("%q", got)
	}
}

// TestRates: numbers are short and have units.
func TestRates(t *testing.T) {
	for v, want := range map[float64]string{0: "", 0.193: "0.193", 3.456: "3.46", 34.56: "34.6", 345.6: "346", 3456: "3456"} {
		if got := rate(v); got != want {
			t.Errorf("rate(%v) is %q, want %q", v, got, want)
		}
	}
	for ns, want := range map[float64]string{0.285: "0.285 ns", 999: "999 ns", 5000: "5 µs", 8.2e6: "8.2 ms", 38e9: "38 s"} {
		if got := durationText(ns); got != want {
			t.Errorf("durationText(%v) is %q, want %q", ns, got, want)
		}
	}
}
