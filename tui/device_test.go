package tui

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mamba-tui/tui/panel"
)

// A GPU in use stands in the status line and among the instruments, is looked
// at twice a second also while nothing is computed, and goes when it cannot be
// read.
func TestDevice(t *testing.T) {
	var watts, looks atomic.Int64
	watts.Store(300)
	o := Options{Device: func() (panel.Device, bool) {
		looks.Add(1)
		w := watts.Load()
		return panel.Device{GPU: 63, Used: 12 << 30, Total: 80 << 30, Watts: float64(w), Limit: 700, Celsius: 51}, w > 0
	}}
	withRobot(t, 160, 40, o, header(t), func(r *robot) {
		if line := strings.Split(r.Screen(), "\n")[0]; !strings.Contains(line, "GPU 63 % 12 GiB 300 W 51 °C") {
			t.Errorf("the status line is %q", line)
		}
		r.Press("4")
		if s := r.Screen(); !strings.Contains(s, "300 of 700 W") || !strings.Contains(s, "12 of 80 GiB") || !strings.Contains(s, "backend") {
			t.Errorf("the instruments are\n%s", s)
		}
		watts.Store(400)
		before := looks.Load()
		r.wait(1100 * time.Millisecond)
		if n := looks.Load() - before; n != 2 {
			t.Errorf("looked at %d times in 1.1 s", n)
		}
		if s := r.Screen(); !strings.Contains(s, "400 of 700 W") {
			t.Errorf("half a second later the instruments are\n%s", s)
		}
		watts.Store(0)
		r.wait(600 * time.Millisecond)
		if s := r.Screen(); strings.Contains(s, "GPU 63") || !strings.Contains(s, "not in use") {
			t.Errorf("a GPU that cannot be read is shown:\n%s", s)
		}
	})
	// Without one there is nothing of it.
	withRobot(t, 160, 40, Options{}, header(t), func(r *robot) {
		r.Press("4")
		if s := r.Screen(); strings.Contains(s, "GPU") || strings.Contains(s, " device ") {
			t.Errorf("there is no GPU, and the screen is\n%s", s)
		}
	})
}
