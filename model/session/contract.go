package session

// CONTRACT (to be replaced by the implementation; signatures are fixed):
//
//	type Options struct {
//		Card        model.Card
//		Tokenizer   tokenizer.Tokenizer
//		Oracle      *model.Model // the same weights on the float64 backend, or nil: no parity line
//		BackendNote string
//		KeyframeEvery int          // 0 = chosen from a byte budget
//		Strict      bool
//	}
//	func New(m *model.Model, o Options) (*Session, error)   // one goroutine at a time
//	... methods used by the engine and by `run`:
//	func (s *Session) Append(ctx, tokens []Token) error      // steps the model; on cancel keeps what was done
//	func (s *Session) Truncate(n int) error                  // roll back to n tokens
//	func (s *Session) Len() int
//	func (s *Session) Next(sampler Sampler) (Token, error)   // the next token the model would generate
//	func (s *Session) FreezeDelta(on bool) error             // Δ at its clean mean, every layer, from t=0
//	func (s *Session) Frame(ctx, l Look) (*Frame, error)
//
//	type Sampler struct { Temperature float64; TopK int; Seed uint64 } // Temperature 0 = greedy
//
//	// Engine owns a Session in a goroutine of its own.
//	func Start(s *Session) *Engine
//	func (e *Engine) Frame() *Frame             // newest finished frame, never nil
//	func (e *Engine) Changed() <-chan struct{}  // capacity 1: a newer frame exists
//	func (e *Engine) Look(l Look)               // newest wins; cancels older views under way
//	func (e *Engine) Do(op Op)                  // mutations, in order, never lost, never blocks
//	func (e *Engine) Close()                    // cancels, waits, frees
//	func (e *Engine) OnPanic(func(v any, stack []byte)) // set before Start's goroutine can fail; the program restores the terminal
//
//	// Op is one of:
//	type Type struct{ At int; Text string; Flags Flags } // typed or pasted after token At (−1: at the very start); At in the past opens a branch
//	type Back struct{ N int }                            // roll the newest N tokens back
//	type Generate struct{ N int; Sampler Sampler }
//	type Freeze struct{ On bool }
//	type Clear struct{}                                  // empty history (opens a branch; the old one is kept)
