package measured

import (
	"fmt"

	"mamba-tui/model"
)

// SortChannels gives the channels of a layer another order: channel i of the
// result is channel order[i] of w. Channels have no order of their own, so the
// model is the same but for the order of its sums; what a viewer sees is
// sorted. w is changed in place.
func SortChannels(c model.Config, w *model.Weights, layer int, order []int) error {
	D, M, N, K, R := c.DInner, c.DModel, c.DState, c.DConv, c.DtRank
	seen := make([]bool, D)
	for _, d := range order {
		if d < 0 || d >= D || seen[d] {
			return fmt.Errorf("measured: channel %d of the order is not one of %d, or comes twice", d, D)
		}
		seen[d] = true
	}
	if len(order) != D {
		return fmt.Errorf("measured: an order of %d channels for %d", len(order), D)
	}
	if layer < 0 || layer >= len(w.Layers) {
		return fmt.Errorf("measured: layer %d of %d", layer, len(w.Layers))
	}
	// rows moves the rows of a (D, cols) matrix; columns those of (rows, D).
	rows := func(m []float32, cols int) {
		old := append([]float32(nil), m...)
		for i, d := range order {
			copy(m[i*cols:(i+1)*cols], old[d*cols:(d+1)*cols])
		}
	}
	columns := func(m []float32) {
		old := append([]float32(nil), m...)
		for r := 0; r < len(m); r += D {
			for i, d := range order {
				m[r+i] = old[r+d]
			}
		}
	}
	l := &w.Layers[layer]
	rows(l.InProj[:D*M], M) // x
	rows(l.InProj[D*M:], M) // z
	if l.InBias != nil {
		rows(l.InBias[:D], 1)
		rows(l.InBias[D:], 1)
	}
	rows(l.ConvW, K)
	if l.ConvB != nil {
		rows(l.ConvB, 1)
	}
	columns(l.XProj)
	rows(l.DtProj, R)
	rows(l.DtBias, 1)
	rows(l.ALog, N)
	rows(l.D, 1)
	columns(l.OutProj)
	return nil
}
