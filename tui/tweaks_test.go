package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

// inForce is the list of changes as the session has it.
func (r *robot) inForce() []session.Tweak { return r.m.frame.Tweaks }

// The panel opens with four knobs; a change is shown beside the clean run at
// once, with its scope; undo, redo and default bring back what was.
func TestTweakPanel(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("t")
		r.Sees("WHAT-IF", "none in force", "Δ gain", "freeze", "reset here", "rule", "more …", "‹ ×1 ›", "Change one thing", "esc done")
		r.SeesNot("conv taps", "gate ")
		r.Press("right")
		r.Sees("‹ ×1.1 ›", "1 in force", "≠ Δ×1.1 · all layers · all channels · from t=0", "changed − clean", "the answer after ?")
		if f := r.m.frame; f.Changed == nil || f.Divergence == nil {
			t.Fatal("there is no second run")
		}
		r.Press("right", "right")
		r.Sees("≠ Δ×1.3")
		// Sliding is one change.
		r.Press("u")
		r.Sees("none in force", "undone: Δ×1.3")
		r.Press("ctrl+r")
		r.Sees("≠ Δ×1.3", "done again")
		// A typed number.
		r.Type("0.5")
		r.Sees("0.5▏", "enter takes 0.5")
		r.Press("enter")
		r.Sees("≠ Δ×0.5")
		r.Type("-3")
		r.Press("enter")
		r.Sees("a gain of Δ is 0 to 1000, not -3")
		r.Sees("≠ Δ×0.5")
		// To where the model is: no change, and not one that does nothing.
		r.Type("1")
		r.Press("enter")
		r.Sees("none in force")
		if r.m.frame.Changed != nil {
			t.Error("a neutral gain has a run of its own")
		}
		r.Press("right", "backspace")
		r.Sees("none in force", "‹ ×1 ›")
		r.Press("esc")
		r.SeesNot("‹ ×1 ›")
		r.Press("esc")
		r.Sees("WATCH")
	})
}

// The scope keys: from the cursor on, one channel. What is in force is said in
// every view.
func TestTweakScope(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("[", "t", "right")
		r.Sees("from t=0")
		r.Press("n")
		r.Sees("n from t=12", "≠ Δ×1.1 · all layers · all channels · from t=12")
		if list := r.inForce(); len(list) != 1 || list[0].From != 12 {
			t.Fatalf("in force: %+v", list)
		}
		if d := r.m.frame.Divergence; d != nil {
			for i := range 12 - d.From {
				if d.H[0][i] != 0 {
					t.Errorf("token %d is before the change and differs by %v", d.From+i, d.H[0][i])
				}
			}
		}
		r.Press("n", "down", "d", "up") // on another line: the change in force stays as it is
		r.Sees("n from t=0", "d channel 9")
		r.Press("left", "left")
		r.Sees("2 in force", "channel 9 · from t=0")
		r.Press("esc", "1")
		r.Sees("WATCH", "≠ Δ×1.1 · all layers · all channels · from t=0", "≠ Δ×0.8")
		r.Press("2")
		r.Sees("BLOCK", "≠ Δ×1.1")
		r.Press("ctrl+p")
		r.Type("take every change back")
		r.Press("enter")
		r.Sees("everything is as the model has it")
		r.wait(20 * time.Second)
		r.SeesNot("≠ ")
		r.Press("u")
		r.Sees("≠ Δ×1.1")
	})
}

// Every knob, the rest behind "more", does what it says.
func TestEveryKnob(t *testing.T) {
	withRobot(t, 120, 60, Options{}, header(t), func(r *robot) {
		r.Press("[", "t", "up", "down", "down", "down", "down", "enter")
		r.Sees("Δ bias", "A scale", "conv taps", "states", "gate", "channel out", "state out", "ignore here", "token here", "h cell", "Δ cell")
		rows := func() []*knob { return r.m.shownKnobs() }
		for i, k := range rows() {
			if k.id == "freeze" || k.kind == session.FirstStates { // its own test; this model has one state
				continue
			}
			r.m.hand.at = i
			r.Press("right")
			if k.kind == session.ConvTaps {
				r.Press("left")
			}
			if k.kind == session.AScale { // right is more
				r.Sees("≠ A×1.1")
			}
			list := r.inForce()
			if len(list) != 1 || list[0].Kind != k.kind {
				t.Fatalf("%s: in force %+v\n%s", k.id, list, r.Screen())
			}
			if r.m.frame.Changed == nil {
				t.Errorf("%s has no second run: %v", k.id, r.m.frame.Err)
			}
			r.Sees("1 in force", list[0].Name())
			r.Press("backspace")
			if list := r.inForce(); len(list) != 0 {
				t.Fatalf("%s: backspace leaves %+v", k.id, list)
			}
		}
		// A cell moves from what it holds: the wipe wrote 78.5 to h[9,0].
		for i, k := range rows() {
			if k.kind == session.SetH {
				r.m.hand.at = i
			}
		}
		r.Press("down", "up")
		r.Sees("h[9,0]: 78.49")
		r.Press("right")
		r.Sees("≠ h set to 79")
		r.Press("backspace")
		// A token typed instead of stepped to.
		for i, k := range rows() {
			if k.kind == session.SetToken {
				r.m.hand.at = i
			}
		}
		r.Press("enter")
		r.Sees("TOKEN", "the symbol to read here instead")
		r.Type("5")
		r.Press("enter")
		if list := r.inForce(); len(list) != 1 || r.m.frame.Text(list[0].Token) != "5" || list[0].From != 12 {
			t.Fatalf("in force %+v", list)
		}
		// It stands under the one it replaces.
		r.Sees("≠ · · · · · · · · · · · · 5 ·")
		// The wipe was by 9: now the document's header is 5.
		r.Press("end")
		if top := r.m.frame.Changed.At.Top[0]; r.m.frame.Text(top.ID) != "5" {
			t.Errorf("with 5 for 9 the answer is %q", r.m.frame.Text(top.ID))
		}
		r.Sees("changes from 9", "to 5")
		r.Press("enter", "?", "esc")
		r.Press("esc", "esc", "esc")
		r.Sees("WATCH")
	})
}

// Freeze: each of Δ, B and C, and all three.
func TestFreezeRow(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("t", "down", "enter")
		r.Sees("[✓Δ] ·B ·C", "freeze Δ at its clean mean")
		r.Press("right", "right", "right", "enter")
		r.Sees("✓Δ ✓B ✓C [✓all: LTI]", "3 in force")
		r.Press("left", "enter")
		r.Sees("✓Δ ✓B [·C]", "2 in force")
		r.Press("[", "n") // from the wipe on, both
		for _, tw := range r.inForce() {
			if tw.From != 12 || tw.MeanTokens != 28 {
				t.Errorf("narrowed to %s", tw.Scope())
			}
		}
		r.Press("n", "backspace")
		r.Sees("·Δ ·B [·C]", "none in force")
		r.Press("esc", "f")
		r.Sees("1 in force")
		r.Press("f")
		r.Sees("Δ is selected again", "none in force")
	})
}

// l and d give the chosen change the scope that they name, and the next one too;
// a list that is off is not shown as if it acted.
func TestScopeOfLayerAndChannel(t *testing.T) {
	withRobot(t, 120, 40, Options{}, numbers(t), func(r *robot) {
		r.Press("i")
		r.Type("12 7 30 4 ")
		r.Press("esc", "t", "right", "l")
		if list := r.inForce(); len(list) != 1 || list[0].Layer != 0 || list[0].Channel != -1 || list[0].Value != 1.1 {
			t.Fatalf("narrowed to a layer: %+v", list)
		}
		r.Press("d")
		if list := r.inForce(); len(list) != 1 || list[0].Layer != 0 || list[0].Channel != r.m.cursor.D {
			t.Fatalf("narrowed to a channel: %+v", list)
		}
		r.Press("l", "d")
		if list := r.inForce(); len(list) != 1 || list[0].Layer != -1 || list[0].Channel != -1 {
			t.Fatalf("wide again: %+v", list)
		}
		r.Press("l", "right") // moved to the layer, where it slides on
		if list := r.inForce(); len(list) != 1 || list[0].Layer != 0 || list[0].Value != 1.2 {
			t.Fatalf("adjusted in the layer: %+v", list)
		}
		r.Press("o")
		r.Sees("1 tweak off", "0 in force")
		r.Press("o")
		if strings.Contains(r.Line(0), "off") {
			t.Error(r.Line(0))
		}
		// Frozen vectors move as they are.
		r.Press("x", "l", "down", "enter", "l")
		if list := r.inForce(); len(list) != 1 || list[0].Layer != 0 || list[0].MeanTokens == 0 {
			t.Fatalf("frozen in a layer: %+v", list)
		}
	})
}

// r walks the modes of a reset at the cursor's token and ends with none.
func TestResetHere(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press(":", "2", "0", "enter", "r")
		r.Sees("WHAT-IF", "reset forced before this token: Ā = 0, conv cleared", "at t=20")
		r.Press("end")
		if top := r.m.frame.Changed.At.Top[0]; r.m.frame.Text(top.ID) == "9" {
			t.Error("h was forgotten at token 20 and the answer is still 9")
		}
		r.Press(":", "2", "0", "enter", "r")
		r.Sees("reset forced before this token: Ā = 0;")
		r.Press("r")
		r.Sees("Δ → ∞")
		r.Press("r")
		r.Sees("no reset is forced here any more", "none in force")
	})
}

// The list can be walked, switched off one by one and as a whole, and kept.
func TestTweakList(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("t", "right", "down", "enter")
		if n := len(r.inForce()); n != 2 {
			t.Fatalf("%d in force", n)
		}
		r.Press("down", "down", "down", "down") // past reset, rule, more: the first in force
		if tw := r.m.chosenTweak(); tw == nil || tw.Kind != session.DeltaGain {
			t.Fatalf("chosen %+v", tw)
		}
		r.Press("right")
		r.Sees("≠ freeze", "Δ×1.2")
		r.Press("o")
		r.Sees("Δ×1.2 (off)", "1 in force")
		r.Press("o")
		r.SeesNot("(off)")
		r.Press("a")
		r.Sees("all changes are off", "all switched off")
		if r.m.frame.Changed != nil {
			t.Error("all is off, and there is a changed run")
		}
		r.Press("a")
		r.Sees("all changes are on", "2 in force")
		r.Press("k")
		r.Sees("KEEP")
		r.Type("slow Δ")
		r.Press("enter")
		r.Sees("kept as branch 2, slow Δ")
		r.Press("esc", "b")
		r.Sees("branches", "slow Δ", "2 changes")
		r.Press("esc")
	})
}

// Branches: opened by typing, switched, named, compared, and the comparison
// ended.
func TestBranchList(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press(":", "1", "2", "enter", "i")
		r.Type("¶5b?")
		r.Press("esc", "b")
		r.Sees("1", "28 tokens", "after token 12 of 1 · 17 tokens", "● here")
		r.Press("n")
		r.Sees("of branch 2")
		r.Type("short")
		r.Press("enter")
		r.Sees("branch 2 is “short”", "2 “short”")
		r.Press("up", "c")
		r.Sees("WHAT-IF", "compared: branch 1", "branch 1 − “short”", "“short” and branch 1: the answer after ?", "≠ 1 ·")
		f := r.m.frame
		if f.Versus.Kind != session.VersusBranch || f.Changed == nil || f.Divergence == nil {
			t.Fatalf("compared with %+v", f.Versus)
		}
		for i, h := range f.Divergence.H[0] {
			tok := f.Divergence.From + i
			if same := tok <= 13; same != (h == 0) { // 14 is a header in one and noise in the other
				t.Errorf("token %d: h differs by %v", tok, h)
			}
		}
		r.Press("b")
		r.Sees("≠ compared")
		r.Press("up", "c")
		r.Sees("no longer compared with branch 1")
		r.Press("b", "up", "enter")
		r.Sees("branch 1, with 28 tokens", "token 27/27")
		if n := r.m.frame.Tokens.Len(); n != 28 {
			t.Errorf("branch 1 has %d tokens", n)
		}
		r.Press("b", "enter")
		r.Sees("this is the branch you are on")
		r.Press("c")
		r.Sees("a branch is the same as itself")
		r.Press("y")
		r.Sees("y does nothing in this list")
		r.Press("esc")
	})
}

// A recorder is started and stopped by R; its file stands in the status line as
// long as it is written.
func TestRecordKey(t *testing.T) {
	rec := &recorder{}
	withRobot(t, 120, 40, Options{Recorder: rec}, header(t), func(r *robot) {
		r.Press("R")
		r.Sees("recording to dir/run-1.npz", "● REC run-1.npz")
		r.Press("left")
		r.Sees("● REC run-1.npz")
		r.Press("R")
		r.Sees("28 steps in dir/run-1.npz")
		r.SeesNot("REC")
		rec.full = true
		r.Press("R")
		r.Sees("recording: no space left")
		r.SeesNot("REC")
	})
}

// recorder is a Recorder that writes nothing.
type recorder struct {
	on   bool
	full bool
}

func (r *recorder) Start() (string, error) {
	if r.full {
		return "", errFull
	}
	r.on = true
	return "dir/run-1.npz", nil
}

func (r *recorder) Stop() (string, error) {
	r.on = false
	return "28 steps in dir/run-1.npz", nil
}

func (r *recorder) Recording() string {
	if r.on {
		return "dir/run-1.npz"
	}
	return ""
}

type fullError struct{}

func (fullError) Error() string { return "no space left" }

var errFull = fullError{}

// Nothing of the panel works on an empty history, and says so.
func TestTweaksWithoutTokens(t *testing.T) {
	withRobot(t, 100, 30, Options{Blank: true}, header(t), func(r *robot) {
		for _, k := range []string{"f", "r"} {
			r.Press(k)
			r.Sees("no tokens yet")
			r.wait(20 * time.Second)
		}
		r.Press("t", "right")
		r.Sees("no tokens yet: there is nothing to change")
		r.Press("down", "enter")
		r.Sees("no tokens yet")
		if len(r.inForce()) != 0 || strings.Contains(r.Screen(), "panic") {
			t.Error("something is in force")
		}
		r.Press("esc", "esc")
	})
}

// The panel has the keys only where it is seen; the mouse chooses its rows.
func TestPanelHasTheKeysWhereItIsSeen(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("t", "down", "2")
		r.Sees("BLOCK")
		r.Press("right") // time again
		r.Sees("this is the newest token")
		r.Press("3")
		r.Sees("t opens")
		x, y := place(t, r.m, "tweaks")
		send := func(row int) {
			r.p.Send(click(x+3, y+1+row))
			r.wait(100 * time.Millisecond)
		}
		send(3)
		r.Sees("▸ rule")
		send(3)
		r.Sees("≠ rule zoh")
		send(0)
		r.Sees("▸ Δ gain")
		r.p.Send(tea.MouseWheelMsg(tea.Mouse{X: x + 3, Y: y + 2, Button: tea.MouseWheelDown}))
		r.wait(100 * time.Millisecond)
		r.Sees("▸ freeze")
		r.Press("z") // it is the focused panel, and keeps the keys
		r.Sees("▸ freeze")
		r.Press("z", "tab", "z") // another one takes the screen: the tweak panel is gone
		r.SeesNot("▸ freeze")
		r.Press("left")
		r.Sees("token 26/27")
	})
}
