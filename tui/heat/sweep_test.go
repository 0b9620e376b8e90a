package heat

import (
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
)

// tally counts what a terminal is sent.
type tally int

func (n *tally) Write(p []byte) (int, error) {
	*n += tally(len(p))
	return len(p), nil
}

// sweepBytes runs steps of a 200×60 map through ultraviolet's screen diff, which
// Bubble Tea writes with, and returns the largest step in bytes. noise is how
// much neighbouring channels differ.
func sweepBytes(t *testing.T, m *Map, noise bool) int {
	t.Helper()
	const w, h = 200, 60
	var sent tally
	tr := uv.NewTerminalRenderer(&sent, []string{"TERM=xterm-256color"})
	tr.SetFullscreen(true)
	tr.SetRelativeCursor(false)
	tr.SetColorProfile(colorprofile.TrueColor)
	tr.Resize(w, h)
	r := &Raster{}
	r.Resize(w, h*RowsPerLine(m.depth))
	opt := Plain(1)
	buf := uv.NewScreenBuffer(w, h)
	var lines []string
	worst := 0
	x := uint32(7)
	for i := range r.Pix {
		r.Pix[i] = uint8(1 + i*31%255)
	}
	const first = w - 8 // through the end of a pass
	for step := first; step < w+8; step++ {
		for y := range r.H {
			x = x*1664525 + 1013904223
			v := 128 + 120*math.Sin(float64(step)/9+float64(y)/23)
			if noise {
				v = float64(1 + (x>>24)%255)
			}
			r.Pix[y*w+step%w] = uint8(v)
		}
		opt.NowX = step % w
		lines = r.Lines(lines[:0], m, opt)
		uv.NewStyledString(strings.Join(lines, "\n")).Draw(buf, buf.Bounds())
		sent = 0
		tr.Render(buf.RenderBuffer)
		if err := tr.Flush(); err != nil {
			t.Fatal(err)
		}
		if step > first {
			worst = max(worst, int(sent))
		}
	}
	return worst
}

// A step of a sweep sends two columns, the new one and the one that was lit
// before, and at the end of a pass the first column only: under 8 KB for a full
// screen of 200×60, smooth data or noise.
func TestSweepBytes(t *testing.T) {
	for _, d := range depths {
		m := mustMap(t, "viridis", d, true)
		smooth, noise := sweepBytes(t, m, false), sweepBytes(t, m, true)
		t.Logf("%v: %d bytes at most for smooth data, %d for noise", d, smooth, noise)
		if smooth > 8<<10 || noise > 8<<10 {
			t.Errorf("%v: a sweep step sends %d bytes, %d for noise; at most 8192 are allowed", d, smooth, noise)
		}
	}
}
