package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// place is where a panel stands.
func place(t *testing.T, m *Model, id string) (x, y int) {
	t.Helper()
	for _, p := range m.layout.Places {
		if p.ID == id {
			return p.Rect.Min.X, p.Rect.Min.Y
		}
	}
	t.Fatalf("no panel %s on the screen", id)
	return 0, 0
}

// click is a click on a cell of the screen.
func click(x, y int) tea.MouseClickMsg {
	return tea.MouseClickMsg(tea.Mouse{X: x, Y: y, Button: tea.MouseLeft})
}

// Hovering sets the cursor without leaving anything; a click stops what moves
// and focuses; the wheel pans time.
func TestMouse(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		x, y := place(t, r.m, "delta")
		over := func(token, line int) tea.Mouse {
			a := r.m.ctx.Axis
			slot, _ := a.Slot(token)
			return tea.Mouse{X: x + a.Gutter + slot*a.CellW, Y: y + 1 + line, Button: tea.MouseLeft}
		}
		send := func(msg tea.Msg) {
			r.p.Send(msg)
			r.wait(100 * time.Millisecond)
		}
		send(tea.MouseMotionMsg(over(4, 3)))
		r.Sees("token 4/27", "PAUSED")
		if r.m.cursor.D == 0 {
			t.Error("the channel did not follow the mouse")
		}
		send(tea.MouseClickMsg(over(12, 0)))
		r.Sees("token 12/27")
		// The answer's panel has no cursor but takes the focus.
		ax, ay := place(t, r.m, "answer")
		send(tea.MouseClickMsg(tea.Mouse{X: ax + 1, Y: ay, Button: tea.MouseLeft}))
		if r.m.focused() != "answer" {
			t.Errorf("focus on %s after a click on the answer", r.m.focused())
		}
		// While it plays, hovering changes nothing; a click stops it.
		send(keyMsg("home"))
		send(keyMsg("space"))
		send(tea.MouseMotionMsg(over(20, 2)))
		r.Sees("PLAY")
		send(tea.MouseClickMsg(over(20, 2)))
		r.Sees("token 20/27", "PAUSED")
		send(tea.MouseWheelMsg(tea.Mouse{X: x + 20, Y: y + 2, Button: tea.MouseWheelUp}))
		r.Sees("token 17/27")
		send(tea.MouseWheelMsg(tea.Mouse{X: x + 20, Y: y + 2, Button: tea.MouseWheelDown}))
		r.Sees("token 20/27")
		// A click beside a list closes it, one on a line marks it.
		send(keyMsg("p"))
		box := r.m.over.box
		send(tea.MouseClickMsg(tea.Mouse{X: box.Min.X + 5, Y: box.Min.Y + 4, Button: tea.MouseLeft}))
		if r.m.over.at != 1 {
			t.Errorf("line %d is marked, the second was clicked", r.m.over.at)
		}
		send(tea.MouseClickMsg(tea.Mouse{X: 0, Y: 5, Button: tea.MouseLeft}))
		r.SeesNot("four documents")
	})
}

// Panning a history that is longer than the screen keeps the cursor in sight.
func TestPan(t *testing.T) {
	withRobot(t, 80, 24, Options{Prompt: strings.Repeat("¶7abc?", 60)}, header(t), func(r *robot) {
		r.Sees("token 359/359")
		r.Press("left")
		x, y := place(t, r.m, "kept")
		for range 5 {
			r.p.Send(tea.MouseWheelMsg(tea.Mouse{X: x + 10, Y: y, Button: tea.MouseWheelUp}))
			r.wait(50 * time.Millisecond)
		}
		a := r.m.ctx.Axis
		if want := 360 - a.Slots() - 15; a.From != want {
			t.Errorf("panned to %d, want %d", a.From, want)
		}
		if _, ok := a.Slot(r.m.cursor.T); !ok {
			t.Error("the cursor is out of sight")
		}
		r.Press("home")
		r.Sees("token 0/359")
		if r.m.ctx.Axis.From != 0 {
			t.Errorf("home shows token %d first", r.m.ctx.Axis.From)
		}
		r.Press("pgdown")
		r.Sees("token 16/359")
	})
}

// A flood of movements becomes one per gap; everything else passes.
func TestCoalesce(t *testing.T) {
	now := time.Unix(0, 0)
	f := coalesce(func() time.Time { return now }, 16*time.Millisecond)
	passed := 0
	for range 1000 { // a second at a movement a millisecond
		now = now.Add(time.Millisecond)
		if f(nil, tea.MouseMotionMsg{}) != nil {
			passed++
		}
		for _, msg := range []tea.Msg{tea.MouseClickMsg{}, tea.MouseWheelMsg{}, tea.KeyPressMsg{}, frameMsg{}} {
			if f(nil, msg) == nil {
				t.Fatalf("%T was dropped", msg)
			}
		}
	}
	if passed < 60 || passed > 63 {
		t.Errorf("%d of 1000 movements passed, want about 62", passed)
	}
}
