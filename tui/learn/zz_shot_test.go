package learn

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/charmbracelet/colorprofile"
	"mamba-tui/model/train"
	"mamba-tui/tui/learn/history"
	"mamba-tui/tui/snapshot"
)

func TestZZShot(t *testing.T) {
	name := os.Getenv("ZZTASK")
	if name == "" {
		t.Skip()
	}
	runOne := func(conv train.Conv) *history.History {
		r := train.Defaults(name)
		if conv != "" {
			r.Conv = conv
		}
		file := "/tmp/learn-log-" + name + "-" + string(conv) + ".jsonl"
		if b, err := os.ReadFile(file); err == nil {
			h, err := history.Read(bytes.NewReader(b))
			if err == nil {
				return h
			}
		}
		var log bytes.Buffer
		rec, err := history.NewRecorder(r, train.Options{}, history.Options{Log: &log})
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		o, d := rec.Attach(ctx)
		t0 := time.Now()
		res, err := train.Run(ctx, r, o)
		d()
		if err != nil {
			t.Fatal(err)
		}
		rec.End(res, err)
		fmt.Println(name, conv, time.Since(t0), res.Final.Accuracy, "log", log.Len(), "probes", len(rec.History().Probes))
		os.WriteFile(file, log.Bytes(), 0o644)
		h, err := history.Read(&log)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := runOne("")
	var others []*history.Named
	if os.Getenv("ZZOTHER") != "" {
		others = append(others, &history.Named{Name: "standard conv", History: runOne(train.ConvStandard)})
	}
	for _, s := range []struct {
		w, h int
		p    colorprofile.Profile
		dark bool
		name string
		keys []string
	}{
		{100, 30, colorprofile.TrueColor, true, "a", nil},
		{160, 50, colorprofile.TrueColor, true, "b", nil},
		{160, 50, colorprofile.TrueColor, true, "early", []string{"home", "right", "right", "right"}},
		{100, 30, colorprofile.TrueColor, true, "mid", []string{"pgup", "pgup", "pgup", "pgup", "pgup", "pgup"}},
		{80, 24, colorprofile.TrueColor, true, "c", nil},
		{60, 18, colorprofile.TrueColor, true, "d", nil},
		{100, 30, colorprofile.TrueColor, false, "light", nil},
		{100, 30, colorprofile.Ascii, true, "mono", nil},
		{100, 30, colorprofile.ANSI, true, "16", nil},
		{100, 30, colorprofile.ANSI256, true, "256", nil},
		{100, 30, colorprofile.TrueColor, true, "zoom", []string{"z"}},
		{100, 30, colorprofile.TrueColor, true, "help", []string{"?"}},
		{160, 50, colorprofile.TrueColor, true, "zoomloss", []string{"tab", "tab", "tab", "tab", "tab", "l", "z"}},
	} {
		d := s.dark
		m := newModel(source{Named: history.Named{Name: "demo", History: h}}, Options{Profile: s.p, Dark: &d, Others: others})
		m.Update(tea.WindowSizeMsg{Width: s.w, Height: s.h})
		m.draw()
		for _, k := range s.keys {
			m.Update(zzKey(k))
			m.draw()
		}
		m.hush()
		t0 := time.Now()
		m.draw()
		fmt.Println(s.name, time.Since(t0))
		pic := snapshot.Parse(m.draw(), s.w, s.h)
		f, _ := os.Create("/tmp/learn-" + name + "-" + s.name + ".png")
		o := snapshot.Options{Scale: 1}
		if !s.dark {
			o = lightOptions()
		}
		snapshot.PNG(f, pic, o)
		f.Close()
	}
}
