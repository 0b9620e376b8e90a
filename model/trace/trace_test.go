package trace

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/scan"
)

// What is read is what a session computed: tokens, drive, states by checksum,
// guesses, branches, events.
func TestRoundTrip(t *testing.T) {
	for _, level := range []Level{Script, Drive, Full} {
		r, b := recordedStory(t, func(o *Options) { o.Level = level })
		tr := openBytes(t, b)
		if !tr.Closed() || tr.Fault() != nil {
			t.Fatalf("%s: %v", level, tr.Fault())
		}
		if err := tr.Check(); err != nil {
			t.Fatal(err)
		}
		if got := tr.Branches(); !reflect.DeepEqual(got, []BranchInfo{{1, 0, -1, 37}, {2, 1, 10, 25}}) {
			t.Fatalf("%s: branches %+v", level, got)
		}
		if steps, keys := tr.Counts(); steps != 40+2+2+12 || keys < 2 {
			t.Errorf("%s: %d steps, %d keyframes", level, steps, keys)
		}
		if got := tr.Meta; got.Level != level || got.Model.Card.Name != "random" || got.ID != "0123456789abcdef" || got.Backend.Name != r.m.Backend().Name() {
			t.Errorf("%+v", got)
		}
		for _, id := range []int{1, 2, 0} {
			info, err := tr.Branch(id)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := tr.Rows(id, 0, info.Len, model.TapDrive|model.TapH)
			if err != nil {
				t.Fatal(err)
			}
			r.compare(level, tr, rows)
		}
		var seen []string
		for _, e := range tr.Events() {
			seen = append(seen, e.Op)
		}
		want := "beside type type type typed set-mark beside back type type branch beside beside generate"
		if got := strings.Join(seen, " "); got != want {
			t.Errorf("%s: events %s", level, got)
		}
	}
}

// compare runs the rows' tokens again and compares everything with the rows.
func (r *rig) compare(level Level, tr *Trace, rows *Rows) {
	r.t.Helper()
	s, err := r.m.NewState()
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Free()
	logits := make([]float32, rows.T*r.file.Config.VocabSize)
	sums := make([]uint32, rows.T)
	var buf []byte
	DN := rigConfig.DInner * rigConfig.DState
	err = r.m.Forward(s, rows.Token, model.Options{Logits: logits, Tap: &model.Tap{What: model.TapDrive | model.TapH, Func: func(rec *model.Record) {
		l := rec.Layer
		for i := range sums {
			sums[i] = hCRC(sums[i], rec.H[i*DN:][:DN], &buf)
			m := session.MeasureToken(rec, i, tr.A[l], scan.Released)
			want := []float32{m.DeltaMean, m.Kept, m.Retention, m.Write, m.HNorm}
			for k, x := range rows.Lane[l][i*numLanes:][:numLanes] {
				if math.Float32bits(x) != math.Float32bits(want[k]) {
					r.t.Errorf("layer %d step %d: lane %s is %g, want %g", l, i, laneNames[k], x, want[k])
				}
			}
		}
		for _, a := range []struct {
			name      string
			got, want []float32
			recorded  bool
		}{
			{"delta", at(rows.Delta, l), rec.Delta, level != Script}, {"u", at(rows.U, l), rec.U, level != Script},
			{"B", at(rows.B, l), rec.B, level != Script}, {"C", at(rows.C, l), rec.C, level != Script}, {"h", at(rows.H, l), rec.H, level == Full},
		} {
			if !a.recorded {
				a.want = nil
			}
			if !reflect.DeepEqual(a.got, a.want) {
				r.t.Errorf("%s: layer %d: %s is not what was computed", level, l, a.name)
			}
		}
	}}})
	if err != nil {
		r.t.Fatal(err)
	}
	if !reflect.DeepEqual(rows.HCRC, sums) {
		r.t.Errorf("%s: checksums of h are not those of h", level)
	}
	for i := range rows.T {
		want := model.Top(logits[i*6:][:6], 6)
		got := rows.Guesses(i, tr.Meta.Top)
		for k, g := range got {
			if g.ID != want[k].ID || g.P != float32(want[k].P) {
				r.t.Errorf("step %d: guess %d is %v, want %v", i, k, g, want[k])
			}
		}
		if len(got) != 6 {
			r.t.Errorf("step %d: %d guesses of 6 ids", i, len(got))
		}
	}
}

func at(a [][]float32, l int) []float32 {
	if a == nil {
		return nil
	}
	return a[l]
}

// A recording that begins late is, but for times and order, the one that was
// there from the beginning.
func TestLateStart(t *testing.T) {
	_, whole := recordedStory(t, nil)
	r := newRig(t)
	r.story()
	var b strings.Builder
	rec := r.record(&b, r.options())
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	early, late := openBytes(t, whole), openBytes(t, []byte(b.String()))
	if !reflect.DeepEqual(early.Branches(), late.Branches()) {
		t.Fatalf("branches %+v, want %+v", late.Branches(), early.Branches())
	}
	for _, b := range early.Branches() {
		want, err := early.Rows(b.ID, 0, b.Len, model.TapDrive)
		if err != nil {
			t.Fatal(err)
		}
		got, err := late.Rows(b.ID, 0, b.Len, model.TapDrive)
		if err != nil {
			t.Fatal(err)
		}
		want.Time, got.Time = nil, nil
		if !sameRows(got, want) {
			t.Errorf("branch %d is not the same", b.ID)
		}
	}
	if a, b := late.x.lines[2].beside, early.x.lines[2].beside; a == nil || !reflect.DeepEqual(a, b) || len(a.Marks) != 1 {
		t.Errorf("beside the tokens stands %+v, want %+v", a, b)
	}
}

// sameRows compares but for NaN, which DeepEqual finds different.
func sameRows(a, b *Rows) bool {
	for _, r := range []*Rows{a, b} {
		for _, list := range append([][]float32{r.TopP}, r.Lane...) {
			for i, x := range list {
				if x != x {
					list[i] = -77
				}
			}
		}
	}
	return reflect.DeepEqual(a, b)
}

func TestOperations(t *testing.T) {
	_, b := recordedStory(t, nil)
	var got []session.Op
	for _, e := range openBytes(t, b).Events() {
		op, err := e.Operation()
		if errors.Is(err, ErrUnknownOp) {
			continue // branch, beside, typed
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, op)
	}
	if len(got) != 8 || got[3] != (session.SetMark{T: 3, Name: "here"}) || got[7] != (session.Generate{N: 12, Sampler: session.Sampler{Temperature: 1, Seed: 4}}) {
		t.Errorf("%+v", got)
	}
}

func TestWeightsInside(t *testing.T) {
	r, b := recordedStory(t, nil)
	tr := openBytes(t, b)
	f, err := tr.Weights()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(f.Weights, r.file.Weights) || !tr.SameModel(f) || !tr.SameModel(r.file) || f.Card.Name != "random" {
		t.Error("the weights inside are others")
	}
	_, b = recordedStory(t, func(o *Options) { o.EmbedBytes = -1 })
	tr = openBytes(t, b)
	if _, err := tr.Weights(); !errors.Is(err, ErrNoWeights) {
		t.Error(err)
	}
	other := newFile(t, rigConfig, rigCard, 6)
	if tr.SameModel(other) || !tr.SameModel(r.file) {
		t.Error("weights are told apart by their hash")
	}
}

// Resuming anywhere gives the state that was there, bit for bit, convolution and
// all.
func TestResume(t *testing.T) {
	r, b := recordedStory(t, nil)
	tr := openBytes(t, b)
	s, want := r.state(), r.state()
	for _, branch := range tr.Branches() {
		for n := 0; n <= branch.Len; n += 3 {
			tokens, err := tr.Resume(context.Background(), r.m, s, branch.ID, n)
			if err != nil {
				t.Fatal(err)
			}
			want.Reset()
			if len(tokens) != n {
				t.Fatalf("%d tokens, want %d", len(tokens), n)
			}
			if err := r.m.Forward(want, tokens, model.Options{}); err != nil {
				t.Fatal(err)
			}
			var a, b model.Snapshot
			if err := errors.Join(s.Save(&a), want.Save(&b)); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("the state after %d steps of branch %d is another", n, branch.ID)
			}
		}
	}
	if _, err := tr.Resume(context.Background(), r.m, s, 1, 38); err == nil {
		t.Error("resumed beyond the end")
	}
	if _, err := tr.Resume(context.Background(), r.m, s, 9, 0); err == nil {
		t.Error("resumed on a branch that is not there")
	}
}

func (r *rig) state() *model.State {
	r.t.Helper()
	s, err := r.m.NewState()
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(s.Free)
	return s
}
