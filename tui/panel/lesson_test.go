package panel

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

func proseTheme(t *testing.T, d heat.Depth) *theme.Theme {
	t.Helper()
	th, err := theme.New(d, true, "viridis", "blue-red")
	if err != nil {
		t.Fatal(err)
	}
	return th
}

// unpainted are the lines of a text without escapes.
func unpainted(lines []string) []string {
	for i := range lines {
		lines[i] = strings.TrimRight(ansi.Strip(lines[i]), " ")
	}
	return lines
}

func TestProse(t *testing.T) {
	th := proseTheme(t, heat.TrueColor)
	for _, c := range []struct {
		text string
		w    int
		want string
	}{
		{"one two three", 7, "one two|three"},
		{"one two three", 80, "one two three"},
		{"`[` goes back, `ctrl+p` too", 9, "[ goes|back,|ctrl+p|too"},
		{"press `t`: more", 8, "press t:|more"},
		{"kept 99.1 % of h", 11, "kept 99.1 %|of h"},
		{"一二三四五", 6, "一二三|四五"},
		{"一二三。四", 6, "一二|三。四"},   // no full stop begins a line
		{"一二(三四)", 6, "一二|(三四)"}, // no bracket ends one
		{"`f` で Δ を固定", 7, "f で Δ|を固定"},
		{"averyveryverylongword x", 5, "averyveryverylongword|x"},
		{"", 9, ""},
	} {
		if have := strings.Join(unpainted(Paragraph(th, c.text, c.w, 0)), "|"); have != c.want {
			t.Errorf("%q in %d cells: %q, want %q", c.text, c.w, have, c.want)
		}
	}
	// Where a key cannot be told by its look, its quotes stay.
	if have := Paragraph(proseTheme(t, heat.Mono), "`[` goes", 20, 2); colorless(have[0]) && !strings.Contains(have[0], "`[`") {
		t.Errorf("without colours: %q", have)
	}
	painted := Paragraph(th, "`[` goes", 20, 0)[0]
	if !strings.Contains(painted, th.Paint(theme.Key, "[")) {
		t.Errorf("the key is not painted as one: %q", painted)
	}
}

func colorless(s string) bool { return ansi.Strip(s) == s }

// TestLessonStrip: always as many lines of as many cells as asked for; the
// question, then what to press, then what to see and the key that goes on.
func TestLessonStrip(t *testing.T) {
	th := proseTheme(t, heat.TrueColor)
	l := Lesson{
		Title: "A title", Step: 2, Steps: 3, Press: "`f` freezes", See: strings.Repeat("long ", 40), Finished: "all done",
		PressWord: "Press", SeeWord: "See", Next: "next", Key: "l", Page: "L", Held: 4, Claims: 6,
	}
	text := func(l Lesson, w, h int) string {
		t.Helper()
		lines := LessonStrip(th, l, w, h)
		if len(lines) != h {
			t.Fatalf("%d lines, want %d", len(lines), h)
		}
		for _, s := range lines {
			if n := ansi.StringWidth(s); n != w {
				t.Errorf("a line of %d cells, want %d: %q", n, w, s)
			}
		}
		return strings.Join(unpainted(lines), "\n")
	}
	for _, w := range []int{20, 60, 80, 200} {
		for h := 1; h < 7; h++ {
			for _, done := range []bool{false, true} {
				l.Done = done
				text(l, w, h)
			}
		}
	}
	l.Done = false
	if s := text(l, 80, 4); !strings.Contains(s, "A title · 2/3 ─") || !strings.Contains(s, "✔ 4 / 6 L") || !strings.Contains(s, "Press f freezes") || strings.Contains(s, "next") {
		t.Errorf("a step to do:\n%s", s)
	}
	l.Done, l.See = true, "it froze"
	if s := text(l, 80, 4); !strings.Contains(s, "See it froze   l next") {
		t.Errorf("a step that is done:\n%s", s)
	}
	l.Failed = 1
	if s := text(l, 80, 4); !strings.Contains(s, "✔ 4 ✘ 1 / 6") {
		t.Errorf("a claim that failed:\n%s", s)
	}
	l.Step = 4
	if s := text(l, 80, 4); !strings.Contains(s, "all done") || strings.Contains(s, "4/3") {
		t.Errorf("after the last step:\n%s", s)
	}
	l.Step, l.Question, l.QuestionWord = 1, "why?", "Question"
	if s := text(l, 80, 4); !strings.Contains(s, "Question why?   l next") || strings.Contains(s, "1/3") {
		t.Errorf("the question:\n%s", s)
	}
}
