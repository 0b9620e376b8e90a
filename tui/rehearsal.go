package tui

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Rehearsal is the explorer's screen without a terminal and without Bubble
// Tea's loop, driven by its caller, so that what a key costs can be timed: from
// the message to the text that would be written.
type Rehearsal struct {
	m     *Model
	e     Engine
	w, h  int
	n     int
	start int // tokens of the prompt
}

// NewRehearsal shows the prompt of o at w×h cells. Close closes the engine too.
func NewRehearsal(e Engine, o Options, w, h int) (*Rehearsal, error) {
	dark := true
	o.Dark = &dark
	r := &Rehearsal{m: NewModel(e, o), e: e, w: w, h: h}
	r.m.begin()
	r.m.Update(tea.WindowSizeMsg{Width: w, Height: h})
	if err := r.settle(); err != nil {
		r.Close()
		return nil, err
	}
	r.start = r.m.frame.Tokens.Len()
	return r, nil
}

// Close ends the engine.
func (r *Rehearsal) Close() {
	r.m.Close()
	r.e.Close()
}

// rehearsalTokens is how long the history grows before it is cut back: a session
// of the length that people type.
const rehearsalTokens = 256

// Type types one token, waits for the model's step and draws the screen. It
// returns the size of its text in bytes.
func (r *Rehearsal) Type() (int, error) {
	if r.m.frame.Tokens.Len() >= r.start+rehearsalTokens {
		r.m.clearHistory()
		if err := r.settle(); err != nil {
			return 0, err
		}
		r.start = 0
	}
	if !r.m.insert {
		r.press("end") // typing in the past would open a branch
		r.press("i")
	}
	want := r.m.frame.Tokens.Len() + 1
	r.n++
	r.press(string("abc?5"[r.n%5]))
	return r.wait(func() bool { return r.m.frame.Tokens.Len() == want })
}

// Walk moves the cursor by one token, to and fro, and draws the screen.
func (r *Rehearsal) Walk() (int, error) {
	if r.m.insert {
		r.press("esc")
	}
	r.n++
	r.press([2]string{"left", "right"}[r.n%2])
	return r.wait(r.m.settled)
}

// Redraw draws every panel anew, as after a resize.
func (r *Rehearsal) Redraw() (int, error) {
	r.n++
	r.m.Update(tea.WindowSizeMsg{Width: r.w - r.n%2, Height: r.h})
	return len(r.m.View().Content), nil
}

func (r *Rehearsal) press(key string) {
	if k, ok := press(key); ok {
		r.m.Update(k)
	}
}

// wait takes frames over until ok, and draws.
func (r *Rehearsal) wait(ok func() bool) (int, error) {
	var late <-chan time.Time
	for !ok() {
		if late == nil {
			late = time.After(stillPatience)
		}
		select {
		case <-r.e.Changed():
			r.m.take(r.e.Frame())
		case <-late:
			return 0, fmt.Errorf("tui: no frame within %v", stillPatience)
		}
	}
	return len(r.m.View().Content), nil
}

// settle takes frames over until none has come for a while.
func (r *Rehearsal) settle() error {
	end := time.Now().Add(stillPatience)
	for quiet := 0; quiet < 3; {
		select {
		case <-r.e.Changed():
			r.m.take(r.e.Frame())
			quiet = 0
		case <-time.After(10 * time.Millisecond):
			quiet++
		}
		if time.Now().After(end) {
			return fmt.Errorf("tui: the screen has not settled after %v", stillPatience)
		}
	}
	return nil
}
