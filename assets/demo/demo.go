// Package demo makes the recording that the program brings along, for
// "mamba-tui replay demo".
package demo

import (
	"bytes"
	"context"
	"time"

	"mamba-tui/assets"
	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
	"mamba-tui/model/trace"
	"mamba-tui/scan"
)

// The story: two documents, the second of which wipes the header of the first;
// and a branch in which the second document never begins.
const (
	first  = "¶4acba17c?4"
	second = "¶9ca0b36fd2ea58c?"
	answer = "9"
	never  = "ca0b36fd2ea58c?"
	reply  = "4"
)

// Make records the demo. It computes with the generic kernels and a clock of its
// own, so the bytes depend on the machine's system and processor type alone.
func Make() ([]byte, error) {
	dir, _ := assets.Dir(assets.Default)
	file, err := checkpoint.Load(assets.FS, dir)
	if err != nil {
		return nil, err
	}
	tok, err := tokenizer.For(file.Card, file.Config.VocabSize)
	if err != nil {
		return nil, err
	}
	m, err := model.New(scan.NewCPU(scan.Options{Kernels: scan.Generic}), file.Config, file.Weights)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	s, err := m.NewState()
	if err != nil {
		return nil, err
	}
	defer s.Free()
	var b bytes.Buffer
	rec, err := trace.NewRecorder(&b, trace.Options{
		Model: file, Machine: session.Live(m), Vocab: tok.Size(), ID: "demo", Now: clock(), Generator: "mamba-tui",
		Command: "go generate ./assets", KeyframeEvery: 8,
	})
	if err != nil {
		return nil, err
	}
	t := tape{rec: rec, m: m, s: s, tok: tok}
	one := session.BranchInfo{ID: 1, At: -1}
	t.feed(one, first, session.FromPrompt)
	kept := t.n
	t.feed(one, second, session.FromPrompt)
	t.feed(one, answer, session.Generated)
	wipe := session.Mark{T: kept + 1, Name: "9 after ¶: the wipe"}
	t.mark(one, wipe)
	whole := t.n

	t.act(session.Type{At: kept - 1, Text: never, Flags: session.FromKeys}, 1)
	t.rewind(first)
	two := session.BranchInfo{ID: 2, Parent: 1, At: kept - 1, Name: "no second ¶"}
	t.feed(two, never, session.FromKeys)
	t.feed(two, reply, session.Generated)

	t.n = whole // back on the first branch
	t.mark(one, session.Mark{T: kept - 1, Name: "the first answer"}, wipe)
	if t.err != nil {
		return nil, t.err
	}
	if err := rec.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// clock is a minute of the day this format was fixed, a key every 200 ms.
func clock() func() time.Time {
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		at = at.Add(200 * time.Millisecond)
		return at
	}
}

// tape is a recording on its way; it keeps the first error.
type tape struct {
	rec *trace.Recorder
	m   *model.Model
	s   *model.State
	tok tokenizer.Tokenizer
	n   int // steps of the branch
	err error
}

func (t *tape) feed(branch session.BranchInfo, text string, flags session.Flags) {
	if t.err != nil {
		return
	}
	list, err := t.tok.Encode(text, true)
	if err != nil {
		t.err = err
		return
	}
	tokens := make([]session.Token, len(list))
	for i, x := range list {
		tokens[i] = session.Token{ID: x.ID, Flags: flags}
	}
	t.err = t.rec.Feed(context.Background(), t.m, t.s, branch, t.n, tokens)
	t.n += len(tokens)
}

func (t *tape) act(op session.Op, branch int) {
	if t.err == nil {
		t.err = t.rec.Act(op, session.Place{ID: branch, T: t.n})
	}
}

// mark sets the first of a branch's marks, which now stand beside its tokens.
func (t *tape) mark(branch session.BranchInfo, marks ...session.Mark) {
	t.act(session.SetMark(marks[0]), branch.ID)
	if t.err == nil {
		branch.Current = true
		t.err = t.rec.Beside(&session.Beside{Branch: branch, Marks: marks})
	}
}

// rewind makes the state what it was after text.
func (t *tape) rewind(text string) {
	if t.err != nil {
		return
	}
	list, err := t.tok.Encode(text, true)
	if err != nil {
		t.err = err
		return
	}
	ids := make([]int32, len(list))
	for i, x := range list {
		ids[i] = x.ID
	}
	t.s.Reset()
	t.err = t.m.Forward(t.s, ids, model.Options{})
	t.n = len(ids)
}
