package measured

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"mamba-tui/model/task"
)

// Demand is what a built-in model on a task must do.
type Demand struct {
	Accuracy float64 // least share right at the trained length
	Openers  float64 // least share of channels that select, in one layer
	Frozen   float64 // greatest share right with Δ at its mean; 1 asks for nothing
	Change   float64 // greatest change of h from the token after a separator on; 0 asks for nothing
}

// DemandOf is what is asked of the model of a task. Of a character model
// nothing is: it is described by its figures.
func DemandOf(t task.Task) Demand {
	d := Demand{Accuracy: 0.99, Openers: 0.3, Frozen: 1}
	switch t.Name() {
	case "header":
		d.Frozen, d.Change = 0.5, 0.2
	case "induction":
		d.Frozen = 0.5
	case "selective-copying":
		d.Accuracy = 0.97
	case "chars":
		return Demand{Frozen: 1}
	}
	return d
}

// Unmet counts the demands that a model does not meet.
func (d Demand) Unmet(f Figures) int {
	n := 0
	for _, unmet := range []bool{
		f.Accuracy() < d.Accuracy,
		f.Share() < d.Openers,
		d.Frozen < 1 && f.Frozen >= d.Frozen,
		d.Change > 0 && f.worst() > d.Change,
	} {
		if unmet {
			n++
		}
	}
	return n
}

// worst is the greatest change of h from the token after the separator on;
// infinite if it was not measured.
func (f Figures) worst() float64 {
	worst := math.Inf(1)
	for _, r := range f.Resets {
		if r.Offset >= 1 && (math.IsInf(worst, 1) || r.Change > worst) {
			worst = r.Change
		}
	}
	return worst
}

// Rule is how Choose chooses, for people.
const Rule = "the fewest unmet demands; then the largest share of channels that select in one layer; " +
	"then the smallest change of h after a separator; then the most right; then the smallest seed. " +
	"Of character models, the one with the smallest loss on the held-out text"

// Candidate is a model to choose from.
type Candidate struct {
	Seed    uint64
	Figures Figures
}

// Choose is the index of the best candidate by Rule; −1 if there is none.
func Choose(t task.Task, list []Candidate) int {
	demand := DemandOf(t)
	better := func(a, b Candidate) int {
		if t.Name() == "chars" {
			return cmp.Or(cmp.Compare(a.Figures.Loss, b.Figures.Loss), cmp.Compare(a.Seed, b.Seed))
		}
		return cmp.Or(
			cmp.Compare(demand.Unmet(a.Figures), demand.Unmet(b.Figures)),
			cmp.Compare(b.Figures.Share(), a.Figures.Share()),
			cmp.Compare(a.Figures.worst(), b.Figures.worst()),
			cmp.Compare(b.Figures.Accuracy(), a.Figures.Accuracy()),
			cmp.Compare(a.Seed, b.Seed),
		)
	}
	best := -1
	for i := range list {
		if best < 0 || better(list[i], list[best]) < 0 {
			best = i
		}
	}
	return best
}

// round keeps six significant digits: more would say less.
func round(x float64) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 6, 64), 64)
	if err != nil {
		return x
	}
	return y
}

// ByAUC is the order of channels that puts those first that select, those last
// that close on events: descending AUC, ties in their old order.
func ByAUC(auc []float64) []int {
	order := make([]int, len(auc))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(auc[b], auc[a]) })
	return order
}
