package plot

import (
	"regexp"
	"strings"
	"testing"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// look is a theme without colours or with all of them.
func look(t testing.TB, depth heat.Depth) *theme.Theme {
	t.Helper()
	th, err := theme.New(depth, true, "viridis", "blue-red")
	if err != nil {
		t.Fatal(err)
	}
	return th
}

var codes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// plain is a line without its escape codes.
func plain(s string) string { return codes.ReplaceAllString(s, "") }

// picture is the text of a picture.
func picture(t *testing.T, p *Picture) []string {
	t.Helper()
	page := panel.NewPage(look(t, heat.Mono), p.W, p.H)
	for y := range p.H {
		p.Row(page.Row(), y)
	}
	var out []string
	for _, s := range page.Lines() {
		out = append(out, plain(s))
	}
	return out
}

func TestPicture(t *testing.T) {
	p := New(4, 2)
	p.Dot(0, 0, theme.Text)
	p.Dot(7, 7, theme.Text)
	p.Dot(3, 2, theme.Text)
	p.Dot(8, 0, theme.Text) // outside
	p.Dot(-1, 3, theme.Text)
	if got := strings.Join(picture(t, p), "\n"); got != "⠁⠠  \n   ⢀" {
		t.Errorf("%q", got)
	}
	p = New(3, 1)
	p.Line(0, 3, 5, 0, theme.Text, false)
	if got := picture(t, p)[0]; got != "⡠⠔⠊" {
		t.Errorf("a diagonal is %q", got)
	}
	p.Put(1, 0, theme.Text, "ab")
	if got := picture(t, p)[0]; got != "⡠ab" {
		t.Errorf("text over dots is %q", got)
	}
	p = New(2, 2)
	p.Dot(0, 0, theme.Text)
	p.Cursor(0)
	p.Cursor(5)
	if got := strings.Join(picture(t, p), "\n"); got != "⠁ \n│ " {
		t.Errorf("a cursor is %q", got)
	}
}

// A line joins its ends: every dot has a neighbour, whatever the slope.
func TestLineIsConnected(t *testing.T) {
	for dx := -20; dx <= 20; dx++ {
		for dy := -20; dy <= 20; dy++ {
			p := New(25, 13)
			p.Line(25, 25, 25+dx, 25+dy, theme.Text, false)
			n := 0
			for _, d := range p.dots {
				for ; d > 0; d &= d - 1 {
					n++
				}
			}
			if want := max(abs(dx), abs(dy)) + 1; n != want {
				t.Fatalf("a line to (%d, %d) has %d dots, want %d", dx, dy, n, want)
			}
		}
	}
}
