package tui

import (
	"strings"
	"testing"
	"time"

	"mamba-tui/model/session"
)

// : goes to a token, a share, a step and a mark; what is no place gets a reason.
func TestSeek(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		for _, c := range []struct {
			text string
			want int
		}{{"12", 12}, {"+3", 15}, {"-5", 10}, {"50%", 14}, {"0%", 0}, {"100%", 27}, {" 7 ", 7}} {
			r.Press(":")
			r.Sees("GO TO")
			for _, k := range c.text {
				if k == ' ' {
					r.Press("space")
					continue
				}
				r.Type(string(k))
			}
			r.Press("enter")
			if r.m.cursor.T != c.want {
				t.Errorf(":%s goes to token %d, want %d", c.text, r.m.cursor.T, c.want)
			}
		}
		for text, why := range map[string]string{
			"28": "the history has tokens 0 to 27", "101%": "no percentage", "nowhere": "nor the name of a mark", "": "give a token's number",
		} {
			r.Press(":")
			r.Type(text)
			r.Press("enter")
			if r.Sees(why); r.m.cursor.T != 7 {
				t.Errorf(":%s moved the cursor to %d", text, r.m.cursor.T)
			}
		}
		r.Press(":", "1", "esc")
		if r.m.cursor.T != 7 {
			t.Error("esc went somewhere")
		}
	})
}

// Marks: set, named, listed, gone to by name, stopped at, removed.
func TestNamedMarks(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("'")
		r.Sees("no marks yet")
		r.Press(":", "5", "enter", "M")
		r.Sees("NAME", "of the mark at token 5")
		r.Type("first noise")
		r.Press("enter", "end", "m")
		r.Sees("token 27 marked")
		if got := r.m.frame.Marks; len(got) != 2 || got[0] != (session.Mark{T: 5, Name: "first noise"}) {
			t.Fatalf("marks %+v", got)
		}
		r.Press("'")
		r.Sees("marks", "first noise", "token 5 of 27, 18.5 %")
		r.Type("noise")
		r.Press("enter")
		if r.m.cursor.T != 5 {
			t.Errorf("the list leads to token %d", r.m.cursor.T)
		}
		r.Press("home", ":")
		r.Type("FIRST")
		r.Press("enter")
		if r.m.cursor.T != 5 {
			t.Errorf("the name leads to token %d", r.m.cursor.T)
		}
		r.Press("home", "]")
		r.Sees("token 5: mark “first noise”")
		r.Press("m")
		r.Sees("mark at token 5 removed")
	})
}

// / finds text as it is typed, walks its places both ways round, and goes back.
func TestSearch(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("}")
		r.Sees("nothing was searched for yet")
		r.Press("home", "/")
		r.Sees("SEARCH")
		r.Type("4¶") // tokens 10 and 11
		if r.m.cursor.T != 10 {
			t.Errorf("while typing the cursor is at %d, 4¶ stands at 10", r.m.cursor.T)
		}
		r.Press("esc")
		if r.m.cursor.T != 0 {
			t.Errorf("esc leaves the cursor at %d", r.m.cursor.T)
		}
		r.Press("/")
		r.Type("?")
		r.Press("enter")
		r.Sees("“?”", "} next")
		first := r.m.cursor.T
		r.Press("}")
		r.Sees("token 27 of 27")
		r.Press("}")
		r.Sees("from the beginning again")
		if r.m.cursor.T != first {
			t.Errorf("round the end: token %d, want %d", r.m.cursor.T, first)
		}
		r.Press("{")
		r.Sees("from the end again")
		r.Press("/", "down")
		if r.m.cursor.T != first {
			t.Errorf("down in an empty line: token %d, want the last search's next, %d", r.m.cursor.T, first)
		}
		r.Type("zz")
		r.Sees("“zz” is nowhere in this history")
		r.Press("backspace", "backspace", "backspace")
		r.SeesNot("SEARCH")
	})
}

// A history longer than the screen has a timeline: it says where one is, and a
// click goes there; its stretch can be narrowed.
func TestTimelineStrip(t *testing.T) {
	withRobot(t, 120, 40, Options{Prompt: strings.Repeat("¶7abc04d?", 400)}, header(t), func(r *robot) {
		r.WaitFor("token 3599/3599")
		r.Sees("timeline", "token 3599 · 100.0 %", "tokens a cell", "shown")
		x, y := place(t, r.m, "timeline")
		r.p.Send(click(x+r.m.layout.Gutter+r.m.layout.Cols/2, y+1))
		r.wait(100 * time.Millisecond)
		if got := r.m.cursor.T; got < 1750 || got > 1850 {
			t.Errorf("a click in the middle of the strip goes to token %d of 3600", got)
		}
		r.Sees("PAUSED")
		o := r.m.frame.Overview
		if o == nil || o.From != 0 || o.To != 3600 {
			t.Fatalf("the strip shows %+v", o)
		}
		r.Press(")")
		r.Sees("the timeline shows 900 tokens of 3600")
		r.wait(100 * time.Millisecond)
		if o = r.m.frame.Overview; o.To-o.From != 900 || r.m.cursor.T < o.From || r.m.cursor.T >= o.To {
			t.Errorf("a stretch of tokens %d to %d around token %d", o.From, o.To, r.m.cursor.T)
		}
		r.Press(")", ")", ")", ")")
		r.Sees("a token a cell already")
		r.Press("(", "(", "(", "(", "(", "(")
		r.Sees("the whole history already")
	})
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.SeesNot("timeline")
	})
}

// Play through a long history keeps the cursor in sight and sends a picture a
// page, not a token.
func TestPlayPages(t *testing.T) {
	withRobot(t, 120, 40, Options{Prompt: strings.Repeat("¶7abc04d?", 100)}, header(t), func(r *robot) {
		r.WaitFor("token 899/899")
		r.Press("home", "+", "+", "space")
		froms := map[int]bool{}
		for range 150 {
			r.wait(20 * time.Millisecond)
			a := r.m.ctx.Axis
			if _, ok := a.Slot(r.m.cursor.T); !ok {
				t.Fatalf("token %d is played out of sight", r.m.cursor.T)
			}
			froms[a.From] = true
		}
		if r.m.cursor.T < 60 {
			t.Fatalf("three seconds at 32 a second led to token %d", r.m.cursor.T)
		}
		if len(froms) > 6 {
			t.Errorf("the picture moved %d times for %d tokens", len(froms), r.m.cursor.T)
		}
	})
}
