package history

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mamba-tui/model/train"
)

// aLog is the log of a fake run, and its history.
func aLog(t testing.TB, steps int) ([]byte, *History) {
	t.Helper()
	var log bytes.Buffer
	r := tiny(steps)
	c := recorder(t, r, train.Options{}, Options{Log: &log, ProbeEvery: 5})
	o, detach := c.Attach(context.Background())
	defer detach()
	f := newFake(t, context.Background(), r, o)
	f.steps(1, steps)
	o.Observer.Evaluated(&train.Evaluation{Step: steps, Accuracy: 0.5, Loss: 1.25, Right: 3, Asked: 6, Length: 32}, nil)
	f.save(steps)
	c.End(&train.Result{}, nil)
	return log.Bytes(), c.History()
}

// A log cut off at any byte is read up to its last whole line.
func TestCutAnywhere(t *testing.T) {
	log, h := aLog(t, 12)
	if got, err := Read(bytes.NewReader(log)); err != nil || equal(h, got) != nil || got.Torn {
		t.Fatalf("the whole log: %v, %v", err, equal(h, got))
	}
	first := bytes.IndexByte(log, '\n') + 1
	for cut := 0; cut <= len(log); cut += 7 {
		got, err := Read(bytes.NewReader(log[:cut]))
		if cut < first {
			if err == nil {
				t.Fatalf("cut at %d, in the first line: no error", cut)
			}
			continue
		}
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if torn := log[cut-1] != '\n'; got.Torn != torn {
			t.Fatalf("cut at %d: torn %v", cut, got.Torn)
		}
		n := bytes.Count(log[:cut], []byte(`"kind":"probe"`))
		if k := len(got.Probes); k != n && k != n-1 {
			t.Fatalf("cut at %d: %d probes, the log shows %d", cut, k, n)
		}
	}
}

// What is wrong in the middle of a log is an error that names the line.
func TestDamagedLogs(t *testing.T) {
	log, _ := aLog(t, 12)
	lines := strings.SplitAfter(string(log), "\n")
	for _, c := range []struct {
		name string
		line int
		from string
		to   string
		says string
	}{
		{"no run", 1, `"kind":"run"`, `"kind":"steps"`, "line 1"},
		{"format", 1, format, "mamba-tui training 9", "reads"},
		{"class", 1, `"noise"`, `"nose"`, "class"},
		{"layers", 1, `"layers":1,"channels"`, `"layers":0,"channels"`, "layers"},
		{"channels", 1, `"channels":16`, `"channels":1600000000`, "too many"},
		{"question", 1, `"at":`, `"at":99`, "question"},
		{"JSON", 2, `{`, `[`, "line 2"},
		{"kind", 2, `"kind":"steps"`, `"kind":"stops"`, "stops"},
		{"curves", 2, `"loss":[`, `"loss":[1,`, "length"},
		{"steps", 4, `"step":[2,3`, `"step":[3,2`, "after step"},
		{"matrix", 3, `"delta":"`, `"delta":"AAAAAAAA`, "delta"},
		{"base64", 3, `"auc":"`, `"auc":"*`, "line 3"},
		{"answers", 3, `"best":[`, `"best":[1,`, "answers"},
	} {
		text := slices.Clone(lines)
		text[c.line-1] = strings.Replace(text[c.line-1], c.from, c.to, 1)
		if text[c.line-1] == lines[c.line-1] {
			t.Errorf("%s: the line has no %s: %.200s", c.name, c.from, lines[c.line-1])
			continue
		}
		_, err := Read(strings.NewReader(strings.Join(text, "")))
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), fmt.Sprintf("line %d", c.line)) {
			t.Errorf("%s: error %v, want one of line %d with %q", c.name, err, c.line, c.says)
		}
	}
	if _, err := Read(strings.NewReader("")); err == nil {
		t.Error("an empty log was taken")
	}
}

// A run that was killed and resumed: the torn line is cut off, and what comes
// again replaces what was there.
func TestAppend(t *testing.T) {
	dir := t.TempDir()
	log, _ := aLog(t, 12)
	// As if killed in the middle of the last lines, after a checkpoint at step 6.
	if err := os.WriteFile(filepath.Join(dir, FileName), log[:len(log)-150], 0o644); err != nil {
		t.Fatal(err)
	}
	f, past, err := Append(dir)
	if err != nil || !past.Torn {
		t.Fatalf("%v, torn %v", err, past != nil && past.Torn)
	}
	r := tiny(12)
	c := recorder(t, r, train.Options{}, Options{Log: f, Past: past, ProbeEvery: 5})
	if c.History().Points.Len() != past.Points.Len() || len(c.History().Probes) != len(past.Probes) {
		t.Error("the past is not shown")
	}
	kept := past.Points.Loss[5]
	o, detach := c.Attach(context.Background())
	defer detach()
	fk := newFake(t, context.Background(), r, o)
	fk.steps(7, 12)
	fk.save(12)
	c.End(&train.Result{}, nil)
	f.Close()
	if past.Points.Loss[5] != kept || past.Points.Len() < 10 {
		t.Error("the history that was read changed")
	}
	n, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if n.Name != filepath.Base(dir) || n.Torn || n.Stopped {
		t.Errorf("name %q, torn %v, stopped %v", n.Name, n.Torn, n.Stopped)
	}
	if err := equal(c.History(), n.History); err != nil {
		t.Errorf("the log differs: %v", err)
	}
	if want := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}; !slices.Equal(n.Points.Step, want) {
		t.Errorf("steps %v", n.Points.Step)
	}
	empty := t.TempDir()
	g, none, err := Append(empty)
	if err != nil || none != nil {
		t.Fatalf("a folder without a log: %v, %v", none, err)
	}
	g.Close()
	if _, err := Create(empty); err == nil {
		t.Error("a log was replaced")
	}
}

// Runs beside a folder are found; a log that cannot be read is named.
func TestSiblings(t *testing.T) {
	parent := t.TempDir()
	log, _ := aLog(t, 6)
	for name, text := range map[string][]byte{"mine": log, "other": log, "broken": []byte("{}\n"), "none": nil} {
		if err := os.Mkdir(filepath.Join(parent, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if text != nil {
			if err := os.WriteFile(filepath.Join(parent, name, FileName), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	runs, skipped, err := Siblings(filepath.Join(parent, "mine"))
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != 1 || runs[0].Name != "other" || len(skipped) != 1 || !strings.Contains(skipped[0].Error(), "broken") {
		t.Errorf("runs %v, skipped %v", runs, skipped)
	}
	if runs, skipped, err := Siblings(filepath.Join(parent, "no", "such")); runs != nil || skipped != nil || err != nil {
		t.Errorf("of a folder that is not there: %v, %v, %v", runs, skipped, err)
	}
}

// Looking things up by step.
func TestLookUp(t *testing.T) {
	h := &History{Info: &Info{Recipe: train.Recipe{Steps: 100}}}
	if h.ProbeAt(5) != -1 || h.PointAt(5) != -1 || h.EvalAt(5) != nil || h.Step() != 0 || h.Steps() != 100 {
		t.Error("an empty history has something")
	}
	h.Probes = []*Probe{{Step: 1}, {Step: 10}, {Step: 20}}
	h.Points.Step = []int{4, 8, 12}
	h.Evals = []Eval{{Step: 10}, {Step: 20}}
	for _, c := range []struct{ step, probe, point, eval int }{
		{0, 0, 0, 0}, {1, 0, 0, 0}, {9, 0, 2, 0}, {10, 1, 2, 10}, {19, 1, 2, 10}, {20, 2, 2, 20}, {99, 2, 2, 20}, {4, 0, 0, 0}, {5, 0, 1, 0},
	} {
		eval := 0
		if e := h.EvalAt(c.step); e != nil {
			eval = e.Step
		}
		if p, q := h.ProbeAt(c.step), h.PointAt(c.step); p != c.probe || q != c.point || eval != c.eval {
			t.Errorf("step %d: probe %d, point %d, evaluation %d; want %d, %d, %d", c.step, p, q, eval, c.probe, c.point, c.eval)
		}
	}
}

// No log makes the reader panic, and what it takes can be looked through.
func FuzzRead(f *testing.F) {
	log, _ := aLog(f, 6)
	f.Add(log)
	f.Add(log[:len(log)/2])
	f.Add([]byte(`{"kind":"run","format":"mamba-tui training 1","run":{"layers":1,"channels":1,"states":1,"tokens":[0],"classes":["noise"],"counted":[1,0,0,0]}}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		h.Step()
		h.Steps()
		for _, p := range h.Probes {
			if i := h.ProbeAt(p.Step); h.Probes[i].Step != p.Step {
				t.Fatalf("probe %d is not found", p.Step)
			}
			for _, l := range p.Layers {
				_, _ = l.Mean(0, nil), h.Info.Gap(&l, nil)
			}
		}
		for i := range h.Info.Tokens {
			h.Info.Text(h.Info.Class(i))
		}
	})
}
