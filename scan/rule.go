package scan

// Rule is a discretisation of h' = A·h + B·u over a step Δ.
type Rule uint8

// The rules; doc.go gives their formulas.
const (
	Released      Rule = iota // Ā = exp(ΔA), B̄ = ΔB: the released code, and real checkpoints
	ZOH                       // Ā = exp(ΔA), B̄ = (exp(ΔA)−1)/A·B: the paper's eq. 4
	Bilinear                  // Ā = (1+ΔA/2)/(1−ΔA/2), B̄ = Δ/(1−ΔA/2)·B: S4
	Euler                     // Ā = 1+ΔA, B̄ = ΔB
	BackwardEuler             // Ā = 1/(1−ΔA), B̄ = Δ/(1−ΔA)·B
)
