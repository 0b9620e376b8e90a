package model

// Config holds the dimensions of a Mamba language model. The letters are the
// paper's: L steps, D = DInner channels, N = DState states, R = DtRank.
type Config struct {
	VocabSize int     // V: rows of the embedding
	DModel    int     // M: width of the residual stream
	DInner    int     // D: channels of a block, usually 2·DModel
	DState    int     // N: states per channel
	DConv     int     // K: taps of the short convolution
	DtRank    int     // R: rank of the projection to Δ
	NLayer    int     // number of blocks
	Eps       float64 // of every RMSNorm: 1e-5
	Bias      bool    // in_proj and out_proj have biases
	ConvBias  bool    // the short convolution has a bias
}

// Weights are the parameters as they stand in a checkpoint, row-major.
type Weights struct {
	Embedding []float32 // (V, M)
	Layers    []LayerWeights
	NormF     []float32 // (M)
	Head      []float32 // (V, M), or nil: tied to Embedding
}

// LayerWeights are the parameters of one block.
type LayerWeights struct {
	Norm    []float32 // (M)
	InProj  []float32 // (2D, M): rows 0..D-1 make x, rows D..2D-1 make z
	InBias  []float32 // (2D) or nil
	ConvW   []float32 // (D, K): tap K-1 is the current token
	ConvB   []float32 // (D) or nil
	XProj   []float32 // (R+2N, D): rows dt, B, C
	DtProj  []float32 // (D, R)
	DtBias  []float32 // (D), inside the softplus
	ALog    []float32 // (D, N): A = −exp(ALog)
	D       []float32 // (D): the skip
	OutProj []float32 // (M, D)
	OutBias []float32 // (M) or nil
}

// Kind says where weights come from, for the provenance badge on every screen.
type Kind string

// Kinds of provenance.
const (
	HandWritten Kind = "hand-written" // every weight set by a program, none learned
	Trained     Kind = "trained"
	Untrained   Kind = "untrained" // random
	Real        Kind = "real"      // a named public checkpoint
	Unknown     Kind = "unknown"   // nothing in the file says
)

// Card is what a model file says of itself: it stands in config.json under
// "mamba_tui". Everything in it is untrusted text when it comes from a file.
type Card struct {
	Name    string    `json:"name"`
	Kind    Kind      `json:"provenance"`
	Task    string    `json:"task,omitempty"`    // one line: the task's definition
	Note    string    `json:"note,omitempty"`    // one line: what is known of it, with its measure
	Command string    `json:"command,omitempty"` // the command that made the weights
	Symbols []string  `json:"symbols,omitempty"` // token id → what is typed and shown
	Other   string    `json:"other,omitempty"`   // the symbol that stands for any other character
	Aliases []Alias   `json:"aliases,omitempty"` // other ways to type a symbol
	Prompts []Example `json:"prompts,omitempty"` // the first is the first screen
}

// Alias lets Text be typed for Symbol, such as "\n" for "¶".
type Alias struct {
	Text   string `json:"text"`
	Symbol string `json:"symbol"`
}

// Example is a prompt that comes with a model.
type Example struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}
