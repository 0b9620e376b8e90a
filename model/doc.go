// Package model is Mamba itself, the selective state space language model of
// arXiv 2312.00752, written once on top of the operations of package scan and
// so for every backend.
//
// # Letters
//
//	L  tokens of a call, also steps; t is one of them
//	V  vocabulary: token ids are 0 … V−1
//	M  d_model: width of the residual stream
//	D  d_inner: channels of a block, usually 2·M; d is one of them
//	N  d_state: states of a channel; n is one of them
//	K  d_conv: taps of the short convolution, tap K−1 is the current token
//	R  dt_rank: rank of the projection that makes Δ
//
//	x  residual stream               (L, M)
//	u  what enters the state         (L, D)
//	z  the gate                      (L, D)
//	Δ  the step size, selected       (L, D)
//	B  what lets u into h            (L, N)  shared by all channels
//	C  what lets h into y            (L, N)  shared by all channels
//	A  the decay, a parameter        (D, N)  negative
//	D  the skip, a parameter         (D)     y += D·u
//	h  the state                     (D, N)  all that is kept of the past
//
// # The block
//
// Every block is, in this order (section 3 and figure 3 of the paper; the
// released mamba_simple.py):
//
//	r      = RMSNorm(x)
//	x', z  = in_proj r
//	u      = SiLU(conv(x') + bias)       causal, depthwise, K taps
//	dt,B,C = x_proj u
//	Δ      = softplus(dt_proj dt + bias) the bias is inside the softplus
//	h      = exp(Δ⊗A)⊙h + (Δ⊗B)·u        in words: keep exp(ΔA) of h, write Δ·B·u
//	y      = Σ_n C·h + D·u
//	x      = x + out_proj(y·SiLU(z))
//
// before the first, x is a row of the embedding; after the last come a RMSNorm
// and the head, which is the embedding again unless Weights.Head is there. The
// residual stream is float32 (float64 on a float64 backend).
//
// Where the paper and its code differ, this is the code, because real
// checkpoints need it: B̄ = ΔB instead of zero-order hold. LayerTweaks.Rule has the
// others.
//
// # Four things
//
// Config are the dimensions and Weights the parameters, both in host memory;
// Model is a Config and Weights loaded to a backend, with scratch; State is
// what is remembered between tokens, and is the same size after a million of
// them. Forward takes many tokens, Step one; they are two speeds of one
// function, and any way to split a sequence gives the same bits:
//
//	m, err := model.New(scan.NewCPU(scan.Options{}), cfg, weights)
//	s, err := m.NewState()
//	err = m.Forward(s, prompt, model.Options{Logits: logits})
//	err = m.Step(s, next, logits)
//
// A Tap receives every array above for the layers and tokens asked for; Tweaks
// change a pass, such as Δ held at a constant, which makes the model time
// invariant; a reset mark forgets h, or the convolution's window, or both,
// before a token.
package model
