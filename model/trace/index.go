package trace

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mamba-tui/model/trace/npz"
)

// Bounds of what a file may say.
const (
	maxMeta     = 64 << 20 // bytes of trace.json: a symbol table may be large
	maxEvent    = 64 << 20 // bytes of an event: pasted text, frozen vectors
	maxBranches = 1 << 20
	maxSteps    = 1 << 40
)

// block is a member of steps: n consecutive ones of one branch.
type block struct {
	entry      npz.Entry
	dtype      npz.Dtype
	header     int // bytes before the first row
	branch     int
	from, n    int
	time       int64      // of the first row
	token      int32      // of the first row
	before     int        // the block that holds step from−1 of the branch; −1: none
	beforeStep int        // from−1
	keys       []keyframe // states before a step in [from+1, from+n], ascending
}

// stretch is a part of a line: steps [from, from+n), which begin at row row of
// a block.
type stretch struct {
	block, row int
	from, n    int
}

// keyframe is a member with the state before a step.
type keyframe struct {
	entry  npz.Entry
	dtype  npz.Dtype
	header int
	step   int
}

// line is the history of a branch as it stands after what was read: which steps
// are in which block. Lines share the past of their slices and never change it.
type line struct {
	parent, at int // the branch it left, and the last step they share; 0, −1: none
	parts      []stretch
	keys       []keyframe
	name       string
	beside     *besideEvent // nil: nothing was told
}

// len is the number of steps.
func (l *line) len() int {
	if len(l.parts) == 0 {
		return 0
	}
	p := l.parts[len(l.parts)-1]
	return p.from + p.n
}

// cut is the first n steps of l, in slices that appending copies.
func (l *line) cut(n int) ([]stretch, []keyframe) {
	i, found := slices.BinarySearchFunc(l.parts, n, func(p stretch, n int) int { return p.from - n })
	parts := l.parts[:i:i]
	if !found && i > 0 && parts[i-1].from+parts[i-1].n > n {
		parts = slices.Clone(parts)
		parts[i-1].n = n - parts[i-1].from
	}
	k, _ := slices.BinarySearchFunc(l.keys, n+1, func(f keyframe, n int) int { return f.step - n })
	return parts, l.keys[:k:k]
}

// find is the part that holds step t, which is one of the line.
func (l *line) find(t int) stretch {
	i, found := slices.BinarySearchFunc(l.parts, t, func(p stretch, t int) int { return p.from - t })
	if !found {
		i--
	}
	return l.parts[i]
}

// index reads the members of a trace in order and builds the lines.
type index struct {
	file   *npz.File
	meta   *Meta
	lines  map[int]*line
	blocks []block
	events []Event
	last   int // the branch of the newest row or event
	steps  int // rows
	keys   int
}

// read takes one member. An error means that the member does not follow from
// those before it.
func (x *index) read(e npz.Entry) error {
	switch {
	case strings.HasPrefix(e.Name, "step/"):
		return x.readSteps(e)
	case strings.HasPrefix(e.Name, "key/"):
		return x.readKey(e)
	case strings.HasPrefix(e.Name, "event/"):
		return x.readEvent(e)
	}
	return nil // a later program's; known ones are read by name
}

// head reads the .npy header of a member, and n bytes of its first row.
func (x *index) head(e npz.Entry, n int) (d npz.Dtype, shape []int, row []byte, header int, err error) {
	b := make([]byte, min(e.Size, 4096))
	if err := x.file.Section(e, b, 0); err != nil {
		return d, nil, nil, 0, err
	}
	d, shape, header, err = npz.ParseHeader(b)
	if err != nil && len(b) < int(e.Size) {
		// Longer than usual: many fields.
		b = make([]byte, min(e.Size, 1<<17))
		if err := x.file.Section(e, b, 0); err != nil {
			return d, nil, nil, 0, err
		}
		d, shape, header, err = npz.ParseHeader(b)
	}
	if err != nil {
		return d, nil, nil, 0, fmt.Errorf("trace: %s: %w", e.Name, err)
	}
	if len(shape) != 1 || d.Size <= 0 || int64(shape[0]) > e.Size/int64(d.Size) || int64(header)+int64(shape[0])*int64(d.Size) != e.Size {
		return d, nil, nil, 0, fmt.Errorf("trace: %s: rows of shape %v and %d bytes are not its %d bytes", e.Name, shape, d.Size, e.Size)
	}
	if shape[0] < 1 || d.Size < n {
		return d, nil, nil, 0, fmt.Errorf("trace: %s: %d rows of %d bytes, want one of %d at least", e.Name, shape[0], d.Size, n)
	}
	if len(b) < header+n {
		b = append(b[:header], make([]byte, n)...)
		if err := x.file.Section(e, b[header:], int64(header)); err != nil {
			return d, nil, nil, 0, err
		}
	}
	return d, shape, b[header : header+n], header, nil
}

func (x *index) readSteps(e npz.Entry) error {
	d, shape, row, header, err := x.head(e, prefixBytes)
	if err != nil {
		return err
	}
	for _, want := range stepPrefix {
		have, err := matches(d, want)
		if err != nil || have.Offset != want.Offset {
			return fmt.Errorf("trace: %s: its rows do not begin with step, time_ns, token and branch", e.Name)
		}
	}
	le := binary.LittleEndian
	step, branch := le.Uint64(row), le.Uint32(row[20:])
	if step > maxSteps || branch < 1 || branch > maxBranches {
		return fmt.Errorf("trace: %s: step %d of branch %d is out of bounds", e.Name, step, branch)
	}
	b := block{
		entry: e, dtype: d, header: header, branch: int(branch), from: int(step), n: shape[0],
		time: int64(le.Uint64(row[8:])), token: int32(le.Uint32(row[16:])), before: -1,
	}
	l, err := x.line(b.branch)
	if err != nil {
		return fmt.Errorf("%w: %s", err, e.Name)
	}
	if b.from > l.len() {
		return fmt.Errorf("trace: %s begins with step %d of branch %d, which has %d steps before it", e.Name, b.from, b.branch, l.len())
	}
	if b.from > 0 {
		p := l.find(b.from - 1)
		b.before, b.beforeStep = p.block, b.from-1
	}
	if b.from < l.len() {
		l.parts, l.keys = l.cut(b.from)
	}
	l.parts = append(l.parts, stretch{block: len(x.blocks), from: b.from, n: b.n})
	x.blocks = append(x.blocks, b)
	x.last = b.branch
	x.steps += b.n
	return nil
}

// line is a branch that was announced; the first needs no announcement.
func (x *index) line(id int) (*line, error) {
	l := x.lines[id]
	if l == nil && id == 1 {
		l = &line{at: -1}
		x.lines[id] = l
	}
	if l == nil {
		return nil, fmt.Errorf("trace: branch %d comes from nowhere", id)
	}
	return l, nil
}

func (x *index) readKey(e npz.Entry) error {
	const prefix = 12
	d, shape, row, header, err := x.head(e, prefix)
	if err != nil {
		return err
	}
	if shape[0] != 1 {
		return fmt.Errorf("trace: %s holds %d states, want 1", e.Name, shape[0])
	}
	for _, want := range keyFields(x.meta.Dims) {
		if _, err := matches(d, want); err != nil {
			return fmt.Errorf("%w: %s", err, e.Name)
		}
	}
	if f, _ := d.Field(fieldStep); f.Offset != 4 {
		return fmt.Errorf("trace: %s: its row does not begin with branch and step", e.Name)
	}
	branch, step := binary.LittleEndian.Uint32(row), binary.LittleEndian.Uint64(row[4:])
	l, err := x.line(int(branch))
	if err != nil {
		return fmt.Errorf("%w: %s", err, e.Name)
	}
	if step > uint64(l.len()) {
		return fmt.Errorf("trace: %s is the state before step %d of branch %d, which has %d", e.Name, step, branch, l.len())
	}
	if step == 0 {
		return fmt.Errorf("trace: %s is a state before step 0, which is zero", e.Name)
	}
	k := keyframe{entry: e, dtype: d, header: header, step: int(step)}
	if n := len(l.keys); n == 0 || l.keys[n-1].step < k.step {
		l.keys = append(l.keys, k)
	}
	b := &x.blocks[l.find(k.step-1).block]
	if n := len(b.keys); n == 0 || b.keys[n-1].step < k.step {
		b.keys = append(b.keys, k)
	}
	x.keys++
	return nil
}

func (x *index) readEvent(e npz.Entry) error {
	b, err := x.file.Bytes(e, maxEvent)
	if err != nil {
		return err
	}
	var ev Event
	if err := json.Unmarshal(b, &ev); err != nil {
		return fmt.Errorf("trace: %s: %w", e.Name, err)
	}
	ev.Name, ev.block = e.Name, len(x.blocks)
	if ev.Branch < 0 || ev.Branch > maxBranches || ev.Step < 0 || ev.Step > maxSteps {
		return fmt.Errorf("trace: %s: step %d of branch %d is out of bounds", e.Name, ev.Step, ev.Branch)
	}
	if ev.Op == opBranch {
		if err := x.open(&ev); err != nil {
			return err
		}
	}
	current := true
	if ev.Op == opBeside {
		if current, err = x.beside(&ev); err != nil {
			return err
		}
	}
	x.events = append(x.events, ev)
	if ev.Branch > 0 && current {
		x.last = ev.Branch
	}
	return nil
}

// beside keeps the newest of what stands beside a branch, and says whether it is
// the current one.
func (x *index) beside(ev *Event) (current bool, err error) {
	b := &besideEvent{}
	if err := json.Unmarshal(ev.Args, b); err != nil {
		return false, fmt.Errorf("trace: %s: %w", ev.Name, err)
	}
	l, err := x.line(b.ID)
	if err != nil {
		return false, fmt.Errorf("%w: %s", err, ev.Name)
	}
	l.beside = b
	return b.Current, nil
}

// open makes the line of a branch that an event announces.
func (x *index) open(ev *Event) error {
	var b branchEvent
	if err := json.Unmarshal(ev.Args, &b); err != nil {
		return fmt.Errorf("trace: %s: %w", ev.Name, err)
	}
	if b.ID < 1 || b.ID > maxBranches || x.lines[b.ID] != nil {
		return fmt.Errorf("trace: %s opens branch %d, which is there or cannot be", ev.Name, b.ID)
	}
	l := &line{parent: b.Parent, at: b.At, name: b.Name}
	if b.Parent != 0 {
		p, err := x.line(b.Parent)
		if err != nil {
			return fmt.Errorf("%w: %s", err, ev.Name)
		}
		if b.At < -1 || b.At >= p.len() {
			return fmt.Errorf("trace: %s opens branch %d after step %d of branch %d, which has %d steps", ev.Name, b.ID, b.At, b.Parent, p.len())
		}
		l.parts, l.keys = p.cut(b.At + 1)
	} else if b.At != -1 {
		return errors.New("trace: " + ev.Name + ": a branch without a parent shares nothing")
	}
	x.lines[b.ID] = l
	return nil
}

// Event is an operation, or another thing that happened.
type Event struct {
	Seq    int             `json:"seq"` // of all members
	TimeNS int64           `json:"time_ns"`
	Branch int             `json:"branch"` // where it happened: after Step steps of Branch
	Step   int             `json:"step"`
	Op     string          `json:"op"`
	Args   json.RawMessage `json:"args,omitempty"`

	Name  string `json:"-"` // of the member
	block int    // the block that comes next
}

// Time is when it happened.
func (e *Event) Time() time.Time { return time.Unix(0, e.TimeNS) }
