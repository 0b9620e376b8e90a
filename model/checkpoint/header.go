package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strconv"
)

// Bounds of a safetensors file. The format itself allows a header of 100 MB;
// the largest Mamba has 643 tensors and a header of 80 KB.
const (
	maxHeader  = 16 << 20
	maxTensors = 1 << 16
	maxRank    = 8
)

// Tensor is one entry of a header.
type Tensor struct {
	Name       string
	Dtype      Dtype
	Shape      []uint64
	Begin, End uint64 // bytes, counted from the end of the header
}

// Header is what a safetensors file says before its data.
type Header struct {
	Tensors  []Tensor          // in the order of their data
	Metadata map[string]string // "__metadata__", nil if absent
}

// ReadHeader reads the header of a safetensors file of size bytes and leaves r
// at the first byte of data. Every tensor's length agrees with its shape and
// type, and together they cover the file exactly: no gap, no overlap, nothing
// after the last.
func ReadHeader(r io.Reader, size int64) (*Header, error) {
	if size < 8 {
		return nil, fmt.Errorf("has %d bytes, a safetensors file at least 8: it is cut off or another format", size)
	}
	var prefix [8]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(prefix[:])
	switch {
	case n > uint64(size)-8:
		return nil, fmt.Errorf("says that its header has %d bytes, but only %d follow: it is cut off or not a safetensors file",
			n, size-8)
	case n > maxHeader:
		return nil, fmt.Errorf("has a header of %d bytes, at most %d are read", n, maxHeader)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, err
	}
	return parseHeader(text, uint64(size)-8-n)
}

// parseHeader parses the JSON of a header that data bytes follow. The JSON is
// checked twice: checkJSON sees what encoding/json forgives (keys that repeat,
// bytes that are not UTF-8), then the entries are taken apart by exact name.
func parseHeader(text []byte, data uint64) (*Header, error) {
	if len(text) == 0 || text[0] != '{' {
		return nil, fmt.Errorf("has a header that does not begin with {: it is not a safetensors file")
	}
	if err := checkJSON(text); err != nil {
		return nil, fmt.Errorf("has a header that %w", err)
	}
	entries, err := parseObject(text)
	if err != nil {
		return nil, fmt.Errorf("has a header that %w", err)
	}
	h := &Header{}
	if raw, ok := entries["__metadata__"]; ok {
		if err := json.Unmarshal(raw, &h.Metadata); err != nil || h.Metadata == nil {
			return nil, fmt.Errorf("has a __metadata__ that is not an object of strings: %s", short(raw))
		}
		delete(entries, "__metadata__")
	}
	if len(entries) > maxTensors {
		return nil, fmt.Errorf("has %d tensors, at most %d are read", len(entries), maxTensors)
	}
	h.Tensors = make([]Tensor, 0, len(entries))
	for name, raw := range entries {
		t, err := parseTensor(name, raw)
		if err != nil {
			return nil, fmt.Errorf("tensor %s: %w", quote(name), err)
		}
		h.Tensors = append(h.Tensors, t)
	}
	// Empty tensors stand before the one that begins where they do.
	slices.SortFunc(h.Tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(a.Begin, b.Begin), cmp.Compare(a.End, b.End), cmp.Compare(a.Name, b.Name))
	})
	return h, h.cover(data)
}

// cover checks that the tensors, in order, fill data bytes without a gap. Two
// tensors over the same bytes could be aliases on purpose, but the format
// forbids it, and a hole or a tail could smuggle data past a reader.
func (h *Header) cover(data uint64) error {
	at, last := uint64(0), "the header"
	for _, t := range h.Tensors {
		switch {
		case t.End > data:
			return fmt.Errorf("tensor %s ends at byte %d of the data, but the file holds %d: it is cut off",
				quote(t.Name), t.End, data)
		case t.Begin < at:
			return fmt.Errorf("tensor %s begins at byte %d, but %s goes on to byte %d: they overlap",
				quote(t.Name), t.Begin, last, at)
		case t.Begin > at:
			return fmt.Errorf("a hole of %d bytes between %s and tensor %s", t.Begin-at, last, quote(t.Name))
		}
		at, last = t.End, "tensor "+quote(t.Name)
	}
	if at < data {
		return fmt.Errorf("%d bytes after %s belong to no tensor", data-at, last)
	}
	return nil
}

// parseTensor parses the entry of one tensor and compares its three members:
// the product of dtype and shape, taken without overflow, must be the distance
// of the offsets.
func parseTensor(name string, raw json.RawMessage) (Tensor, error) {
	t := Tensor{Name: name}
	entry, err := parseObject(raw)
	if err != nil {
		return t, fmt.Errorf("its entry %w", err)
	}
	for key := range entry {
		if key != "dtype" && key != "shape" && key != "data_offsets" {
			return t, fmt.Errorf("its entry has an unknown member %s", quote(key))
		}
	}
	for _, key := range []string{"dtype", "shape", "data_offsets"} {
		if _, ok := entry[key]; !ok {
			return t, fmt.Errorf("its entry has no %s", key)
		}
	}
	var dtype string
	if _, err := entry.get("dtype", &dtype); err != nil || dtype == "" {
		return t, fmt.Errorf("its dtype is %s, want a name such as \"F32\"", short(entry["dtype"]))
	}
	t.Dtype = Dtype(dtype)
	size, ok := dtypeSize[t.Dtype]
	if !ok {
		return t, fmt.Errorf("its dtype %s is unknown: weights are F32, F16 or BF16", quote(dtype))
	}
	if t.Shape, err = parseInts(entry["shape"]); err != nil {
		return t, fmt.Errorf("its shape %s %w", short(entry["shape"]), err)
	}
	if len(t.Shape) > maxRank {
		return t, fmt.Errorf("its shape has %d dimensions, at most %d are read", len(t.Shape), maxRank)
	}
	offsets, err := parseInts(entry["data_offsets"])
	if err != nil {
		return t, fmt.Errorf("its data_offsets %s %w", short(entry["data_offsets"]), err)
	}
	if len(offsets) != 2 || offsets[0] > offsets[1] {
		return t, fmt.Errorf("its data_offsets are %s, want [begin, end] with begin ≤ end", short(entry["data_offsets"]))
	}
	t.Begin, t.End = offsets[0], offsets[1]
	want, ok := product(size, t.Shape)
	if !ok {
		return t, fmt.Errorf("its shape %v of %s has more than 2^64 bytes", t.Shape, t.Dtype)
	}
	if have := t.End - t.Begin; have != want {
		return t, fmt.Errorf("its shape %v of %s needs %d bytes, its data_offsets give %d", t.Shape, t.Dtype, want, have)
	}
	return t, nil
}

// parseInts reads a JSON list of whole numbers from 0 to 2^64−1. A number
// with a fraction, an exponent or a sign is refused.
func parseInts(raw json.RawMessage) ([]uint64, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var list []any
	if err := dec.Decode(&list); err != nil || list == nil {
		return nil, fmt.Errorf("is not a list of whole numbers")
	}
	out := make([]uint64, len(list))
	for i, item := range list {
		number, ok := item.(json.Number)
		if !ok {
			return nil, fmt.Errorf("is not a list of whole numbers")
		}
		v, err := strconv.ParseUint(number.String(), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("is not a list of whole numbers from 0 to 2^64−1")
		}
		out[i] = v
	}
	return out, nil
}

// product is size · Π shape, or false where that does not fit into 64 bits. A
// dimension of 0 makes it 0 whatever stands beside it, as in NumPy.
func product(size uint64, shape []uint64) (uint64, bool) {
	if slices.Contains(shape, 0) {
		return 0, true
	}
	for _, n := range shape {
		hi, lo := bits.Mul64(size, n)
		if hi != 0 {
			return 0, false
		}
		size = lo
	}
	return size, true
}
