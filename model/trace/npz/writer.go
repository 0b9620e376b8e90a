package npz

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Writer appends members to a file. It belongs to one goroutine at a time.
type Writer struct {
	w       io.Writer
	at      int64 // bytes written
	entries []Entry
	names   map[string]bool
	buf     []byte
	err     error
	closed  bool
}

// NewWriter writes a file from its beginning to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w, names: map[string]bool{}} }

// Write appends a member whose data is parts, one after the other. The member
// goes to the underlying writer in one call and is complete when Write returns.
//
// After an error of the underlying writer every later call returns that error:
// what follows half a member could not be read.
func (w *Writer) Write(name string, parts ...[]byte) error {
	if w.err != nil {
		return w.err
	}
	if w.closed {
		return errClosed
	}
	if err := checkName(name); err != nil {
		return err
	}
	if w.names[name] {
		return fmt.Errorf("npz: a member %s is there already", name)
	}
	e := Entry{Name: name, Header: w.at}
	for _, p := range parts {
		e.Size += int64(len(p))
		e.CRC = crc32.Update(e.CRC, crc32.IEEETable, p)
	}
	if e.Size > maxMember {
		return fmt.Errorf("npz: member %s has %d bytes, at most %d are possible: write it in parts", name, e.Size, int64(maxMember))
	}
	w.buf = appendLocal(w.buf[:0], &e)
	for _, p := range parts {
		w.buf = append(w.buf, p...)
	}
	if err := w.write(w.buf); err != nil {
		return fmt.Errorf("npz: writing %s at byte %d: %w", name, e.Header, err)
	}
	w.entries = append(w.entries, e)
	w.names[name] = true
	return nil
}

// Size is the number of bytes written.
func (w *Writer) Size() int64 { return w.at }

// Close writes the central directory. The underlying writer stays open. After
// an error there is nothing to close, and Close returns it.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	if w.closed {
		return nil
	}
	w.closed = true
	if err := w.write(appendDirectory(nil, w.entries, w.at)); err != nil {
		return fmt.Errorf("npz: writing the directory at byte %d: %w", w.at, err)
	}
	return nil
}

func (w *Writer) write(b []byte) error {
	n, err := w.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	w.at += int64(n)
	w.err = err
	return err
}

var errClosed = errors.New("npz: the file is closed: nothing can follow its directory")
