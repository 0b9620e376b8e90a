package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
)

// progress is one line on a terminal's standard error that says how far a long
// computation is. Where standard error is no terminal it says nothing.
type progress struct {
	a     *app
	on    bool
	width int // of the terminal
	drawn bool

	what  string
	since time.Time // when what began
	last  time.Time // when the line was last drawn
}

// newProgress is ready to be shown.
func (a *app) newProgress() *progress {
	p := &progress{a: a, width: 80}
	if f, ok := a.err.(*os.File); ok && a.getenv("TERM") != "dumb" {
		p.on = term.IsTerminal(f.Fd())
		if w, _, err := term.GetSize(f.Fd()); err == nil && w > 0 {
			p.width = w
		}
	}
	return p
}

// barWidth is that of the bar, in cells.
const barWidth = 24

// show draws done of total, at most ten times a second.
func (p *progress) show(what string, done, total int64) {
	if !p.on {
		return
	}
	now := time.Now()
	if what != p.what {
		p.what, p.since, p.last = what, now, time.Time{}
	}
	if now.Sub(p.last) < 100*time.Millisecond {
		return
	}
	p.last = now
	line := progressLine(what, done, total, now.Sub(p.since))
	if r := []rune(line); len(r) >= p.width {
		line = string(r[:p.width-1])
	}
	fmt.Fprintf(p.a.err, "\r%s\x1b[K", line)
	p.drawn = true
}

// clear takes the line away.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.a.err, "\r\x1b[K")
		p.drawn = false
	}
}

// progressLine is what it says.
func progressLine(what string, done, total int64, spent time.Duration) string {
	share := float64(done) / float64(max(1, total))
	full := int(share*barWidth + 0.5)
	left := ""
	if done > 0 && spent > time.Second {
		left = "  " + seconds(spent.Seconds()*(1-share)/share) + " left"
	}
	return fmt.Sprintf("%s %s%s %3.0f %%%s", what, strings.Repeat("█", full), strings.Repeat("░", barWidth-full), 100*share, left)
}
