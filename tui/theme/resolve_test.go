package theme

import (
	"runtime"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"

	"mamba-tui/tui/heat"
)

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		env   string
		tty   bool
		want  colorprofile.Profile
		cause string
	}{
		{"TERM=xterm-256color", true, colorprofile.ANSI256, `TERM is "xterm-256color"`},
		{"TERM=xterm-256color COLORTERM=truecolor", true, colorprofile.TrueColor, `COLORTERM is "truecolor"`},
		{"TERM=xterm-kitty", true, colorprofile.TrueColor, `TERM is "xterm-kitty"`},
		{"TERM=x\x1b[2J", true, colorprofile.ANSI, `"x\x1b[2J"`}, // what it quotes cannot reach a terminal
		{"TERM=linux", true, colorprofile.ANSI, `TERM is "linux"`},
		{"TERM=screen-256color COLORTERM=truecolor", true, colorprofile.ANSI256, `TERM is "screen-256color"`},

		// NO_COLOR: any value but the empty one, and over everything else.
		{"TERM=xterm-256color NO_COLOR=1", true, colorprofile.ASCII, "NO_COLOR"},
		{"TERM=xterm-256color NO_COLOR=yes", true, colorprofile.ASCII, "NO_COLOR"},
		{"TERM=xterm-256color NO_COLOR=0", true, colorprofile.ASCII, "NO_COLOR"},
		{"TERM=xterm-256color NO_COLOR=false", true, colorprofile.ASCII, "NO_COLOR"},
		{"TERM=xterm-256color NO_COLOR=", true, colorprofile.ANSI256, "TERM"},
		{"TERM=xterm-256color NO_COLOR=1 CLICOLOR_FORCE=1 COLORTERM=truecolor", true, colorprofile.ASCII, "NO_COLOR"},
		{"TERM=xterm-256color NO_COLOR=1 NO_COLOR=", true, colorprofile.ANSI256, "TERM"}, // the last one wins

		// No screen.
		{"TERM=dumb", true, colorprofile.NoTTY, "TERM is dumb"},
		{"TERM=dumb NO_COLOR=1", true, colorprofile.NoTTY, "TERM is dumb"},
		{"TERM=xterm-256color COLORTERM=truecolor", false, colorprofile.NoTTY, "not a terminal"},
		{"TERM=xterm-256color NO_COLOR=1 CLICOLOR_FORCE=1", false, colorprofile.NoTTY, "not a terminal"},

		// Forced.
		{"TERM=xterm-256color CLICOLOR_FORCE=1", false, colorprofile.ANSI256, "CLICOLOR_FORCE"},
		{"TERM=dumb CLICOLOR_FORCE=1", true, colorprofile.NoTTY, "TERM is dumb"},
		{"TERM=dumb CLICOLOR_FORCE=1", false, colorprofile.NoTTY, "TERM is dumb"},
		{"TERM=xterm-256color CLICOLOR_FORCE=0", false, colorprofile.NoTTY, "not a terminal"},
		{"TERM=xterm COLORTERM=24bit CLICOLOR_FORCE=yes", false, colorprofile.TrueColor, "CLICOLOR_FORCE"},
	} {
		got, reason := Resolve(strings.Fields(c.env), c.tty)
		if got != c.want || !strings.Contains(reason, c.cause) {
			t.Errorf("%s, terminal %v: %v because %q, want %v because %q", c.env, c.tty, got, reason, c.want, c.cause)
		}
	}
}

// Without TERM there is no terminal to speak of, except on Windows.
func TestResolveWithoutTerm(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("consoles have no TERM there")
	}
	for _, env := range [][]string{nil, {"NO_COLOR=1"}, {"TERM="}, {"NO_COLOR=1", "CLICOLOR_FORCE=1"}} {
		if got, reason := Resolve(env, true); got != colorprofile.NoTTY || !strings.Contains(reason, "TERM") {
			t.Errorf("%v: %v because %q", env, got, reason)
		}
	}
	if got, _ := Resolve([]string{"CLICOLOR_FORCE=1"}, true); got != colorprofile.ANSI {
		t.Errorf("forced: %v", got)
	}
}

func TestDepthOf(t *testing.T) {
	for p, want := range map[colorprofile.Profile]heat.Depth{
		colorprofile.TrueColor: heat.TrueColor,
		colorprofile.ANSI256:   heat.ANSI256,
		colorprofile.ANSI:      heat.ANSI16,
		colorprofile.ASCII:     heat.Mono,
		colorprofile.NoTTY:     heat.Mono,
		colorprofile.Unknown:   heat.Mono,
	} {
		if got := DepthOf(p); got != want {
			t.Errorf("%v gives %v, want %v", p, got, want)
		}
	}
}
