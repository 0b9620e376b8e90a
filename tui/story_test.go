package tui

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mamba-tui/assets"
	"mamba-tui/model"
)

func header(t *testing.T) func() Engine {
	return func() Engine { return builtin(t, assets.Default) }
}

// The first screen shows a story without a key being pressed.
func TestFirstScreen(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Sees("header-exact", "hand-written", "WATCH · LIVE", "¶", "┃", "answer", "i type")
		r.SeesNot("INSERT", "PLAY")
		if got := r.m.frame.Tokens.Len(); got != 28 {
			t.Errorf("%d tokens, the first prompt has 28", got)
		}
	})
}

// The first minute: the prompt plays, stops at the wipe, and four keys lead on.
func TestFirstMinute(t *testing.T) {
	withRobot(t, 120, 40, Options{Intro: true}, header(t), func(r *robot) {
		r.Sees("PLAY 8/s", "esc  skips the tour")
		if n := r.m.frame.Tokens.Len(); n > 3 {
			t.Errorf("%d tokens after 300 ms at 8 a second", n)
		}
		r.WaitFor("Press  i  and type. Token 12 opened Δ and wiped h")
		if n := r.m.frame.Tokens.Len(); n != 13 {
			t.Errorf("stopped after %d tokens, the wipe is token 12", n)
		}
		r.wait(2 * time.Second)
		if n := r.m.frame.Tokens.Len(); n != 13 {
			t.Errorf("it went on to %d tokens by itself", n)
		}
		r.Press("i")
		r.Sees("INSERT", "Type any of 0–9 a–f", "←  walk back")
		r.Type("ab")
		if n := r.m.frame.Tokens.Len(); n != 15 {
			t.Errorf("%d tokens after typing two, want 15", n)
		}
		r.Press("esc")
		r.Sees("Press  ←  to walk back")
		r.Press("left")
		r.Sees("Press  enter : one cell of h")
		r.Press("enter")
		r.Sees("after token 13", "Press  f : freeze Δ")
		r.Press("f")
		r.Sees("WHAT-IF", "clean", "changed", "Δ is frozen: compare the answers")
		r.SeesNot("Press")
		// What the line promised is on the screen: the two answers differ.
		f := r.m.frame
		if f.Changed == nil || f.Clean.At == nil || f.Changed.At == nil {
			t.Fatal("there are no two runs to compare")
		}
		if a, b := f.Clean.At.Top[0].ID, f.Changed.At.Top[0].ID; a == b {
			t.Errorf("clean and changed both answer %d: nothing went wrong", a)
		}
		r.wait(20 * time.Second)
		r.Press("1", "left")
		r.SeesNot("Press")
	})
}

// esc skips the tour, and the whole story is there at once.
func TestSkipTour(t *testing.T) {
	withRobot(t, 80, 24, Options{Intro: true}, header(t), func(r *robot) {
		r.Press("esc")
		r.Sees("tour skipped", "LIVE")
		if n := r.m.frame.Tokens.Len(); n != 28 {
			t.Errorf("%d tokens, the prompt has 28", n)
		}
		r.wait(30 * time.Second)
		r.SeesNot("Press")
	})
}

// Typing: every key is a token at once, backspace takes it back, typing in the
// past opens a branch.
func TestTyping(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		tokens := func(want int) {
			t.Helper()
			if got := r.m.frame.Tokens.Len(); got != want {
				t.Errorf("%d tokens, want %d", got, want)
			}
		}
		r.Press("i")
		r.Sees("INSERT", "0–9 a–f ¶ ?", "esc")
		r.Type("q?") // q is a command elsewhere; it is not in the alphabet here
		tokens(30)
		r.Sees("1 outside the alphabet")
		r.Press("backspace", "backspace")
		tokens(28)
		r.SeesNot("outside the alphabet")
		r.Press("enter", "5", "?")
		tokens(31)
		if id := r.m.frame.Tokens.At(28).ID; r.m.frame.Info.Texts[id] != "¶" {
			t.Errorf("enter typed %q, want ¶", r.m.frame.Info.Texts[id])
		}
		if top := r.m.frame.Clean.At.Top[0]; r.m.frame.Info.Texts[top.ID] != "5" || top.P < 0.9 {
			t.Errorf("the answer is %q (%.2f), the header was 5", r.m.frame.Info.Texts[top.ID], top.P)
		}
		r.Press("left") // an arrow leaves insert mode
		r.SeesNot("INSERT")
		r.Sees("PAUSED", "token 29/30")
		r.Press("home", "right", "i")
		r.Sees("opens a branch")
		r.Type("7c")
		tokens(4)
		r.Sees("branch 2 of 2")
		r.Press("esc")
		r.SeesNot("INSERT")
	})
}

// Fast keys in the past open one branch, not one each.
func TestFastTypingInThePast(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("home", "i")
		for _, k := range "9abc?" {
			r.p.Send(keyMsg(string(k)))
		}
		r.wait(200 * time.Millisecond)
		if n := r.m.frame.Tokens.Len(); n != 6 {
			t.Errorf("%d tokens, want 6", n)
		}
		if b := r.m.frame.Branch; b.Count != 2 {
			t.Errorf("%d branches, want 2", b.Count)
		}
	})
}

func TestStrict(t *testing.T) {
	withRobot(t, 120, 40, Options{Strict: true}, header(t), func(r *robot) {
		r.Press("i")
		r.Type("x")
		r.Sees("x is not in the alphabet, and strict mode refuses it")
		if n := r.m.frame.Tokens.Len(); n != 28 {
			t.Errorf("%d tokens: x was taken", n)
		}
		r.Paste("ab\x1b[2Jc")
		r.Sees(`\x1b is not in the alphabet`)
	})
}

func TestPaste(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("x")
		if n := r.m.frame.Tokens.Len(); n != 0 {
			t.Fatalf("%d tokens after clear", n)
		}
		r.Sees("no tokens")
		r.Paste("¶3abc?\r\n8d?")
		r.Sees("10 tokens pasted")
		if n := r.m.frame.Tokens.Len(); n != 10 {
			t.Errorf("%d tokens, want 10 (a line end is one)", n)
		}
		r.Paste(strings.Repeat("a", maxPaste+1))
		r.Sees("the paste has 1048577 bytes, at most 1048576 are taken")
		if n := r.m.frame.Tokens.Len(); n != 10 {
			t.Errorf("%d tokens: a paste over the bound was taken", n)
		}
		r.Paste("")
		r.Sees("the paste is empty")
	})
}

// Play walks history and says why it stops.
func TestPlay(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("space")
		r.Sees("this is the newest token")
		r.Press("home")
		r.Sees("token 0/27", "PAUSED")
		r.Press("space")
		r.Sees("PLAY 8/s")
		r.wait(time.Second)
		if got := r.m.cursor.T; got < 7 || got > 9 {
			t.Errorf("after a second at 8 a second the cursor is at %d", got)
		}
		r.Press("+")
		r.Sees("16 tokens a second")
		r.WaitFor("play stops here")
		r.Sees("token 27/27", "LIVE")
		r.Press("home", "space", "space")
		at := r.m.cursor.T
		r.wait(time.Second)
		if r.m.cursor.T != at {
			t.Error("paused, and the cursor went on")
		}
		for range 10 {
			r.Press("+")
		}
		r.Sees("is the limit")
	})
}

func TestGenerate(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("g")
		r.Sees("GENERATE", "greedy", "temperature")
		r.wait(time.Second)
		n := r.m.frame.Tokens.Len()
		if n < 34 || n > 38 {
			t.Errorf("%d tokens after a second at 8 a second from 28", n)
		}
		r.Press("k")
		r.Sees("greedy always takes the first")
		r.Press("t", "t", "k", "e")
		r.Sees("temperature 0.2 · top 1 · seed 1")
		r.Press("space")
		r.Sees("stopped")
		n = r.m.frame.Tokens.Len()
		r.wait(time.Second)
		if r.m.frame.Tokens.Len() != n {
			t.Error("stopped, and it generated on")
		}
		r.Press("esc")
		r.SeesNot("GENERATE")
		r.Press("x", "g")
		r.Sees("needs a token to continue from")
	})
}

// Every answer of a key that does nothing gives a reason.
func TestReasons(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		for key, why := range map[string]string{
			"u": "nothing to undo", "ctrl+r": "nothing to redo",
			"}": "nothing was searched for yet", "'": "no marks yet", "R": "recording is not available",
			"c": "there is no changed run yet", ">": "only one layer", ".": "only one state",
			"right": "this is the newest token", "1": "this is WATCH already", "j": "j does nothing here",
			"f5": "f5 does nothing here", "esc": "nothing to leave here",
		} {
			r.Press(key)
			if s := r.Screen(); !strings.Contains(s, why) {
				t.Errorf("%s does not say %q:\n%s", key, why, s)
			}
			r.wait(15 * time.Second) // until the toast is gone
			r.SeesNot(why)
		}
	})
}

func TestEventsAndMarks(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("[")
		r.Sees("token 12: ┃ less than 0.05 of h kept", "token 12/27", "PAUSED")
		r.Press("left", "left", "m")
		r.Sees("token 10 marked")
		r.Press("end", "[", "[")
		r.Sees("token 10: mark")
		r.Press("m")
		r.Sees("mark at token 10 removed")
		r.Press("home", "[")
		r.Sees("no event before this token")
	})
}

// Loading another prompt, at once or token by token.
func TestPrompts(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("p")
		r.Sees("prompts", "two documents", "four documents")
		r.Type("four")
		r.SeesNot("two documents")
		r.Press("enter")
		want := utf8.RuneCountInString(r.m.prompts()[1].Text)
		if n := r.m.frame.Tokens.Len(); n != want {
			t.Errorf("%d tokens, the prompt has %d", n, want)
		}
		r.Press("p", "tab")
		r.Sees("PLAY 8/s")
		r.wait(time.Second)
		if n := r.m.frame.Tokens.Len(); n < 6 || n > 10 {
			t.Errorf("%d tokens after a second", n)
		}
		r.WaitFor("end of the prompt")
		r.Press("p")
		r.Type("zzzz")
		r.Sees("nothing matches")
		r.Press("esc")
		r.SeesNot("nothing matches")
	})
}

// numbers is a model without a symbol table, with layers and states to walk.
func numbers(t *testing.T) func() Engine {
	return func() Engine {
		cfg := model.Config{VocabSize: 50, DModel: 16, DInner: 32, DState: 5, DConv: 4, DtRank: 2, NLayer: 3, Eps: 1e-5, ConvBias: true}
		return engineOf(t, cfg, model.RandomWeights(cfg, 1), model.Card{Name: "random", Kind: model.Untrained})
	}
}

// A model without symbols is typed as token ids; every coordinate of the cursor
// has its keys.
func TestNumbersLayersAndStates(t *testing.T) {
	withRobot(t, 120, 40, Options{}, numbers(t), func(r *robot) {
		r.Sees("random", "untrained", "no tokens")
		r.Press("space")
		r.Sees("nothing to play yet")
		r.Press("p")
		r.Sees("this model brings no prompts")
		r.Press("i")
		r.Sees("token ids 0–49")
		r.Type("1")
		if n := r.m.frame.Tokens.Len(); n != 0 {
			t.Errorf("%d tokens: a digit is not an id yet", n)
		}
		r.Type("2 7 x")
		r.Sees("type token ids 0 to 49")
		r.Type("49")
		r.Press("backspace")
		r.Press("enter") // 4
		r.Type("1234567890")
		r.Sees("at most 9 digits")
		r.Press("space")
		r.Sees("is not a token id")
		ids := []int32{}
		for i := range r.m.frame.Tokens.Len() {
			ids = append(ids, r.m.frame.Tokens.At(i).ID)
		}
		if !slices.Equal(ids, []int32{12, 7, 4}) {
			t.Fatalf("typed %v, want 12 7 4", ids)
		}
		r.Paste("3 4\n5")
		r.Press("esc")
		if n := r.m.frame.Tokens.Len(); n != 6 {
			t.Errorf("%d tokens after pasting three", n)
		}
		r.Press(">", ">")
		r.Sees("layer 2/2")
		if w := r.m.frame.Clean; w.Layer != 2 {
			t.Errorf("the window is of layer %d", w.Layer)
		}
		r.Press(">")
		r.Sees("layer 2 is the last")
		r.m.cursor.D, r.m.cursor.N = 0, 0
		r.Press(".", ".", "down", "enter")
		r.Sees("h[1,2] after token 5")
		r.Press(",", "up", "up")
		r.Sees("h[0,1] after token 5", "channel 0 is the first")
	})
}

// A history of many tokens stays quick to walk and to type into.
func TestLongHistory(t *testing.T) {
	withRobot(t, 120, 40, Options{Prompt: strings.Repeat("¶7abc04d?", 2000)}, header(t), func(r *robot) {
		r.WaitFor("token 17999/17999")
		r.Press("i", "5")
		r.Sees("token 18000/18000")
		r.Press("esc", "home", "]")
		r.Sees("┃ less than 0.05")
		r.Press("end")
		r.Sees("LIVE")
	})
}
