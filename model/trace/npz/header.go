package npz

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
)

// Align is the alignment of every member's data in the file, so that arrays can
// be used from a memory map.
const Align = 64

// Sizes and numbers of the zip format.
const (
	localSig  = "PK\x03\x04"
	localSize = 30
	version   = 20     // 2.0: folders in names, nothing more is needed
	dosDate   = 0x0021 // 1980-01-01, the format's first day: times are in the trace
	extraID   = 0x544d // "MT", the checksum of the header
	extraSize = 8      // id, length, checksum; then padding
	maxName   = 255
	maxMember = 1<<32 - 2 // one more would mean "see zip64"
)

// Entry is one member of a file.
type Entry struct {
	Name   string
	Header int64 // offset of the local header
	Offset int64 // of the data, a multiple of Align
	Size   int64 // of the data
	CRC    uint32
}

// end is the offset of what follows the member.
func (e Entry) end() int64 { return e.Offset + e.Size }

// checkName refuses names that a zip program might take for something else than
// a plain file below the current folder.
func checkName(name string) error {
	bad := name == "" || len(name) > maxName || strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/")
	for _, part := range strings.Split(name, "/") {
		bad = bad || part == "" || part == "." || part == ".."
	}
	for _, c := range []byte(name) {
		bad = bad || c <= ' ' || c > '~' || strings.IndexByte(`\:"'*?<>|`, c) >= 0
	}
	if bad {
		return fmt.Errorf("npz: %q is no name for a member: want 1 to %d characters such as step/00000017.npy", clip(name), maxName)
	}
	return nil
}

// clip keeps a name from a file short in a message.
func clip(name string) string {
	if len(name) > 60 {
		return name[:60] + "…"
	}
	return name
}

// appendLocal appends the local header of e, which begins at e.Header, and sets
// e.Offset to where the data begins.
func appendLocal(b []byte, e *Entry) []byte {
	from := len(b)
	bare := e.Header + localSize + int64(len(e.Name)) + extraSize
	e.Offset = (bare + Align - 1) / Align * Align
	padding := int(e.Offset - bare)
	le := binary.LittleEndian
	b = append(b, localSig...)
	b = le.AppendUint16(b, version)
	b = le.AppendUint16(b, 0) // no flags: lengths stand here, not behind the data
	b = le.AppendUint16(b, 0) // method: stored
	b = le.AppendUint16(b, 0) // time
	b = le.AppendUint16(b, dosDate)
	b = le.AppendUint32(b, e.CRC)
	b = le.AppendUint32(b, uint32(e.Size))
	b = le.AppendUint32(b, uint32(e.Size))
	b = le.AppendUint16(b, uint16(len(e.Name)))
	b = le.AppendUint16(b, uint16(extraSize+padding))
	b = append(b, e.Name...)
	b = le.AppendUint16(b, extraID)
	b = le.AppendUint16(b, uint16(extraSize-4+padding))
	at := len(b)
	b = le.AppendUint32(b, 0)
	b = append(b, make([]byte, padding)...)
	le.PutUint32(b[at:], crc32.ChecksumIEEE(b[from:]))
	return b
}

// maxLocal is the longest local header.
const maxLocal = localSize + maxName + extraSize + Align

// parseLocal reads the local header at offset at from the beginning of b. It
// returns errShort when b is the beginning of a header and ends too early, and
// another error when no header can begin like this.
func parseLocal(b []byte, at int64) (Entry, error) {
	n := min(len(b), 4)
	if string(b[:n]) != localSig[:n] {
		return Entry{}, errNoHeader
	}
	if len(b) < localSize {
		return Entry{}, errShort
	}
	le := binary.LittleEndian
	nameLen := int(le.Uint16(b[26:]))
	e := Entry{Header: at, CRC: le.Uint32(b[14:]), Size: int64(le.Uint32(b[18:]))}
	if nameLen > maxName {
		return Entry{}, errHeader
	}
	if len(b) < localSize+nameLen {
		return Entry{}, errShort
	}
	e.Name = string(b[localSize : localSize+nameLen])
	// The header that this program would have written is the only valid one: its
	// checksum, padding and every other field follow from these four.
	want := appendLocal(nil, &e)
	n = min(len(b), len(want))
	if string(b[:n]) != string(want[:n]) || checkName(e.Name) != nil {
		return Entry{}, errHeader
	}
	if n < len(want) {
		return Entry{}, errShort
	}
	return e, nil
}
