package checkpoint

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"
)

func readHeader(b []byte) (*Header, error) {
	return ReadHeader(bytes.NewReader(b), int64(len(b)))
}

func TestReadHeader(t *testing.T) {
	b := file(`{"b":{"dtype":"F16","shape":[2,3],"data_offsets":[4,16]},"__metadata__":{"k":"v"},`+
		`"scalar":{"shape":[],"data_offsets":[0,4],"dtype":"F32"},`+
		`"empty":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]},`+
		`"far":{"dtype":"U8","shape":[1],"data_offsets":[16,17]}}   `, make([]byte, 17))
	h, err := readHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range h.Tensors {
		names = append(names, x.Name)
	}
	if want := []string{"scalar", "empty", "b", "far"}; !slices.Equal(names, want) {
		t.Errorf("order of data %v, want %v", names, want)
	}
	if x := h.Tensors[2]; x.Dtype != F16 || !slices.Equal(x.Shape, []uint64{2, 3}) || x.Begin != 4 || x.End != 16 {
		t.Errorf("tensor b is %+v", x)
	}
	if !maps.Equal(h.Metadata, map[string]string{"k": "v"}) {
		t.Errorf("metadata %v", h.Metadata)
	}
	if h, err := readHeader(file("{}", nil)); err != nil || len(h.Tensors) != 0 {
		t.Errorf("a file without tensors: %v, %v", h, err)
	}
	// The reader stops at the first byte of data.
	r := bytes.NewReader(b)
	if _, err := ReadHeader(r, int64(len(b))); err != nil || r.Len() != 17 {
		t.Errorf("%d bytes are left, want 17", r.Len())
	}
}

func TestReadHeaderRefuses(t *testing.T) {
	one := func(entry string) []byte { return file(`{"x":`+entry+`}`, make([]byte, 8)) }
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	huge := binary.LittleEndian.AppendUint64(nil, maxHeader+1)
	huge = append(huge, make([]byte, maxHeader+1)...)
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty file", nil, "has 0 bytes, a safetensors file at least 8"},
		{"cut length", []byte{1, 0, 0}, "has 3 bytes"},
		{"cut header", file(`{"x"`, nil)[:10], "header has 4 bytes, but only 2 follow"},
		{"length of 2^64−1", append(bytes.Repeat([]byte{255}, 8), "{}"...), "header has 18446744073709551615 bytes, but only 2 follow"},
		{"length of 2^63", append(binary.LittleEndian.AppendUint64(nil, 1<<63), "{}"...), "header has 9223372036854775808 bytes"},
		{"huge header", huge, "header of 16777217 bytes, at most 16777216"},
		{"no header", file("", nil), "does not begin with {"},
		{"white space first", file(" {}", nil), "does not begin with {"},
		{"an array", file("[]", nil), "does not begin with {"},
		{"null", file("null", nil), "does not begin with {"},
		{"not JSON", file("{x}", nil), "is not JSON"},
		{"open JSON", file(`{"x":`, nil), "ends in the middle"},
		{"two objects", file(`{}{}`, nil), "goes on after the end"},
		{"not UTF-8", file("{\"\xff\":1}", nil), "is not UTF-8"},
		{"deep", file(deep, nil), "nests deeper than 32"},
		{"a name twice", file(`{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, nil),
			`has the key "x" twice`},
		{"a name twice, escaped", file(`{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\u0078":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, nil),
			`has the key "x" twice`},
		{"a member twice", one(`{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}`), `has the key "dtype" twice`},
		{"metadata twice", file(`{"__metadata__":{},"__metadata__":{}}`, nil), `has the key "__metadata__" twice`},
		{"a metadata key twice", file(`{"__metadata__":{"a":"1","a":"2"}}`, nil), `has the key "a" twice`},
		{"metadata of numbers", file(`{"__metadata__":{"a":1}}`, nil), "not an object of strings"},
		{"metadata null", file(`{"__metadata__":null}`, nil), "not an object of strings"},
		{"entry null", one(`null`), "its entry is not a JSON object"},
		{"entry list", one(`[]`), "its entry is not a JSON object"},
		{"no dtype", one(`{"shape":[2],"data_offsets":[0,8]}`), "has no dtype"},
		{"no shape", one(`{"dtype":"F32","data_offsets":[0,8]}`), "has no shape"},
		{"no offsets", one(`{"dtype":"F32","shape":[2]}`), "has no data_offsets"},
		{"other letter case", one(`{"Dtype":"F32","shape":[2],"data_offsets":[0,8]}`), `unknown member "Dtype"`},
		{"more members", one(`{"dtype":"F32","shape":[2],"data_offsets":[0,8],"strides":[1]}`), `unknown member "strides"`},
		{"unknown dtype", one(`{"dtype":"F4","shape":[2],"data_offsets":[0,8]}`), `dtype "F4" is unknown`},
		{"dtype in lower case", one(`{"dtype":"f32","shape":[2],"data_offsets":[0,8]}`), `dtype "f32" is unknown`},
		{"dtype null", one(`{"dtype":null,"shape":[2],"data_offsets":[0,8]}`), "its dtype is null"},
		{"dtype number", one(`{"dtype":32,"shape":[2],"data_offsets":[0,8]}`), "its dtype is 32"},
		{"shape null", one(`{"dtype":"F32","shape":null,"data_offsets":[0,8]}`), "its shape null is not a list"},
		{"shape number", one(`{"dtype":"F32","shape":2,"data_offsets":[0,8]}`), "its shape 2 is not a list"},
		{"shape negative", one(`{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}`), "not a list of whole numbers"},
		{"shape fraction", one(`{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}`), "not a list of whole numbers"},
		{"shape exponent", one(`{"dtype":"F32","shape":[2e0],"data_offsets":[0,8]}`), "not a list of whole numbers"},
		{"shape of strings", one(`{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}`), "not a list of whole numbers"},
		{"shape of 2^64", one(`{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}`), "whole numbers from 0 to 2^64−1"},
		{"shape overflows", one(`{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}`), "more than 2^64 bytes"},
		{"shape overflows to its length", one(`{"dtype":"F32","shape":[4611686018427387906],"data_offsets":[0,8]}`), "more than 2^64 bytes"},
		{"nine dimensions", one(`{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}`), "9 dimensions, at most 8"},
		{"three offsets", one(`{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}`), "want [begin, end]"},
		{"offsets reversed", one(`{"dtype":"F32","shape":[2],"data_offsets":[8,0]}`), "want [begin, end]"},
		{"shape against length", one(`{"dtype":"F32","shape":[3],"data_offsets":[0,8]}`), "shape [3] of F32 needs 12 bytes, its data_offsets give 8"},
		{"beyond the file", file(`{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}`, make([]byte, 8)),
			`tensor "x" ends at byte 12 of the data, but the file holds 8`},
		{"far beyond the file", file(`{"x":{"dtype":"U8","shape":[0],"data_offsets":[18446744073709551615,18446744073709551615]}}`, nil),
			"ends at byte 18446744073709551615 of the data, but the file holds 0"},
		{"hole at the front", file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, make([]byte, 8)),
			`hole of 4 bytes between the header and tensor "x"`},
		{"hole", file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}`, make([]byte, 12)),
			`hole of 4 bytes between tensor "x" and tensor "y"`},
		{"overlap", file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, make([]byte, 12)),
			`tensor "y" begins at byte 4, but tensor "x" goes on to byte 8: they overlap`},
		{"the same bytes twice", file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, make([]byte, 8)),
			"they overlap"},
		{"trailing bytes", file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, make([]byte, 9)),
			`5 bytes after tensor "x" belong to no tensor`},
		{"data without tensors", file(`{}`, make([]byte, 3)), "3 bytes after the header belong to no tensor"},
		{"a name of controls", file("{\"\\u001b[2J\":{\"dtype\":\"F4\"}}", nil), `tensor "\x1b[2J": its entry has no shape`},
	} {
		_, err := readHeader(c.file)
		wantError(t, c.name, err, c.want)
	}
}

func TestTooManyTensors(t *testing.T) {
	var b strings.Builder
	b.WriteString("{")
	for i := range maxTensors + 1 {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(`"` + strings.Repeat("x", i%7) + string(rune('A'+i%26)) + itoa(i) + `":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`)
	}
	b.WriteString("}")
	_, err := readHeader(file(b.String(), nil))
	wantError(t, "tensors", err, "has 65537 tensors, at most 65536")
}

func itoa(i int) string {
	var b [20]byte
	n := len(b)
	for {
		n--
		b[n] = byte('0' + i%10)
		if i /= 10; i == 0 {
			return string(b[n:])
		}
	}
}

// FuzzReadHeader: what is accepted keeps every promise, by a second account.
func FuzzReadHeader(f *testing.F) {
	f.Add([]byte(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"a":"b"}}`), uint16(8))
	f.Add([]byte(`{"x":{"dtype":"F16","shape":[],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[3,0],"data_offsets":[2,2]}}`), uint16(2))
	f.Add([]byte(`{"x":{"dtype":"F32","shape":[4611686018427387906],"data_offsets":[0,8]}}`), uint16(8))
	f.Add([]byte(`{}`), uint16(0))
	f.Fuzz(func(t *testing.T, header []byte, data uint16) {
		h, err := readHeader(file(string(header), make([]byte, data)))
		if err != nil {
			wantError(t, "fuzz", err, "")
			return
		}
		var sum, end uint64
		seen := map[string]bool{}
		for _, x := range h.Tensors {
			n := dtypeSize[x.Dtype]
			for _, d := range x.Shape {
				n *= d
			}
			if n != x.End-x.Begin || x.Begin != end || seen[x.Name] {
				t.Fatalf("accepted %+v after byte %d", x, end)
			}
			seen[x.Name] = true
			sum, end = sum+n, x.End
		}
		if sum != uint64(data) {
			t.Fatalf("tensors of %d bytes cover %d", sum, data)
		}
	})
}
