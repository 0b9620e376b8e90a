package task_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"mamba-tui/model"
	"mamba-tui/model/task"
)

// encode maps a prompt to ids by the card's own table.
func encode(t *testing.T, card model.Card, text string) []int32 {
	t.Helper()
	for _, a := range card.Aliases {
		text = strings.ReplaceAll(text, a.Text, a.Symbol)
	}
	var ids []int32
next:
	for _, r := range text {
		for id, s := range card.Symbols {
			if s == string(r) {
				ids = append(ids, int32(id))
				continue next
			}
		}
		t.Fatalf("%s: %q is no symbol", card.Name, r)
	}
	return ids
}

// TestCards: symbols are single characters, all different, and what a card
// refers to is there.
func TestCards(t *testing.T) {
	for _, exact := range []func() (model.Config, *model.Weights, model.Card){task.InductionExact, task.HeaderExact} {
		_, _, card := exact()
		seen := map[string]bool{}
		for _, s := range card.Symbols {
			if utf8.RuneCountInString(s) != 1 || seen[s] {
				t.Errorf("%s: symbol %q is not one new character", card.Name, s)
			}
			seen[s] = true
		}
		if !seen[card.Other] || card.Task == "" || card.Note == "" || card.Command == "" {
			t.Errorf("%s: incomplete card %+v", card.Name, card)
		}
		for _, a := range card.Aliases {
			if !seen[a.Symbol] || seen[a.Text] {
				t.Errorf("%s: alias %q for %q", card.Name, a.Text, a.Symbol)
			}
		}
		if len(card.Prompts) < 2 {
			t.Errorf("%s: %d prompts, want 2", card.Name, len(card.Prompts))
		}
	}
}

// TestPrompts: every bundled prompt is a story that the model gets right: each
// question is answered with at least 0.9, each answer written in the text is
// the model's, the reset marks stand on the overwrites, and the first prompt
// fits the first screen.
func TestPrompts(t *testing.T) {
	for _, c := range []struct {
		exact     func() (model.Config, *model.Weights, model.Card)
		key       int32
		ask       int32
		overwrite [][]int // marks of each prompt
	}{
		{task.InductionExact, task.InductionKey, task.InductionKey, [][]int{{14, 19}, {12, 25, 34}}},
		{task.HeaderExact, task.HeaderMark, task.HeaderAsk, [][]int{{12}, {9, 25, 35}}},
	} {
		cfg, w, card := c.exact()
		r := newRunner(t, 0, cfg, w)
		for p, prompt := range card.Prompts {
			ids := encode(t, card, prompt.Text)
			if p == 0 && (len(ids) < 24 || len(ids) > 34) {
				t.Errorf("%s: the first prompt has %d tokens, want 24 to 34", card.Name, len(ids))
			}
			s := task.Sample{Tokens: ids}
			for i, id := range ids {
				if id != c.ask {
					continue
				}
				if want, ok := afterLast(ids, i, c.key); ok {
					s.Asks = append(s.Asks, task.Ask{At: i, Answer: want})
				}
			}
			right, asked, least := r.answers(s, nil)
			t.Logf("%s: %q: %d tokens, %d of %d answers right, least %.3f", card.Name, prompt.Title, len(ids), right, asked, least)
			if right != asked || asked < 2 || least < 0.9 {
				t.Errorf("%s: %q: %d of %d answers right, least probability %.3f", card.Name, prompt.Title, right, asked, least)
			}
			if s.Asks[len(s.Asks)-1].At != len(ids)-1 {
				t.Errorf("%s: %q does not end in a question", card.Name, prompt.Title)
			}
			var marks []int
			for i, rho := range r.kept(ids) {
				if rho < wipeBelow {
					marks = append(marks, i)
				}
			}
			if !slices.Equal(marks, c.overwrite[p]) {
				t.Errorf("%s: %q: marks at %v, want %v", card.Name, prompt.Title, marks, c.overwrite[p])
			}
			right, _, _ = r.answers(s, r.frozen(ids))
			t.Logf("%s: %q: %d of %d right with Δ frozen at its clean mean", card.Name, prompt.Title, right, asked)
			last := task.Sample{Tokens: ids, Asks: s.Asks[len(s.Asks)-1:]}
			if right, _, _ = r.answers(last, r.frozen(ids)); right != 0 {
				t.Errorf("%s: %q: the last answer is right even with Δ frozen", card.Name, prompt.Title)
			}
		}
	}
}

// TestFirstScreen: the numbers of the first screen. Token 9 after ¶ has Δ 20.0
// in 16 of 64 channels, keeps nothing of h and writes 78.5 to 9:
// h[9,0] = exp(20·−1)·0.00 + 20·1.0·3.93 = 78.5.
func TestFirstScreen(t *testing.T) {
	cfg, w, card := task.HeaderExact()
	r := newRunner(t, 0, cfg, w)
	ids := encode(t, card, card.Prompts[0].Text)
	const at, nine, four = 12, 9, 4
	if card.Symbols[ids[at]] != "9" || card.Symbols[ids[at-1]] != "¶" {
		t.Fatalf("token %d is %q", at, card.Symbols[ids[at]])
	}
	var rec model.Record
	r.s.Reset()
	err := r.m.Forward(r.s, ids, model.Options{Tap: &model.Tap{
		From: at, To: at + 1, What: model.TapDrive | model.TapH,
		Func: func(x *model.Record) {
			rec = *x
			rec.Delta, rec.H, rec.H0 = clone(x.Delta), clone(x.H), clone(x.H0)
			rec.U, rec.B, rec.C = clone(x.U), clone(x.B), clone(x.C)
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	open := 0
	for _, d := range rec.Delta {
		if d > 1 {
			open++
		}
	}
	near := func(what string, have float32, want, tol float64) {
		t.Helper()
		if math.Abs(float64(have)-want) > tol {
			t.Errorf("%s is %g, want %g", what, have, want)
		}
	}
	if open != task.Symbols {
		t.Errorf("Δ is open in %d channels, want %d", open, task.Symbols)
	}
	near("Δ", rec.Delta[nine], 20, 0.05)
	near("u", rec.U[nine], 3.93, 0.005)
	near("B", rec.B[0], 1, 0.001)
	near("C", rec.C[0], 0, 0)
	near("h[9] before", rec.H0[nine], 0, 1e-6)
	near("h[4] before", rec.H0[four], 78.5, 0.05)
	near("h[9] after", rec.H[nine], 78.5, 0.05)
	near("h[4] after", rec.H[four], 0, 1e-6)
}
