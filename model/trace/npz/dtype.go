package npz

import (
	"fmt"
	"strconv"
	"strings"
)

// Type is the element type of an array as NumPy writes it: little-endian, with
// its size in bytes.
type Type string

// The element types that are read and written.
const (
	Float32 Type = "<f4"
	Float64 Type = "<f8"
	Int32   Type = "<i4"
	Int64   Type = "<i8"
	Uint32  Type = "<u4"
	Uint64  Type = "<u8"
	Uint8   Type = "|u1"
)

// Size is the number of bytes of one element, 0 for a type that is not read.
func (t Type) Size() int {
	switch t {
	case Uint8:
		return 1
	case Float32, Int32, Uint32:
		return 4
	case Float64, Int64, Uint64:
		return 8
	}
	return 0
}

// Field is one column of a structured array: an array of Shape in every row.
type Field struct {
	Name   string
	Type   Type
	Shape  []int // nil: one element
	Offset int   // of its bytes in a row; set by NewDtype
	Bytes  int   // of one row; set by NewDtype
}

// Dtype is what one row of an array is made of: either one Field without a name,
// which is a plain array, or the named fields of a structured one, without gaps.
type Dtype struct {
	Fields []Field
	Size   int // bytes of a row
}

// Plain is the dtype of an array of single elements.
func Plain(t Type) Dtype {
	d, err := NewDtype(Field{Type: t})
	if err != nil {
		panic(err)
	}
	return d
}

// maxRow bounds the bytes of a row and the elements of a field.
const maxRow = 1 << 30

// NewDtype lays fields out one after the other. It fails for a type that is not
// known, for two fields of one name and for rows beyond 1 GiB.
func NewDtype(fields ...Field) (Dtype, error) {
	d := Dtype{Fields: fields}
	seen := map[string]bool{}
	for i := range d.Fields {
		f := &d.Fields[i]
		size := f.Type.Size()
		if size == 0 {
			return Dtype{}, fmt.Errorf("npz: field %q has type %q: none of those that are read", clip(f.Name), clip(string(f.Type)))
		}
		if seen[f.Name] || f.Name == "" && len(fields) > 1 {
			return Dtype{}, fmt.Errorf("npz: field %q is there twice, or has no name", clip(f.Name))
		}
		seen[f.Name] = true
		n, ok := elements(f.Shape, maxRow)
		if !ok || n > maxRow/size {
			return Dtype{}, fmt.Errorf("npz: field %q of shape %v is too large", clip(f.Name), f.Shape)
		}
		f.Offset, f.Bytes = d.Size, n*size
		if d.Size += f.Bytes; d.Size > maxRow {
			return Dtype{}, fmt.Errorf("npz: a row has more than %d bytes", maxRow)
		}
	}
	return d, nil
}

// elements is the product of a shape, if it is at most most.
func elements(shape []int, most int) (int, bool) {
	n := 1
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		if d == 0 {
			n = 0
		}
		if n > 0 && d > most/n {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// Field finds a field by its name.
func (d Dtype) Field(name string) (Field, bool) {
	for _, f := range d.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// descr is the dtype as NumPy's header writes it.
func (d Dtype) descr() string {
	if len(d.Fields) == 1 && d.Fields[0].Name == "" {
		return "'" + string(d.Fields[0].Type) + "'"
	}
	parts := make([]string, len(d.Fields))
	for i, f := range d.Fields {
		parts[i] = fmt.Sprintf("('%s', '%s'", f.Name, f.Type)
		if f.Shape != nil {
			parts[i] += ", " + tuple(f.Shape)
		}
		parts[i] += ")"
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// tuple is a shape in Python: (3,) for one dimension.
func tuple(shape []int) string {
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = strconv.Itoa(n)
	}
	if len(shape) == 1 {
		return "(" + parts[0] + ",)"
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
