package npz

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func ExampleParseArray() {
	d, err := NewDtype(Field{Name: "step", Type: Uint8}, Field{Name: "delta", Type: Float32, Shape: []int{2}})
	if err != nil {
		panic(err)
	}
	b := AppendHeader(nil, d, 1)
	b = append(b, 7)
	b = AppendFloat32s(b, []float32{0.5, 20})
	a, err := ParseArray(b)
	if err != nil {
		panic(err)
	}
	f, _ := a.Dtype.Field("delta")
	fmt.Println(a.Shape, a.Data[0], GetFloat32s(nil, a.Data[f.Offset:f.Offset+f.Bytes]))
	// Output: [1] 7 [0.5 20]
}

func TestHeaderText(t *testing.T) {
	d, err := NewDtype(Field{Name: "step", Type: Uint64}, Field{Name: "u", Type: Float32, Shape: []int{2, 3}}, Field{Name: "p", Type: Float64, Shape: []int{8}})
	if err != nil {
		t.Fatal(err)
	}
	if d.Size != 8+24+64 {
		t.Errorf("a row has %d bytes", d.Size)
	}
	for _, c := range []struct {
		d     Dtype
		shape []int
		want  string
	}{
		{Plain(Float32), []int{2, 3}, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"},
		{Plain(Uint8), nil, "{'descr': '|u1', 'fortran_order': False, 'shape': (), }"},
		{d, []int{5}, "{'descr': [('step', '<u8'), ('u', '<f4', (2, 3)), ('p', '<f8', (8,))], 'fortran_order': False, 'shape': (5,), }"},
	} {
		b := AppendHeader(nil, c.d, c.shape...)
		if got := strings.TrimRight(string(b[10:]), " \n"); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		if len(b)%Align != 0 || b[len(b)-1] != '\n' {
			t.Errorf("a header of %d bytes ends in %q", len(b), b[len(b)-1])
		}
		n, _ := elements(c.shape, 1<<20)
		a, err := ParseArray(append(b, make([]byte, n*c.d.Size)...))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a.Dtype, c.d) || len(a.Shape) != len(c.shape) {
			t.Errorf("read %v of shape %v, want %v of %v", a.Dtype, a.Shape, c.d, c.shape)
		}
	}
}

// What NumPy 1 and 2 write, and what is close to it.
func TestParseDescr(t *testing.T) {
	for text, want := range map[string]string{
		"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }":                              "<f4 [3]",
		"{'shape': (3, 4), 'descr': '<i8', 'fortran_order': False}":                              "<i8 [3 4]",
		"{'descr': [('a', '<f4'), ('b', '|u1', (2,))], 'fortran_order': False, 'shape': (1,), }": "<f4+|u1 [1]",
		"{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }":                              "error",
		"{'descr': '<f4', 'fortran_order': True, 'shape': (3,), }":                               "error",
		"{'descr': '<f4', 'fortran_order': False}":                                               "error",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }":                             "error",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }":           "error",
		"{'descr': [('a', '<f4'), ('a', '<f4')], 'fortran_order': False, 'shape': (1,), }":       "error",
		"{'descr': [], 'fortran_order': False, 'shape': (1,), }":                                 "error",
		"{'descr': [('', '<f4')], 'fortran_order': False, 'shape': (1,), }":                      "error",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': (1,)}":                     "error",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} more":                           "error",
		"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}":                                 "error",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (" + strings.Repeat("1,", 33) + ")}":  "error",
		"":  "error",
		"{": "error",
		"{'descr': [('a', '<f4', (1073741824,)), ('b', '<f4')], 'fortran_order': False, 'shape': (1,), }": "error",
	} {
		d, shape, err := parseDescr([]byte(text))
		got := "error"
		if err == nil {
			var types []string
			for _, f := range d.Fields {
				types = append(types, string(f.Type))
			}
			got = fmt.Sprint(strings.Join(types, "+"), " ", shape)
		}
		if got != want {
			t.Errorf("%s: %s, want %s (%v)", text, got, want, err)
		}
	}
}

func TestFloat32s(t *testing.T) {
	x := []float32{0, -1.5, 3e38}
	b := AppendFloat32s(AppendHeader(nil, Plain(Float32), 3), x)
	a, err := ParseArray(b)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.Float32s(); err != nil || !reflect.DeepEqual(got, x) {
		t.Errorf("%v, %v", got, err)
	}
	a.Dtype = Plain(Int32)
	if _, err := a.Float32s(); err == nil {
		t.Error("whole numbers were read as floats")
	}
}

// Whatever the bytes, nothing panics, and what is read back is what a writer
// wrote: writing it again gives members that are the same.
func FuzzOpen(f *testing.F) {
	for _, closed := range []bool{true, false} {
		b, _ := sample(f, closed)
		f.Add(b)
		f.Add(b[:len(b)-30])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err) // a bytes.Reader does not fail
		}
		if file.Closed() != (file.Fault() == nil) {
			t.Fatal("closed, and with a fault")
		}
		var out bytes.Buffer
		if file.Copy(NewWriter(&out)) == nil && file.Closed() && !bytes.Equal(out.Bytes(), b) {
			t.Fatal("a closed file without damage is not what the writer writes")
		}
		for _, e := range file.Entries() {
			if data, err := file.Bytes(e, 1<<20); err == nil {
				ParseArray(data)
			}
		}
	})
}

func FuzzParseArray(f *testing.F) {
	f.Add(AppendFloat32s(AppendHeader(nil, Plain(Float32), 2), []float32{1, 2}))
	d, _ := NewDtype(Field{Name: "a", Type: Uint8}, Field{Name: "b", Type: Float32, Shape: []int{2, 1}})
	f.Add(append(AppendHeader(nil, d, 1), make([]byte, 9)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseArray(b)
		if err != nil {
			return
		}
		n, ok := elements(a.Shape, 1<<40)
		if ok && n*a.Dtype.Size != len(a.Data) {
			t.Fatalf("%d elements of %d bytes in %d", n, a.Dtype.Size, len(a.Data))
		}
		for _, f := range a.Dtype.Fields {
			if f.Offset+f.Bytes > a.Dtype.Size {
				t.Fatalf("field %q ends beyond the row", f.Name)
			}
		}
		again, err := ParseArray(append(AppendHeader(nil, a.Dtype, a.Shape...), a.Data...))
		if err != nil || !reflect.DeepEqual(again.Dtype, a.Dtype) {
			t.Fatalf("written again: %v", err)
		}
	})
}
