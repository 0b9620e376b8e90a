package panel

import (
	"context"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/model/task"
	"mamba-tui/scan"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// themed is a theme of the default maps.
func themed(t testing.TB, depth heat.Depth, dark bool) *theme.Theme {
	t.Helper()
	th, err := theme.New(depth, dark, "viridis", "blue-red")
	if err != nil {
		t.Fatal(err)
	}
	return th
}

// open is a session of a model made by code, with text already typed.
func open(t testing.TB, cfg model.Config, w *model.Weights, card model.Card, text string) *session.Session {
	t.Helper()
	b := scan.NewCPU(scan.Options{Threads: 1, Kernels: scan.Generic})
	m, err := model.New(b, cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	s, err := session.New(m, session.Options{Card: card})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	if text == "" {
		return s
	}
	tokens, err := s.Encode(text, session.FromPrompt)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(context.Background(), tokens); err != nil {
		t.Fatal(err)
	}
	return s
}

// header is a session of header-exact over its first prompt.
func header(t testing.TB) *session.Session {
	t.Helper()
	cfg, w, card := task.HeaderExact()
	return open(t, cfg, w, card, card.Prompts[0].Text)
}

// random is a session of an untrained model.
func random(t testing.TB, cfg model.Config, n int) *session.Session {
	t.Helper()
	w := model.RandomWeights(cfg, 1)
	s := open(t, cfg, w, model.Card{Name: "random", Kind: model.Untrained}, "")
	tokens := make([]session.Token, n)
	for i := range tokens {
		tokens[i].ID = int32(i*7+i*i) % int32(cfg.VocabSize)
	}
	if err := s.Append(context.Background(), tokens); err != nil {
		t.Fatal(err)
	}
	return s
}

// frameAt is the session's frame for a cursor.
func frameAt(t testing.TB, s *session.Session, T, layer int) *session.Frame {
	t.Helper()
	f, err := s.Frame(context.Background(), session.Look{T: T, Layer: layer, From: 0, To: s.Len()})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// contextFor draws a frame on an axis of cols columns, cellW a token.
func contextFor(f *session.Frame, th *theme.Theme, cols, cellW int) *Context {
	c := &Context{Frame: f, Theme: th, Opt: Options{Channels: ChannelsAll}}
	c.Axis = Axis{Gutter: 7, Cols: cols, CellW: cellW}
	n := f.Tokens.Len()
	c.Axis.From = max(0, n-c.Axis.Slots())
	c.Axis.To = n
	c.Cursor = Cursor{T: f.Look.T, Layer: f.Look.Layer}
	return c
}
