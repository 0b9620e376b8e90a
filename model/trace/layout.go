package trace

import (
	"fmt"

	"mamba-tui/model/trace/npz"
)

// The fields of a row of a step, in their order.
const (
	fieldStep   = "step"
	fieldTime   = "time_ns"
	fieldToken  = "token"
	fieldBranch = "branch"
	fieldFlags  = "flags"
	fieldHCRC   = "h_crc"
	fieldTopID  = "top_id"
	fieldTopP   = "top_p"
	fieldReset  = "reset"
	fieldRule   = "rule"
	fieldLane   = "lane"
	fieldDelta  = "delta"
	fieldU      = "u"
	fieldB      = "B"
	fieldC      = "C"
	fieldZ      = "z"
	fieldH      = "h"
	fieldConv   = "conv"
)

// stepFields are the fields of a step that a recorder with m writes. top is the
// number of guesses.
func stepFields(m *Meta) []npz.Field {
	d := m.Dims
	fields := []npz.Field{
		{Name: fieldStep, Type: npz.Uint64},
		{Name: fieldTime, Type: npz.Int64},
		{Name: fieldToken, Type: npz.Int32},
		{Name: fieldBranch, Type: npz.Uint32},
		{Name: fieldFlags, Type: npz.Uint32},
		{Name: fieldHCRC, Type: npz.Uint32},
		{Name: fieldTopID, Type: npz.Int32, Shape: []int{m.Top}},
		{Name: fieldTopP, Type: npz.Float32, Shape: []int{m.Top}},
		{Name: fieldReset, Type: npz.Uint8, Shape: []int{d.L}},
		{Name: fieldRule, Type: npz.Uint8, Shape: []int{d.L}},
		{Name: fieldLane, Type: npz.Float32, Shape: []int{d.L, numLanes}},
	}
	for _, f := range []struct {
		name string
		cols []int
	}{
		{fieldDelta, []int{d.L, d.D}}, {fieldU, []int{d.L, d.D}}, {fieldB, []int{d.L, d.N}}, {fieldC, []int{d.L, d.N}},
		{fieldZ, []int{d.L, d.D}}, {fieldH, []int{d.L, d.D, d.N}},
	} {
		if m.has(f.name) {
			fields = append(fields, npz.Field{Name: f.name, Type: npz.Float32, Shape: f.cols})
		}
	}
	return fields
}

// stepPrefix is what the index reads of a block: the fields that every block
// has, at the same place.
var stepPrefix = []npz.Field{
	{Name: fieldStep, Type: npz.Uint64, Offset: 0, Bytes: 8},
	{Name: fieldTime, Type: npz.Int64, Offset: 8, Bytes: 8},
	{Name: fieldToken, Type: npz.Int32, Offset: 16, Bytes: 4},
	{Name: fieldBranch, Type: npz.Uint32, Offset: 20, Bytes: 4},
}

const prefixBytes = 24

// keyFields are the fields of a keyframe: the state before a step of a branch.
func keyFields(d Dims) []npz.Field {
	return []npz.Field{
		{Name: fieldBranch, Type: npz.Uint32},
		{Name: fieldStep, Type: npz.Uint64},
		{Name: fieldH, Type: npz.Float32, Shape: []int{d.L, d.D, d.N}},
		{Name: fieldConv, Type: npz.Float32, Shape: []int{d.L, d.K - 1, d.D}},
	}
}

// recordedAt are the arrays of a step at a level, and what is not there.
func recordedAt(l Level) (recorded, missing []string) {
	all := []string{fieldDelta, fieldU, fieldB, fieldC, fieldH, fieldZ, "x", "conv", "residual", "logits"}
	n := map[Level]int{Script: 0, Drive: 4, Full: 5}[l]
	return all[:n:n], all[n:]
}

// matches says that have, a block's dtype, holds the field want.
func matches(have npz.Dtype, want npz.Field) (npz.Field, error) {
	f, ok := have.Field(want.Name)
	if !ok {
		return f, fmt.Errorf("trace: the field %s is missing", want.Name)
	}
	same := f.Type == want.Type && len(f.Shape) == len(want.Shape)
	for i := range want.Shape {
		same = same && f.Shape[i] == want.Shape[i]
	}
	if !same {
		return f, fmt.Errorf("trace: the field %s is %s %v, want %s %v", want.Name, f.Type, f.Shape, want.Type, want.Shape)
	}
	return f, nil
}
