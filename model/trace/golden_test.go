package trace

import (
	"bytes"
	"context"
	"flag"
	"os"
	"reflect"
	"runtime"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/session"
	"mamba-tui/scan"
)

var update = flag.Bool("update", false, "write the golden trace of the newest version anew: only before that version is released")

// goldenV1 is the recording in testdata/v1.npz, made again: two branches, what
// was typed outside the alphabet, a roll-back, marks, keyframes, weights inside.
func goldenV1(t *testing.T) []byte {
	t.Helper()
	w := model.RandomWeights(rigConfig, 11)
	file := &checkpoint.File{Config: rigConfig, Weights: w, Card: rigCard, Parameters: w.Parameters(), SHA256: "of a file that is not kept"}
	m, err := model.New(scan.NewCPU(scan.Options{Kernels: scan.Generic}), file.Config, file.Weights)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var b bytes.Buffer
	rec, err := NewRecorder(&b, Options{
		Model: file, Machine: session.Live(m), Vocab: 6, KeyframeEvery: 4, Now: clock(), ID: "golden", Generator: "mamba-tui",
		Command: "go test ./model/trace -run Golden -update", Parent: &Parent{ID: "none", Branch: 1, Step: 7},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Free()
	feed := func(branch session.BranchInfo, past string, text string, flags session.Flags) {
		t.Helper()
		s.Reset()
		if len(past) > 0 {
			if err := m.Forward(s, goldenIDs(past), model.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		var tokens []session.Token
		for i, id := range goldenIDs(text) {
			token := session.Token{ID: id, Flags: flags}
			if text[i] == 'x' {
				token.Flags, token.Typed = token.Flags|session.Other, "x"
			}
			tokens = append(tokens, token)
		}
		if err := rec.Feed(context.Background(), m, s, branch, len(past), tokens); err != nil {
			t.Fatal(err)
		}
	}
	act := func(op session.Op, branch, at int) {
		t.Helper()
		if err := rec.Act(op, session.Place{ID: branch, T: at}); err != nil {
			t.Fatal(err)
		}
	}
	first := session.BranchInfo{ID: 1, At: -1}
	feed(first, "", "abcdxbca", session.FromPrompt)
	act(session.SetMark{T: 2, Name: "c"}, 1, 8)
	beside := func(b session.Beside) {
		t.Helper()
		if err := rec.Beside(&b); err != nil {
			t.Fatal(err)
		}
	}
	marks := []session.Mark{{T: 2, Name: "c"}}
	beside(session.Beside{Branch: session.BranchInfo{ID: 1, At: -1, Current: true}, Marks: marks})
	act(session.Back{N: 2}, 1, 8)
	feed(first, "abcdxb", "d", session.FromKeys)
	act(session.Type{At: 3, Text: "dd", Flags: session.FromKeys}, 1, 7)
	feed(session.BranchInfo{ID: 2, Parent: 1, At: 3, Name: "other"}, "abcd", "ddabcd", session.FromKeys)
	gain := session.Tweak{Kind: session.DeltaGain, Layer: 1, Channel: -1, State: -1, From: 5, To: session.End, Value: 2}
	act(session.AddTweak{Tweak: gain}, 2, 10)
	gain.ID = 1
	beside(session.Beside{
		Branch: session.BranchInfo{ID: 2, Parent: 1, At: 3, Name: "other", Current: true}, Marks: marks,
		Tweaks: []session.Tweak{gain, {
			ID: 3, Kind: session.FreezeC, Layer: -1, Channel: -1, State: -1, To: session.End, MeanTokens: 10, MeanBranch: 2,
			Vector: [][]float32{{1, 2, 3, 4, 0.1}, {5, 4, 3, 2, 1e-9}},
		}},
	})
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func goldenIDs(text string) (ids []int32) {
	for _, c := range text {
		id := int32(c - 'a')
		if c == 'x' {
			id = 4
		}
		ids = append(ids, id)
	}
	return ids
}

// The trace of version 1 opens for ever, with its numbers.
func TestGoldenV1(t *testing.T) {
	const name = "testdata/v1.npz"
	if *update {
		if err := os.WriteFile(name, goldenV1(t), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	tr := openBytes(t, b)
	if err := tr.Check(); err != nil || !tr.Closed() {
		t.Fatal(err)
	}
	if got := tr.Branches(); !reflect.DeepEqual(got, []BranchInfo{{1, 0, -1, 7}, {2, 1, 3, 10}}) {
		t.Errorf("branches %+v", got)
	}
	rows, err := tr.Rows(2, 0, 10, model.TapDrive)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(rows.Token, goldenIDs("abcdddabcd")) || rows.Time[0] == 0 || rows.Flags[9] != session.FromKeys {
		t.Errorf("tokens %v", rows.Token)
	}
	if m := tr.Meta; m.Version != 1 || m.ID != "golden" || *m.Parent != (Parent{"none", 1, 7}) || m.Top != 6 {
		t.Errorf("%+v", m)
	}
	f, err := tr.Weights()
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New(scan.NewCPU(scan.Options{Kernels: scan.Generic}), f.Config, f.Weights)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	report, err := Verify(context.Background(), tr, m, nil)
	if err != nil || !report.Within(1e-5) || report.Steps != 8+1+6 || report.Keyframes != 2 {
		t.Errorf("%v %+v", err, report)
	}
	if runtime.GOARCH == "amd64" && !report.Exact() {
		t.Errorf("the generic kernels give other bits: %v", report.First)
	}
	p, err := NewPlayer(tr)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	s := newSession(t, f, p)
	if err := tr.Restore(context.Background(), s); err != nil {
		t.Error(err)
	}
	v := frame(t, s, 0)
	if v.Tokens.Len() != 10 || len(v.Marks) != 1 || v.Branches[1].Name != "other" || len(v.Tweaks) != 2 {
		t.Fatalf("%d tokens, marks %v, tweaks %v", v.Tokens.Len(), v.Marks, v.Tweaks)
	}
	if a, b := v.Tweaks[0], v.Tweaks[1]; a.Name() != "Δ×2.0" || a.From != 5 || a.To != session.End || b.Name() != "freeze C at its clean mean" || b.Vector[1][4] != 1e-9 {
		t.Errorf("%+v", v.Tweaks)
	}
}

// What is written today is what was written then, on the machines whose bits the
// generic kernels promise.
func TestGoldenV1IsStillWritten(t *testing.T) {
	if runtime.GOARCH != "amd64" || runtime.GOOS != "linux" {
		t.Skip("the trace names linux on amd64")
	}
	want, err := os.ReadFile("testdata/v1.npz")
	if err != nil {
		t.Fatal(err)
	}
	if got := goldenV1(t); !bytes.Equal(got, want) {
		t.Error("the recorder writes something else: version 1 may grow by fields and members, with a golden trace of its own beside this one")
	}
}
