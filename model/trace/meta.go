package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"mamba-tui/model"
)

// Format and Version stand at the beginning of every trace.json. A later
// version of the program reads every version up to its own.
const (
	Format  = "mamba-trace"
	Version = 1
)

// Level is how much of every step is kept.
type Level string

// The levels.
const (
	Script Level = "script" // tokens, events, guesses, keyframes: the rest needs the weights
	Drive  Level = "drive"  // and Δ, u, B, C: h is computed from them
	Full   Level = "full"   // and h itself
)

// ParseLevel is the level of a name.
func ParseLevel(name string) (Level, error) {
	for _, l := range []Level{Script, Drive, Full} {
		if string(l) == name {
			return l, nil
		}
	}
	return "", fmt.Errorf("trace: no level %q: want script, drive or full", name)
}

// Meta is trace.json: what a trace says of itself. All text in it is untrusted
// when it comes from a file.
type Meta struct {
	Format    string `json:"format"`
	Version   int    `json:"version"`
	ID        string `json:"id"` // of this recording, in hexadecimal
	Generator string `json:"generator"`
	Created   string `json:"created"` // RFC 3339, UTC
	Command   string `json:"command,omitempty"`

	Model     Model   `json:"model"`
	Tokenizer string  `json:"tokenizer"` // "symbols": those of the card; "numbers": ids
	Backend   Backend `json:"backend"`
	Dims      Dims    `json:"dims"`

	Level         Level    `json:"level"`
	KeyframeEvery int      `json:"keyframe_every"` // at least so many steps lie between two keyframes of a branch
	Top           int      `json:"top"`            // guesses a step
	Lanes         []string `json:"lanes"`          // the columns of the field lane
	// Recorded and Missing name the arrays of a step that are there, and those
	// of a Mamba block that are not.
	Recorded []string `json:"recorded"`
	Missing  []string `json:"missing"`

	Parent *Parent `json:"parent"` // what this recording goes on from; null: nothing
}

// Model names the weights.
type Model struct {
	Card       model.Card `json:"card"`
	Config     Config     `json:"config"`
	Parameters int        `json:"parameters"`
	SHA256     string     `json:"sha256"`  // of the weight file
	Weights    string     `json:"weights"` // the folder in the trace that holds them; "": they are not inside
}

// Config is a model.Config in snake case.
type Config struct {
	VocabSize int     `json:"vocab_size"`
	DModel    int     `json:"d_model"`
	DInner    int     `json:"d_inner"`
	DState    int     `json:"d_state"`
	DConv     int     `json:"d_conv"`
	DtRank    int     `json:"dt_rank"`
	NLayer    int     `json:"n_layer"`
	Eps       float64 `json:"norm_eps"`
	Bias      bool    `json:"bias"`
	ConvBias  bool    `json:"conv_bias"`
}

// Backend says where the numbers were computed. Another backend may give other
// bits.
type Backend struct {
	Name string `json:"name"`
	OS   string `json:"goos"`
	Arch string `json:"goarch"`
}

// Dims are the shapes of the arrays, by the paper's letters.
type Dims struct {
	L int `json:"L"`
	D int `json:"D"`
	N int `json:"N"`
	K int `json:"K"`
	V int `json:"V"`
}

// Parent is a step of another recording.
type Parent struct {
	ID     string `json:"id"`
	Branch int    `json:"branch"`
	Step   int    `json:"step"`
}

func dimsOf(c model.Config) Dims {
	return Dims{L: c.NLayer, D: c.DInner, N: c.DState, K: c.DConv, V: c.VocabSize}
}

// Lanes of a step and a layer, in the order of the field lane.
const (
	laneDelta     = iota // mean of Δ over the channels
	laneKept             // ρ = ‖Ā⊙h‖/‖h‖, NaN where h was 0
	laneRetention        // mean of Ā over channels and states
	laneWrite            // ‖B̄·u‖, which is ‖Δ·B·u‖ under the released rule
	laneHNorm            // ‖h‖ after the step
	numLanes
)

var laneNames = []string{"delta_mean", "kept", "retention", "write", "h_norm"}

// maxGuesses bounds the guesses of a step. Up to allGuesses ids a distribution is
// kept whole.
const (
	allGuesses = 64
	fewGuesses = 16
	maxGuesses = 1024
)

// guessesFor is how many guesses a step of a vocabulary of n ids keeps.
func guessesFor(n int) int {
	if n <= allGuesses {
		return n
	}
	return fewGuesses
}

// ErrVersion is matched by the error of opening a trace of a version that this
// program does not know.
var ErrVersion = errors.New("trace: the version is unknown")

// parseMeta reads and checks trace.json.
func parseMeta(b []byte) (*Meta, error) {
	m := &Meta{}
	var first struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(b, &first); err != nil {
		return nil, fmt.Errorf("trace: trace.json: %w", err)
	}
	if first.Format != Format {
		return nil, fmt.Errorf("trace: trace.json says format %q, want %q: this is no trace", clip(first.Format), Format)
	}
	if first.Version < 1 || first.Version > Version {
		return nil, fmt.Errorf("%w: trace.json says %d, this program reads 1 to %d: use a newer mamba-tui", ErrVersion, first.Version, Version)
	}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("trace: trace.json: %w", err)
	}
	return m, m.validate()
}

func (m *Meta) validate() error {
	c := model.Config(m.Model.Config)
	if err := c.Validate(); err != nil {
		return fmt.Errorf("trace: trace.json: %w", err)
	}
	if m.Dims != dimsOf(c) {
		return fmt.Errorf("trace: trace.json: dims %+v are not those of the configuration, %+v", m.Dims, dimsOf(c))
	}
	if _, err := ParseLevel(string(m.Level)); err != nil {
		return err
	}
	if m.Top < 0 || m.Top > maxGuesses {
		return fmt.Errorf("trace: trace.json: %d guesses a step, want 0 to %d", m.Top, maxGuesses)
	}
	if m.Tokenizer != "symbols" && m.Tokenizer != "numbers" {
		return fmt.Errorf("trace: trace.json: tokenizer %q, want symbols or numbers", clip(m.Tokenizer))
	}
	if m.Model.Weights != "" && m.Model.Weights != weightsDir {
		return fmt.Errorf("trace: trace.json: the weights are said to be in %q, want %q or nothing", clip(m.Model.Weights), weightsDir)
	}
	return nil
}

// weightsDir is the folder of the embedded weights.
const weightsDir = "model"

// has says that the trace holds an array.
func (m *Meta) has(name string) bool {
	for _, r := range m.Recorded {
		if r == name {
			return true
		}
	}
	return false
}

// clip keeps text from a file short in a message.
func clip(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return strings.ToValidUTF8(s, "�")
}
