package theme

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/colorprofile"

	"mamba-tui/tui/heat"
)

// DepthOf is the depth of a colour profile. NoTTY and unknown profiles have no
// screen at all; they count as [heat.Mono].
func DepthOf(p colorprofile.Profile) heat.Depth {
	switch p {
	case colorprofile.TrueColor:
		return heat.TrueColor
	case colorprofile.ANSI256:
		return heat.ANSI256
	case colorprofile.ANSI:
		return heat.ANSI16
	}
	return heat.Mono
}

// Resolve says which colours to use and why, from the environment ("KEY=value",
// the last one of a key wins) and whether the output is a terminal.
//
//   - TERM=dumb: NoTTY, whatever the others say: such a terminal shows the
//     control codes of a screen as text
//   - no terminal, or no TERM where there should be one: NoTTY, unless colours
//     are forced (there is still no screen)
//   - NO_COLOR with any value but the empty one (no-color.org): ASCII, over
//     CLICOLOR_FORCE too
//   - CLICOLOR_FORCE other than "" and "0": 16 colours at least, even into a pipe
//   - otherwise what TERM, COLORTERM and the like announce
//
// colorprofile alone reads NO_COLOR as a boolean and overlooks NO_COLOR=yes.
func Resolve(env []string, isTTY bool) (p colorprofile.Profile, reason string) {
	get := func(key string) string {
		for i := len(env) - 1; i >= 0; i-- {
			if k, v, ok := strings.Cut(env[i], "="); ok && k == key {
				return v
			}
		}
		return ""
	}
	forced := get("CLICOLOR_FORCE") != "" && get("CLICOLOR_FORCE") != "0"
	noColour := get("NO_COLOR") != ""
	switch {
	case get("TERM") == "dumb":
		return colorprofile.NoTTY, "TERM is dumb"
	case !isTTY && (!forced || noColour):
		return colorprofile.NoTTY, "the output is not a terminal"
	}
	// What is left is colorprofile's to judge, without the keys judged here.
	kept := make([]string, 0, len(env))
	for _, e := range env {
		k, _, _ := strings.Cut(e, "=")
		if k != "NO_COLOR" && k != "CLICOLOR_FORCE" && k != "CLICOLOR" {
			kept = append(kept, e)
		}
	}
	p = colorprofile.Env(kept)
	switch {
	case p == colorprofile.NoTTY && (!forced || noColour):
		return p, "TERM is not set"
	case noColour:
		return colorprofile.ASCII, "NO_COLOR is set"
	case forced:
		return max(p, colorprofile.ANSI), "CLICOLOR_FORCE is set"
	case get("COLORTERM") != "" && p == colorprofile.TrueColor:
		return p, "COLORTERM is " + strconv.Quote(get("COLORTERM"))
	case get("TERM") != "":
		return p, "TERM is " + strconv.Quote(get("TERM"))
	}
	return p, "the system's console"
}
