package session

import (
	"slices"
	"strings"
	"testing"

	"mamba-tui/scan"
)

// names are those of the list, with "(off)" and what can be undone and redone.
func names(f *Frame) string {
	var list []string
	for _, t := range f.Tweaks {
		n := t.Name()
		if t.Off {
			n += " (off)"
		}
		list = append(list, n)
	}
	if f.TweaksHidden {
		list = append(list, "hidden")
	}
	return strings.Join(list, ", ") + " | " + f.CanUndo + " | " + f.CanRedo
}

// The list after each operation, and what the next undo and redo would do.
func TestUndo(t *testing.T) {
	s := newSession(t, newModel(t, small, scan.Float32), Options{})
	mustAppend(t, s, ids(20, 11))
	gain := func(v float64) AddTweak { return AddTweak{Tweak: all(DeltaGain, v)} }
	more := func(v float64) AddTweak { return AddTweak{Tweak: all(DeltaGain, v), More: true} }
	off := all(GateOff, 0)
	off.Off = true
	for i, c := range []struct {
		op   Op
		want string
	}{
		{Undo{}, " |  | "},
		{gain(2), "Δ×2.0 | Δ×2.0 | "},
		{more(3), "Δ×3.0 | Δ×3.0 | "}, // one slide
		{gain(4), "Δ×4.0 | Δ×4.0 | "}, // another
		{AddTweak{Tweak: all(GateOff, 0)}, "Δ×4.0, gate off | gate off | "},
		{more(5), "Δ×5.0, gate off | Δ×5.0 | "}, // not of the last change: a step
		{Undo{}, "Δ×4.0, gate off | gate off | Δ×5.0"},
		{Undo{}, "Δ×4.0 | Δ×4.0 | gate off"},
		{Undo{}, "Δ×3.0 | Δ×3.0 | Δ×4.0"},
		{Redo{}, "Δ×4.0 | Δ×4.0 | gate off"},
		{Redo{}, "Δ×4.0, gate off | gate off | Δ×5.0"},
		{AddTweak{Tweak: off}, "Δ×4.0, gate off (off) | gate off | "}, // a new change: nothing to redo
		{ScopeTweak{ID: 1, From: 3, To: 9}, "Δ×4.0, gate off (off) | Δ×4.0 t=3 to 8 | "},
		{RemoveTweak{ID: 2}, "Δ×4.0 | without gate off | "},
		{DefaultTweaks{}, " | back to default | "},
		{DefaultTweaks{}, " | back to default | "},
		{Redo{}, " | back to default | "},
		{Undo{}, "Δ×4.0 | without gate off | back to default"},
		{ToggleTweaks{}, "Δ×4.0, hidden | without gate off | back to default"},
		{ToggleTweaks{On: true}, "Δ×4.0 | without gate off | back to default"},
		{ToggleTweaks{}, "Δ×4.0, hidden | without gate off | back to default"},
		{Freeze{On: true}, "Δ×4.0, freeze Δ at its clean mean | freeze Δ at its clean mean | "}, // in force again
		{Freeze{On: true}, "Δ×4.0, freeze Δ at its clean mean | freeze Δ at its clean mean | "},
		{Freeze{}, "Δ×4.0 | without freeze Δ at its clean mean | "},
		{Freeze{}, "Δ×4.0 | without freeze Δ at its clean mean | "},
		{SetTweaks{[]Tweak{all(AScale, 2), off}}, "A×2.0, gate off (off) | a list of 2 tweaks | "},
	} {
		do(t, s, c.op)
		f := mustFrame(t, s, Look{To: 20})
		if got := names(f); got != c.want {
			t.Errorf("%d %#v: %q, want %q", i, c.op, got, c.want)
		}
		act := slices.ContainsFunc(f.Tweaks, func(t Tweak) bool { return !t.Off }) && !f.TweaksHidden
		if (f.Changed != nil) != act {
			t.Errorf("%d %#v: a changed run is there: %v", i, c.op, f.Changed != nil)
		}
	}
	// What is moved to where another of its kind acts takes its place.
	do(t, s, SetTweaks{[]Tweak{all(AScale, 2), {Kind: AScale, Layer: -1, From: 5, To: End, Value: 3}}})
	do(t, s, ScopeTweak{ID: s.overlay().list[1].ID, From: 0, To: End})
	if list := s.overlay().list; len(list) != 1 || list[0].Value != 3 || list[0].From != 0 {
		t.Errorf("after moving one onto the other: %+v", list)
	}
	for _, op := range []Op{RemoveTweak{ID: 99}, ScopeTweak{ID: 99}} {
		if err := s.Do(t.Context(), op); err == nil {
			t.Errorf("%#v of a tweak that is not there", op)
		}
	}
	for i := range 2 * maxUndo {
		do(t, s, gain(float64(i)))
	}
	if n := len(s.overlay().undo); n != maxUndo {
		t.Errorf("%d steps are kept", n)
	}
}

// The constant of a freeze is the mean when it was first pressed: hiding,
// narrowing and undoing keep it.
func TestAFrozenConstantStays(t *testing.T) {
	s := newSession(t, newModel(t, small, scan.Float32), Options{})
	mustAppend(t, s, ids(20, 11))
	for _, kind := range []TweakKind{FreezeDelta, FreezeB, FreezeC} {
		do(t, s, AddTweak{Tweak: all(kind, 0)})
	}
	was := s.overlay().list
	mustAppend(t, s, ids(20, 11))
	off := all(FreezeB, 0)
	off.Off = true
	do(t, s, AddTweak{Tweak: off}, AddTweak{Tweak: all(FreezeB, 0)}, ScopeTweak{ID: 1, From: 3, To: End}, Undo{}, AddTweak{Tweak: all(FreezeC, 0)})
	for i, x := range s.overlay().list {
		for l := range x.Vector {
			bits(t, "constant", x.Vector[l], was[i].Vector[l])
		}
		if x.MeanTokens != 20 {
			t.Errorf("%s is the mean of %d tokens", x.Name(), x.MeanTokens)
		}
	}
	f := mustFrame(t, s, Look{T: 39, Layer: 1, To: 20})
	var sum [2]float64
	for i := range 20 {
		sum[0] += float64(f.Clean.B[i*3+1]) / 20
		sum[1] += float64(f.Clean.C[i*3+2]) / 20
	}
	near(t, "means", []float32{was[1].Vector[1][1], was[2].Vector[1][2]}, []float32{float32(sum[0]), float32(sum[1])})
}
