package session

import (
	"context"
	"math"
	"reflect"
	"slices"
	"testing"

	"mamba-tui/scan"
)

// A frame that someone keeps does not change, whatever happens to the session.
func TestFramesNeverChange(t *testing.T) {
	s := newSession(t, newModel(t, lettered, scan.Float32), Options{Card: letters, KeyframeEvery: 4})
	ctx := context.Background()
	type kept struct{ frame, copy *Frame }
	var frames []kept
	keep := func(l Look) {
		f := mustFrame(t, s, l)
		frames = append(frames, kept{f, deepCopy(reflect.ValueOf(f)).Interface().(*Frame)})
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range []Look{{T: -1}, {To: 20, Follow: true}, {T: 7, Layer: 1, From: 2, To: 30}} {
			keep(l)
		}
	}
	must(s.TypeAt(ctx, End, "abaabbabab", FromPrompt))
	must(s.TypeAt(ctx, End, "bbb!", FromKeys))
	must(s.FreezeDelta(true))
	must(s.Truncate(9))
	must(s.TypeAt(ctx, End, "aaaaaaaaaaaaaaaa", FromKeys))
	must(s.TypeAt(ctx, 4, "bbbbbbbb", FromKeys))
	must(s.Truncate(3))
	must(s.TypeAt(ctx, End, "ba", FromKeys))
	must(s.FreezeDelta(false))
	must(s.Clear())
	must(s.TypeAt(ctx, End, "bababa", FromKeys))
	var seq uint64
	for i, k := range frames {
		if !same(reflect.ValueOf(k.frame), reflect.ValueOf(k.copy)) {
			t.Errorf("frame %d has changed", i)
		}
		if k.frame.Seq <= seq {
			t.Errorf("frame %d has number %d after %d", i, k.frame.Seq, seq)
		}
		seq = k.frame.Seq
	}
}

// deepCopy copies a value with everything it points to.
func deepCopy(v reflect.Value) reflect.Value {
	if h, ok := v.Interface().(History); ok {
		return reflect.ValueOf(NewHistory(h.all()...))
	}
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(deepCopy(v.Elem()))
			out.Set(p)
		}
	case reflect.Slice:
		if !v.IsNil() {
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				out.Index(i).Set(deepCopy(v.Index(i)))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			out.Field(i).Set(deepCopy(v.Field(i)))
		}
	default:
		out.Set(v)
	}
	return out
}

// same is reflect.DeepEqual in which floats are equal when their bits are.
func same(a, b reflect.Value) bool {
	if h, ok := a.Interface().(History); ok {
		return slices.Equal(h.all(), b.Interface().(History).all())
	}
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return same(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.IsNil() != b.IsNil() || a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Float32, reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// The comparison itself sees a single changed bit.
func TestSameSees(t *testing.T) {
	s := newSession(t, newModel(t, small, scan.Float32), Options{})
	mustAppend(t, s, ids(10, 11))
	f := mustFrame(t, s, Look{T: 3, To: 10})
	c := deepCopy(reflect.ValueOf(f)).Interface().(*Frame)
	c.Clean.Lanes[1].Kept[4] = math.Nextafter32(c.Clean.Lanes[1].Kept[4], 9)
	if same(reflect.ValueOf(f), reflect.ValueOf(c)) {
		t.Error("two different frames are called the same")
	}
}
