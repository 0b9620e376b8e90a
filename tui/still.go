package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// stillPatience bounds how long a picture may take to settle after a key.
const stillPatience = time.Minute

// parityPatience is how long a settled picture waits for the distance to the
// float64 oracle, which is measured when nothing else is to be done.
const parityPatience = 2 * time.Second

// Still is the explorer's screen as it looks at w×h cells after the keys were
// pressed, without a terminal: the same program, read instead of shown. Every
// key waits until the picture has settled: nothing plays, and what was asked
// for is computed. Keys are named as in the help: "left", "ctrl+p", "f". It
// closes the engine.
func Still(ctx context.Context, e Engine, o Options, w, h int, keys []string) (Picture, error) {
	film, err := Film(ctx, e, o, w, h, keys, nil)
	if err != nil {
		return Picture{}, err
	}
	return film[0], nil
}

// Film is Still, with another picture after each of the keys in next.
func Film(ctx context.Context, e Engine, o Options, w, h int, keys, next []string) ([]Picture, error) {
	presses, err := Presses(keys)
	if err != nil {
		e.Close()
		return nil, err
	}
	frames, err := Presses(next)
	if err != nil {
		e.Close()
		return nil, err
	}
	if o.Dark == nil {
		dark := true
		o.Dark = &dark
	}
	s := &headless{keys: presses, next: frames}
	o.wrap = func(m tea.Model) tea.Model {
		s.Model = m.(*Model)
		return s
	}
	o.Output = io.Discard
	o.Tea = append(o.Tea, tea.WithInput(nil), tea.WithWindowSize(w, h),
		tea.WithEnvironment([]string{"TERM=xterm-256color"}))
	if err := Run(ctx, e, o); err != nil {
		return nil, err
	}
	if s.err == nil && len(s.taken) != 1+len(next) {
		s.err = fmt.Errorf("tui: %d of %d pictures were taken before the end", len(s.taken), 1+len(next))
	}
	return s.taken, s.err
}

// headless presses keys and takes pictures.
type headless struct {
	*Model
	keys  []tea.KeyPressMsg
	since time.Time         // of the newest key, or of the newest token that was done
	left  int               // tokens to do then
	calm  time.Time         // when the picture settled; zero: it has not
	next  []tea.KeyPressMsg // of the pictures to come
	taken []Picture
	err   error
}

type stillMsg struct{}

func (s *headless) look() tea.Cmd {
	return tea.Tick(20*time.Millisecond, func(time.Time) tea.Msg { return stillMsg{} })
}

func (s *headless) Init() tea.Cmd {
	s.since = time.Now()
	return tea.Batch(s.Model.Init(), s.look())
}

func (s *headless) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(stillMsg); !ok {
		_, cmd := s.Model.Update(msg)
		return s, cmd
	}
	now := time.Now()
	if !s.restful() {
		s.calm = time.Time{}
		if left := s.frame.Pending + s.frame.TweakPending; left != s.left {
			s.since, s.left = now, left
		}
		if now.Sub(s.since) > stillPatience {
			s.err = fmt.Errorf("tui: the picture has not settled after %v", stillPatience)
			return s, tea.Quit
		}
		return s, s.look()
	}
	if s.calm.IsZero() {
		s.calm = now
	}
	switch {
	case len(s.keys) > 0:
		key := s.keys[0]
		s.keys, s.since, s.calm = s.keys[1:], now, time.Time{}
		_, cmd := s.Model.Update(key)
		if s.quitting {
			s.err = errors.New("tui: the keys quit the program before its picture was taken")
		}
		return s, tea.Batch(cmd, s.look())
	case s.frame.Info.Oracle && !s.frame.Parity.Known && s.frame.Tokens.Len() > 0 && now.Sub(s.calm) < parityPatience:
		return s, s.look()
	}
	s.taken = append(s.taken, s.picture())
	if len(s.next) == 0 {
		return s, tea.Quit
	}
	s.keys, s.next = s.next[:1], s.next[1:]
	return s, s.look()
}

// restful says that everything asked for is on the screen.
func (s *headless) restful() bool {
	m := s.Model
	return m.w > 0 && m.play.what == stopped && m.settled() && m.sent == m.frame.Tokens.Len() && m.tutor.settled() && m.frame.Asked == m.asked
}

// named are the keys that print nothing, by the names of the command table.
var named = map[string]rune{
	"left": tea.KeyLeft, "right": tea.KeyRight, "up": tea.KeyUp, "down": tea.KeyDown,
	"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	"esc": tea.KeyEscape, "enter": tea.KeyEnter, "backspace": tea.KeyBackspace, "tab": tea.KeyTab, "f5": tea.KeyF5,
}

// Presses are the key presses of the names, or an error for what is no key.
func Presses(names []string) ([]tea.KeyPressMsg, error) {
	var out []tea.KeyPressMsg
	for _, name := range names {
		k, ok := press(name)
		if !ok {
			return nil, fmt.Errorf("tui: %q is no key: give one character, or a name such as left, enter, esc, space, tab, ctrl+p", name)
		}
		out = append(out, k)
	}
	return out, nil
}

func press(name string) (tea.KeyPressMsg, bool) {
	if code, ok := named[name]; ok {
		return tea.KeyPressMsg{Code: code}, true
	}
	if name == "space" {
		return tea.KeyPressMsg{Code: ' ', Text: " "}, true
	}
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok && len(rest) == 1 {
		return tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModCtrl}, true
	}
	if rest, ok := strings.CutPrefix(name, "shift+"); ok {
		code, ok := named[rest]
		return tea.KeyPressMsg{Code: code, Mod: tea.ModShift}, ok
	}
	if utf8.RuneCountInString(name) != 1 || !utf8.ValidString(name) {
		return tea.KeyPressMsg{}, false
	}
	code, _ := utf8.DecodeRuneInString(name)
	return tea.KeyPressMsg{Code: code, Text: name}, true
}
