package trace

import (
	"context"
	"encoding/json"
	"fmt"

	"mamba-tui/model/session"
)

// Restore makes s, which is empty, what the recorded session was at its end: its
// branches with their marks, names and tweaks, the current one current. On a
// Player the steps are played, on a model they are computed again.
//
// What was rolled back is not in it.
func (t *Trace) Restore(ctx context.Context, s *session.Session) error {
	return t.RestoreBranch(ctx, s, 0)
}

// RestoreBranch is Restore with another branch as the current one; 0 is the
// newest.
func (t *Trace) RestoreBranch(ctx context.Context, s *session.Session, branch int) error {
	b, err := t.Branch(branch)
	if err != nil {
		return err
	}
	lines, err := t.restoredLines()
	if err != nil {
		return err
	}
	return s.Restore(ctx, lines, b.ID)
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
		if b := l.beside; b != nil {
			lines[i].Name, lines[i].Tweaks, lines[i].Hidden, lines[i].Kept = b.Name, b.Tweaks, b.Hidden, b.Kept
			for _, m := range b.Marks {
				if m.T < l.len() { // a killed recording may not have told of a roll-back
					lines[i].Marks = append(lines[i].Marks, m)
				}
			}
		}
		if lines[i].Tokens, err = t.tokens(i+1, shared, l.len(), typed); err != nil {
			return nil, err
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

// Tokens are steps [from, to) of a branch as a session keeps them.
func (t *Trace) Tokens(branch, from, to int) ([]session.Token, error) {
	b, err := t.Branch(branch)
	if err != nil {
		return nil, err
	}
	typed, err := t.typed()
	if err != nil {
		return nil, err
	}
	return t.tokens(b.ID, from, to, typed)
}

func (t *Trace) tokens(branch, from, to int, typed map[typedAt]string) ([]session.Token, error) {
	var list []session.Token
	for from < to {
		rows, err := t.Rows(branch, from, min(to, from+readSteps), 0)
		if err != nil {
			return nil, err
		}
		for k, id := range rows.Token {
			list = append(list, session.Token{
				ID: id, Flags: rows.Flags[k], Typed: typed[typedAt{t.x.lines[branch].find(from + k).block, from + k}],
			})
		}
		from += rows.T
	}
	return list, nil
}
