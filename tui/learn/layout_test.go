package learn

import (
	"fmt"
	"image"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"mamba-tui/tui/learn/history"
)

// plain is text without escape codes.
func plain(s string) string { return ansi.Strip(s) }

// checkLayout holds what is true of every layout that is not too small.
func checkLayout(t interface{ Fatalf(string, ...any) }, l layout, zoom string) {
	all := []place{{"status", l.status}, {"caption", l.caption}, {"footer", l.footer}}
	all = append(all, l.places...)
	for _, r := range l.rules {
		all = append(all, place{"rule", r})
	}
	screen := image.Rect(0, 0, l.w, l.h)
	for i, a := range all {
		if a.rect.Empty() || !a.rect.In(screen) {
			t.Fatalf("%d×%d %s: %s is %v", l.w, l.h, zoom, a.id, a.rect)
		}
		for _, b := range all[i+1:] {
			if a.rect.Overlaps(b.rect) {
				t.Fatalf("%d×%d %s: %s %v overlaps %s %v", l.w, l.h, zoom, a.id, a.rect, b.id, b.rect)
			}
			if a.id == b.id && a.id != "rule" {
				t.Fatalf("%d×%d %s: %s stands there twice", l.w, l.h, zoom, a.id)
			}
		}
		// One token must stand in one column from the ribbon down to C.
		if onTokens[a.id] && a.rect.Min.X != 0 {
			t.Fatalf("%d×%d %s: %s %v is not in line", l.w, l.h, zoom, a.id, a.rect)
		}
	}
	if l.cellW < 1 {
		t.Fatalf("%d×%d: a token takes %d columns", l.w, l.h, l.cellW)
	}
}

func TestArrange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := facts{
			T: rapid.IntRange(0, 200).Draw(t, "T"), D: rapid.SampledFrom([]int{0, 1, 16, 64, 1536}).Draw(t, "D"),
			N: rapid.SampledFrom([]int{1, 8, 16, 64}).Draw(t, "N"), perLine: rapid.IntRange(0, 2).Draw(t, "perLine"),
			classes: rapid.IntRange(0, 4).Draw(t, "classes"), runs: rapid.IntRange(0, 20).Draw(t, "runs"),
		}
		w, h := rapid.IntRange(-3, 400).Draw(t, "w"), rapid.IntRange(-3, 150).Draw(t, "h")
		zoom := rapid.SampledFrom(append([]string{""}, panelNames...)).Draw(t, "zoom")
		l := arrange(w, h, zoom, f)
		if small := w < 60 || h < 18; small != l.tooSmall {
			t.Fatalf("%d×%d: too small is %v", w, h, l.tooSmall)
		}
		if !l.tooSmall {
			checkLayout(t, l, zoom)
		}
	})
}

// The screens people have show what the issue asks for.
func TestPanelsOfSizes(t *testing.T) {
	f := facts{T: 48, D: 64, N: 8, perLine: 2, classes: 4, runs: 2}
	for _, c := range []struct {
		w, h int
		ids  string
	}{
		{60, 18, "loss accuracy tokens kept delta"},
		{80, 24, "loss accuracy classes tokens kept delta b c bars auc norm"},
		{100, 30, "loss accuracy classes tokens kept delta b c bars auc norm"},
		{160, 50, "loss accuracy classes norm tokens kept delta b c bars auc fresh"},
	} {
		var ids []string
		for _, p := range arrange(c.w, c.h, "", f).places {
			ids = append(ids, p.id)
		}
		if got := strings.Join(ids, " "); got != c.ids {
			t.Errorf("%d×%d: %s, want %s", c.w, c.h, got, c.ids)
		}
	}
}

// exact fails unless a screen has h lines of w cells.
func exact(t testing.TB, what, screen string, w, h int) {
	t.Helper()
	lines := strings.Split(screen, "\n")
	if len(lines) != h {
		t.Fatalf("%s: %d lines of %d", what, len(lines), h)
	}
	for y, s := range lines {
		if n := ansi.StringWidth(s); n != w {
			t.Fatalf("%s: line %d is %d cells of %d wide: %q", what, y, n, w, plain(s))
		}
	}
}

// Every line is exactly as wide as the screen: at every size, in every zoom, in
// every colour depth, with toasts and boxes.
func TestExactWidths(t *testing.T) {
	run := recorded(t)
	for _, p := range []colorprofile.Profile{colorprofile.TrueColor, colorprofile.ANSI256, colorprofile.ANSI, colorprofile.Ascii} {
		m := still(t, run, 100, 30, Options{Profile: p, Name: "header"})
		for w := 1; w < 230; w += 1 + w/12 {
			for h := 1; h < 80; h += 1 + h/9 {
				m.Update(tea.WindowSizeMsg{Width: w, Height: h})
				exact(t, "screen", m.draw(), w, h)
			}
		}
		for _, id := range panelNames {
			for _, size := range [][2]int{{60, 18}, {83, 29}, {150, 47}} {
				m.zoom = id
				m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				exact(t, "zoom of "+id, m.draw(), size[0], size[1])
			}
		}
		m.zoom = ""
		for _, key := range []string{"?", "esc", "l", "g", "home", "right", "f5"} {
			m.Update(keyMsg(key))
			for _, size := range [][2]int{{60, 18}, {100, 30}, {160, 50}} {
				m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				exact(t, "after "+key, m.draw(), size[0], size[1])
			}
		}
	}
}

// Panels keep their size also where they are too small to be of use, with and
// without a probe, and with other runs laid over.
func TestPanelsAtAnySize(t *testing.T) {
	run, other := recorded(t), recorded(t)
	other.Name = "other\x1b[31m 日本語"
	empty := &history.Named{Name: "empty", History: &history.History{Info: run.Info}}
	for _, r := range []*history.Named{run, empty} {
		m := still(t, r, 100, 30, Options{Others: []*history.Named{other, nil}})
		for _, id := range panelNames {
			for _, w := range []int{48 + m.layout.gutter, 80, 120} {
				for h := 1; h < 24; h++ {
					exact(t, fmt.Sprintf("%s at %d×%d", id, w, h), strings.Join(m.panelLines(id, w, h), "\n"), w, h)
				}
			}
		}
	}
}
