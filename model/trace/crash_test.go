package trace

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/model/trace/npz"
)

// wholeSteps lists (branch, step) of every row, and the ends of the blocks.
func wholeSteps(tr *Trace) (rows int, ends []int64) {
	for _, b := range tr.x.blocks {
		rows += b.n
		ends = append(ends, b.entry.Offset+b.entry.Size)
	}
	return rows, ends
}

// Cut at any byte, a recording holds exactly the blocks that were complete, and
// they can be read, verified and repaired.
func TestCutAnywhere(t *testing.T) {
	r, b := recordedStory(t, nil)
	tr := openBytes(t, b)
	_, ends := wholeSteps(tr)
	skip, _ := tr.file.Lookup("D.npy")
	step := 37
	if testing.Short() {
		step = 211
	}
	for n := 0; n < len(b); n += step {
		cut, err := Open(bytes.NewReader(b[:n]), int64(n))
		if int64(n) < skip.Offset+skip.Size {
			if err == nil {
				t.Fatalf("cut at byte %d, before the first step, and opened", n)
			}
			continue
		}
		if err != nil {
			t.Fatalf("cut at byte %d: %v", n, err)
		}
		want := 0
		for want < len(ends) && ends[want] <= int64(n) {
			want++
		}
		if len(cut.x.blocks) != want {
			t.Fatalf("cut at byte %d: %d blocks, want %d (%v)", n, len(cut.x.blocks), want, cut.Fault())
		}
		if cut.Closed() || !errors.Is(cut.Fault(), npz.ErrTorn) {
			t.Fatalf("cut at byte %d: closed %v, %v", n, cut.Closed(), cut.Fault())
		}
		if n%(7*step) == 0 {
			report, err := Verify(context.Background(), cut, r.m, nil)
			if err != nil || !report.Exact() {
				t.Fatalf("cut at byte %d: %v %v", n, err, report)
			}
			var whole bytes.Buffer
			if err := cut.Repair(&whole); err != nil {
				t.Fatal(err)
			}
			again := openBytes(t, whole.Bytes())
			if !again.Closed() || len(again.x.blocks) != want {
				t.Fatalf("cut at byte %d: repaired %v with %d blocks", n, again.Fault(), len(again.x.blocks))
			}
		}
	}
}

// One flipped bit anywhere is reported, by opening, reading or checking, and
// nothing panics.
func TestFlippedBits(t *testing.T) {
	r, b := recordedStory(t, nil)
	random := rand.New(rand.NewPCG(1, 2))
	flips := 600
	if testing.Short() {
		flips = 150
	}
	for range flips {
		c := bytes.Clone(b)
		bit := random.IntN(8 * len(c))
		c[bit/8] ^= 1 << (bit % 8)
		tr, err := Open(bytes.NewReader(c), int64(len(c)))
		if err != nil {
			continue
		}
		err = tr.Check()
		if err == nil {
			t.Fatalf("bit %d of byte %d of %d is flipped and nobody says so", bit%8, bit/8, len(b))
		}
		if bit%4 == 0 {
			Verify(context.Background(), tr, r.m, nil)
			tr.Repair(io.Discard)
			tr.Weights()
		}
	}
}

// A disk that is full stops the recording, says so once, and leaves the session
// alone; what is in the file can be read.
func TestFullDisk(t *testing.T) {
	_, whole := recordedStory(t, nil)
	for room := len(whole) / 3; room < len(whole); room += len(whole) / 17 {
		r := newRig(t)
		disk := &fullDisk{room: room}
		rec, err := NewRecorder(disk, r.options())
		if err != nil {
			continue // full before the first step: nothing begins
		}
		r.do(session.Record{To: rec})
		r.story() // fails the test if an operation fails
		r.do(session.SetMark{T: 1})
		told := rec.Err() != nil // else the disk is full at the very end
		err = rec.Close()
		if !errors.Is(err, errDiskFull) || !errors.Is(rec.Err(), errDiskFull) {
			t.Fatalf("room for %d of %d bytes: %v", room, len(whole), err)
		}
		f, err := r.s.Frame(context.Background(), session.Look{T: 0, From: 0, To: 25})
		if err != nil {
			t.Fatal(err)
		}
		if r.s.Len() != 25 || f.Recording == told || told != errors.Is(f.RecordErr, errDiskFull) {
			t.Errorf("%d tokens, recording %v, because of %v", r.s.Len(), f.Recording, f.RecordErr)
		}
		tr := openBytes(t, disk.Bytes())
		report, err := Verify(context.Background(), tr, r.m, nil)
		if err != nil || !report.Exact() || tr.Closed() {
			t.Errorf("room for %d bytes: %v %v", room, err, report.First)
		}
	}
}

type fullDisk struct {
	bytes.Buffer
	room int
}

var errDiskFull = errors.New("no space left on device")

func (f *fullDisk) Write(b []byte) (int, error) {
	n := min(len(b), f.room)
	f.room -= n
	f.Buffer.Write(b[:n])
	if n < len(b) {
		return n, errDiskFull
	}
	return n, nil
}

// What nobody typed is in the file a quarter of a second later, without another
// call; what was typed at once.
func TestFlushes(t *testing.T) {
	r := newRig(t)
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		o := r.options()
		o.KeyframeEvery = 1000
		o.Now = time.Now
		rec, err := NewRecorder(&b, o)
		if err != nil {
			t.Fatal(err)
		}
		steps := func(from int, flags session.Flags) {
			t.Helper()
			if err := rec.Steps(r.oneStep(from, flags)); err != nil {
				t.Fatal(err)
			}
		}
		inFile := func() int {
			tr, err := Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
			if err != nil {
				t.Fatal(err)
			}
			n, _ := tr.Counts()
			return n
		}
		steps(0, session.FromKeys)
		if n := inFile(); n != 1 {
			t.Errorf("%d steps in the file after a typed one", n)
		}
		steps(1, session.Generated)
		steps(2, session.Generated)
		if n := inFile(); n != 1 {
			t.Errorf("%d steps in the file at once", n)
		}
		time.Sleep(flushAfter + time.Millisecond)
		synctest.Wait()
		if n := inFile(); n != 3 {
			t.Errorf("%d steps in the file a quarter of a second later", n)
		}
		steps(3, session.Generated)
		if err := rec.Act(session.Back{N: 1}, session.Place{ID: 1, T: 4}); err != nil {
			t.Fatal(err)
		}
		if n := inFile(); n != 4 {
			t.Errorf("%d steps in the file after an event", n)
		}
		if err := rec.Close(); err != nil {
			t.Fatal(err)
		}
		if err := rec.Close(); err != nil { // a second time
			t.Fatal(err)
		}
		if err := rec.Steps(r.oneStep(3, 0)); err == nil {
			t.Error("a closed recording goes on")
		}
	})
}

// oneStep is step from of branch 1 by the model, as if the tokens before it were
// all "a".
func (r *rig) oneStep(from int, flags session.Flags) *session.Steps {
	s, err := r.m.NewState()
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Free()
	st := &session.Steps{
		Branch: session.BranchInfo{ID: 1, At: -1, Len: from + 1}, From: from,
		Tokens: []session.Token{{Flags: flags}}, Records: make([]*model.Record, rigConfig.NLayer),
		State: s.Save,
	}
	err = r.m.Forward(s, make([]int32, from+1), model.Options{Tap: &model.Tap{From: from, What: model.TapDrive | model.TapH, Func: func(rec *model.Record) {
		c := *rec
		for _, a := range []*[]float32{&c.Delta, &c.U, &c.B, &c.C, &c.H, &c.H0} {
			*a = append([]float32(nil), *a...)
		}
		st.Records[rec.Layer] = &c
	}}})
	if err != nil {
		r.t.Fatal(err)
	}
	return st
}

// A recorder does not take a history whose past it was not told.
func TestRecorderNeedsThePast(t *testing.T) {
	r := newRig(t)
	rec, err := NewRecorder(io.Discard, r.options())
	if err != nil {
		t.Fatal(err)
	}
	if err := rec.Steps(r.oneStep(2, 0)); err == nil || !strings.Contains(err.Error(), "all of the past") {
		t.Error(err)
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	r := newRig(t)
	name := t.TempDir() + "/t.npz"
	if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(name, r.options()); !errors.Is(err, os.ErrExist) {
		t.Error(err)
	}
	if b, _ := os.ReadFile(name); string(b) != "mine" {
		t.Error("the file was replaced")
	}
}

// A small file that claims large arrays makes nobody allocate them.
func TestHostileLengths(t *testing.T) {
	for _, c := range []struct{ from, to string }{
		{`"L":2,"D":12`, `"L":2,"D":1000000`}, {`"top": 6`, `"top": 16000000000`}, {`"version": 1`, `"version": 2`},
		{`"format": "mamba-trace"`, `"format": "zip"`}, {`"level": "drive"`, `"level": "all"`}, {`"weights": "model"`, `"weights": "/etc"`},
	} {
		_, b := recordedStory(t, nil)
		tr := openBytes(t, b)
		var out bytes.Buffer
		w := npz.NewWriter(&out)
		for _, e := range tr.file.Entries() {
			data, err := tr.file.Bytes(e, 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			if e.Name == "trace.json" {
				data = bytes.Replace(data, []byte(c.from), []byte(c.to), 1)
				if c.from[:4] == `"L":` {
					data = bytes.Replace(data, []byte(`"D": 12`), []byte(`"D": 1000000`), 1)
					data = bytes.Replace(data, []byte(`"d_inner": 12`), []byte(`"d_inner": 1000000`), 1)
				}
			}
			if err := w.Write(e.Name, data); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()))
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s is taken", c.to)
		}
		if grew := after.TotalAlloc - before.TotalAlloc; grew > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", c.to, grew)
		}
		if strings.Contains(c.from, "version") && !errors.Is(err, ErrVersion) {
			t.Error(err)
		}
	}
}

// Whatever the bytes, nothing panics, and what opens can be gone through.
func FuzzOpen(f *testing.F) {
	r, b := recordedStory(f, func(o *Options) { o.EmbedBytes = -1 })
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		// A changed byte rarely passes the checksums: they are made right again.
		b = resealed(b)
		tr, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for _, branch := range tr.Branches() {
			n := min(branch.Len, 100)
			if rows, err := tr.Rows(branch.ID, branch.Len-n, branch.Len, model.TapDrive|model.TapH); err == nil && rows.T != len(rows.Token) {
				t.Fatalf("%d rows with %d tokens", rows.T, len(rows.Token))
			}
		}
		for _, e := range tr.Events() {
			e.Operation()
		}
		tr.Check()
		if r.m.Config() == tr.Meta.config() {
			Verify(context.Background(), tr, r.m, nil)
		}
		tr.Weights()
	})
}

// resealed is the members of b written again with their checksums right.
func resealed(b []byte) []byte {
	f, err := npz.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(f.Entries()) == 0 {
		return b
	}
	var out bytes.Buffer
	w := npz.NewWriter(&out)
	for _, e := range f.Entries() {
		data := make([]byte, e.Size)
		if f.Section(e, data, 0) != nil || w.Write(e.Name, data) != nil {
			return b
		}
	}
	w.Close()
	return out.Bytes()
}
