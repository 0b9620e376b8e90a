package trace

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"mamba-tui/model"
)

func TestStateFile(t *testing.T) {
	r := newRig(t)
	s := r.state()
	if err := r.m.Forward(s, []int32{0, 1, 2, 3, 1}, model.Options{}); err != nil {
		t.Fatal(err)
	}
	var snap model.Snapshot
	if err := s.Save(&snap); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	want := StateInfo{Model: "random", SHA256: r.file.SHA256, Steps: 5}
	if err := WriteState(&b, rigConfig, &snap, want); err != nil {
		t.Fatal(err)
	}
	got, info, err := ReadState(bytes.NewReader(b.Bytes()), int64(b.Len()), rigConfig)
	if err != nil || info != want || !reflect.DeepEqual(*got, snap) {
		t.Errorf("%+v %v", info, err)
	}
	for _, c := range []struct {
		change func(*model.Config)
		want   string
	}{
		{func(c *model.Config) { c.NLayer = 3 }, "layers.2.h is missing"},
		{func(c *model.Config) { c.NLayer = 1 }, "4 arrays"},
		{func(c *model.Config) { c.DState = 4 }, "has shape [12 5]"},
		{func(c *model.Config) { c.DConv = 3 }, "layers.0.conv has shape [3 12]"},
	} {
		cfg := rigConfig
		c.change(&cfg)
		if _, _, err := ReadState(bytes.NewReader(b.Bytes()), int64(b.Len()), cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	for _, c := range []struct{ from, to string }{{stateFormat, "mamba-other"}, {`"version":"1"`, `"version":"9"`}, {`"steps":"5"`, `"steps":"x"`}} {
		bad := bytes.Replace(b.Bytes(), []byte(c.from), []byte(c.to), 1)
		_, _, err := ReadState(bytes.NewReader(bad), int64(len(bad)), rigConfig)
		if err == nil || c.to == `"version":"9"` && !errors.Is(err, ErrVersion) {
			t.Errorf("%s is taken: %v", c.to, err)
		}
	}
	for n := 0; n < b.Len(); n += 7 {
		if _, _, err := ReadState(bytes.NewReader(b.Bytes()[:n]), int64(n), rigConfig); err == nil {
			t.Fatalf("a state cut at byte %d is taken", n)
		}
	}
}
