// Package session is what the explorer looks at: a history of tokens, the state
// of a Mamba after the newest of them, and enough beside it to show any moment
// of the past again.
//
// # What is kept, and what is computed again
//
// The paper keeps the inputs of the scan, of size L·D, and computes the states,
// N times larger, a second time when it needs them (§3.3.2). A session does the
// same. For every token it keeps the token and, per layer, seven numbers of a
// Lane; for some tokens it keeps the state (a keyframe). A window of Δ, B, C, u
// and h is rebuilt from the nearest keyframe by the same fused forward that made
// it, so that what is shown is bit for bit what happened. Keyframes are dense
// near the end and thin out with age; their memory is bounded whatever the
// length.
//
// # Letters
//
// L tokens, D channels (d_inner), N states a channel, K taps of the short
// convolution, M the width of the residual stream, V the vocabulary, T the
// tokens of a window. Arrays are row-major float32; h is (D, N).
//
// # Kept share
//
// The kept share of a layer at a token is
//
//	ρ = ‖Ā ⊙ h‖ / ‖h‖
//
// with h the state before the token, Ā the discretised decay of the rule in
// force and ‖·‖ the Euclidean norm over all (d, n). It is 1 where everything is
// kept, 0 where everything is wiped, and NaN where there was nothing to keep.
// Unlike the mean of Ā it weighs each cell by what it held.
//
// # Branches and tweaks
//
// Typing into the past opens a branch: the old tokens stay, under the number of
// their branch. A tweak (so far: Δ frozen at its mean) is a second run over the
// same tokens from the first one on, with its own state; the two advance
// together and a Frame shows both.
//
// # Who calls what
//
// A Session belongs to one goroutine. An Engine is that goroutine: the screen
// hands it operations (Engine.Do) and what it wants to see (Engine.Look), and
// reads finished frames (Engine.Frame). A Frame never changes after it was
// handed out.
package session
