package tui

import (
	"fmt"
	"math"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

// sampling holds what the generate line adjusts.
type sampling struct {
	temperature float64 // 0 is greedy
	topK        int     // 0 is all
	seed        uint64
}

func (s sampling) sampler() session.Sampler {
	return session.Sampler{Temperature: s.temperature, TopK: s.topK, Seed: s.seed}
}

// String is the line's left part.
func (s sampling) String() string {
	if s.temperature == 0 {
		return "greedy"
	}
	k := "all tokens"
	if s.topK > 0 {
		k = fmt.Sprintf("top %d", s.topK)
	}
	return fmt.Sprintf("temperature %.1f · %s · seed %d", s.temperature, k, s.seed)
}

// topKs are the steps of top-k; 0 is all.
var topKs = []int{0, 1, 2, 4, 8, 16, 32, 64}

// generate opens the line and starts.
func (m *Model) generate() tea.Cmd {
	if m.frame.Tokens.Len() == 0 {
		return m.say(note, "the model needs a token to continue from: i types, p loads a prompt")
	}
	m.over = overlay{kind: overGenerate}
	m.play.queue = nil
	m.goLive()
	return m.start(generating)
}

// toggleGenerate is the space bar in the generate line.
func (m *Model) toggleGenerate() tea.Cmd {
	if m.play.what == generating {
		return m.stop("")
	}
	m.goLive()
	return m.start(generating)
}

// warmer changes the temperature in tenths.
func (m *Model) warmer(by float64) tea.Cmd {
	t := math.Round((m.play.gen.temperature+by)*10) / 10
	if t < 0 || t > 2 {
		return m.say(note, "temperature goes from 0 (greedy) to 2")
	}
	m.play.gen.temperature = t
	m.touch()
	return nil
}

// widen changes top-k by steps.
func (m *Model) widen(by int) tea.Cmd {
	if m.play.gen.temperature == 0 {
		return m.say(note, "greedy always takes the first: t raises the temperature")
	}
	at := 0
	for i, k := range topKs {
		if k == m.play.gen.topK {
			at = i
		}
	}
	m.play.gen.topK = topKs[(at+by+len(topKs))%len(topKs)]
	m.touch()
	return nil
}

// reseed changes the seed.
func (m *Model) reseed(by int64) tea.Cmd {
	if m.play.gen.temperature == 0 {
		return m.say(note, "greedy uses no seed: t raises the temperature")
	}
	m.play.gen.seed = uint64(max(int64(m.play.gen.seed)+by, 0))
	m.touch()
	return nil
}
