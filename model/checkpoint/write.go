package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"mamba-tui/model"
)

// WriteWeights writes w as a safetensors file: F32, in order of name, the head
// only where it is not tied. The data begins at a multiple of 8 bytes. To the
// metadata it adds "format": "pt", which transformers asks for.
func WriteWeights(out io.Writer, cfg model.Config, w *model.Weights, metadata map[string]string) error {
	if err := writeWeights(out, cfg, w, metadata); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

func writeWeights(out io.Writer, cfg model.Config, w *model.Weights, metadata map[string]string) error {
	if err := w.Validate(cfg); err != nil {
		return err
	}
	var tensors []model.Tensor
	for _, t := range w.Tensors(cfg) {
		if t.Use && *t.Data != nil {
			tensors = append(tensors, t)
		}
	}
	slices.SortFunc(tensors, func(a, b model.Tensor) int { return strings.Compare(fileName(a), fileName(b)) })
	arrays := make([]Array, len(tensors))
	for i, t := range tensors {
		arrays[i] = Array{Name: fileName(t), Shape: stored(t), Data: *t.Data}
	}
	all := map[string]string{"format": "pt"}
	for key, value := range metadata {
		if key == "format" && value != "pt" {
			return fmt.Errorf("metadata has format %s, transformers opens only \"pt\"", quote(value))
		}
		all[key] = value
	}
	return writeArrays(out, arrays, all)
}

func writeFloats(out io.Writer, data []float32) error {
	buffer := make([]byte, 0, 1<<16)
	for len(data) > 0 {
		n := min(len(data), cap(buffer)/4)
		buffer = buffer[:0]
		for _, v := range data[:n] {
			buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
		}
		if _, err := out.Write(buffer); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// member writes "key":value.
func member(b *bytes.Buffer, key string, value any) error {
	name, err := marshal(key, "")
	if err != nil {
		return err
	}
	text, err := marshal(value, "")
	if err != nil {
		return err
	}
	b.Write(bytes.TrimSpace(name))
	b.WriteByte(':')
	b.Write(bytes.TrimSpace(text))
	return nil
}

// marshal is json.Marshal without the escapes that only HTML needs, with a
// line feed at the end.
func marshal(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
