package trace

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"testing"
	"time"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/session"
	"mamba-tui/scan"
)

// rig is a small model with random weights and a session on it.
type rig struct {
	t    testing.TB
	file *checkpoint.File
	m    *model.Model
	s    *session.Session
}

var (
	rigConfig = model.Config{VocabSize: 6, DModel: 6, DInner: 12, DState: 5, DConv: 4, DtRank: 2, NLayer: 2, Eps: 1e-5, ConvBias: true}
	rigCard   = model.Card{Name: "random", Kind: model.Untrained, Symbols: []string{"a", "b", "c", "d", "?", "¶"}, Other: "?", Prompts: []model.Example{{Title: "x", Text: "abcd"}}}
)

// newFile is a checkpoint with random weights, read from a folder like any other.
func newFile(t testing.TB, cfg model.Config, card model.Card, seed uint64) *checkpoint.File {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	if err := checkpoint.Save(dir, cfg, model.RandomWeights(cfg, seed), card, nil); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, file: newFile(t, rigConfig, rigCard, 5)}
	r.m = newModel(t, r.file, scan.Float32)
	r.s = newSession(t, r.file, session.Live(r.m))
	return r
}

func newModel(t testing.TB, f *checkpoint.File, d scan.DType) *model.Model {
	t.Helper()
	m, err := model.New(scan.NewCPU(scan.Options{DType: d}), f.Config, f.Weights)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func newSession(t testing.TB, f *checkpoint.File, m session.Machine) *session.Session {
	t.Helper()
	s, err := session.On(m, session.Options{Card: f.Card, KeyframeEvery: 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// options record with a clock that steps by a millisecond.
func (r *rig) options() Options {
	return Options{Model: r.file, Machine: session.Live(r.m), ID: "0123456789abcdef", Generator: "test", Now: clock(), KeyframeEvery: 8}
}

func clock() func() time.Time {
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	return func() time.Time { at = at.Add(time.Millisecond); return at }
}

// record begins a recording into w.
func (r *rig) record(w io.Writer, o Options) *Recorder {
	r.t.Helper()
	rec, err := NewRecorder(w, o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.do(session.Record{To: rec})
	return rec
}

func (r *rig) do(ops ...session.Op) {
	r.t.Helper()
	for _, op := range ops {
		if err := r.s.Do(context.Background(), op); err != nil {
			r.t.Fatal(err)
		}
	}
}

// story is a session with everything that a trace tells: a prompt, typing, a
// character outside the alphabet, a roll-back, a branch, a mark, generation.
func (r *rig) story() {
	r.t.Helper()
	r.do(
		session.Type{At: session.End, Text: "abcd?abcdabcdabcabdbcbadbcabdbacdbacbd", Flags: session.FromPrompt},
		session.Type{At: session.End, Text: "d", Flags: session.FromKeys},
		session.Type{At: session.End, Text: "x", Flags: session.FromKeys},
		session.SetMark{T: 3, Name: "here"},
		session.Back{N: 5},
		session.Type{At: session.End, Text: "bb", Flags: session.FromKeys},
		session.Type{At: 10, Text: "cc", Flags: session.FromKeys},
		session.Generate{N: 12, Sampler: session.Sampler{Temperature: 1, Seed: 4}},
	)
}

// recorded is the file of the story.
func recordedStory(t testing.TB, change func(*Options)) (*rig, []byte) {
	t.Helper()
	r := newRig(t)
	var b bytes.Buffer
	o := r.options()
	if change != nil {
		change(&o)
	}
	rec := r.record(&b, o)
	r.story()
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	return r, b.Bytes()
}

func openBytes(t testing.TB, b []byte) *Trace {
	t.Helper()
	tr, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}
