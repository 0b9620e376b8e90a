package heat

import (
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func rgbOf(t *testing.T, c color.Color) color.RGBA {
	t.Helper()
	if c == nil {
		t.Fatal("no colour")
	}
	return color.RGBAModel.Convert(c).(color.RGBA)
}

func TestBlock(t *testing.T) {
	for _, c := range []struct {
		level float64
		want  string
	}{
		{-1, "·"}, {math.NaN(), "·"}, {0, " "}, {1e-9, "▁"}, {0.125, "▁"}, {0.25, "▂"}, {0.5, "▄"}, {0.97, "▇"}, {0.999999, "▇"}, {1, "█"}, {7, "█"},
	} {
		if got := Block(c.level); got != c.want {
			t.Errorf("Block(%v) = %q, want %q", c.level, got, c.want)
		}
	}
}

func TestSpark(t *testing.T) {
	if got := Spark([]float64{0, 0.3, 1, math.NaN(), 5}, Range{0, 1, Linear}); got != " ▂█·█" {
		t.Errorf("%q", got)
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		width int
		level float64
		want  string
	}{
		{4, 0, "    "}, {4, 1, "████"}, {4, 0.5, "██  "}, {4, 1.0 / 32, "▏   "}, {4, 0.0001, "▏   "}, {4, 0.9999, "███▉"},
		{1, 0.5, "▌"}, {2, 0.61, "█▎"}, {3, math.NaN(), "···"}, {3, -1, "···"}, {0, 0.5, ""}, {-2, 1, ""},
	} {
		if got := Bar(c.width, c.level); got != c.want {
			t.Errorf("Bar(%d, %v) = %q, want %q", c.width, c.level, got, c.want)
		}
	}
}

func TestColumns(t *testing.T) {
	got := Columns(nil, []float64{0, 0.25, 0.5, 0.75, 1, math.NaN()}, 2, 1)
	if want := []string{"   ▄█ ", " ▄███·"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	got = Columns([]string{"kept"}, []float64{1, 0.01}, 1, 2)
	if want := []string{"kept", "██▁▁"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Columns(nil, []float64{1}, 0, 1); len(got) != 0 {
		t.Errorf("no lines asked for: %q", got)
	}
}

func FuzzBars(f *testing.F) {
	f.Add(10, 0.3, 3, 2)
	f.Add(0, math.NaN(), 1, 0)
	f.Fuzz(func(t *testing.T, width int, level float64, lines, cellW int) {
		if width > 1000 || lines > 50 || cellW > 20 {
			t.Skip()
		}
		if got := ansi.StringWidth(Bar(width, level)); got != max(width, 0) {
			t.Fatalf("Bar(%d, %v) is %d columns wide", width, level, got)
		}
		for _, l := range Columns(nil, []float64{level, 1 - level, 0}, lines, cellW) {
			if got := ansi.StringWidth(l); got != 3*max(cellW, 1) {
				t.Fatalf("%q is %d columns wide", l, got)
			}
		}
	})
}

// More never looks like less.
func TestBarsAreMonotone(t *testing.T) {
	last := 0
	for i := range 1001 {
		n := eighths(float64(i)/1000, 5)
		if n < last || i == 0 && n != 0 || i > 0 && n == 0 || i < 1000 && n == 40 {
			t.Fatalf("level %d/1000 fills %d eighths after %d", i, n, last)
		}
		last = n
	}
	if last != 40 || strings.Contains(Bar(5, 1), " ") {
		t.Errorf("a full bar has %d eighths", last)
	}
}
