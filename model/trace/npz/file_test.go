package npz

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// sample is a small file of several members, closed or not, and its members.
func sample(t testing.TB, closed bool) ([]byte, map[string][]byte) {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	members := map[string][]byte{}
	add := func(name string, data []byte) {
		t.Helper()
		if err := w.Write(name, data); err != nil {
			t.Fatal(err)
		}
		members[name] = data
	}
	add("trace.json", []byte(`{"format":"test"}`))
	add("A.npy", AppendFloat32s(AppendHeader(nil, Plain(Float32), 2, 3), []float32{1, 2, 3, 4, 5, 6}))
	add("empty", nil)
	for i := range 4 {
		add(fmt.Sprintf("step/%08d.npy", i), bytes.Repeat([]byte{byte(i), 0xff}, 40+i))
	}
	if closed {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes(), members
}

func open(t testing.TB, b []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// same fails unless f's members are the first of the sample's.
func same(t *testing.T, f *File, members map[string][]byte) {
	t.Helper()
	for _, e := range f.Entries() {
		data, err := f.Bytes(e, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, members[e.Name]) {
			t.Fatalf("%s has other data", e.Name)
		}
		if e.Offset%Align != 0 {
			t.Fatalf("the data of %s begins at byte %d", e.Name, e.Offset)
		}
		if got, ok := f.Lookup(e.Name); !ok || got != e {
			t.Fatalf("Lookup(%s) = %v, %v", e.Name, got, ok)
		}
	}
}

func TestFile(t *testing.T) {
	for _, closed := range []bool{true, false} {
		b, members := sample(t, closed)
		f := open(t, b)
		if f.Closed() != closed || len(f.Entries()) != len(members) {
			t.Fatalf("closed %v with %d members, want %v with %d: %v", f.Closed(), len(f.Entries()), closed, len(members), f.Fault())
		}
		if closed && f.Fault() != nil || !closed && !errors.Is(f.Fault(), ErrTorn) {
			t.Fatalf("closed %v: fault %v", closed, f.Fault())
		}
		same(t, f, members)
		if _, ok := f.Lookup("step/00000004.npy"); ok {
			t.Fatal("found a member that is not there")
		}
	}
}

// The standard library's reader is the oracle for what other programs find.
func TestZipReadsIt(t *testing.T) {
	b, members := sample(t, true)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if len(z.File) != len(members) {
		t.Fatalf("%d members, want %d", len(z.File), len(members))
	}
	for _, m := range z.File {
		r, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r) // compares the checksum
		if err != nil || !bytes.Equal(data, members[m.Name]) {
			t.Fatalf("%s: %v", m.Name, err)
		}
	}
}

// sparse is a large file that is zero but for its members' headers and end.
type sparse struct {
	size   int64
	pieces map[int64][]byte
}

func (s *sparse) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	n := int(min(int64(len(b)), s.size-off))
	for at, p := range s.pieces {
		if lo, hi := max(at, off), min(at+int64(len(p)), off+int64(n)); lo < hi {
			copy(b[lo-off:hi-off], p[lo-at:])
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// Files beyond 4 GiB and beyond 65535 members need zip64.
func TestZip64(t *testing.T) {
	s := &sparse{pieces: map[int64][]byte{}}
	var entries []Entry
	at := int64(0)
	for i := range 3 {
		e := Entry{Name: fmt.Sprintf("m%d", i), Header: at, Size: 3 << 30}
		s.pieces[at] = appendLocal(nil, &e)
		entries = append(entries, e)
		at = e.end()
	}
	s.pieces[at] = appendDirectory(nil, entries, at)
	s.size = at + int64(len(s.pieces[at]))
	f, err := Open(s, s.size)
	if err != nil || !f.Closed() || len(f.Entries()) != 3 {
		t.Fatalf("%v, %v", err, f.Fault())
	}
	z, err := zip.NewReader(s, s.size)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range z.File {
		off, err := m.DataOffset()
		if err != nil || off != entries[i].Offset || m.Name != entries[i].Name {
			t.Fatalf("%s at %d, want %s at %d: %v", m.Name, off, entries[i].Name, entries[i].Offset, err)
		}
	}
	var b bytes.Buffer
	w := NewWriter(&b)
	for i := range 70_000 {
		if err := w.Write(fmt.Sprint("m", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if z, err = zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len())); err != nil || len(z.File) != 70_000 {
		t.Fatal(err)
	}
	if f := open(t, b.Bytes()); !f.Closed() {
		t.Fatal(f.Fault())
	}
}

// Cut at any byte, exactly the complete members are found.
func TestCutAnywhere(t *testing.T) {
	b, members := sample(t, true)
	whole := open(t, b).Entries()
	for n := range b {
		f := open(t, b[:n])
		want := 0
		for want < len(whole) && whole[want].end() <= int64(n) {
			want++
		}
		if len(f.Entries()) != want {
			t.Fatalf("cut at byte %d: %d members, want %d: %v", n, len(f.Entries()), want, f.Fault())
		}
		if f.Closed() || !errors.Is(f.Fault(), ErrTorn) {
			t.Fatalf("cut at byte %d: closed %v, fault %v", n, f.Closed(), f.Fault())
		}
		same(t, f, members)
		var again bytes.Buffer
		if err := f.Copy(NewWriter(&again)); err != nil {
			t.Fatalf("cut at byte %d: %v", n, err)
		}
		if g := open(t, again.Bytes()); !g.Closed() || len(g.Entries()) != want {
			t.Fatalf("cut at byte %d: the copy has %d members, closed %v", n, len(g.Entries()), g.Closed())
		}
	}
}

// Every single flipped bit of a file is noticed, and what is said to be right is
// right.
func TestFlipAnyBit(t *testing.T) {
	for _, closed := range []bool{true, false} {
		b, members := sample(t, closed)
		for i := range 8 * len(b) {
			c := bytes.Clone(b)
			c[i/8] ^= 1 << (i % 8)
			f := open(t, c)
			noticed := closed != f.Closed() || !closed && len(f.Entries()) < len(members)
			for _, e := range f.Entries() {
				data, err := f.Bytes(e, 1<<20)
				if err != nil {
					noticed = true
					if !errors.Is(err, ErrDamaged) {
						t.Fatalf("bit %d: %v", i, err)
					}
				} else if want, ok := members[e.Name]; !ok || !bytes.Equal(data, want) {
					t.Fatalf("bit %d of byte %d: %s is said to be right and is not", i%8, i/8, e.Name)
				}
			}
			if !noticed {
				t.Fatalf("bit %d of byte %d of %d is flipped and nobody says so", i%8, i/8, len(b))
			}
		}
	}
}

// A flipped bit in the data of one member leaves those before it.
func TestCopyOfDamaged(t *testing.T) {
	b, members := sample(t, true)
	f := open(t, b)
	e, _ := f.Lookup("step/00000001.npy")
	b[e.Offset+7] ^= 4
	f = open(t, b)
	if !f.Closed() {
		t.Fatal("the structure is whole, the file is not said to be")
	}
	var again bytes.Buffer
	if err := f.Copy(NewWriter(&again)); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), e.Name) {
		t.Fatalf("copying a damaged file: %v", err)
	}
	g := open(t, again.Bytes())
	if !g.Closed() || len(g.Entries()) != 4 {
		t.Fatalf("%d members, want the 4 before the damage", len(g.Entries()))
	}
	same(t, g, members)
}

// A length from a file is no reason to allocate.
func TestLengthsAreBounded(t *testing.T) {
	e := Entry{Name: "step/00000000.npy", Size: maxMember}
	b := append(appendLocal(nil, &e), make([]byte, 900)...)
	grew := allocated(func() {
		f := open(t, b)
		if len(f.Entries()) != 0 || !errors.Is(f.Fault(), ErrTorn) {
			t.Errorf("%d members, %v", len(f.Entries()), f.Fault())
		}
	})
	for _, shape := range [][]int{{4 << 30}, {1 << 40, 1 << 40}, {16 << 30, 0}, {17}} {
		head := AppendHeader(nil, Plain(Float32), shape...)
		grew = max(grew, allocated(func() {
			if a, err := ParseArray(append(head, make([]byte, 64)...)); err == nil {
				t.Errorf("an array of shape %v in 64 bytes: %d bytes of data", shape, len(a.Data))
			}
		}))
	}
	if _, err := NewDtype(Field{Name: "a", Type: Float32, Shape: []int{1 << 30}}); err == nil {
		t.Error("a row of 4 GiB is taken")
	}
	if grew > 64<<10 {
		t.Errorf("%d bytes were allocated", grew)
	}
	closed, _ := sample(t, true)
	f := open(t, closed)
	if _, err := f.Bytes(f.Entries()[1], 10); err == nil || !strings.Contains(err.Error(), "at most 10") {
		t.Error(err)
	}
}

func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// full is a disk with room for a number of bytes.
type full struct {
	bytes.Buffer
	room int
}

var errFull = errors.New("no space left on device")

func (f *full) Write(b []byte) (int, error) {
	n := min(len(b), f.room)
	f.room -= n
	f.Buffer.Write(b[:n])
	if n < len(b) {
		return n, errFull
	}
	return n, nil
}

// On a full disk the first error stays, and the complete members can be read.
func TestFullDisk(t *testing.T) {
	b, members := sample(t, true)
	for room := 0; room < len(b); room += 13 {
		disk := &full{room: room}
		w := NewWriter(disk)
		var first error
		for _, e := range open(t, b).Entries() {
			if err := w.Write(e.Name, members[e.Name]); err != nil && first == nil {
				first = err
			}
		}
		err := w.Close()
		if first == nil {
			first = err
		}
		if !errors.Is(first, errFull) || !errors.Is(w.Close(), errFull) || !errors.Is(w.Write("more"), errFull) {
			t.Fatalf("with room for %d bytes: %v, then %v", room, first, err)
		}
		same(t, open(t, disk.Bytes()), members)
	}
}

func TestWriterRefuses(t *testing.T) {
	w := NewWriter(io.Discard)
	for _, name := range []string{"", "/a", "a/", "a//b", "../a", "a/./b", "a\\b", "a b", "ä", "a\x00", strings.Repeat("a", 256)} {
		if err := w.Write(name); err == nil {
			t.Errorf("a member may be called %q", name)
		}
	}
	if err := w.Write("a"); err != nil {
		t.Fatal(err)
	}
	if err := w.Write("a"); err == nil {
		t.Error("two members may have one name")
	}
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Error(err)
	}
	if err := w.Write("b"); err == nil {
		t.Error("a member follows the directory")
	}
}

// NumPy, where there is one, opens what is written and finds its numbers.
func TestNumPy(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil || exec.Command(python, "-c", "import numpy").Run() != nil {
		t.Skip("no python3 with numpy here")
	}
	d, err := NewDtype(Field{Name: "step", Type: Uint64}, Field{Name: "delta", Type: Float32, Shape: []int{2, 3}}, Field{Name: "one", Type: Float32, Shape: []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	row := append([]byte{7, 0, 0, 0, 0, 0, 0, 0}, AppendFloat32s(nil, []float32{1, 2, 3, 4, 5, 6, 9})...)
	name := filepath.Join(t.TempDir(), "t.npz")
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWriter(out)
	err = errors.Join(
		w.Write("s.npy", AppendHeader(nil, d, 2), row, row),
		w.Write("plain.npy", AppendHeader(nil, Plain(Float32), 2, 1), AppendFloat32s(nil, []float32{-1, 0.5})),
		w.Write("scalar.npy", AppendHeader(nil, Plain(Uint8)), []byte{200}),
		w.Close(), out.Close())
	if err != nil {
		t.Fatal(err)
	}
	got, err := exec.Command(python, "-c", `
import numpy as np, sys, zipfile
z = np.load(sys.argv[1])
s = z["s"]
print(s.shape, s["step"].tolist(), s["delta"][1].tolist(), s["one"].tolist(), z["plain"].tolist(), z["scalar"].item(), zipfile.ZipFile(sys.argv[1]).testzip())
`, name).CombinedOutput()
	want := "(2,) [7, 7] [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]] [[9.0], [9.0]] [[-1.0], [0.5]] 200 None\n"
	if err != nil || string(got) != want {
		t.Errorf("%v\ngot  %swant %s", err, got, want)
	}
}
