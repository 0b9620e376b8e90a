package tui

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

// playing is what moves time on by itself.
type playing uint8

const (
	stopped    playing = iota
	queued             // the rest of a prompt, a token at a time
	history            // the cursor walks through what there is
	generating         // the model continues
)

// player is play, pause and speed.
type player struct {
	what  playing
	n     int      // numbers the runs: ticks of an older one are dropped
	speed int      // index into speeds
	queue []string // symbols of a prompt still to be typed
	gen   sampling
}

// speeds are tokens per second.
var speeds = []float64{1, 2, 4, 8, 16, 32, 64}

const defaultSpeed = 3

type playMsg struct{ n int }

func (p *player) interval() time.Duration {
	return time.Duration(float64(time.Second) / speeds[p.speed])
}

// start begins to play; the first token comes after one interval.
func (m *Model) start(what playing) tea.Cmd {
	m.play.what = what
	m.play.n++
	m.relay = true
	m.touch()
	return m.after(m.play.interval(), playMsg{m.play.n})
}

// stop ends playing, with a reason for the reader or none.
func (m *Model) stop(why string) tea.Cmd {
	if m.play.what == stopped {
		return nil
	}
	m.play.what = stopped
	m.play.n++
	m.relay = true
	m.touch()
	if why == "" {
		return nil
	}
	return m.say(note, why)
}

// togglePlay is the space bar: pause, or go on with what there is to play.
func (m *Model) togglePlay() tea.Cmd {
	switch {
	case m.play.what != stopped:
		return m.stop("")
	case m.cursor.T < m.frame.Tokens.Len()-1:
		return m.start(history)
	case len(m.play.queue) > 0:
		return m.start(queued)
	case m.frame.Tokens.Len() == 0:
		return m.say(note, "nothing to play yet: i types, p loads a prompt")
	}
	return m.say(note, "this is the newest token: home goes to the first, g generates, i types")
}

// faster changes the speed by steps.
func (m *Model) faster(by int) tea.Cmd {
	next := m.play.speed + by
	if next < 0 || next >= len(speeds) {
		return m.say(note, fmt.Sprintf("%g tokens a second is the limit", speeds[m.play.speed]))
	}
	m.play.speed = next
	return m.say(note, fmt.Sprintf("%g tokens a second", speeds[next]))
}

// onPlay moves time on by one token.
func (m *Model) onPlay(n int) tea.Cmd {
	if n != m.play.n || m.play.what == stopped {
		return nil
	}
	again := m.after(m.play.interval(), playMsg{n})
	if m.busy() { // never ahead of the model: the next tick tries again
		return again
	}
	switch m.play.what {
	case history:
		if m.cursor.T >= m.frame.Tokens.Len()-1 {
			return m.stop(m.endOfHistory())
		}
		return tea.Batch(m.seek(m.cursor.T+1), again)
	case queued:
		if len(m.play.queue) == 0 {
			return m.stop("end of the prompt: i types on, g generates, ← walks back")
		}
		next := m.play.queue[0]
		m.play.queue = m.play.queue[1:]
		m.typeAt(session.End, next, session.FromPrompt)
	case generating:
		m.do(session.Generate{N: 1, Sampler: m.play.gen.sampler()})
		m.sent++
		m.goLive()
	}
	return again
}

// endOfHistory says why the walk stopped.
func (m *Model) endOfHistory() string {
	if len(m.play.queue) > 0 {
		return "the newest token: space plays " + count(len(m.play.queue), "token") + " more of the prompt"
	}
	return "the newest token: play stops here; i types, g generates"
}

// busy says that tokens are still being computed.
func (m *Model) busy() bool { return m.frame.Pending > 0 || m.sent > m.frame.Tokens.Len() }

// queuePrompt plays a text a token at a time from the end of the history.
func (m *Model) queuePrompt(text string) tea.Cmd {
	m.play.queue = m.pieces(text)
	m.goLive()
	m.relay = true
	return m.start(queued)
}

// flushQueue types the rest of a queued prompt at once.
func (m *Model) flushQueue() {
	if len(m.play.queue) == 0 {
		return
	}
	sep := ""
	if m.numeric() {
		sep = " "
	}
	text := strings.Join(m.play.queue, sep)
	m.play.queue = nil
	m.typeAt(session.End, text, session.FromPrompt)
}

// numeric says that the model has no symbols: tokens are written as numbers.
func (m *Model) numeric() bool { return m.split == nil }

// longText is from how many bytes on a text is not split on the way of a key:
// splitting a megabyte would be felt.
const longText = 4096

// tokensIn is how many tokens a text makes, nearly so for a long one.
func (m *Model) tokensIn(text string) int {
	if len(text) >= longText {
		return utf8.RuneCountInString(text)
	}
	return len(m.pieces(text))
}

// pieces splits text into what is one token each, as the session will.
func (m *Model) pieces(text string) []string {
	if m.split == nil {
		return strings.Fields(text)
	}
	tokens, err := m.split.Encode(text, false)
	if err != nil { // no other symbol: the session says what is wrong with it
		return strings.Split(text, "")
	}
	out := make([]string, len(tokens))
	for i, t := range tokens {
		out[i] = t.Text
	}
	return out
}
