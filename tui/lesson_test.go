package tui

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"mamba-tui/model/lesson"
	"mamba-tui/model/session"
	"mamba-tui/tui/panel"
)

// TestLessonsByTheirKeys: every lesson can be done as it says: the keys of each
// step do it, what there is to see has its numbers, and at the end the claims
// are measured.
func TestLessonsByTheirKeys(t *testing.T) {
	for _, l := range lesson.All() {
		t.Run(l.Name, func(t *testing.T) {
			text, err := l.Text(lesson.English)
			if err != nil {
				t.Fatal(err)
			}
			withRobot(t, 120, 40, Options{Lesson: l.Name}, func() Engine { return builtin(t, l.Model) }, func(r *robot) {
				r.Sees(text.Title, "Question", "N next")
				r.Press("N")
				for i, s := range l.Steps {
					r.Sees(text.Title+" · ", "Press")
					if r.m.tutor.way.Done(i) {
						t.Fatalf("%s is done before a key was pressed", s.Name)
					}
					r.Press(s.Keys...)
					if !r.m.tutor.way.Done(i) {
						t.Fatalf("%s is not done by %v:\n%s", s.Name, s.Keys, r.Screen())
					}
					if see := r.m.lessonView().See; strings.Contains(see, "…") {
						t.Errorf("%s: there is nothing for a place in: %s", s.Name, see)
					}
					r.Sees("See", "N next")
					r.Press("N")
				}
				r.Sees("These were the steps")
				r.WaitFor("✔ " + strconv.Itoa(len(l.Claims)) + " / " + strconv.Itoa(len(l.Claims)))
				r.Press("N") // the page
				r.Sees("What to do", "What was measured")
				r.SeesNot("✘", "measuring")
			})
		})
	}
}

// TestLessonPage: L lists the lessons, and shows the page of the one that is
// open; the claims arrive while one reads.
func TestLessonPage(t *testing.T) {
	withRobot(t, 80, 24, Options{}, header(t), func(r *robot) {
		r.Press("N")
		r.Sees("no lesson is open: L lists them")
		r.Press("L")
		r.Sees("lessons", "Selecting and fading", "Boundary resetting", "Gating is not selection")
		r.Press("enter")
		r.Sees("Question To select a token is to thin")
		if r.m.frame.Branch.Count < 2 {
			t.Error("the history of before is gone")
		}
		r.WaitFor("✔ 7 / 7")
		r.Press("L")
		r.Sees("What to do", "▸")
		r.Press("pgdown", "pgdown", "pgdown")
		r.Sees("A trained model has cells of every kind")
		r.Press("esc", "N", "P", "N", "N")
		r.Sees("· 2/4")
		r.Press("P")
		r.Sees("· 1/4")
		// Another model's lesson: the program is told and the screen ends, or
		// says what to do.
		r.Press("L", "L", "down", "enter")
		r.Sees("this lesson is about header: mamba-tui learn boundary opens it")
	})
}

// TestLessonSetUp: what a lesson begins with is in force, what was changed before
// is not.
func TestLessonSetUp(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("f")
		r.Sees("freeze Δ at its clean mean")
		l, err := lesson.ByName("gating")
		if err != nil {
			t.Fatal(err)
		}
		l.Tweaks = []session.Tweak{{Kind: session.GateOff, Layer: -1, Channel: -1, State: -1, To: session.End}}
		r.turn.Lock()
		cmd := r.m.beginLesson(l)
		r.turn.Unlock()
		r.p.Send(verdictMsg{next: cmd})
		r.wait(time.Second)
		r.Sees("Gating is not selection", "gate off")
		r.SeesNot("freeze Δ at its clean mean")
		if f := r.m.frame; len(f.Tweaks) != 1 || f.Tweaks[0].Kind != session.GateOff || f.Changed == nil || r.m.tutor.wait {
			t.Errorf("tweaks %v, waiting %v", f.Tweaks, r.m.tutor.wait)
		}
	})
}

// TestLessonReopens: a lesson about another model is handed to the program.
func TestLessonReopens(t *testing.T) {
	e := builtin(t, "header-exact")
	chosen := ""
	m := NewModel(e, Options{Reopen: func(name string) { chosen = name }})
	defer e.Close()
	defer m.Close()
	if cmd := m.openLesson("boundary"); cmd == nil || chosen != "boundary" || !m.quitting {
		t.Errorf("chosen is %q, quitting %v", chosen, m.quitting)
	}
}

// TestLessonLeft: after leaving, nothing of the lesson is on the screen, and a
// verdict that comes late changes nothing.
func TestLessonLeft(t *testing.T) {
	withRobot(t, 120, 40, Options{Lesson: "fading"}, header(t), func(r *robot) {
		r.Sees("Selecting and fading")
		no := r.m.tutor.no
		r.Press("ctrl+p")
		r.Type("lesson leave")
		r.Press("enter")
		r.SeesNot("Selecting and fading")
		r.p.Send(verdictMsg{no: no})
		r.wait(time.Second)
		if r.m.tutor.way != nil || len(r.m.tutor.verdicts) > 0 {
			t.Error("the lesson is still there")
		}
	})
}

// TestEveryStepFits: at every width each text of each language can be read whole
// in the strip.
func TestEveryStepFits(t *testing.T) {
	for _, size := range [][2]int{{60, 18}, {80, 24}, {100, 30}, {120, 40}, {160, 50}, {200, 60}} {
		for _, l := range lesson.All() {
			for _, lang := range lesson.Languages() {
				e := builtin(t, l.Model)
				m := NewModel(e, Options{Language: lang})
				m.w, m.h = size[0], size[1]
				if _, err := m.teach(l); err != nil {
					t.Fatal(err)
				}
				whole := func(text, word string) {
					t.Helper()
					// Numbers take about as many cells as their names.
					n := len(panel.Prose(m.theme, text, m.w-3-2*len([]rune(word))))
					if n > m.lessonWants()-1 {
						t.Errorf("%d×%d %s %s: %d lines for %d: %s", m.w, m.h, lang, l.Name, n, m.lessonWants()-1, text)
					}
				}
				whole(m.tutor.text.Begin(), m.tutor.words["question"])
				for _, s := range l.Steps {
					whole(m.tutor.text.Press(s), m.tutor.words["press"])
					whole(m.tutor.text.See(s, nil)+strings.Repeat("0", 12), m.tutor.words["see"])
				}
				whole(m.tutor.words["finished"], "")
				m.Close()
				e.Close()
			}
		}
	}
}
