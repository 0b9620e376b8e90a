package lesson

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mamba-tui/model/session"
)

// classroom is the explorer's engine on a lesson, without a screen.
type classroom struct {
	t *testing.T
	s *Subject
	e *session.Engine
}

// enter opens l as the explorer does.
func enter(t *testing.T, l *Lesson) *classroom {
	t.Helper()
	lab := &Lab{}
	s, err := lab.Subject(l.Model)
	if err != nil {
		t.Fatal(err)
	}
	made, err := session.New(s.Model, session.Options{Card: s.File.Card, Tokenizer: s.Tokens})
	if err != nil {
		t.Fatal(err)
	}
	c := &classroom{t: t, s: s, e: session.Start(made)}
	t.Cleanup(func() { c.e.Close(); lab.Close() })
	c.e.Do(session.Type{At: session.End, Text: l.Prompt, Flags: session.FromPrompt})
	c.e.Look(session.Look{To: 64, Follow: true})
	return c
}

// wait is the first frame that ok says yes to.
func (c *classroom) wait(ok func(*session.Frame) bool) *session.Frame {
	c.t.Helper()
	end := time.After(time.Minute)
	for {
		if f := c.e.Frame(); f.Err != nil {
			c.t.Fatal(f.Err)
		} else if ok(f) {
			return f
		}
		select {
		case <-c.e.Changed():
		case <-end:
			c.t.Fatal("the frame never came")
		}
	}
}

// look puts the cursor on token t, everything in sight.
func (c *classroom) look(t int) *session.Frame {
	n := c.e.Frame().Tokens.Len()
	c.e.Look(session.Look{T: t, To: n})
	return c.wait(func(f *session.Frame) bool { return f.Look.T == t && f.Clean != nil && f.Clean.To == n })
}

// begun is the frame with the whole prompt.
func (c *classroom) begun(l *Lesson) *session.Frame {
	n := len([]rune(l.Prompt))
	return c.wait(func(f *session.Frame) bool {
		return f.Tokens.Len() == n && f.Pending == 0 && f.Clean != nil && f.Clean.To == n
	})
}

// step does one step by what do makes, and returns what there is to see in both
// languages. It demands that the step was not done before, that it is then, and
// that every place of its text has a value.
func (c *classroom) step(p *Progress, before *session.Frame, do func() *session.Frame) string {
	c.t.Helper()
	s := p.Step()
	if p.See(before) {
		c.t.Errorf("%s: %s is done before anything was pressed", p.Lesson.Name, s.Name)
	}
	f := do()
	if !p.See(f) || !p.Done(p.At()) {
		c.t.Errorf("%s: %s is not done", p.Lesson.Name, s.Name)
	}
	said := ""
	for _, lang := range Languages() {
		text, err := p.Lesson.Text(lang)
		if err != nil {
			c.t.Fatal(err)
		}
		see := text.See(*s, s.Values(f))
		if strings.Contains(see, "…") {
			c.t.Errorf("%s: %s has an empty place: %s", p.Lesson.Name, s.Name, see)
		}
		c.t.Logf("%s: %s", s.Name, see)
		said += see + "\n"
	}
	p.Next()
	return said
}

func TestFadingSteps(t *testing.T) {
	l := fading()
	c, p := enter(t, l), l.Begin()
	f := c.begun(l)
	wipe := 12 // the header of the second document
	if see := c.step(p, f, func() *session.Frame { return c.look(wipe) }); !strings.Contains(see, "9 was selected") {
		t.Errorf("the wipe is told as %s", see)
	}
	c.step(p, c.e.Frame(), func() *session.Frame { return c.look(wipe + 3) })
	see := c.step(p, c.e.Frame(), func() *session.Frame {
		c.e.Do(session.Freeze{On: true})
		return c.wait(func(f *session.Frame) bool { return f.Changed != nil && f.Pending == 0 })
	})
	if !strings.Contains(see, "the answer was 9 and is") {
		t.Errorf("the freeze is told as %s", see)
	}
	c.step(p, c.e.Frame(), func() *session.Frame {
		c.e.Do(session.Freeze{On: false})
		return c.wait(clean)
	})
	if !p.Over() || p.Step() != nil {
		t.Error("there is a step after the last")
	}
}

func TestBoundarySteps(t *testing.T) {
	l := boundary()
	c, p := enter(t, l), l.Begin()
	f := c.begun(l)
	const mark = 13 // the second ¶
	c.step(p, f, func() *session.Frame { return c.look(mark) })
	reset := func(mode session.ResetMode) func() *session.Frame {
		return func() *session.Frame {
			c.e.Do(session.AddTweak{Tweak: session.Tweak{Kind: session.ResetAt, Layer: -1, Channel: -1, State: -1, From: mark, To: mark + 1, Reset: mode}})
			return c.wait(func(f *session.Frame) bool {
				return f.Changed != nil && f.TweakPending == 0 && f.Pending == 0 && resetBy(f) == mode && len(f.Changed.H) > 0
			})
		}
	}
	see := c.step(p, c.e.Frame(), reset(session.ResetStateConv))
	if !strings.Contains(see, "differs by 6.") { // in per cent: the bleed without a reset
		t.Errorf("the reset is told as %s", see)
	}
	c.step(p, c.e.Frame(), reset(session.ResetDelta))
	c.step(p, c.e.Frame(), func() *session.Frame {
		c.e.Do(session.DefaultTweaks{})
		return c.wait(clean)
	})
	if !p.Over() {
		t.Error("there is a further step")
	}
}

func TestGatingSteps(t *testing.T) {
	l := gating()
	c, p := enter(t, l), l.Begin()
	f := c.begun(l)
	freeze := func(on bool) func() *session.Frame {
		return func() *session.Frame {
			c.e.Do(session.Freeze{On: on})
			return c.wait(func(f *session.Frame) bool { return frozen(f) == on && clean(f) != on && f.Pending == 0 })
		}
	}
	if see := c.step(p, f, freeze(true)); !strings.Contains(see, "the answer was 9 and is ·") {
		t.Errorf("the freeze is told as %s", see)
	}
	c.step(p, c.e.Frame(), freeze(false))
	see := c.step(p, c.e.Frame(), func() *session.Frame {
		c.e.Do(session.AddTweak{Tweak: session.Tweak{Kind: session.GateOff, Layer: -1, Channel: -1, State: -1, To: session.End}})
		return c.wait(func(f *session.Frame) bool { return changedBy(f, session.GateOff) && f.Pending == 0 })
	})
	if !strings.Contains(see, "differs by 0 %") || !strings.Contains(see, "is 9") {
		t.Errorf("the gate is told as %s", see)
	}
	c.step(p, c.e.Frame(), func() *session.Frame {
		c.e.Do(session.Undo{})
		return c.wait(clean)
	})
}

// A tweak that is switched off, or hidden with the list, is not in force.
func TestInForce(t *testing.T) {
	f := &session.Frame{Tweaks: []session.Tweak{{Kind: session.GateOff, Off: true}, {Kind: session.ResetAt, Reset: session.ResetState}}}
	if l := inForce(f); len(l) != 1 || l[0].Kind != session.ResetAt || resetBy(f) != session.ResetState {
		t.Errorf("in force are %v", l)
	}
	if changedBy(f, session.ResetAt) {
		t.Error("a run that is not there is changed")
	}
	f.TweaksHidden = true
	if len(inForce(f)) > 0 || !clean(f) || resetBy(f) != "" {
		t.Error("a hidden list is in force")
	}
}

// TestProgress: a step that is done waits to be read, a step can be passed over
// and gone back to.
func TestProgress(t *testing.T) {
	ready := false
	l := &Lesson{Name: "two", Steps: []Step{
		{Name: "a", Done: func(*session.Frame) bool { return ready }},
		{Name: "b", Done: func(*session.Frame) bool { return ready }},
	}}
	p := l.Begin()
	f := &session.Frame{}
	if p.See(f) || p.At() != 0 || p.Over() {
		t.Error("something is done at the beginning")
	}
	ready = true
	if !p.See(f) || p.See(f) || p.At() != 0 || !p.Done(0) {
		t.Error("a step is done once and stays")
	}
	p.Next()
	p.Next() // passed over
	if !p.Over() || p.Done(1) || p.See(f) {
		t.Error("the second step was passed over, not done")
	}
	p.Next()
	p.Back()
	if p.At() != 1 || p.Step().Name != "b" {
		t.Errorf("back leads to step %d", p.At())
	}
	p.Back()
	p.Back()
	if p.At() != 0 || p.Done(0) {
		t.Error("a step gone back to is to be done again")
	}
}

// The keys of steps are keys, and lessons can be opened.
func TestLessonsAreWhole(t *testing.T) {
	for _, l := range All() {
		lab := &Lab{}
		s, err := lab.Subject(l.Model)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Encode(l.Prompt); err != nil {
			t.Errorf("%s: %v", l.Name, err)
		}
		lab.Close()
		var names []string
		for _, step := range l.Steps {
			names = append(names, step.Name)
			if len(step.Keys) == 0 || step.Done == nil || step.Values == nil {
				t.Errorf("%s: %s has no keys, no end or no values", l.Name, step.Name)
			}
		}
		for _, c := range l.Claims {
			names = append(names, "claim "+c.Name)
		}
		slices.Sort(names)
		if len(slices.Compact(names)) != len(l.Steps)+len(l.Claims) || len(l.Steps) == 0 || len(l.Claims) == 0 {
			t.Errorf("%s has %d steps and %d claims, or one twice", l.Name, len(l.Steps), len(l.Claims))
		}
	}
}
