package task

import (
	"math/rand/v2"

	"mamba-tui/model"
)

// SelectiveCopying is the selective copying task of §4.1.1, as the S4
// repository generates it (its copying.py, with variable on):
//
//	… v₁ … … v₂ … v_M …  marker × M  →  v₁ … v_M
//
// M values stand at random places among noise, in every way equally likely,
// then come M markers, and at the j-th marker the j-th value is to be named.
// With n noise tokens a sequence has n + 2M, and the last M are asked. The
// gaps between the values differ from sequence to sequence: a time-invariant
// model cannot tell data from noise; one that lets noise pass with Δ near zero
// sees plain copying.
//
// The paper's setting (§E.1) is Tokens 16, Values 14 and 4096 noise tokens.
type SelectiveCopying struct {
	Tokens int // M, how many values are to be copied; 0 means 8
	Values int // how many values there are, at most 52; 0 means 14
}

// M is how many values a sequence holds.
func (t SelectiveCopying) M() int { return Copying(t).M() }

// Name is "selective-copying".
func (SelectiveCopying) Name() string { return "selective-copying" }

// About says what the task shows.
func (SelectiveCopying) About() About {
	return About{
		Line:   "…a..b.c… ??? → abc: the letters among the noise, in order",
		Shows:  "selection: Δ opens on data and stays shut on noise, whatever the gaps",
		Events: Classes(Data),
		Rest:   Classes(Noise),
	}
}

// Card names the values by letters, noise by a full stop and the marker by ?.
// What is not in the alphabet counts as noise.
func (t SelectiveCopying) Card() model.Card {
	c := Copying(t)
	return c.card(t, []model.Example{
		c.prompt("letters scattered in noise, read back in order", "feedback", []int{1, 2, 0, 3, 1, 0, 2, 1}, 2),
		c.prompt("the same letters, other gaps: the same answer", "feedback", []int{0, 0, 1, 0, 6, 0, 4, 1}, 0),
		c.prompt("no noise at all", "mechanic", []int{0}, 0),
	})
}

// Vocab is noise, the values and the marker: 16 by default.
func (t SelectiveCopying) Vocab() int { return Copying(t).Vocab() }

// Marker is the token that asks for the next value: the last id.
func (t SelectiveCopying) Marker() int32 { return Copying(t).Marker() }

// Shortest is the values and the markers without noise.
func (t SelectiveCopying) Shortest() int { return Copying(t).Shortest() }

// Draw makes a sequence with length − 2M tokens of noise.
func (t SelectiveCopying) Draw(r *rand.Rand, length int) Sample {
	require(t, length)
	return Copying(t).draw(r, length, true)
}
