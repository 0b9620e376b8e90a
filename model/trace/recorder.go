package trace

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/session"
	"mamba-tui/model/trace/npz"
)

// When what was recorded goes to the file and to the disk.
const (
	flushAfter   = 250 * time.Millisecond
	flushBytes   = 1 << 20
	syncAfter    = 5 * time.Second
	defaultEvery = 32
	defaultEmbed = 4 << 20
)

// Options of a recording. Model and Machine are needed; the rest has defaults.
type Options struct {
	Model   *checkpoint.File
	Machine session.Machine
	Vocab   int   // ids of the tokenizer; 0: all of the embedding
	Level   Level // "": Drive

	KeyframeEvery int // steps between keyframes at least; 0: 32
	EmbedBytes    int // weights up to so many bytes are stored inside; 0: 4 MiB; −1: never

	Generator string // what program records
	Command   string // the command line, for people
	Parent    *Parent
	ID        string           // "": random
	Now       func() time.Time // nil: time.Now
}

// Recorder writes a trace of what it observes. Its methods may be called from
// any goroutine, one at a time waits for the other.
//
// A step is in the file, and safe from the end of the program, when it was typed
// by a person; others at the latest a quarter of a second later, or with the next
// event or keyframe. Keyframes and Close also wait for the disk, keyframes at
// most every five seconds.
//
// After an error of the file every call returns it. What is in the file by then
// can be read.
type Recorder struct {
	mu     sync.Mutex
	out    io.Writer
	w      *npz.Writer
	meta   Meta
	now    func() time.Time
	vocab  int // ids that have a guess
	a      [][]float32
	steps  npz.Dtype
	key    npz.Dtype
	seq    int
	rows   []byte // not yet written
	buf    []byte // scratch
	n      int    // rows in it
	next   int    // step that would follow them
	branch int    // their branch
	timer  *time.Timer
	synced time.Time
	snap   model.Snapshot

	branches map[int]*recorded
	order    []int
	ranges   []laneRange
	total    int
	keys     int
	events   int
	err      error
	closed   bool
}

// recorded is what a recorder remembers of a branch.
type recorded struct {
	branchEvent
	n       int // steps
	lastKey int
}

// Create makes a new file and records to it. An existing file is never replaced.
func Create(name string, o Options) (*Recorder, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("trace: %s is there already: name another file, or move it away: %w", name, os.ErrExist)
	}
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	r, err := NewRecorder(f, o)
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(name))
	}
	return r, nil
}

// NewRecorder records to w, which Close closes if it is an io.Closer, and which
// is synced if it has a Sync method, as files have.
func NewRecorder(w io.Writer, o Options) (*Recorder, error) {
	r := &Recorder{out: w, w: npz.NewWriter(w), now: o.Now, branches: map[int]*recorded{}}
	if r.now == nil {
		r.now = time.Now
	}
	if err := r.describe(&o); err != nil {
		return nil, err
	}
	var err error
	if r.steps, err = npz.NewDtype(stepFields(&r.meta)...); err == nil {
		r.key, err = npz.NewDtype(keyFields(r.meta.Dims)...)
	}
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	r.ranges = make([]laneRange, numLanes*r.meta.Dims.L)
	return r, r.begin(&o)
}

// describe fills trace.json.
func (r *Recorder) describe(o *Options) error {
	c := o.Machine.Config()
	if o.Model.Config != c {
		return fmt.Errorf("trace: the machine's configuration %+v is not the model's %+v", c, o.Model.Config)
	}
	id := o.ID
	if id == "" {
		var b [8]byte
		rand.Read(b[:])
		id = hex.EncodeToString(b[:])
	}
	m := Meta{
		Format: Format, Version: Version, ID: id, Generator: o.Generator,
		Created: r.now().UTC().Format(time.RFC3339Nano), Command: o.Command,
		Model: Model{
			Card: o.Model.Card, Config: Config(c), Parameters: o.Model.Parameters, SHA256: o.Model.SHA256,
		},
		Tokenizer: "symbols",
		Backend:   Backend{Name: o.Machine.Backend(), OS: runtime.GOOS, Arch: runtime.GOARCH},
		Dims:      dimsOf(c), Level: o.Level, KeyframeEvery: o.KeyframeEvery, Lanes: laneNames, Parent: o.Parent,
	}
	if len(o.Model.Card.Symbols) == 0 {
		m.Tokenizer = "numbers"
	}
	if m.Level == "" {
		m.Level = Drive
	}
	if m.KeyframeEvery <= 0 {
		m.KeyframeEvery = defaultEvery
	}
	vocab := o.Vocab
	if vocab <= 0 {
		vocab = c.VocabSize
	}
	r.vocab = vocab
	m.Top = guessesFor(vocab)
	m.Recorded, m.Missing = recordedAt(m.Level)
	embed := o.EmbedBytes
	if embed == 0 {
		embed = defaultEmbed
	}
	if o.Model.Weights != nil && 4*o.Model.Weights.Parameters() <= embed {
		m.Model.Weights = weightsDir
	}
	r.meta = m
	return m.validate()
}

// begin writes what stands before the first step.
func (r *Recorder) begin(o *Options) error {
	text, err := json.MarshalIndent(r.meta, "", " ")
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	if err := r.w.Write("trace.json", append(text, '\n')); err != nil {
		return err
	}
	if r.meta.Model.Weights != "" {
		if err := r.embed(o.Model); err != nil {
			return err
		}
	}
	d := r.meta.Dims
	a, skip := npz.AppendHeader(nil, npz.Plain(npz.Float32), d.L, d.D, d.N), npz.AppendHeader(nil, npz.Plain(npz.Float32), d.L, d.D)
	for l := range d.L {
		r.a = append(r.a, o.Machine.A(l))
		a = npz.AppendFloat32s(a, r.a[l])
		skip = npz.AppendFloat32s(skip, o.Machine.Skip(l))
	}
	if err := r.w.Write("A.npy", a); err != nil {
		return err
	}
	return r.w.Write("D.npy", skip)
}

// Meta is what the trace says of itself.
func (r *Recorder) Meta() Meta { return r.meta }

// Err is what ended the recording, or nil.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Size is the number of bytes in the file, and steps how many steps were taken.
func (r *Recorder) Size() (bytes int64, steps int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.w.Size(), r.total
}

// Flush writes what was recorded to the file.
func (r *Recorder) Flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.flush()
}

func (r *Recorder) flush() error {
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
	if r.err != nil || r.n == 0 {
		return r.err
	}
	head := npz.AppendHeader(nil, r.steps, r.n)
	r.err = r.w.Write(r.name("step", "npy"), head, r.rows)
	r.rows, r.n = r.rows[:0], 0
	return r.err
}

// later flushes soon, if nothing does before.
func (r *Recorder) later() {
	if r.timer != nil || r.n == 0 {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(flushAfter, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.timer == t { // else somebody was faster; the error, if any, is kept
			r.flush()
		}
	})
	r.timer = t
}

// name is the name of the next member.
func (r *Recorder) name(folder, kind string) string {
	n := fmt.Sprintf("%s/%08d.%s", folder, r.seq, kind)
	r.seq++
	return n
}

// sync waits for the disk, if there is one.
func (r *Recorder) sync() error {
	if f, ok := r.out.(interface{ Sync() error }); ok && r.err == nil {
		r.err = f.Sync()
	}
	r.synced = r.now()
	return r.err
}

// Close ends the trace. After an error it closes the file and returns the error.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		if r.err == errEnded {
			return nil
		}
		return r.err
	}
	r.closed = true
	if r.flush() == nil {
		if r.err = r.writeIndex(); r.err == nil {
			if r.err = r.w.Close(); r.err == nil {
				r.err = r.sync()
			}
		}
	}
	if c, ok := r.out.(io.Closer); ok {
		if err := c.Close(); r.err == nil {
			r.err = err
		}
	}
	if r.err == nil {
		r.err = errEnded // for what comes after
		return nil
	}
	return r.err
}

var errEnded = errors.New("trace: the recording was closed")
