package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode/utf8"
)

// Array is a named tensor of float32, row-major.
type Array struct {
	Name  string
	Shape []uint64
	Data  []float32
}

// WriteArrays writes a safetensors file of arrays, F32, in the given order.
// The data begins at a multiple of 8 bytes. The bytes depend on the arguments
// alone. Names must differ; a shape must have as many elements as the data.
func WriteArrays(out io.Writer, arrays []Array, metadata map[string]string) error {
	if err := writeArrays(out, arrays, metadata); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

func writeArrays(out io.Writer, arrays []Array, metadata map[string]string) error {
	type entry struct {
		Dtype   Dtype     `json:"dtype"`
		Shape   []uint64  `json:"shape"`
		Offsets [2]uint64 `json:"data_offsets"`
	}
	var header bytes.Buffer
	header.WriteString(`{"__metadata__":{`)
	for i, key := range slices.Sorted(maps.Keys(metadata)) {
		if !utf8.ValidString(key) || !utf8.ValidString(metadata[key]) {
			return fmt.Errorf("metadata %s is not UTF-8", quote(key))
		}
		if i > 0 {
			header.WriteByte(',')
		}
		if err := member(&header, key, metadata[key]); err != nil {
			return err
		}
	}
	header.WriteByte('}')
	at := uint64(0)
	seen := map[string]bool{"__metadata__": true}
	for _, a := range arrays {
		if seen[a.Name] || !utf8.ValidString(a.Name) {
			return fmt.Errorf("tensor %s: its name is taken or not UTF-8", quote(a.Name))
		}
		seen[a.Name] = true
		bytes := 4 * uint64(len(a.Data))
		if n, ok := product(4, a.Shape); !ok || n != bytes {
			return fmt.Errorf("tensor %s has %d elements, which is not shape %v", quote(a.Name), len(a.Data), a.Shape)
		}
		header.WriteByte(',')
		if err := member(&header, a.Name, entry{F32, a.Shape, [2]uint64{at, at + bytes}}); err != nil {
			return err
		}
		at += bytes
	}
	header.WriteByte('}')
	for header.Len()%8 != 0 {
		header.WriteByte(' ')
	}
	if err := binary.Write(out, binary.LittleEndian, uint64(header.Len())); err != nil {
		return err
	}
	if _, err := out.Write(header.Bytes()); err != nil {
		return err
	}
	for _, a := range arrays {
		if err := writeFloats(out, a.Data); err != nil {
			return err
		}
	}
	return nil
}

// ReadArrays reads a safetensors file of size bytes whose tensors are F32, in
// the order of their data, and its metadata.
func ReadArrays(r io.Reader, size int64) ([]Array, map[string]string, error) {
	h, err := ReadHeader(r, size)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint: %w", err)
	}
	arrays := make([]Array, 0, len(h.Tensors))
	buffer := make([]byte, max(4, min(size, readSize)))
	for _, t := range h.Tensors {
		if t.Dtype != F32 {
			return nil, nil, fmt.Errorf("checkpoint: tensor %s is %s, want %s", quote(t.Name), t.Dtype, F32)
		}
		// The header was compared with size, so no more is allocated than that.
		a := Array{Name: t.Name, Shape: t.Shape, Data: make([]float32, (t.End-t.Begin)/4)}
		for rest := a.Data; len(rest) > 0; {
			n := min(len(rest), len(buffer)/4)
			if _, err := io.ReadFull(r, buffer[:4*n]); err != nil {
				return nil, nil, fmt.Errorf("checkpoint: tensor %s: %w", quote(t.Name), shrunk(err))
			}
			decode(rest[:n], buffer[:4*n], F32)
			rest = rest[n:]
		}
		arrays = append(arrays, a)
	}
	return arrays, h.Metadata, nil
}
