package checkpoint_test

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"

	"mamba-tui/model/checkpoint"
)

// What is written is read back, bit for bit, with numbers that are none and
// arrays that are empty.
func TestArraysRoundTrip(t *testing.T) {
	long := make([]float32, 100_003)
	for i := range long {
		long[i] = math.Float32frombits(uint32(i) * 2654435761)
	}
	arrays := []checkpoint.Array{
		{Name: "z", Shape: []uint64{2, 3}, Data: []float32{1, -2, 3.5, float32(math.Inf(1)), 0, float32(math.Copysign(0, -1))}},
		{Name: "a", Shape: []uint64{0}, Data: []float32{}},
		{Name: "scalar ¶", Shape: []uint64{}, Data: []float32{7}},
		{Name: "long", Shape: []uint64{100_003}, Data: long},
	}
	metadata := map[string]string{"state": `{"step":3}`, "b": "<é>"}
	var file, again bytes.Buffer
	for _, out := range []*bytes.Buffer{&file, &again} {
		if err := checkpoint.WriteArrays(out, arrays, metadata); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(file.Bytes(), again.Bytes()) {
		t.Error("the same arguments give other bytes")
	}
	got, meta, err := checkpoint.ReadArrays(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil || !reflect.DeepEqual(meta, metadata) || len(got) != len(arrays) {
		t.Fatalf("%d arrays, metadata %v, %v", len(got), meta, err)
	}
	for _, want := range arrays {
		found := false
		for _, a := range got {
			if a.Name != want.Name {
				continue
			}
			found = true
			if !reflect.DeepEqual(a.Shape, want.Shape) || len(a.Data) != len(want.Data) {
				t.Errorf("%s: shape %v, %d elements", a.Name, a.Shape, len(a.Data))
			}
			for i := range want.Data {
				if math.Float32bits(a.Data[i]) != math.Float32bits(want.Data[i]) {
					t.Fatalf("%s[%d] is %x, want %x", a.Name, i, math.Float32bits(a.Data[i]), math.Float32bits(want.Data[i]))
				}
			}
		}
		if !found {
			t.Errorf("%s is gone", want.Name)
		}
	}
	// Cut anywhere, it is an error and never a shorter array.
	for _, n := range []int{0, 7, 8, 100, file.Len() - 4, file.Len() - 1} {
		if _, _, err := checkpoint.ReadArrays(bytes.NewReader(file.Bytes()[:n]), int64(n)); err == nil {
			t.Errorf("a file cut to %d bytes is read", n)
		}
		if _, _, err := checkpoint.ReadArrays(bytes.NewReader(file.Bytes()[:n]), int64(file.Len())); err == nil {
			t.Errorf("a file that shrank to %d bytes is read", n)
		}
	}
}

func TestArraysErrors(t *testing.T) {
	one := []float32{1}
	for want, arrays := range map[string][]checkpoint.Array{
		"name is taken":                  {{Name: "a", Shape: []uint64{1}, Data: one}, {Name: "a", Shape: []uint64{1}, Data: one}},
		"not UTF-8":                      {{Name: "\xff", Shape: []uint64{1}, Data: one}},
		"has 1 elements, which is not":   {{Name: "a", Shape: []uint64{2}, Data: one}},
		`"__metadata__": its name is ta`: {{Name: "__metadata__", Shape: []uint64{1}, Data: one}},
	} {
		if err := checkpoint.WriteArrays(new(bytes.Buffer), arrays, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	if err := checkpoint.WriteArrays(new(bytes.Buffer), nil, map[string]string{"a": "\xff"}); err == nil {
		t.Error("metadata that is not UTF-8 is written")
	}
	text := `{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}`
	file := string([]byte{byte(len(text)), 0, 0, 0, 0, 0, 0, 0}) + text + "ab"
	if _, _, err := checkpoint.ReadArrays(strings.NewReader(file), int64(len(file))); err == nil || !strings.Contains(err.Error(), "is F16, want F32") {
		t.Errorf("half precision: %v", err)
	}
}
