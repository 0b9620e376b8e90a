package tui

import (
	"strings"
	"testing"

	"mamba-tui/model/session"
)

// The keys that a picture names bring a fresh screen to the same changes, view
// and cursor.
func TestWayHere(t *testing.T) {
	for _, keys := range []string{
		"f",
		"3 left left",
		"[ r r 1",
		"t right right down right right enter down down right esc 2 left",
		"t down down down down enter 0 . 2 5 enter down 2 enter down 2 enter down down right esc",
		"[ t right n down down down down enter down down down down down down down down right esc",
		"[ t down down down down enter down down down down down down down down enter 5 enter esc end",
	} {
		var want []session.Tweak
		var way string
		var token int
		var view View
		withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
			r.Press(strings.Fields(keys)...)
			want, way, token, view = r.inForce(), r.m.wayHere(), r.m.cursor.T, r.m.view
			if (len(want) == 0) != strings.HasPrefix(keys, "3") {
				t.Fatalf("%q: in force %+v", keys, want)
			}
		})
		withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
			r.Press(strings.Fields(way)...)
			got := r.inForce()
			if len(got) != len(want) || r.m.cursor.T != token || r.m.view != view {
				t.Fatalf("%q: %q leads to token %d of %v, want %d of %v, and to\n%+v, want\n%+v", keys, way, r.m.cursor.T, r.m.view, token, view, got, want)
			}
			for i, x := range got {
				if w := want[i]; x.Name() != w.Name() || x.Scope() != w.Scope() {
					t.Errorf("%q: %q leads to %s · %s, want %s · %s", keys, way, x.Name(), x.Scope(), w.Name(), w.Scope())
				}
			}
		})
	}
}
