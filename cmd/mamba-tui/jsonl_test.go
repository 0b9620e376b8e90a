package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestAppendString(t *testing.T) {
	for s, want := range map[string]string{
		"":                   `""`,
		`a"b\c`:              `"a\"b\\c"`,
		"¶ 日\n":              `"¶ 日\u000a"`,
		"\x00\x1b\x7f\u009b": `"\u0000\u001b\u007f\u009b"`,
		"\u2028\u202e\ufeff": `"\u2028\u202e\ufeff"`,
		"\U000e0001😀":        `"\udb40\udc01😀"`,
		"\xff":               `"` + "\ufffd" + `"`,
	} {
		got := string(appendString(nil, s))
		if got != want {
			t.Errorf("%q is written %s, want %s", s, got, want)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") {
			t.Errorf("%q reads back as %q (%v)", s, back, err)
		}
	}
}

func TestAppendFloat(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", -0.5: "-0.5", 1e-5: "1e-05", 1e20: "1e+20", math.Inf(1): "null", math.Inf(-1): "null", 123456: "123456",
	} {
		if got := string(appendFloat(nil, v, 32)); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
	if got := string(appendFloat(nil, math.NaN(), 64)); got != "null" {
		t.Errorf("NaN is written %s", got)
	}
	if got := string(appendFloat(nil, float64(float32(0.1)), 32)); got != "0.1" {
		t.Errorf("float32 0.1 is written %s", got)
	}
}

func FuzzJSONStrings(f *testing.F) {
	f.Add("a\x1b\u009b\xff\U000e0001")
	f.Fuzz(func(t *testing.T, s string) {
		line := appendString(nil, s)
		assertSafe(t, string(line))
		var back string
		if err := json.Unmarshal(line, &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") && len(back) == 0 != (len(s) == 0) {
			t.Fatalf("%q became %s (%v)", s, line, err)
		}
		marshalled, err := json.Marshal(map[string]string{"k": s})
		if err != nil {
			t.Fatal(err)
		}
		escaped := escapeJSON(marshalled)
		assertSafe(t, string(escaped))
		var a, b any
		if json.Unmarshal(marshalled, &a) != nil || json.Unmarshal(escaped, &b) != nil || fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("%s became %s", marshalled, escaped)
		}
	})
}
