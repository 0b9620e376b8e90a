package task

import (
	"math/rand/v2"
	"strings"

	"mamba-tui/model"
)

// CopyNoise is the noise token of both copying tasks. The values are 1 …
// Values, the marker is the id after them.
const CopyNoise int32 = 0

// Copying is the copying task of the S4 repository (its copying.py, with
// variable off), which goes back to Arjovsky et al. 2016:
//
//	v₁ … v_M  noise …  marker × M  →  v₁ … v_M
//
// M values stand at the beginning, then noise, then M markers, and at the j-th
// marker the j-th value is to be named. With n noise tokens a sequence has
// n + 2M. Where the values stand is always the same, so a time-invariant model
// that delays its input by the right number of steps solves it: there is
// nothing to select. SelectiveCopying takes that away.
type Copying struct {
	Tokens int // M, how many values are to be copied; 0 means 8
	Values int // how many values there are, at most 52; 0 means 14
}

// M is how many values a sequence holds.
func (t Copying) M() int {
	if t.Tokens < 0 {
		panic("task: copying: negative number of tokens")
	}
	if t.Tokens == 0 {
		return 8
	}
	return t.Tokens
}

// values is how many values there are.
func (t Copying) values() int {
	if t.Values < 0 || t.Values > len(copyLetters) {
		panic("task: copying: number of values is not between 0 and 52")
	}
	if t.Values == 0 {
		return 14
	}
	return t.Values
}

// Name is "copying".
func (Copying) Name() string { return "copying" }

// About says what the task shows.
func (Copying) About() About {
	return About{
		Line:   "abc…… ??? → abc: what stood at the beginning, in order",
		Shows:  "memory without selection: the places never change, so a time-invariant model can do it too",
		Events: Classes(Data),
		Rest:   Classes(Noise),
	}
}

// Card names the values by letters, noise by a full stop and the marker by ?.
// What is not in the alphabet counts as noise.
func (t Copying) Card() model.Card {
	return t.card(t, []model.Example{
		t.prompt("the letters wait through 8 tokens of noise", "feedback", []int{0}, 8),
		t.prompt("other letters, twice the noise", "handball", []int{0}, 16),
	})
}

// Vocab is noise, the values and the marker: 16 by default.
func (t Copying) Vocab() int { return t.values() + 2 }

// Marker is the token that asks for the next value: the last id.
func (t Copying) Marker() int32 { return int32(t.values()) + 1 }

// Shortest is the values and the markers without noise.
func (t Copying) Shortest() int { return 2 * t.M() }

// Draw makes a sequence with length − 2M tokens of noise.
func (t Copying) Draw(r *rand.Rand, length int) Sample {
	require(t, length)
	return t.draw(r, length, false)
}

// draw fills all but the last M tokens with M values and noise: the values
// first, or in selective copying at places of which every choice is equally
// likely.
func (t Copying) draw(r *rand.Rand, length int, selective bool) Sample {
	m, values := t.M(), int32(t.values())
	s := Sample{Tokens: make([]int32, length), Asks: make([]Ask, 0, m), Classes: make([]Class, length)}
	body := length - m
	for i := range body {
		// Selection sampling (Knuth, volume 2, algorithm 3.4.2 S): a place is
		// taken with probability (values still to place)/(places left).
		left := m - len(s.Asks)
		if left == 0 || selective && r.IntN(body-i) >= left {
			s.Tokens[i], s.Classes[i] = CopyNoise, Noise
			continue
		}
		v := 1 + r.Int32N(values)
		s.Tokens[i], s.Classes[i] = v, Data
		s.Asks = append(s.Asks, Ask{At: body + len(s.Asks), Answer: v})
	}
	for i := body; i < length; i++ {
		s.Tokens[i], s.Classes[i] = t.Marker(), Query
	}
	return s
}

// copyLetters are the symbols of the values.
const copyLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// card is that of task, which is t itself or its selective form.
func (t Copying) card(task Task, prompts []model.Example) model.Card {
	symbols := []string{"."}
	for _, l := range copyLetters[:t.values()] {
		symbols = append(symbols, string(l))
	}
	return model.Card{
		Kind:     model.Trained,
		Task:     task.About().Line,
		TaskName: task.Name(),
		Symbols:  append(symbols, "?"),
		Other:    ".",
		Prompts:  prompts,
	}
}

// prompt spells a word, repeated or cut to M letters of the alphabet. gaps[i]
// full stops go before its letter i, tail after the last; then M questions.
func (t Copying) prompt(title, word string, gaps []int, tail int) model.Example {
	m, values := t.M(), t.values()
	var b strings.Builder
	for i := range m {
		b.WriteString(strings.Repeat(".", gaps[i%len(gaps)]))
		b.WriteByte(copyLetters[int(word[i%len(word)]-'a')%values])
	}
	b.WriteString(strings.Repeat(".", tail))
	b.WriteString(strings.Repeat("?", m))
	return model.Example{Title: title, Text: b.String()}
}
