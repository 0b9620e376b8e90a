package trace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"mamba-tui/model/session"
)

// Restore makes s, which is empty, what the recorded session was at its end: its
// branches with the newest as the current one, and its marks, names and tweaks.
// On a Player the steps are played, on a model they are computed again.
//
// What was rolled back is not in it. notes say what of the recording could not
// be brought back.
func (t *Trace) Restore(ctx context.Context, s *session.Session) (notes []string, err error) {
	lines, err := t.restoredLines()
	if err != nil {
		return nil, err
	}
	if err := s.Restore(ctx, lines, t.x.last); err != nil {
		return nil, err
	}
	for i := range t.x.events {
		e := &t.x.events[i]
		op, err := e.Operation()
		if errors.Is(err, ErrUnknownOp) {
			if e.Op != opBranch && e.Op != opTyped {
				notes = append(notes, fmt.Sprintf("an event %q is not known to this version", clip(e.Op)))
			}
			continue
		}
		if err != nil {
			return notes, err
		}
		if !restores(op) {
			continue
		}
		if err := s.Do(ctx, op); err != nil {
			if ctx.Err() != nil {
				return notes, err
			}
			notes = append(notes, err.Error())
		}
	}
	for step, name := range t.marks() {
		if err := s.Do(ctx, session.SetMark{T: step, Name: name}); err != nil {
			return notes, err
		}
	}
	return notes, nil
}

// marks are the marks of the newest branch: those that were set on it, and those
// that it began with.
func (t *Trace) marks() map[int]string {
	type until struct{ event, step int } // what a branch shares of one it came from
	line := map[int]until{t.x.last: {len(t.x.events), t.x.lines[t.x.last].len()}}
	for id := t.x.last; t.x.lines[id] != nil && t.x.lines[id].parent > 0; {
		l := t.x.lines[id]
		line[l.parent] = until{l.event, min(l.at+1, line[id].step)}
		id = l.parent
	}
	marks := map[int]string{}
	for i := range t.x.events {
		e := &t.x.events[i]
		end, ok := line[e.Branch]
		if !ok || i >= end.event {
			continue
		}
		op, err := e.Operation()
		if err != nil {
			continue
		}
		switch op := op.(type) {
		case session.SetMark:
			if op.T >= 0 && op.T < end.step {
				marks[op.T] = op.Name
			}
		case session.DeleteMark:
			delete(marks, op.T)
		case session.Back:
			maps.DeleteFunc(marks, func(step int, _ string) bool { return step >= e.Step-max(op.N, 0) })
		}
	}
	return marks
}

// restores says that op changes what stands beside the tokens: those are
// restored by themselves.
func restores(op session.Op) bool {
	switch op.(type) {
	case session.Type, session.Back, session.Generate, session.Clear, session.SetMark, session.DeleteMark:
		return false
	}
	return true
}

// restoredLines are the branches as a session takes them, numbered without gaps:
// a branch that was empty is one without a parent.
func (t *Trace) restoredLines() ([]session.Line, error) {
	most := 1
	for id := range t.x.lines {
		most = max(most, id)
	}
	if most > len(t.x.lines)+len(t.x.events) {
		// Each number that is left out was an operation.
		return nil, fmt.Errorf("trace: branch %d of %d branches and %d events", most, len(t.x.lines), len(t.x.events))
	}
	typed, err := t.typed()
	if err != nil {
		return nil, err
	}
	lines := make([]session.Line, most)
	for i := range lines {
		lines[i].At = -1
		l := t.x.lines[i+1]
		if l == nil {
			continue
		}
		shared := 0
		if l.parent > 0 && l.parent <= i {
			// The parent may have been rolled back since, to before the fork.
			shared = min(l.at+1, t.x.lines[l.parent].len())
			lines[i].Parent, lines[i].At = l.parent, shared-1
		}
		lines[i].Name = l.name
		for from := shared; from < l.len(); {
			to := min(l.len(), from+readSteps)
			rows, err := t.Rows(i+1, from, to, 0)
			if err != nil {
				return nil, err
			}
			for k, id := range rows.Token {
				lines[i].Tokens = append(lines[i].Tokens, session.Token{
					ID: id, Flags: rows.Flags[k], Typed: typed[typedAt{l.find(from + k).block, from + k}],
				})
			}
			from = to
		}
	}
	return lines, nil
}

// typedAt is a step in a block: steps of one number may come again.
type typedAt struct{ block, step int }

// typed is what was typed where it differs from the symbol. An event stands
// before the blocks that it tells of.
func (t *Trace) typed() (map[typedAt]string, error) {
	texts := map[typedAt]string{}
	for i := range t.x.events {
		e := &t.x.events[i]
		if e.Op != opTyped {
			continue
		}
		var list typedEvent
		if err := json.Unmarshal(e.Args, &list); err != nil {
			return nil, fmt.Errorf("trace: %s: %w", e.Name, err)
		}
		for _, x := range list.Texts {
			for b := e.block; b < min(e.block+readSteps, len(t.x.blocks)); b++ {
				blk := &t.x.blocks[b]
				if blk.branch == e.Branch && x.Step >= blk.from && x.Step < blk.from+blk.n {
					texts[typedAt{b, x.Step}] = x.Text
					break
				}
			}
		}
	}
	return texts, nil
}
