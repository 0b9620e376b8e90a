package scan

// Differentiable is a Backend that can also go backwards: for each operation
// of a Mamba block the gradient of a scalar loss with respect to its inputs,
// given the gradient with respect to its output (dY, "what the loss gains per
// unit of Y").
//
// A backward operation is handed what the forward one read, not what it wrote:
// activations between the two are recomputed where that is cheaper than keeping
// them. Gradients of activations are written; gradients of parameters, which
// every sequence of a batch adds to, are added. A Backend without this
// interface cannot train, and whoever wants to train must say so.
//
// As everywhere in this package results do not depend on the number of
// threads, wrong shapes panic before anything is written, and nothing is
// allocated once the largest shape has been seen.
type Differentiable interface {
	Backend

	// UpdateWeight replaces the matrix of w, in place, by the row-major data of
	// the same shape.
	UpdateWeight(w Weight, data []float32)
	// Zero makes every element of b zero.
	Zero(b Buffer)
	// CrossEntropy is the loss −log softmax(logits)[target] and its gradient.
	CrossEntropy(CrossEntropyArgs)

	// EmbedBackward is dTable[ids[t]] += dY[t] for L rows of width cols.
	EmbedBackward(dTable, dY View, ids Buffer, L, cols int)
	// RMSNormBackward is the gradient of RMSNorm.
	RMSNormBackward(NormGrad)
	// LinearBackward is the gradient of Linear.
	LinearBackward(LinearGrad)
	// ConvBackward is the gradient of Conv.
	ConvBackward(ConvGrad)
	// ScanBackward is the gradient of Scan, for every Rule.
	ScanBackward(ScanGrad)
}

// CrossEntropyArgs is, for each row t with Targets[t] ≥ 0,
//
//	Loss[t]    = log Σ_v exp(Logits[t][v]) − Logits[t][Targets[t]]
//	DLogits[t] = Scale · (softmax(Logits[t]) − onehot(Targets[t]))
//
// and zero for a row without a target. Best[t] is the greatest logit's place
// in both cases, the lower one where two are equal.
type CrossEntropyArgs struct {
	L, V    int
	Logits  View    // (L, V)
	Targets Buffer  // Int32 (L): below V; negative: nothing is asked
	Scale   float64 // of the gradient, such as 1/questions for a mean loss
	Loss    Buffer  // (L)
	Best    Buffer  // Int32 (L)
	DLogits View    // (L, V); may be the same view as Logits, absent: not wanted
}

// NormGrad is the gradient of y[t] = x[t]/rms(x[t])·w.
type NormGrad struct {
	L, Cols    int
	Eps        float64
	X          View   // (L, Cols)
	W          Buffer // (Cols)
	DY         View   // (L, Cols)
	DX         View   // (L, Cols), written
	Accumulate bool   // add to DX instead: the residual stream
	DW         View   // (1, Cols), added to
}

// LinearGrad is the gradient of y = x·Wᵀ + bias.
type LinearGrad struct {
	L          int
	X          View // (L, In)
	W          Weight
	DY         View // (L, Out)
	DX         View // (L, In), written; absent: not wanted. Not DY
	Accumulate bool // add to DX instead
	DW         View // (Out, In), added to; absent: not wanted
	DBias      View // (1, Out), added to; absent: no bias
}

// ConvGrad is the gradient of Conv. What stood in the window before the call
// is taken as a constant: a gradient through it would be that of an earlier
// call.
type ConvGrad struct {
	L, D, K int
	X       View   // (L, D)
	W       View   // (D, K)
	Bias    Buffer // (D) or nil
	Window  View   // (K-1, D) as it was before the call; absent: zeros
	Resets  Buffer // as in ConvArgs
	SiLU    bool

	DY    View // (L, D)
	DX    View // (L, D), written; not DY
	DW    View // (D, K), added to
	DBias View // (1, D), added to; absent: no bias
}

// ChunkSteps is how many steps lie between two states that ScanBackward wants
// kept. It recomputes the h in between, so that what is kept is L/ChunkSteps·D·N
// values and never L·D·N (§3.3.2, recomputation).
const ChunkSteps = 32

// ChunkTaps are the steps after which a Scan of L steps must keep h for its
// ScanBackward: ChunkSteps−1, 2·ChunkSteps−1, …, all before the last chunk. They
// are the Steps of a ScanTap; dst is reused when it is long enough.
func ChunkTaps(dst []int, L int) []int {
	dst = dst[:0]
	for t := ChunkSteps - 1; t < L-1; t += ChunkSteps {
		dst = append(dst, t)
	}
	return dst
}

// ScanGrad is the gradient of Scan. The first group is what Scan was called
// with.
type ScanGrad struct {
	L, D, N int
	Rule    Rule

	U, Delta View
	Bias     Buffer
	Softplus bool
	A, B, C  View
	Skip     Buffer
	Z        View
	Resets   Buffer

	H0     View   // (D, N) the initial state; absent: zeros
	States Buffer // (len(ChunkTaps), D, N): h at ChunkTaps; nil if there are none

	DY View // (L, D)
	// DH is the gradient of the final state before, of the initial state after
	// (D, N); absent: the final state is used for nothing.
	DH View

	DU, DDelta View // (L, D), written; DDelta is that of Delta before softplus
	DB, DC     View // (L, N), written
	DZ         View // (L, D), written; absent exactly where Z is
	DA         View // (D, N), added to
	DBias      View // (1, D), added to; absent: not wanted
	DSkip      View // (1, D), added to; absent: not wanted
}
