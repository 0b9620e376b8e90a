package tui

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"mamba-tui/assets"
	"mamba-tui/model/session"
)

// still is a model on a loaded prompt, driven by hand: no program, no commands.
type still struct {
	*Model
	e *session.Engine
}

func newStill(t testing.TB, o Options, w, h int) *still {
	t.Helper()
	e := builtin(t, assets.Default)
	m := NewModel(e, o)
	t.Cleanup(func() { m.Close(); e.Close() })
	s := &still{m, e}
	m.begin()
	s.Update(tea.WindowSizeMsg{Width: w, Height: h})
	s.settle(t)
	return s
}

// settle takes frames over until everything asked for is there.
func (s *still) settle(t testing.TB) {
	t.Helper()
	end := time.Now().Add(10 * time.Second)
	for quiet := 0; quiet < 3; {
		select {
		case <-s.e.Changed():
			s.take(s.e.Frame())
			quiet = 0
		case <-time.After(15 * time.Millisecond):
			quiet++
		}
		if time.Now().After(end) {
			t.Fatal("the engine does not come to rest")
		}
	}
}

func (s *still) press(keys ...string) {
	for _, k := range keys {
		s.Update(keyMsg(k))
	}
}

// checkScreen holds that the screen is exactly w×h cells.
func checkScreen(t *testing.T, m *Model, w, h int) {
	t.Helper()
	text := m.View().Content
	if w <= 0 || h <= 0 {
		if text != "" {
			t.Fatalf("%d×%d: a screen without cells has %d bytes", w, h, len(text))
		}
		return
	}
	lines := strings.Split(text, "\n")
	if len(lines) != h {
		t.Fatalf("%d×%d: %d lines", w, h, len(lines))
	}
	for y, s := range lines {
		if got := ansi.StringWidth(s); got != w {
			t.Fatalf("%d×%d: line %d is %d wide: %q", w, h, y, got, ansi.Strip(s))
		}
	}
}

// Every line of every size, view and overlay has exactly the width.
func TestEveryLineHasTheWidth(t *testing.T) {
	s := newStill(t, Options{}, 80, 24)
	rng := rand.New(rand.NewPCG(1, 2))
	scenes := [][]string{
		{}, {"enter"}, {"esc", "?"}, {"esc", "ctrl+p"}, {"esc", "p"}, {"esc", "2"}, {"3"}, {"z"}, {"z", "1", "i"},
		{"esc", "[", "j"}, {"g"}, {"esc", "w", "w", "w"}, {"4"}, {"t"}, {"right", "down", "enter", "up", "up", "enter"}, {"esc", "1"}, {"b"}, {"n"},
		{"esc", "esc", "/"}, {"c", "?"}, {"esc", "M"}, {"enter", "'"}, {"esc", "3", "f"},
	}
	sizes := [][2]int{{0, 0}, {1, 1}, {0, 30}, {30, 0}, {3, 200}, {400, 2}, {59, 18}, {60, 17}, {60, 18}, {80, 24}, {120, 40}, {200, 60}, {400, 120}, {400, 200}}
	for len(sizes) < 60 {
		sizes = append(sizes, [2]int{rng.IntN(401), rng.IntN(201)})
	}
	for _, keys := range scenes {
		s.Update(tea.WindowSizeMsg{Width: 100, Height: 40})
		s.press(keys...)
		for _, size := range sizes {
			s.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			checkScreen(t, s.Model, size[0], size[1])
		}
	}
}

// What-if, the panels and lists over it and Instruments keep the shape in every
// colour depth, on a light and a dark background, from the smallest size on.
func TestEveryDepthHasTheWidth(t *testing.T) {
	for _, p := range []colorprofile.Profile{colorprofile.ANSI256, colorprofile.ANSI, colorprofile.Ascii, colorprofile.TrueColor} {
		light := p == colorprofile.ANSI || p == colorprofile.TrueColor
		dark := !light
		s := newStill(t, Options{Profile: p, Dark: &dark, Prompt: strings.Repeat("¶7abc04d?", 40)}, 100, 40)
		for _, keys := range [][]string{
			{"t"}, {"right", "down", "enter", "right", "right", "right", "enter"}, {"n", "down", "down", "down", "enter", "down", "down", "right"},
			{"esc", "c"}, {"c"}, {"b"}, {"esc", "4"}, {"1"}, {":", "5", "0"}, {"esc", "m", "M", "x", "enter", "'"},
		} {
			s.Update(tea.WindowSizeMsg{Width: 100, Height: 40})
			s.press(keys...)
			s.settle(t)
			for _, size := range [][2]int{{60, 18}, {80, 24}, {99, 33}, {120, 40}, {200, 60}, {400, 120}} {
				s.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				checkScreen(t, s.Model, size[0], size[1])
			}
			if p == colorprofile.Ascii && strings.Contains(s.View().Content, "8;2;") {
				t.Fatalf("colours after %v on a terminal without", keys)
			}
		}
	}
}

// A screen that is too small says what it has and what it needs, and can be
// left.
func TestTooSmall(t *testing.T) {
	withRobot(t, 50, 10, Options{}, header(t), func(r *robot) {
		r.Sees("have 50×10", "need 60×18", "q quits")
		r.Press("i", "x")
		if r.m.insert {
			t.Error("a key worked on a screen that shows nothing")
		}
		r.p.Send(tea.WindowSizeMsg{Width: 80, Height: 24})
		r.wait(100 * time.Millisecond)
		r.p.Send(tea.WindowSizeMsg{Width: 12, Height: 2})
		r.wait(100 * time.Millisecond)
		r.Press("q")
	})
}

// Before the first size arrives there is nothing to draw, and no panic.
func TestViewBeforeSize(t *testing.T) {
	e := builtin(t, assets.Default)
	defer e.Close()
	m := NewModel(e, Options{})
	defer m.Close()
	if got := m.View().Content; got != "" {
		t.Errorf("%q before the size is known", got)
	}
	m.Update(keyMsg("left"))
	m.Update(tea.MouseMotionMsg{X: 3, Y: 3})
}

// View runs after every message: when nothing changed it costs nothing.
func TestCachedViewAllocatesNothing(t *testing.T) {
	s := newStill(t, Options{}, 200, 60)
	s.View()
	before := s.renders
	if n := testing.AllocsPerRun(100, func() { s.View() }); n != 0 {
		t.Errorf("%v allocations for a cached view", n)
	}
	s.Update(tea.MouseMotionMsg{X: -1, Y: -1})
	s.Update(struct{}{})
	s.Update(staleMsg{-1})
	s.View()
	if s.renders != before {
		t.Errorf("%d screens were assembled for messages that change nothing", s.renders-before)
	}
	s.press("left")
	s.View()
	if s.renders == before {
		t.Error("a moved cursor was not drawn")
	}
}

// One frame of a moved cursor stays within a budget of allocations: panels
// that did not change keep their lines.
func TestRedrawAllocations(t *testing.T) {
	s := newStill(t, Options{}, 120, 40)
	s.View()
	n := testing.AllocsPerRun(50, func() {
		s.touch()
		s.View()
	})
	if n > 400 {
		t.Errorf("%v allocations to assemble a screen of cached panels", n)
	}
}

// Light and dark are asked of the terminal unless given.
func TestBackground(t *testing.T) {
	s := newStill(t, Options{Profile: colorprofile.TrueColor}, 80, 24)
	dark := s.View().Content
	s.Update(tea.BackgroundColorMsg{Color: ansi.RGBColor{R: 255, G: 255, B: 250}})
	if s.dark || s.View().Content == dark {
		t.Error("a light background changed nothing")
	}
	no := false
	given := newStill(t, Options{Dark: &no}, 80, 24)
	given.Update(tea.BackgroundColorMsg{Color: ansi.RGBColor{}})
	if given.dark {
		t.Error("the terminal's answer overruled what was given")
	}
}

// The picture on screen follows the profile: no colour without colours.
func TestNoColour(t *testing.T) {
	s := newStill(t, Options{Profile: colorprofile.Ascii}, 120, 40)
	for _, seq := range []string{"38;2", "48;2", "38;5", "48;5", "\x1b[31", "\x1b[4;3"} {
		if i := strings.Index(s.View().Content, seq); i >= 0 {
			t.Errorf("%q on a terminal without colours", seq)
		}
	}
	s.press("v")
	if !strings.Contains(ansi.Strip(s.View().Content), "no colour maps to choose from") {
		t.Error("v gives no reason")
	}
}

// Untrusted text reaches no terminal as it is.
func TestToastIsSafe(t *testing.T) {
	s := newStill(t, Options{}, 100, 30)
	s.say(bad, "evil\x1b]0;title\x07 text\r\nwith\u202e tricks "+strings.Repeat("x", 1000))
	checkScreen(t, s.Model, 100, 30)
	for _, c := range []string{"\x1b]", "\x07", "\r", "\u202e"} {
		if strings.Contains(s.View().Content, c) {
			t.Errorf("%q reached the screen", c)
		}
	}
	if !strings.Contains(ansi.Strip(s.View().Content), `evil\x1b]0;title\x07 text`) {
		t.Error("the text is not readable")
	}
}

func TestOver(t *testing.T) {
	for _, c := range []struct {
		line, s   string
		x, n, w   int
		wantStrip string
	}{
		{"0123456789", "ab", 3, 2, 10, "012ab56789"},
		{"0123456789", "ab", 0, 2, 10, "ab23456789"},
		{"0123456789", "ab", 8, 2, 10, "01234567ab"},
		{"\x1b[31m01234\x1b[m56789", "ab", 4, 2, 10, "0123ab6789"},
		{"日本語日本", "ab", 3, 2, 10, "日 ab " + "日本"},
	} {
		got := over(c.line, c.s, c.x, c.n, c.w)
		if ansi.Strip(got) != c.wantStrip {
			t.Errorf("over(%q, %q, %d) = %q, want %q", c.line, c.s, c.x, ansi.Strip(got), c.wantStrip)
		}
		if w := ansi.StringWidth(got); w != c.w {
			t.Errorf("over(%q, %q, %d) is %d wide, want %d", c.line, c.s, c.x, w, c.w)
		}
	}
}

// Whatever is pressed at whatever size, the screen keeps its shape.
func FuzzScreen(f *testing.F) {
	f.Add(uint16(80), uint16(24), "i4abc?")
	f.Add(uint16(200), uint16(60), "f3czj?")
	f.Add(uint16(61), uint16(18), "gtkx")
	f.Add(uint16(400), uint16(200), "p4l\x1b\u202e日本")
	f.Add(uint16(80), uint16(24), "t\x02\x02\x04\x05ndk2\x05u")
	f.Add(uint16(100), uint16(30), "\x01\x01iab\x00bnx\x05c/4\x05:5\x05r4(")
	s := newStill(f, Options{}, 80, 24)
	f.Fuzz(func(t *testing.T, w, h uint16, keys string) {
		s.Update(tea.WindowSizeMsg{Width: int(w % 401), Height: int(h % 201)})
		for i, k := range keys {
			switch {
			case i > 40:
				return
			case k == 's' || k == 'q':
				continue // one writes files, the other ends
			case k < 8:
				s.Update(keyMsg([]string{"esc", "left", "right", "up", "down", "enter", "tab", "backspace"}[k]))
			default:
				s.Update(keyMsg(string(k)))
			}
			select {
			case <-s.e.Changed():
				s.take(s.e.Frame())
			default:
			}
			checkScreen(t, s.Model, s.w, s.h)
		}
	})
}
