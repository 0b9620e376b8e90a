package tui

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// The screens as cells, not as escape codes: what a person sees must not
// change by accident, how it is encoded may. The golden files hold the text of
// every line and under it its styles as runs "letters*cells"; the styles are
// listed at the end. Write them anew with
//
//	go test ./tui -run TestGolden -update
//
// and look at the difference.
func TestGolden(t *testing.T) {
	profiles := []struct {
		name string
		p    colorprofile.Profile
	}{
		{"truecolor", colorprofile.TrueColor}, {"256", colorprofile.ANSI256},
		{"16", colorprofile.ANSI}, {"mono", colorprofile.Ascii},
	}
	scenes := []struct {
		name string
		w, h int
		keys []string
		all  bool // at every profile
	}{
		{"watch-80x24", 80, 24, []string{"["}, true},
		{"watch-120x40", 120, 40, []string{"["}, true},
		{"watch-200x60", 200, 60, []string{"["}, true},
		{"watch-60x18", 60, 18, nil, false},
		{"block-120x40", 120, 40, []string{"2"}, false},
		{"whatif-80x24", 80, 24, []string{"f"}, false},
		{"whatif-120x40", 120, 40, []string{"f"}, true},
		{"tweaks-80x24", 80, 24, []string{"t", "right", "down", "enter"}, true},
		{"tweaks-60x18", 60, 18, []string{"t", "right"}, false},
		{"branches-120x40", 120, 40, []string{":", "1", "1", "enter", "i", "5", "c", "a", "0", "b", "3", "6", "f", "d", "2", "e", "a", "5", "8", "c", "?", "esc", "b", "up", "c"}, true},
		{"branchlist-100x30", 100, 30, []string{"home", "i", "7", "esc", "b"}, false},
		{"arithmetic-100x30", 100, 30, []string{"[", "enter"}, false},
		{"insert-80x24", 80, 24, []string{"i", "a"}, false},
	}
	scenes = append(scenes, scenes[0])
	long := &scenes[len(scenes)-1]
	long.name, long.w, long.h, long.keys = "long-120x40", 120, 40, []string{":", "5", "0", "%", "enter", "m"}
	for _, s := range scenes {
		prompt := ""
		if s.name == long.name { // the timeline comes with a history longer than the maps
			prompt = strings.Repeat("¶7abc04d?", 90) + strings.Repeat("abcd", 90)
		}
		for _, p := range profiles {
			if !s.all && p.p != colorprofile.TrueColor {
				continue
			}
			name := s.name + "-" + p.name
			t.Run(name, func(t *testing.T) {
				var got string
				withRobot(t, s.w, s.h, Options{Profile: p.p, Prompt: prompt}, header(t), func(r *robot) {
					r.Press(s.keys...)
					r.wait(20 * time.Second) // until toasts are gone
					r.mu.Lock()
					got = dump(r.emu)
					r.mu.Unlock()
				})
				compare(t, filepath.Join("testdata", name+".golden"), got)
			})
		}
	}
}

// compare holds got against a golden file, line by line.
func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
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
func dump(s interface {
	CellAt(x, y int) *uv.Cell
	Bounds() uv.Rectangle
}) string {
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
			if c == nil {
				c = &uv.EmptyCell
			}
			if c.Content == "" {
				text.WriteByte(' ')
			} else {
				text.WriteString(c.Content)
			}
			style := styleOf(c)
			letter, ok := letters[style]
			if !ok {
				letter = letterOf(len(letters))
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

// letterOf names the n-th style: a to z, then a1 and so on.
func letterOf(n int) string {
	s := string(rune('a' + n%26))
	if n >= 26 {
		s += fmt.Sprint(n / 26)
	}
	return s
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
