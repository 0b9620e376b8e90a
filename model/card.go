package model

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
	Name string `json:"name"`
	Kind Kind   `json:"provenance"`
	Task string `json:"task,omitempty"` // one line: the task's definition
	// TaskName is the task's name in package task, so that the model can be
	// measured on it; empty if there is none.
	TaskName string    `json:"task_name,omitempty"`
	Note     string    `json:"note,omitempty"`    // one line: what is known of it, with its measure
	Command  string    `json:"command,omitempty"` // the command that made the weights
	Symbols  []string  `json:"symbols,omitempty"` // token id → what is typed and shown
	Other    string    `json:"other,omitempty"`   // the symbol that stands for any other character
	Aliases  []Alias   `json:"aliases,omitempty"` // other ways to type a symbol
	Prompts  []Example `json:"prompts,omitempty"` // the first is the first screen
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
