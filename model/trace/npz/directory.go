package npz

import "encoding/binary"

// Signatures and sizes of the central directory.
const (
	centralSig = "PK\x01\x02"
	endSig     = "PK\x05\x06"
	end64Sig   = "PK\x06\x06"
	locatorSig = "PK\x06\x07"
	version64  = 45 // 4.5: zip64
	end64Size  = 56
	max16      = 1<<16 - 1
	max32      = 1<<32 - 1
)

// appendDirectory appends the central directory of a file whose members are
// entries, followed by its end records. at is its offset. The bytes depend on
// the arguments alone.
func appendDirectory(b []byte, entries []Entry, at int64) []byte {
	from := len(b)
	le := binary.LittleEndian
	for _, e := range entries {
		need, offset := uint16(version), uint32(e.Header)
		var extra []byte
		if e.Header >= max32 {
			need, offset = version64, max32
			extra = le.AppendUint16(extra, 1) // zip64
			extra = le.AppendUint16(extra, 8)
			extra = le.AppendUint64(extra, uint64(e.Header))
		}
		b = append(b, centralSig...)
		b = le.AppendUint16(b, need) // made by, on FAT: no permissions
		b = le.AppendUint16(b, need)
		b = le.AppendUint16(b, 0)
		b = le.AppendUint16(b, 0)
		b = le.AppendUint16(b, 0)
		b = le.AppendUint16(b, dosDate)
		b = le.AppendUint32(b, e.CRC)
		b = le.AppendUint32(b, uint32(e.Size))
		b = le.AppendUint32(b, uint32(e.Size))
		b = le.AppendUint16(b, uint16(len(e.Name)))
		b = le.AppendUint16(b, uint16(len(extra)))
		b = le.AppendUint16(b, 0) // comment
		b = le.AppendUint16(b, 0) // disk
		b = le.AppendUint16(b, 0) // internal attributes
		b = le.AppendUint32(b, 0) // external attributes
		b = le.AppendUint32(b, offset)
		b = append(b, e.Name...)
		b = append(b, extra...)
	}
	size, count := int64(len(b)-from), len(entries)
	if count >= max16 || size >= max32 || at >= max32 {
		b = append(b, end64Sig...)
		b = le.AppendUint64(b, end64Size-12)
		b = le.AppendUint16(b, version64)
		b = le.AppendUint16(b, version64)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(count))
		b = le.AppendUint64(b, uint64(count))
		b = le.AppendUint64(b, uint64(size))
		b = le.AppendUint64(b, uint64(at))
		b = append(b, locatorSig...)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(at+size))
		b = le.AppendUint32(b, 1)
		count, size, at = min(count, max16), min(size, max32), min(at, max32)
	}
	b = append(b, endSig...)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, uint16(count))
	b = le.AppendUint16(b, uint16(count))
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, uint32(at))
	return le.AppendUint16(b, 0)
}
