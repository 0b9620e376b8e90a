package session

import (
	"context"
	"fmt"
	"slices"
)

// overlay is the list of tweaks over a branch, with what undoes its changes. The
// lists are never changed in place: frames and steps share them.
type overlay struct {
	list       []Tweak
	hidden     bool // nothing of it is in force
	lastID     int
	sliding    int // id of the tweak that the last change was of; 0: another change
	undo, redo []step
}

// step is a list as it was on the other side of a change, and the change's name.
type step struct {
	list []Tweak
	name string
}

// maxUndo bounds what can be undone.
const maxUndo = 200

// AddTweak puts a tweak in force, for the part of the model that it names. One
// of the same kind and scope is replaced: so a value slides, and a tweak is
// switched off in the list (Off). With More the change is one with the last, as
// far as undoing goes, if that was the same tweak's.
type AddTweak struct {
	Tweak Tweak
	More  bool
}

// RemoveTweak takes a tweak off the list.
type RemoveTweak struct{ ID int }

// ScopeTweak makes a tweak act on tokens [From, To), in place of one of its kind
// that acts there already.
type ScopeTweak struct{ ID, From, To int }

// ToggleTweaks puts the whole list in force or not; it is kept either way.
type ToggleTweaks struct{ On bool }

// Undo takes the last change of the list back, Redo makes it again.
type Undo struct{}

// Redo makes the change again that was last undone.
type Redo struct{}

// DefaultTweaks empties the list.
type DefaultTweaks struct{}

// SetTweaks makes List the list.
type SetTweaks struct{ List []Tweak }

// Freeze puts a frozen Δ of every layer, from the first token on, on the list or
// takes it off.
type Freeze struct{ On bool }

// overlay is the current branch's.
func (s *Session) overlay() *overlay { return &s.branches[s.current].overlay }

// shared is y for a branch that begins with the same list.
func (y overlay) shared() overlay {
	y.undo, y.redo = slices.Clip(y.undo), slices.Clip(y.redo)
	return y
}

// inForce is the part of the list that acts.
func (y *overlay) inForce() []Tweak {
	if y.hidden {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(y.list), func(t Tweak) bool { return t.Off })
}

// index is where the tweak with an id stands.
func (y *overlay) index(id int) (int, error) {
	i := slices.IndexFunc(y.list, func(t Tweak) bool { return t.ID == id })
	if i < 0 {
		return 0, fmt.Errorf("session: there is no tweak %d on the list of %d", id, len(y.list))
	}
	return i, nil
}

// change makes list the list in force, undone by one step under name.
func (s *Session) change(list []Tweak, name string) {
	y := s.overlay()
	if len(y.undo) >= maxUndo {
		y.undo = slices.Clone(y.undo[1:])
	}
	y.undo = append(y.undo, step{y.list, name})
	y.redo, y.sliding = nil, 0
	s.force(list)
}

// force makes list the list and puts it in force, instead of a comparison.
func (s *Session) force(list []Tweak) {
	y := s.overlay()
	y.list, y.hidden = list, false
	s.compare = 0
	s.dropChanged()
}

func (o AddTweak) apply(_ context.Context, s *Session) error {
	if err := s.usable(); err != nil {
		return err
	}
	y := s.overlay()
	i := slices.IndexFunc(y.list, o.Tweak.sameScope)
	t, err := s.check(o.inherit(y, i))
	if err != nil {
		return err
	}
	list := slices.Clone(y.list)
	if i < 0 {
		if len(list) >= maxTweaks {
			return fmt.Errorf("session: %d tweaks are on the list, the most there can be: remove some", len(list))
		}
		y.lastID++
		t.ID = y.lastID
		list = append(list, t)
	} else {
		t.ID = list[i].ID
		list[i] = t
	}
	if n := len(y.undo); o.More && y.sliding == t.ID && n > 0 {
		y.undo[n-1].name, y.redo = t.Name(), nil
		s.force(list)
		return nil
	}
	s.change(list, t.Name())
	y.sliding = t.ID
	return nil
}

// inherit is the tweak that o puts in the place of number i, if i is not −1: a
// constant stays what it was when it was first frozen.
func (o AddTweak) inherit(y *overlay, i int) Tweak {
	t := o.Tweak
	if i >= 0 && t.Vector == nil {
		old := y.list[i]
		t.Vector, t.MeanTokens, t.MeanBranch = old.Vector, old.MeanTokens, old.MeanBranch
	}
	return t
}

func (o AddTweak) resolve(s *Session) Op {
	y := s.overlay()
	if t, err := s.check(o.inherit(y, slices.IndexFunc(y.list, o.Tweak.sameScope))); err == nil {
		o.Tweak = t
	}
	return o
}

// sameScope says that u, which is on a list, is of t's kind and acts on the same.
func (t Tweak) sameScope(u Tweak) bool {
	t, _ = t.normal()
	return t.Kind == u.Kind && t.Layer == u.Layer && t.Channel == u.Channel && t.State == u.State && t.From == u.From && t.To == u.To
}

func (o RemoveTweak) apply(_ context.Context, s *Session) error {
	if err := s.usable(); err != nil {
		return err
	}
	y := s.overlay()
	i, err := y.index(o.ID)
	if err != nil {
		return err
	}
	s.change(slices.Delete(slices.Clone(y.list), i, i+1), "without "+y.list[i].Name())
	return nil
}

func (o ScopeTweak) apply(_ context.Context, s *Session) error {
	if err := s.usable(); err != nil {
		return err
	}
	y := s.overlay()
	i, err := y.index(o.ID)
	if err != nil {
		return err
	}
	t := y.list[i]
	t.From, t.To = o.From, o.To
	if t, err = s.check(t); err != nil {
		return err
	}
	list := slices.Clone(y.list)
	list[i] = t
	list = slices.DeleteFunc(list, func(u Tweak) bool { return u.ID != t.ID && t.sameScope(u) })
	s.change(list, t.Name()+" "+t.when())
	return nil
}

func (o ToggleTweaks) apply(_ context.Context, s *Session) error {
	if err := s.usable(); err != nil {
		return err
	}
	s.force(s.overlay().list)
	s.overlay().hidden = !o.On
	return nil
}

func (Undo) apply(_ context.Context, s *Session) error {
	y := s.overlay()
	return s.again(&y.undo, &y.redo, "undo")
}

func (Redo) apply(_ context.Context, s *Session) error {
	y := s.overlay()
	return s.again(&y.redo, &y.undo, "redo")
}

// again goes to the newest step of one stack and leaves the way back on the
// other.
func (s *Session) again(from, to *[]step, verb string) error {
	if err := s.usable(); err != nil {
		return err
	}
	n := len(*from) - 1
	if n < 0 {
		s.say("nothing to %s", verb)
		return nil
	}
	last := (*from)[n]
	*from = (*from)[:n]
	*to = append(*to, step{s.overlay().list, last.name})
	s.overlay().sliding = 0
	s.force(last.list)
	return nil
}

// newest is the name of the change on top of a stack; "" if there is none.
func newest(stack []step) string {
	if len(stack) == 0 {
		return ""
	}
	return stack[len(stack)-1].name
}

func (DefaultTweaks) apply(_ context.Context, s *Session) error {
	if err := s.usable(); err != nil {
		return err
	}
	if len(s.overlay().list) > 0 {
		s.change(nil, "back to default")
	}
	return nil
}

func (o SetTweaks) apply(_ context.Context, s *Session) error {
	if err := s.usable(); err != nil {
		return err
	}
	if len(o.List) > maxTweaks {
		return fmt.Errorf("session: a list of %d tweaks, want at most %d", len(o.List), maxTweaks)
	}
	y := s.overlay()
	list := make([]Tweak, 0, len(o.List))
	for i, t := range o.List {
		t, err := s.check(t)
		if err != nil {
			return err
		}
		t.ID = y.lastID + 1 + i
		list = append(list, t)
	}
	y.lastID += len(list)
	name := fmt.Sprintf("a list of %s", count(len(list), "tweak"))
	if len(list) == 1 {
		name = list[0].Name() + " · " + list[0].Scope()
	}
	s.change(list, name)
	return nil
}

func (o Freeze) apply(ctx context.Context, s *Session) error {
	if op := o.resolve(s); op != Op(o) {
		return op.apply(ctx, s)
	}
	return s.usable()
}

// resolve is what o comes to, and o itself where there is nothing to do.
func (o Freeze) resolve(s *Session) Op {
	t := Tweak{Kind: FreezeDelta, Layer: -1, Channel: -1, State: -1, To: End}
	y := s.overlay()
	i := slices.IndexFunc(y.list, t.sameScope)
	switch {
	case o.On && (i < 0 || y.hidden || y.list[i].Off):
		return AddTweak{Tweak: t}.resolve(s)
	case !o.On && i >= 0:
		return RemoveTweak{ID: y.list[i].ID}
	}
	return o
}

// FreezeDelta is the operation Freeze: a second run over the same tokens in
// which Δ never varies, which is the time-invariant model that selection is
// measured against. The clean run goes on beside it.
func (s *Session) FreezeDelta(on bool) error { return Freeze{on}.apply(context.Background(), s) }
