package trace

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"mamba-tui/model/trace/npz"
)

// Trace is a recording that can be read. It belongs to one goroutine at a time.
type Trace struct {
	Meta *Meta
	A    [][]float32 // a layer: (D, N)
	Skip [][]float32 // a layer: (D)

	file   *npz.File
	x      *index
	fault  error
	closer io.Closer
	cache  cache
}

// BranchInfo describes a branch.
type BranchInfo struct {
	ID, Parent int // Parent 0: none
	At         int // last step it shares with Parent, −1: none
	Len        int // steps, the shared ones included
}

// OpenFile opens the trace in a file. Close it.
func OpenFile(name string) (*Trace, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("trace: %s is not a file", name)
	}
	var t *Trace
	if err == nil {
		t, err = Open(f, info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	t.closer = f
	return t, nil
}

// Open reads what a trace of size bytes holds: everything that is complete, also
// when the recording program was killed; Fault says what follows it. It fails
// where there is nothing to show: no trace.json, an unknown version, no A and D.
//
// It reads the headers of the members, not their data, but for a trace that was
// not closed. The data is checked when it is used.
func Open(r io.ReaderAt, size int64) (*Trace, error) {
	f, err := npz.Open(r, size)
	if err != nil {
		return nil, err
	}
	t := &Trace{file: f, fault: f.Fault()}
	b, err := t.member("trace.json", maxMeta)
	if err != nil {
		return nil, err
	}
	if t.Meta, err = parseMeta(b); err != nil {
		return nil, err
	}
	d := t.Meta.Dims
	if t.A, err = t.layers("A.npy", d.L, d.D*d.N); err != nil {
		return nil, err
	}
	if t.Skip, err = t.layers("D.npy", d.L, d.D); err != nil {
		return nil, err
	}
	t.x = &index{file: f, meta: t.Meta, lines: map[int]*line{}, last: 1}
	if _, err := t.x.line(1); err != nil {
		return nil, err
	}
	for _, e := range f.Entries() {
		if err := t.x.read(e); err != nil {
			// Like a torn file: what came before it stands.
			t.fault = fmt.Errorf("%w: what follows is left out", err)
			break
		}
	}
	return t, nil
}

// member is the data of a member that must be there.
func (t *Trace) member(name string, most int64) ([]byte, error) {
	e, ok := t.file.Lookup(name)
	if !ok {
		if t.fault != nil {
			return nil, fmt.Errorf("trace: no member %s: this is no trace, or nothing of it is left (%w)", name, t.fault)
		}
		return nil, fmt.Errorf("trace: no member %s: this is no trace", name)
	}
	return t.file.Bytes(e, most)
}

// layers is a plain array of L rows of n floats.
func (t *Trace) layers(name string, L, n int) ([][]float32, error) {
	b, err := t.member(name, 1<<33)
	if err != nil {
		return nil, err
	}
	a, err := npz.ParseArray(b)
	if err != nil {
		return nil, fmt.Errorf("trace: %s: %w", name, err)
	}
	x, err := a.Float32s()
	if err != nil {
		return nil, fmt.Errorf("trace: %s: %w", name, err)
	}
	if len(a.Shape) < 1 || a.Shape[0] != L || len(x) != L*n {
		return nil, fmt.Errorf("trace: %s has shape %v, want %d layers of %d numbers", name, a.Shape, L, n)
	}
	out := make([][]float32, L)
	for l := range out {
		out[l] = x[l*n : (l+1)*n : (l+1)*n]
	}
	return out, nil
}

// Close closes the file that OpenFile opened.
func (t *Trace) Close() error {
	if t.closer == nil {
		return nil
	}
	return t.closer.Close()
}

// Closed says that the recording ended well.
func (t *Trace) Closed() bool { return t.file.Closed() && t.fault == nil }

// Fault says why a recording ends where it ends, if that is not its end.
func (t *Trace) Fault() error { return t.fault }

// Branches lists the branches, the first first.
func (t *Trace) Branches() []BranchInfo {
	var list []BranchInfo
	for _, id := range slices.Sorted(maps.Keys(t.x.lines)) {
		l := t.x.lines[id]
		list = append(list, BranchInfo{ID: id, Parent: l.parent, At: l.at, Len: l.len()})
	}
	return list
}

// Branch is a branch by its number; 0 is the newest, the one that the recording
// ended on.
func (t *Trace) Branch(id int) (BranchInfo, error) {
	if id == 0 {
		id = t.x.last
	}
	l := t.x.lines[id]
	if l == nil {
		return BranchInfo{}, fmt.Errorf("trace: no branch %d, the recording has %d", id, len(t.x.lines))
	}
	return BranchInfo{ID: id, Parent: l.parent, At: l.at, Len: l.len()}, nil
}

// Events lists the events in their order.
func (t *Trace) Events() []Event { return t.x.events }

// Counts are the rows of steps, those that were rolled back included, and the
// keyframes.
func (t *Trace) Counts() (steps, keyframes int) { return t.x.steps, t.x.keys }

// Bytes is the length of the file.
func (t *Trace) Bytes() int64 { return t.file.Size() }

// Span is when the first step was computed, and the last block of steps begun.
func (t *Trace) Span() (first, last time.Time) {
	if n := len(t.x.blocks); n > 0 {
		first, last = time.Unix(0, t.x.blocks[0].time), time.Unix(0, t.x.blocks[n-1].time)
	}
	return first, last
}

// Check reads everything and compares every checksum. The error is the first
// damage, or the fault.
func (t *Trace) Check() error {
	for _, e := range t.file.Entries() {
		if err := t.file.Check(e); err != nil {
			return err
		}
	}
	return t.fault
}

// Repair writes what is complete to w, as a closed file. The error says what
// was left out, if anything was damaged and not only missing.
func (t *Trace) Repair(w io.Writer) error { return t.file.Copy(npz.NewWriter(w)) }

// Torn says that err tells of a recording that was cut off, and not of bytes
// that are wrong.
func Torn(err error) bool { return errors.Is(err, npz.ErrTorn) }
