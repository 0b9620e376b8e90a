package session

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"mamba-tui/model/task"
)

// The first screen of the default model: each ¶ but the first, and nothing
// else, wipes; the tick stands at the header, the token after ¶.
func TestHeaderWipes(t *testing.T) {
	for _, prompt := range []int{0, 1} {
		s := exact(t, Options{}, task.HeaderExact)
		text := s.info.Card.Prompts[prompt].Text
		if err := s.TypeAt(context.Background(), End, text, FromPrompt); err != nil {
			t.Fatal(err)
		}
		wipes(t, s)
		f := mustFrame(t, s, Look{To: 200, Follow: true})
		if f.Group.Name != "16 of 64 channels, Δ varies most" {
			t.Errorf("group %q", f.Group.Name)
		}
		answer := f.Clean.At.Top[0]
		if want := []string{"9", "0"}[prompt]; f.Text(answer.ID) != want || answer.P < 0.95 {
			t.Errorf("the last answer is %q with %v, want %q", f.Text(answer.ID), answer.P, want)
		}
	}
}

// wipes demands one ┃ at every header that overwrites another, and no other
// tick.
func wipes(t *testing.T, s *Session) {
	t.Helper()
	f := mustFrame(t, s, Look{To: 1 << 20, Follow: true})
	var want []Event
	held := false // something was written before
	for i := 1; i < f.Tokens.Len(); i++ {
		if f.Tokens.At(i-1).ID == task.HeaderMark && f.Tokens.At(i).ID < task.Symbols {
			if held {
				want = append(want, Event{T: i, Tick: TickWipe})
			}
			held = true
		}
	}
	if len(want) == 0 {
		t.Fatal("a text without an overwrite")
	}
	if len(f.Events) != len(want) {
		t.Fatalf("ticks %v, want %v", f.Events, want)
	}
	for i := range want {
		if f.Events[i] != want[i] {
			t.Fatalf("tick %d is %v, want %v", i, f.Events[i], want[i])
		}
	}
	for i, rho := range f.Clean.Lanes[0].Kept {
		if tick := TickOf(rho); (tick != TickNone) != contains(want, f.Look.From+i) {
			t.Errorf("token %d keeps %v", f.Look.From+i, rho)
		}
	}
}

func contains(list []Event, t int) bool {
	for _, e := range list {
		if e.T == t {
			return true
		}
	}
	return false
}

// Many documents of random lengths: exactly one ┃ an overwrite.
func TestHeaderWipesAtRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		s := exact(t, Options{}, task.HeaderExact)
		sample := task.Header{Documents: 8}.Draw(r, 300)
		tokens := make([]Token, len(sample.Tokens))
		for i := range tokens {
			tokens[i].ID = sample.Tokens[i]
		}
		mustAppend(t, s, tokens)
		wipes(t, s)
	}
}

// Freezing Δ makes the answer wrong, on the same screen as the right one.
func TestFreezingBreaksTheAnswer(t *testing.T) {
	s := exact(t, Options{}, task.HeaderExact)
	if err := s.TypeAt(context.Background(), End, s.info.Card.Prompts[0].Text, FromPrompt); err != nil {
		t.Fatal(err)
	}
	if err := s.FreezeDelta(true); err != nil {
		t.Fatal(err)
	}
	f := mustFrame(t, s, Look{To: 64, Follow: true})
	clean, changed := f.Clean.At.Top[0], f.Changed.At.Top[0]
	if f.Text(clean.ID) != "9" {
		t.Errorf("the clean answer is %q, want 9", f.Text(clean.ID))
	}
	if clean.ID == changed.ID {
		t.Errorf("the answer with Δ frozen is %q too, with %v", f.Text(changed.ID), changed.P)
	}
}

// The screen's caption: at the second header Δ is 20 in 16 channels, nothing of
// h is kept, and ΔBu is written, all from one frame.
func TestTheWipeOnTheScreen(t *testing.T) {
	s := exact(t, Options{}, task.HeaderExact)
	if err := s.TypeAt(context.Background(), End, s.info.Card.Prompts[0].Text, FromPrompt); err != nil {
		t.Fatal(err)
	}
	at := 12 // ¶4acba17c?4¶9
	f := mustFrame(t, s, Look{T: at, To: 64})
	m := f.Clean.At
	if f.TextOf(at) != "9" || f.TextOf(at-1) != "¶" {
		t.Fatalf("token %d is %q after %q", at, f.TextOf(at), f.TextOf(at-1))
	}
	open := 0
	for _, dt := range m.Delta {
		if math.Abs(float64(dt)-20) < 0.01 {
			open++
		}
	}
	if open != 16 {
		t.Errorf("Δ is 20 in %d channels, want 16", open)
	}
	// h[d,n] = exp(ΔA)·h + ΔB·u, cell by cell, from the numbers of the frame.
	for d, dt := range m.Delta {
		a := float64(f.Clean.A[d])
		want := math.Exp(float64(dt)*a)*float64(m.HPrev[d]) + float64(dt)*float64(m.B[0])*float64(m.U[d])
		if diff := math.Abs(float64(m.H[d]) - want); diff > 1e-5*math.Max(1, math.Abs(want)) {
			t.Errorf("h[%d,0] is %v, its equation gives %v", d, m.H[d], want)
		}
	}
	if h := m.H[9]; h < 70 || m.HPrev[4] < 70 || m.H[4] > 1e-3 {
		t.Errorf("h of 9 is %v; h of 4 was %v and is %v", h, m.HPrev[4], m.H[4])
	}
}

// The largest magnitudes are those of the whole history, whatever is looked at,
// and rolling back keeps them.
func TestLargest(t *testing.T) {
	s := exact(t, Options{}, task.HeaderExact)
	if err := s.TypeAt(context.Background(), End, s.info.Card.Prompts[0].Text, FromPrompt); err != nil {
		t.Fatal(err)
	}
	all := mustFrame(t, s, Look{T: 27, To: 64}).Clean
	var want Largest
	raise(&want.Delta, all.Delta)
	raise(&want.Write, all.Write)
	raise(&want.B, all.B)
	raise(&want.C, all.C)
	raise(&want.H, all.H)
	if want.Delta < 19 || want.H < 78 {
		t.Fatalf("the history's largest values are %+v", want)
	}
	noise := Look{T: 20, From: 18, To: 22}
	if got := mustFrame(t, s, noise).Clean.Largest; got != want {
		t.Errorf("looking at noise: %+v, want %+v", got, want)
	}
	if err := s.Truncate(1); err != nil {
		t.Fatal(err)
	}
	if got := mustFrame(t, s, noise).Clean.Largest; got != want {
		t.Errorf("after rolling back: %+v, want %+v", got, want)
	}
	inf := float32(math.Inf(1))
	most := float32(2)
	raise(&most, []float32{1, -3, inf, -inf, float32(math.NaN())})
	if most != 3 {
		t.Errorf("raised to %v, want 3: only finite magnitudes count", most)
	}
}
