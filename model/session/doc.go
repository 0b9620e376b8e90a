// Package session is what the explorer looks at: a history of tokens, the state
// of a Mamba after the newest of them, and enough beside it to show any moment
// of the past again.
//
// # What is kept, and what is computed again
//
// The paper keeps the inputs of the scan, of size L·D, and computes the states,
// N times larger, a second time when it needs them (§3.3.2). A session does the
// same. For every token it keeps the token and, per layer, seven numbers; over
// those stands a pyramid, so that an Overview of any stretch costs what it is
// wide; for some tokens it keeps the state (a keyframe). A window of Δ, B, C, u
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
// # Branches, tweaks and the changed run
//
// Typing into the past opens a branch: the old tokens stay, under the number of
// their branch, and SwitchBranch goes back to them. A Tweak changes what the
// model computes, on some tokens or from one on: Δ held at its mean, the gate
// off, a state forgotten, another token. Tweaks stand on the branch's list, which
// Undo and Redo know the changes of.
//
// What is shown beside the clean run is the changed run: the same tokens under
// the tweaks in force, or another branch (CompareBranch); a Frame says which in
// Versus, and how far apart the two are in Divergence. It begins at the clean
// run's last keyframe before the first token where it can differ and shares all
// that comes before. Tweaks are constant over a call of the model, so calls are
// split where a scope begins or ends; that any split gives the same bits is what
// makes a tweak from t on, over a history of any kind, exactly what the model
// would have done.
//
// A long changed run is computed while everything else goes on (TweakPending):
// up to the window that is looked at first, then to the end. A newer tweak drops
// it.
//
// # Machines and observers
//
// A session computes with a Machine: a model (Live), or something that plays back
// what a model once computed and says what it is Missing. An Observer is told
// every operation before it acts and every token when it is first computed: that
// is what a recording is made of.
//
// # Who calls what
//
// A Session belongs to one goroutine. An Engine is that goroutine: the screen
// hands it operations (Engine.Do) and what it wants to see (Engine.Look), and
// reads finished frames (Engine.Frame). A Frame never changes after it was
// handed out.
package session
