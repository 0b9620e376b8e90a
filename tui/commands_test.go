package tui

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write goldens and generated documents anew")

// No two commands share a key where both could be meant.
func TestNoTwoKeysClash(t *testing.T) {
	if _, err := newTable(commands()); err != nil {
		t.Fatal(err)
	}
	clash := func(s scope, keys ...string) error {
		_, err := newTable(append(commands(), command{id: "extra", keys: keys, scope: s}))
		return err
	}
	for _, c := range []struct {
		scope scope
		key   string
		clash bool
	}{
		{inNormal, "i", true}, {inNormal, "ctrl+p", true}, {inInsert, "ctrl+c", true}, {everywhere, "esc", true},
		{everywhere, "i", true}, {inInsert, "i", false}, {inNormal, "ctrl+x", false}, {inGenerate, "i", false},
	} {
		err := clash(c.scope, c.key)
		if (err != nil) != c.clash {
			t.Errorf("%s in %s: %v", c.key, c.scope, err)
		}
	}
	if _, err := newTable(append(commands(), command{id: "quit"})); err == nil {
		t.Error("two commands of one name were taken")
	}
}

// The keys of the design never change their meaning.
func TestKeysOfTheDesign(t *testing.T) {
	fixed := map[string]string{
		"i": "insert", "esc": "out", "left": "left", "right": "right", "up": "up", "down": "down",
		"<": "layer-back", ">": "layer-next", ",": "state-back", ".": "state-next", "space": "play",
		"tab": "panel-next", "z": "zoom", "1": "watch", "2": "block", "3": "what-if", "4": "instruments",
		"[": "event-back", "]": "event-next", "m": "mark", "f": "freeze", "r": "reset", "t": "tweaks",
		"c": "clean-changed", "b": "branches", "u": "undo", "ctrl+r": "redo", "L": "lessons", "s": "snapshot",
		"/": "search", "?": "help", "ctrl+p": "palette", "q": "quit", "ctrl+c": "quit-now", "ctrl+z": "suspend",
		"enter": "arithmetic",
	}
	tab, err := newTable(commands())
	if err != nil {
		t.Fatal(err)
	}
	for key, id := range fixed {
		c := tab.find(inNormal, key)
		if c == nil || c.id != id {
			t.Errorf("%s means %v, want %s", key, c, id)
		}
	}
	// In insert mode a printable key is always text.
	for key := range tab.byKey[inInsert] {
		if len([]rune(key)) == 1 || key == "space" {
			t.Errorf("%s is a command in insert mode", key)
		}
	}
	// Every command can be found and explained.
	for _, c := range tab.all {
		if c.title == "" || !slices.Contains(groups, c.group) || c.run == nil {
			t.Errorf("%s has no title, group or function", c.id)
		}
	}
}

const keysFile = "../assets/docs/keys.md"

func TestKeysDoc(t *testing.T) {
	want := keysDoc(commands())
	if *update {
		if err := os.WriteFile(keysFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(keysFile)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(string(got), "\r\n", "\n") != want {
		t.Errorf("%s is not what the command table says: go test ./tui -run TestKeysDoc -update", keysFile)
	}
}

// The help holds every key, and scrolls where it is longer than the screen.
func TestHelp(t *testing.T) {
	withRobot(t, 80, 24, Options{Version: "1.2.3"}, header(t), func(r *robot) {
		r.Press("?")
		r.Sees("every key", "mamba-tui 1.2.3", "one token back", "scroll")
		seen := r.Screen()
		for range 20 {
			r.Press("pgdown")
			seen += r.Screen()
		}
		for _, c := range r.m.table.all {
			for _, k := range c.keys {
				if !strings.Contains(seen, keyName(k)) {
					t.Errorf("the help does not show %s", k)
				}
			}
			first, _, _ := strings.Cut(c.title, " ")
			first = strings.TrimSuffix(first, ",")
			if len(c.keys) > 0 && !strings.Contains(seen, first) {
				t.Errorf("the help does not say %q", c.title)
			}
		}
		r.Press("y")
		r.Sees("y does nothing in the help")
		r.Press("esc")
		r.SeesNot("every key")
	})
}

// The palette finds a command by some of its letters and runs it.
func TestPalette(t *testing.T) {
	withRobot(t, 100, 30, Options{}, header(t), func(r *robot) {
		r.Press("ctrl+p")
		r.Sees("commands", "one token back")
		r.Type("blk oken")
		r.Sees("Block: one token through one block")
		r.SeesNot("type tokens")
		r.Press("enter")
		r.Sees("BLOCK", "in_proj")
		// Out of insert mode, too; a refused command gives its reason.
		r.Press("i", "ctrl+p")
		r.Type("clean or changed")
		r.Press("enter")
		r.Sees("there is no changed run yet")
		r.SeesNot("INSERT")
		r.Press("ctrl+p")
		r.Type("tour")
		r.Press("enter")
		r.Sees("WATCH", "PLAY", "skips the tour")
		r.WaitFor("Token 12 opened Δ")
	})
}

func TestFuzzy(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		ok            bool
	}{
		{"", "anything", true}, {"snap", "snapshot to PNG", true}, {"sng", "snapshot to PNG", true},
		{"gns", "snapshot to PNG", false}, {"SNAP", "snapshot", true}, {"ab", "bab", true}, {"Δ", "freeze Δ at", true},
	} {
		if _, ok := fuzzy(c.pattern, c.text); ok != c.ok {
			t.Errorf("fuzzy(%q, %q) = %t, want %t", c.pattern, c.text, ok, c.ok)
		}
	}
	// Whole words win over scattered letters, short texts over long ones.
	for _, c := range [][3]string{
		{"mark", "mark this token", "machine learning kernel"},
		{"zoom", "zoom the panel", "freeze out of memory"},
		{"quit", "quit", "quit from anywhere"},
	} {
		a, _ := fuzzy(c[0], c[1])
		if b, ok := fuzzy(c[0], c[2]); ok && b >= a {
			t.Errorf("%q finds %q (%d) before %q (%d)", c[0], c[2], b, c[1], a)
		}
	}
}

// Views, zoom and focus.
func TestViews(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		r.Press("2")
		r.Sees("BLOCK", "in_proj", "SiLU", "conv")
		r.Press("3")
		r.Sees("WHAT-IF")
		r.Press("f")
		r.Sees("clean", "changed", "freeze Δ at its clean mean")
		r.Press("c")
		r.Sees("maps show the changed run")
		r.Press("c")
		r.Sees("maps show the clean run")
		r.Press("c")
		r.Sees("maps show the difference")
		r.Press("f")
		r.Sees("Δ is selected again")
		r.Press("esc")
		r.Sees("WATCH")
		r.Press("z")
		r.Sees("step size")
		r.SeesNot("answer")
		r.Press("tab")
		r.SeesNot("step size")
		r.Press("esc")
		r.Sees("answer")
		// enter: the cell's arithmetic follows the cursor.
		r.Press("enter")
		r.Sees("after token 27", "softplus")
		r.Press("left")
		r.Sees("after token 26")
		r.Press("esc")
		r.SeesNot("after token 26 ─")
	})
}

// What keys change about the picture says what it is now.
func TestPicture(t *testing.T) {
	withRobot(t, 120, 40, Options{}, header(t), func(r *robot) {
		for _, c := range []struct{ key, says string }{
			{"k", "mean of exp(ΔA)"}, {"k", "half-life"}, {"k", "what h held"},
			{"o", "their mean"}, {"o", "root mean square"}, {"o", "vary most"}, {"o", "absolute value"},
			{"d", "Δ on a logarithmic scale"}, {"d", "Δ on a linear scale"},
			{"a", "ranges frozen"}, {"a", "ranges move slowly"},
			{"v", "colour map cividis"}, {"v", "magma"}, {"v", "grey"}, {"v", "viridis"},
			{"w", "3 columns a token"}, {"w", "4 columns a token"}, {"W", "3 columns"}, {"W", "2 columns"},
			{"W", "1 column a token"}, {"W", "as wide as fits"},
		} {
			r.Press(c.key)
			r.Sees(c.says)
			r.wait(100 * time.Millisecond)
		}
	})
}
