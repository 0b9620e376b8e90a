package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"mamba-tui/model/session"
)

// Operations that are no session.Op: what a recorder itself has to say.
const (
	opBranch = "branch" // a branch appears: branchEvent
	opBeside = "beside" // what stands beside a branch's tokens: besideEvent
	opTyped  = "typed"  // what was typed where it differs from the symbol: typedEvent
)

// branchEvent announces a branch before its first step.
type branchEvent struct {
	ID     int    `json:"id"`
	Parent int    `json:"parent"` // 0: none
	At     int    `json:"at"`     // last step shared with it; −1: none
	Name   string `json:"name,omitempty"`
}

// typedEvent keeps what was typed for some of the steps that follow.
type typedEvent struct {
	Texts []typedText `json:"texts"`
}

type typedText struct {
	Step int    `json:"step"`
	Text string `json:"text"`
}

// besideEvent is a branch and what stands beside its tokens, told whenever it
// changed: session.Beside.
type besideEvent struct {
	branchEvent
	Current bool            `json:"current"`
	Marks   []session.Mark  `json:"marks,omitempty"`
	Tweaks  []session.Tweak `json:"tweaks,omitempty"`
	Hidden  bool            `json:"hidden,omitempty"`
	Kept    bool            `json:"kept,omitempty"`
}

// ops are the session's operations by the name that stands in a trace, which
// never changes.
var ops = map[string]reflect.Type{
	"type":           reflect.TypeFor[session.Type](),
	"back":           reflect.TypeFor[session.Back](),
	"generate":       reflect.TypeFor[session.Generate](),
	"clear":          reflect.TypeFor[session.Clear](),
	"set-mark":       reflect.TypeFor[session.SetMark](),
	"delete-mark":    reflect.TypeFor[session.DeleteMark](),
	"name-branch":    reflect.TypeFor[session.NameBranch](),
	"switch-branch":  reflect.TypeFor[session.SwitchBranch](),
	"compare-branch": reflect.TypeFor[session.CompareBranch](),
	"keep-tweaks":    reflect.TypeFor[session.KeepTweaks](),
	"add-tweak":      reflect.TypeFor[session.AddTweak](),
	"remove-tweak":   reflect.TypeFor[session.RemoveTweak](),
	"scope-tweak":    reflect.TypeFor[session.ScopeTweak](),
	"toggle-tweaks":  reflect.TypeFor[session.ToggleTweaks](),
	"set-tweaks":     reflect.TypeFor[session.SetTweaks](),
	"default-tweaks": reflect.TypeFor[session.DefaultTweaks](),
	"freeze":         reflect.TypeFor[session.Freeze](),
	"undo":           reflect.TypeFor[session.Undo](),
	"redo":           reflect.TypeFor[session.Redo](),
}

// nameOf is the name of an operation in a trace.
func nameOf(op session.Op) (string, bool) {
	t := reflect.TypeOf(op)
	for name, have := range ops {
		if have == t {
			return name, true
		}
	}
	return "", false
}

// ErrUnknownOp is matched by the error of an event that a later version of the
// program wrote, or that is no operation.
var ErrUnknownOp = errors.New("trace: not an operation of this program")

// Operation is the session operation that the event stands for.
func (e *Event) Operation() (session.Op, error) {
	t, ok := ops[e.Op]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownOp, clip(e.Op))
	}
	v := reflect.New(t)
	if len(e.Args) > 0 {
		if err := json.Unmarshal(e.Args, v.Interface()); err != nil {
			return nil, fmt.Errorf("trace: %s: %w", e.Name, err)
		}
	}
	return v.Elem().Interface().(session.Op), nil
}
