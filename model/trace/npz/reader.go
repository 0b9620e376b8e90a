package npz

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// Errors of a file's structure.
var (
	// ErrTorn says that a file ends in the middle of something: the program that
	// wrote it did not end well. What was complete can be read.
	ErrTorn = errors.New("npz: the file ends in the middle")
	// ErrDamaged says that a file holds bytes that were not written like this.
	ErrDamaged = errors.New("npz: the file is damaged")

	errShort    = errors.New("header cut off")
	errNoHeader = errors.New("no member begins there")
	errHeader   = errors.New("the header of a member is damaged")
)

// File is an .npz file that this package wrote.
type File struct {
	r       io.ReaderAt
	size    int64
	entries []Entry
	byName  map[string]int
	closed  bool
	fault   error
}

// Open reads the structure of a file of size bytes: every member that is
// complete, up to the first that is not. It fails only when r does. What is
// wrong with the file, if anything, is its Fault.
//
// In a file that was not closed the data of every member is read and checked as
// well: after a power loss the length of a file may be right and its last data
// missing.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size, byName: map[string]int{}}
	at := int64(0)
	buf := make([]byte, maxLocal)
	for at < size && f.fault == nil {
		b := buf[:min(int64(len(buf)), size-at)]
		if _, err := r.ReadAt(b, at); err != nil && err != io.EOF {
			return nil, fmt.Errorf("npz: reading at byte %d: %w", at, err)
		}
		e, err := parseLocal(b, at)
		_, twice := f.byName[e.Name]
		switch {
		case err == errShort:
			f.fault = fmt.Errorf("%w, in the header of a member: byte %d of %d", ErrTorn, at, size)
		case err == errNoHeader:
			if err := f.directory(at); err != nil {
				return nil, err
			}
			return f, f.checkAll()
		case err != nil:
			f.fault = fmt.Errorf("%w: %w, at byte %d of %d", ErrDamaged, err, at, size)
		case e.end() > size:
			f.fault = fmt.Errorf("%w: member %s at byte %d has %d bytes of data, the file %d of them",
				ErrTorn, e.Name, at, e.Size, max(size-e.Offset, 0))
		case twice:
			f.fault = fmt.Errorf("%w: member %s at byte %d is there twice", ErrDamaged, e.Name, at)
		default:
			f.byName[e.Name] = len(f.entries)
			f.entries = append(f.entries, e)
			at = e.end()
		}
	}
	if f.fault == nil {
		f.fault = fmt.Errorf("%w: after %d members, without a directory: it was not closed", ErrTorn, len(f.entries))
	}
	return f, f.checkAll()
}

// directory compares what follows the last member, from at on, with the
// directory that Close writes.
func (f *File) directory(at int64) error {
	want := appendDirectory(nil, f.entries, at)
	have := make([]byte, min(int64(len(want))+1, f.size-at))
	if _, err := f.r.ReadAt(have, at); err != nil && err != io.EOF {
		return fmt.Errorf("npz: reading the directory at byte %d: %w", at, err)
	}
	switch {
	case bytes.Equal(have, want):
		f.closed = true
	case bytes.HasPrefix(want, have):
		f.fault = fmt.Errorf("%w, in its directory, after %d complete members: byte %d of %d", ErrTorn, len(f.entries), at, f.size)
	default:
		f.fault = fmt.Errorf("%w: after %d complete members, at byte %d of %d, stands neither a member nor their directory",
			ErrDamaged, len(f.entries), at, f.size)
	}
	return nil
}

// checkAll checks the data of every member of a file that was not closed, and
// drops the first that is damaged with all that follow.
func (f *File) checkAll() error {
	if f.closed {
		return nil
	}
	for i, e := range f.entries {
		err := f.Check(e)
		if err == nil {
			continue
		}
		if !errors.Is(err, ErrDamaged) {
			return err
		}
		for _, gone := range f.entries[i:] {
			delete(f.byName, gone.Name)
		}
		f.entries, f.fault = f.entries[:i:i], err
		break
	}
	return nil
}

// Entries are the complete members, in the order of the file.
func (f *File) Entries() []Entry { return f.entries }

// Lookup finds a member by its name.
func (f *File) Lookup(name string) (Entry, bool) {
	i, ok := f.byName[name]
	if !ok {
		return Entry{}, false
	}
	return f.entries[i], true
}

// Closed says that the file was closed by its writer.
func (f *File) Closed() bool { return f.closed }

// Fault says what follows the complete members instead of their directory:
// ErrTorn or ErrDamaged, with the place. It is nil for a closed file.
func (f *File) Fault() error { return f.fault }

// Size is the length of the file.
func (f *File) Size() int64 { return f.size }

// Check reads the data of a member and compares its checksum.
func (f *File) Check(e Entry) error {
	sum := crc32.NewIEEE()
	if _, err := io.Copy(sum, io.NewSectionReader(f.r, e.Offset, e.Size)); err != nil {
		return fmt.Errorf("npz: reading %s: %w", e.Name, err)
	}
	return e.compare(sum.Sum32())
}

func (e Entry) compare(sum uint32) error {
	if sum != e.CRC {
		return fmt.Errorf("%w: %s at byte %d: its data has checksum %08x, its header says %08x", ErrDamaged, e.Name, e.Offset, sum, e.CRC)
	}
	return nil
}

// Bytes is the data of a member, checked. A member longer than most bytes is an
// error before anything is allocated.
func (f *File) Bytes(e Entry, most int64) ([]byte, error) {
	if e.Size > most || e.Size > math.MaxInt {
		return nil, fmt.Errorf("npz: %s has %d bytes, at most %d are expected", e.Name, e.Size, most)
	}
	b := make([]byte, e.Size)
	if n, err := f.r.ReadAt(b, e.Offset); n < len(b) {
		return nil, fmt.Errorf("npz: reading %s: %w", e.Name, err)
	}
	return b, e.compare(crc32.ChecksumIEEE(b))
}

// Section reads len(b) bytes of a member's data from off on, without the
// checksum, which is of the whole.
func (f *File) Section(e Entry, b []byte, off int64) error {
	if off < 0 || off > e.Size || int64(len(b)) > e.Size-off {
		return fmt.Errorf("npz: bytes %d to %d of %s, which has %d", off, off+int64(len(b)), e.Name, e.Size)
	}
	if n, err := f.r.ReadAt(b, e.Offset+off); n < len(b) {
		return fmt.Errorf("npz: reading %s: %w", e.Name, err)
	}
	return nil
}

// Copy writes the complete members of f to w, each checked, and closes it. A
// damaged member ends the copy before it; the error says so, and the copy is
// whole all the same.
func (f *File) Copy(w *Writer) error {
	var damage error
	for _, e := range f.entries {
		b, err := f.Bytes(e, maxMember)
		if errors.Is(err, ErrDamaged) {
			damage = err
			break
		}
		if err != nil {
			return err
		}
		if err := w.Write(e.Name, b); err != nil {
			return err
		}
	}
	return errors.Join(damage, w.Close())
}
