package learn

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/learn/history"
	"mamba-tui/tui/snapshot"
)

// The screens as cells, not as escape codes. Each line of a golden file is
// followed by its styles as runs "letters*cells"; the styles are listed at the
// end. Write them anew with
//
//	go test ./tui/learn -run TestGolden -update
//
// and look at the difference.
func TestGolden(t *testing.T) {
	run := recorded(t)
	other := recorded(t) // the same run with another name and half its steps
	other.Name = "standard conv"
	other.Points.Step = other.Points.Step[:other.Points.Len()/2]
	for _, c := range []struct {
		name string
		w, h int
		p    colorprofile.Profile
		keys []string
		with []*history.Named
	}{
		{"100x30", 100, 30, colorprofile.TrueColor, nil, nil},
		{"160x50", 160, 50, colorprofile.TrueColor, nil, []*history.Named{other}},
		{"100x30-256", 100, 30, colorprofile.ANSI256, nil, nil},
		{"100x30-16", 100, 30, colorprofile.ANSI, nil, nil},
		{"100x30-mono", 100, 30, colorprofile.Ascii, nil, nil},
		{"80x24-back", 80, 24, colorprofile.TrueColor, []string{"home", "pgdown"}, nil},
		{"160x50-zoom-log", 160, 50, colorprofile.TrueColor, []string{"l", "z"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := still(t, run, c.w, c.h, Options{Profile: c.p, Others: c.with})
			for _, k := range c.keys {
				m.Update(keyMsg(k))
				m.draw()
			}
			m.hush()
			compare(t, filepath.Join("testdata", c.name+".golden"), dump(snapshot.Parse(m.draw(), c.w, c.h)))
		})
	}
}

// compare holds got against a golden file, line by line.
func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, c := strings.Split(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n"), strings.Split(got, "\n")
	if len(a) != len(c) {
		t.Fatalf("%d lines, the golden file has %d", len(c), len(a))
	}
	for i := range a {
		if a[i] != c[i] {
			t.Fatalf("line %d\n is %s\nnot %s", i+1, c[i], a[i])
		}
	}
}

// dump writes cells as text lines and runs of style letters.
func dump(s snapshot.Screen) string {
	var b, legend strings.Builder
	letters := map[string]string{}
	for y := range s.Bounds().Dy() {
		var text, runs strings.Builder
		last, n := "", 0
		flush := func() {
			if n > 0 {
				fmt.Fprintf(&runs, " %s*%d", last, n)
			}
		}
		for x := range s.Bounds().Dx() {
			c := s.CellAt(x, y)
			if c == nil || c.Content == "" {
				c = &uv.EmptyCell
			}
			text.WriteString(c.Content)
			style := styleOf(c)
			letter, ok := letters[style]
			if !ok {
				letter = string(rune('a' + len(letters)%26))
				if len(letters) >= 26 {
					letter += fmt.Sprint(len(letters) / 26)
				}
				letters[style] = letter
				fmt.Fprintf(&legend, "%s = %s\n", letter, style)
			}
			if letter != last {
				flush()
				last, n = letter, 0
			}
			n++
		}
		flush()
		fmt.Fprintf(&b, "%2d|%s|\n  :%s\n", y, text.String(), runs.String())
	}
	return b.String() + legend.String()
}

// styleOf writes a cell's style. The foreground of a space is not seen.
func styleOf(c *uv.Cell) string {
	fg := colour(c.Style.Fg)
	if strings.TrimSpace(c.Content) == "" && c.Style.Attrs&uv.AttrReverse == 0 {
		fg = "-"
	}
	s := fg + " on " + colour(c.Style.Bg)
	for _, a := range []struct {
		bit  uint8
		name string
	}{{uv.AttrBold, "bold"}, {uv.AttrFaint, "faint"}, {uv.AttrItalic, "italic"}, {uv.AttrReverse, "reverse"}} {
		if c.Style.Attrs&a.bit != 0 {
			s += " " + a.name
		}
	}
	if c.Style.Underline != uv.UnderlineNone {
		s += " underline"
	}
	return s
}

func colour(c color.Color) string {
	switch c := c.(type) {
	case nil:
		return "-"
	case ansi.BasicColor:
		return fmt.Sprintf("%d", c)
	case ansi.IndexedColor:
		return fmt.Sprintf("i%d", c)
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return fmt.Sprintf("#%02x%02x%02x", n.R, n.G, n.B)
}
