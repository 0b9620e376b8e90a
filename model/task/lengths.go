package task

// Sized is a task that knows at which lengths a small model learns it. Every
// task of this package is Sized.
type Sized interface {
	Task
	// Lengths are the lengths to train at, ascending: the steps of a
	// curriculum, the last of which is the trained length. All are at least
	// Shortest; there is at least one. The caller owns the slice.
	Lengths() []int
}

// Lengths is 128: about four documents.
func (t Header) Lengths() []int { return atLeast(t.Shortest(), 128) }

// Lengths are 16 to 256. The paper trains at 256 (§4.1.2).
func (t Induction) Lengths() []int { return atLeast(t.Shortest(), 16, 32, 64, 128, 256) }

// Lengths are 16 to 256 tokens of data and noise and the markers after them.
func (t SelectiveCopying) Lengths() []int {
	m := t.M()
	return atLeast(t.Shortest(), 16+m, 32+m, 64+m, 128+m, 256+m)
}

// Lengths are 16 to 64 tokens of data and noise and the markers after them.
func (t Copying) Lengths() []int {
	m := t.M()
	return atLeast(t.Shortest(), 16+m, 32+m, 64+m)
}

// Lengths is 128: about five documents.
func (t Majority) Lengths() []int { return atLeast(t.Shortest(), 128) }

// Lengths are 64 and 128.
func (t Recall) Lengths() []int { return atLeast(t.Shortest(), 64, 128) }

// Lengths is 128.
func (t *Chars) Lengths() []int { return atLeast(t.Shortest(), 128) }

// atLeast keeps the lengths that a sequence can have. If all are too short, it
// is twice the shortest.
func atLeast(shortest int, lengths ...int) []int {
	for len(lengths) > 0 && lengths[0] < shortest {
		lengths = lengths[1:]
	}
	if len(lengths) == 0 {
		return []int{2 * shortest}
	}
	return lengths
}
