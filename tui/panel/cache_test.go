package panel

import (
	"reflect"
	"testing"

	"mamba-tui/tui/heat"
)

// drawn is how often a panel has built its lines.
func drawn(p Panel) uint64 {
	return reflect.ValueOf(p).Elem().FieldByName("base").FieldByName("drawn").Uint()
}

func TestPanelsRedrawOnlyWhenSomethingChanged(t *testing.T) {
	f := frameAt(t, header(t), 12, 0)
	th := themed(t, heat.TrueColor, true)
	for _, p := range All() {
		c := contextFor(f, th, 60, 2)
		p.SetSize(67, 12)
		first := p.Lines(c)
		for range 3 {
			again := *c // an equal context elsewhere
			if got := p.Lines(&again); &got[0] != &first[0] {
				t.Errorf("%s builds its lines again for the same picture", p.ID())
			}
		}
		n := drawn(p)
		for what, change := range map[string]func(){
			"cursor":  func() { c.Cursor.D++ },
			"token":   func() { c.Cursor.T-- },
			"axis":    func() { c.Axis.CellW++ },
			"options": func() { c.Opt.LogDelta = !c.Opt.LogDelta },
			"rev":     func() { c.Rev++ },
			"focus":   func() { c.Focus = p.ID() },
			"stale":   func() { c.Stale = !c.Stale },
			"typing":  func() { c.Typing = !c.Typing },
			"theme":   func() { c.Theme = themed(t, heat.Mono, true) },
			"size":    func() { p.SetSize(60, 12) },
			"frame":   func() { g := *c.Frame; g.Seq++; c.Frame = &g },
		} {
			change()
			p.Lines(c)
			if drawn(p) != n+1 {
				t.Errorf("%s: a new %s built the lines %d times, want once", p.ID(), what, drawn(p)-n)
			}
			n = drawn(p)
		}
		c.Focus = "another"
		p.Lines(c)
		n = drawn(p)
		c.Focus = "a third"
		if p.Lines(c); drawn(p) != n {
			t.Errorf("%s is drawn again when focus moves elsewhere", p.ID())
		}
	}
}

// TestDrawingIsARepeatableFunction draws the same frame with two sets of
// panels.
func TestDrawingIsARepeatableFunction(t *testing.T) {
	f := frameAt(t, header(t), 12, 0)
	c := contextFor(f, themed(t, heat.ANSI256, true), 60, 2)
	a, b := All(), All()
	for i := range a {
		a[i].SetSize(90, 15)
		b[i].SetSize(90, 15)
		if !reflect.DeepEqual(a[i].Lines(c), b[i].Lines(c)) {
			t.Errorf("%s draws one frame in two ways", a[i].ID())
		}
	}
}

func TestIDsAreUnique(t *testing.T) {
	want := []string{"tokens", "kept", "delta", "write", "b", "c", "htime", "h", "answer", "inspector", "caption", "xray", "diverge", "tweaks", "inforce", "timeline",
		"parity", "timing", "memory", "backend", "device"}
	var got []string
	for _, p := range All() {
		got = append(got, p.ID())
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("panels %v, want %v", got, want)
	}
}

// BenchmarkWatch draws every panel of the Watch view at 200×60 anew.
func BenchmarkWatch(b *testing.B) {
	f := frameAt(b, header(b), 12, 0)
	c := contextFor(f, themed(b, heat.TrueColor, true), 130, 4)
	ps := All()[:11]
	for _, p := range ps {
		p.SetSize(139, 16)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.Rev++
		for _, p := range ps {
			p.Lines(c)
		}
	}
}

// BenchmarkCached asks for the same picture again.
func BenchmarkCached(b *testing.B) {
	f := frameAt(b, header(b), 12, 0)
	c := contextFor(f, themed(b, heat.TrueColor, true), 130, 4)
	ps := All()
	for _, p := range ps {
		p.SetSize(139, 16)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range ps {
			p.Lines(c)
		}
	}
}
