package measured

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/task"
	"mamba-tui/model/train"
	"mamba-tui/scan"
)

// figures is a model of some quality.
func figures(right, openers int, frozen, change float64) Figures {
	return Figures{Length: 128, Sequences: 1, Asked: 1000, Right: right, Low: 0.9, High: 1, Frozen: frozen, Channels: 64, Openers: openers,
		Resets: []Reset{{-1, 1.4}, {0, 0.9}, {1, change}, {4, change / 2}}}
}

// Each part of the rule decides only where those before it do not.
func TestChoose(t *testing.T) {
	header := task.Header{}
	good := figures(1000, 32, 0.1, 0.1)
	for name, c := range map[string]struct {
		list []Candidate
		want int
	}{
		"demands before all":         {[]Candidate{{1, figures(980, 64, 0, 0)}, {2, figures(990, 20, 0.4, 0.2)}}, 1},
		"then openers":               {[]Candidate{{1, good}, {2, figures(991, 33, 0.4, 0.2)}}, 1},
		"then the reset":             {[]Candidate{{1, good}, {2, figures(991, 32, 0.4, 0.09)}}, 1},
		"then accuracy":              {[]Candidate{{1, figures(991, 32, 0.1, 0.1)}, {2, good}}, 1},
		"then the seed":              {[]Candidate{{9, good}, {3, good}, {5, good}}, 1},
		"one alone, whatever it is":  {[]Candidate{{1, figures(0, 0, 1, 2)}}, 0},
		"the least bad of all wrong": {[]Candidate{{1, figures(0, 0, 1, 2)}, {2, figures(0, 0, 0, 2)}}, 1},
	} {
		if got := Choose(header, c.list); got != c.want {
			t.Errorf("%s: candidate %d, want %d", name, got, c.want)
		}
	}
	if Choose(header, nil) != -1 {
		t.Error("something is chosen among nothing")
	}
	chars, err := task.NewChars("t", []byte(strings.Repeat("some text. ", 200)), task.CharsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := figures(500, 60, 0, 0), figures(300, 1, 1, 1)
	a.Loss, b.Loss = 1.7, 1.6
	if got := Choose(chars, []Candidate{{1, a}, {2, b}}); got != 1 {
		t.Errorf("of character models %d is chosen, want the one with less loss", got)
	}
}

func TestUnmet(t *testing.T) {
	d := DemandOf(task.Header{})
	for want, list := range map[int][]Figures{
		0: {figures(1000, 32, 0.1, 0.1), figures(990, 20, 0.49, 0.2)},
		1: {figures(989, 32, 0.1, 0.1), figures(1000, 19, 0.1, 0.1), figures(1000, 32, 0.5, 0.1), figures(1000, 32, 0.1, 0.21), {Asked: 1, Right: 1, Channels: 1, Openers: 1}},
		4: {figures(0, 0, 1, 1)},
	} {
		for _, f := range list {
			if got := d.Unmet(f); got != want {
				t.Errorf("%+v: %d demands unmet, want %d", f, got, want)
			}
		}
	}
	if d := DemandOf(task.SelectiveCopying{}); d.Accuracy != 0.97 || d.Openers != 0.3 || d.Unmet(figures(970, 20, 1, 9)) != 0 {
		t.Errorf("selective copying: %+v", d)
	}
}

// The hand-written models measure as they were written: all right, nothing
// right without selection, one channel in four opens on the key, and ¶ leaves
// nothing.
func TestMeasure(t *testing.T) {
	c, w, _ := task.HeaderExact()
	f, err := Measure(context.Background(), c, w, task.Header{}, 64, 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	if f.Right != f.Asked || f.Asked < sequences || f.Low < 0.99 || f.High != 1 || f.Frozen > 0.3 || f.Channels != 64 || f.Delta["noise"] > 1e-3 || f.Delta["data"] < 1 {
		t.Errorf("header-exact: %+v", f)
	}
	if f.Kept(-1) < 0.5 || f.Kept(1) > 1e-3 || f.Kept(99) != -1 {
		t.Errorf("header-exact keeps %v", f.Resets)
	}
	if err := f.Extend(context.Background(), c, w, task.Header{}, []int{256, 512}, 5, 2); err != nil {
		t.Fatal(err)
	}
	// One document each: one question.
	if len(f.Lengths) != 2 || f.Lengths[1].Length != 512 || f.Lengths[1].Asked != 256 || f.Lengths[1].Accuracy() != 1 {
		t.Errorf("header-exact over length: %+v", f.Lengths)
	}
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(map[string]string{Key: string(text)})
	if err != nil || !reflect.DeepEqual(back, f) {
		t.Errorf("%+v\nreads back as %+v, %v", f, back, err)
	}
	for _, meta := range []map[string]string{nil, {Key: "x"}, {Key: "{}"}, {Key: `{"asked":1,"channels":1,"lengths":[{}]}`}} {
		if _, err := Decode(meta); err == nil {
			t.Errorf("metadata %v has figures", meta)
		}
	}
}

// Sorted channels are another order of the same model: the same logits but for
// rounding, and the Δ of each channel in its new place.
func TestSortChannels(t *testing.T) {
	c := model.Config{VocabSize: 9, DModel: 6, DInner: 10, DState: 3, DConv: 4, DtRank: 2, NLayer: 2, Eps: 1e-5, ConvBias: true, Bias: true}
	w := model.RandomWeights(c, 4)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range w.Layers { // no tensor may be the same in every channel
		l := &w.Layers[i]
		for _, s := range [][]float32{l.D, l.InBias, l.ALog} {
			for k := range s {
				s[k] += r.Float32()
			}
		}
	}
	before, deltas := look(t, c, w)
	order := r.Perm(c.DInner)
	if err := SortChannels(c, w, 1, order); err != nil {
		t.Fatal(err)
	}
	after, moved := look(t, c, w)
	for i := range before {
		if math.Abs(float64(before[i]-after[i])) > 1e-5 {
			t.Fatalf("logit %d is %g, was %g", i, after[i], before[i])
		}
	}
	for i, d := range order {
		if math.Abs(float64(moved[1][i]-deltas[1][d])) > 1e-6 {
			t.Errorf("channel %d has Δ %g, want that of channel %d, %g", i, moved[1][i], d, deltas[1][d])
		}
	}
	if !reflect.DeepEqual(moved[0], deltas[0]) {
		t.Error("the other layer has changed")
	}
	for _, bad := range [][]int{nil, {0}, {0, 0, 1, 2, 3, 4, 5, 6, 7, 8}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 10}, append(order, 0)} {
		if SortChannels(c, w, 0, bad) == nil {
			t.Errorf("the order %v is taken", bad)
		}
	}
	if SortChannels(c, w, 2, order) == nil {
		t.Error("a layer that is not there is sorted")
	}
	if got := ByAUC([]float64{0.5, 1, 0, 1}); !reflect.DeepEqual(got, []int{1, 3, 0, 2}) {
		t.Errorf("by AUC the order is %v", got)
	}
}

// look gives logits and, per layer, Δ after the last of some tokens.
func look(t *testing.T, c model.Config, w *model.Weights) (logits []float32, delta [][]float32) {
	t.Helper()
	b := scan.NewCPU(scan.Options{})
	defer b.Close()
	m, err := model.New(b, c, w)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Free()
	tokens := []int32{1, 5, 2, 8, 0, 3}
	logits = make([]float32, len(tokens)*c.VocabSize)
	err = m.Forward(s, tokens, model.Options{Logits: logits, Tap: &model.Tap{From: 5, To: 6, What: model.TapDelta,
		Func: func(r *model.Record) { delta = append(delta, append([]float32(nil), r.Delta...)) }}})
	if err != nil {
		t.Fatal(err)
	}
	return logits, delta
}

func TestPercent(t *testing.T) {
	for x, want := range map[float64]string{1: "100 %", 0.99999: "99.99 %", 0.9996: "99.96 %", 0.999: "99.9 %", 0.5: "50.0 %", 0: "0.0 %"} {
		if got := Percent(x); got != want {
			t.Errorf("%g is %s, want %s", x, got, want)
		}
	}
}

// The note quotes the figures, and nothing that was not measured.
func TestNote(t *testing.T) {
	f := figures(1000, 32, 0.123, 0.1)
	f.Lengths = []AtLength{{Length: 64, Asked: 10, Right: 1}, {Length: 256, Asked: 100, Right: 95}, {Length: 512, Asked: 100, Right: 60}}
	want := "measured: 100 % right at 128 tokens; 12.3 % with Δ frozen at its mean; Δ opens on data and event in 32 of 64 channels of layer 0; " +
		"one token after ¶, h differs by 0.10 when what came before is swapped (1.40 before ¶); 60.0 % right in one document of 512 tokens: memory leaks away"
	if got := Note(task.Header{}, f); got != want {
		t.Errorf("the note is\n%s, want\n%s", got, want)
	}
	f.Right = 500 // such as a character model: nothing breaks that never held
	if got := Note(task.Header{}, f); strings.Contains(got, "leaks") {
		t.Errorf("the note is %s", got)
	}
	f.Resets, f.Lengths = nil, nil
	if got := Note(task.Induction{}, f); strings.Contains(got, "¶") || strings.Contains(got, "leaks") || !strings.Contains(got, "opens on data in 32") {
		t.Errorf("the note is %s", got)
	}
}

// A table of models without figures is refused; with them every figure stands
// in it.
func TestMarkdown(t *testing.T) {
	f := figures(990, 32, 0.123, 0.1)
	f.Delta = map[string]float64{"noise": 0.02, "event": 1.5}
	f.Lengths = []AtLength{{Length: 256, Asked: 100, Right: 95}}
	text := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	r := train.Defaults("header")
	file := &checkpoint.File{Config: r.Config(18), Parameters: 9856, Card: model.Card{Name: "header", Kind: model.Trained, TaskName: "header", Command: "make it"},
		Metadata: map[string]string{Key: text(f), "recipe": text(r), "candidates": text([]Candidate{{1, f}, {2, f}}), "training": r.Command()}}
	got, err := Markdown([]*checkpoint.File{file})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| header | 1, 32, 8 | 9856 | 128 tokens | 99.0 % (90.0 % to 100 % of 1000) | 12.3 % | 32 of 64 (layer 0) | 0 | noise 0.02, event 1.5 |",
		"| model | 256 |\n", "| header | 95.0 % (100) |", "| header | 1.40 | 0.90 | 0.10 | 0.05 |  |",
		"- **header**: `make it`; the chosen seed alone: `mamba-tui train --task header --seed 1`.", "| header | 1 | 99.0 % |", "| 0 | chosen |", "| header | 2 | 99.0 % |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the table does not say %q:\n%s", want, got)
		}
	}
	delete(file.Metadata, Key)
	if _, err := Markdown([]*checkpoint.File{file}); err == nil || !strings.Contains(err.Error(), "header") {
		t.Errorf("a model without figures: %v", err)
	}
}
