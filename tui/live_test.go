package tui

import (
	"testing"
	"time"
)

// A token that arrives while the picture sweeps costs little on the wire: that
// is what sweeping is for.
func TestSweepBytes(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		withRobot(t, size[0], size[1], Options{}, header(t), func(r *robot) {
			r.Press("i")
			// Fill the screen first, so that tokens replace older ones.
			for range 2 * r.m.ctx.Axis.Slots() {
				r.Press("a")
			}
			r.wait(20 * time.Second)
			const steps = 20
			before, most := r.sent, 0
			for i := range steps {
				at := r.sent
				r.Press(string("abc?¶5"[i%4]))
				most = max(most, r.sent-at)
			}
			mean := (r.sent - before) / steps
			t.Logf("%d×%d: %d bytes a step, at most %d", size[0], size[1], mean, most)
			if mean >= 8<<10 {
				t.Errorf("%d×%d: %d bytes a sweep step, the budget is 8192", size[0], size[1], mean)
			}
		})
	}
}

// Typing under a tweak sends the new column of every difference map, and no
// picture anew.
func TestSweepBytesOfWhatIf(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		withRobot(t, size[0], size[1], Options{}, header(t), func(r *robot) {
			r.Press("t", "right", "esc", "i")
			for range 2 * r.m.ctx.Axis.Slots() {
				r.Press("a")
			}
			r.wait(20 * time.Second)
			const steps = 20
			before := r.sent
			for i := range steps {
				r.Press(string("abc7b5"[i%6]))
			}
			mean := (r.sent - before) / steps
			t.Logf("%d×%d: %d bytes a step", size[0], size[1], mean)
			if mean >= 8<<10 {
				t.Errorf("%d×%d: %d bytes a step, the budget is 8192", size[0], size[1], mean)
			}
		})
	}
}

// An idle screen sends nothing at all.
func TestIdleIsSilent(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.wait(10 * time.Second)
		before := r.sent
		renders := r.m.renders
		r.wait(time.Minute)
		if r.sent != before {
			t.Errorf("%d bytes in a minute of nothing", r.sent-before)
		}
		if r.m.renders != renders {
			t.Errorf("%d screens assembled in a minute of nothing", r.m.renders-renders)
		}
	})
}

// A token is on the screen after one assembled picture, not several.
func TestOneKeyOnePicture(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("i")
		r.wait(10 * time.Second)
		for range 5 {
			before := r.m.renders
			r.Press("a")
			if n := r.m.renders - before; n > 2 {
				t.Errorf("%d pictures for one key, want at most 2 (the key, its frame)", n)
			}
		}
	})
}
