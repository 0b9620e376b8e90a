package tui

import (
	"context"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/lesson"
	"mamba-tui/model/session"
	"mamba-tui/tui/panel"
)

// tutor is the lesson that is being followed, if one is. Like the tour it only
// watches: every key does what it always does.
type tutor struct {
	way      *lesson.Progress // nil: no lesson
	text     *lesson.Text
	words    lesson.Words
	see      []lesson.Value // what the frame said when the step was done
	verdicts []lesson.Verdict
	no       int // numbers the lessons, so that a late verdict is known as such
	cancel   context.CancelFunc
	wait     bool // the history of before is still on the screen
	begun    bool // the question was read, and the first step is on the screen
}

// verdictMsg is a claim that was measured, or the end of the lab.
type verdictMsg struct {
	no      int
	verdict lesson.Verdict
	next    tea.Cmd // measures the next one; nil after the last
}

// openLesson begins the lesson called name. One that this screen cannot show is
// for the program to open.
func (m *Model) openLesson(name string) tea.Cmd {
	l, err := lesson.ByName(name)
	if err != nil {
		return m.say(bad, err.Error())
	}
	// A replay reads the tokens it knows and no others.
	if m.frame.Info.Card.Name != l.Model || m.frame.Info.Missing.Tokens {
		if m.opt.Reopen == nil {
			return m.say(note, fmt.Sprintf("this lesson is about %s: mamba-tui learn %s opens it", l.Model, l.Name))
		}
		m.opt.Reopen(l.Name)
		return m.quit()
	}
	return m.beginLesson(l)
}

// beginLesson begins a lesson about this model.
func (m *Model) beginLesson(l *lesson.Lesson) tea.Cmd {
	begin, err := m.teach(l)
	if err != nil {
		return m.say(bad, err.Error())
	}
	// The lesson's own history, and the picture as it is at the beginning.
	m.stop("")
	m.intro.on = false
	m.view, m.zoom, m.over = Watch, "", overlay{}
	m.ctx.Opt.Changed = false
	m.play.queue = nil
	m.hand.open = false
	if m.insert {
		m.leaveInsert()
	}
	if m.frame.Tokens.Len() > 0 || m.sent > 0 {
		m.do(session.Clear{})
		m.sent = 0
	}
	if len(m.frame.Tweaks) > 0 {
		m.do(session.DefaultTweaks{})
	}
	m.tutor.wait = true
	m.typeAt(session.End, l.Prompt, session.FromPrompt)
	if len(l.Tweaks) > 0 {
		m.do(session.SetTweaks{List: l.Tweaks})
	}
	m.turn()
	return tea.Batch(begin, m.ask())
}

// teach follows l from now on, and measures its claims beside the screen.
func (m *Model) teach(l *lesson.Lesson) (tea.Cmd, error) {
	text, err := l.Text(m.language())
	if err != nil {
		return nil, err
	}
	words, err := lesson.WordsIn(m.language())
	if err != nil {
		return nil, err
	}
	m.endLesson()
	ctx, cancel := context.WithCancel(context.Background())
	done := m.done
	go func() { // the screen's end is the lab's
		select {
		case <-done:
			cancel()
		case <-ctx.Done():
		}
	}()
	m.tutor = tutor{way: l.Begin(), text: text, words: words, no: m.tutor.no + 1, cancel: cancel}
	return measure(ctx, m.tutor.no, l, &lesson.Lab{}, 0), nil
}

// measure is the command that measures claim i of a lesson. The commands of a
// lesson come one after the other, so they may share the lab; the last closes
// it.
func measure(ctx context.Context, no int, l *lesson.Lesson, lab *lesson.Lab, i int) tea.Cmd {
	return func() tea.Msg {
		v, err := l.Measure(ctx, lab, i)
		if err != nil {
			lab.Close()
			return nil
		}
		msg := verdictMsg{no: no, verdict: v}
		if i+1 < len(l.Claims) {
			msg.next = measure(ctx, no, l, lab, i+1)
		} else {
			lab.Close()
		}
		return msg
	}
}

// onVerdict keeps what was found. The lab goes on also for a lesson that was
// left: its context has ended, and the next command closes it.
func (m *Model) onVerdict(msg verdictMsg) tea.Cmd {
	if msg.no == m.tutor.no && m.tutor.way != nil {
		m.tutor.verdicts = append(m.tutor.verdicts, msg.verdict)
		m.touch()
	}
	return msg.next
}

// endLesson leaves the lesson; the picture stays.
func (m *Model) endLesson() {
	if m.tutor.cancel != nil {
		m.tutor.cancel()
	}
	m.tutor = tutor{no: m.tutor.no}
	m.turn()
}

// onFrame marks the step, once it is on the screen, as done when the frame shows it, and keeps the numbers
// in its text up to date.
func (t *tutor) onFrame(m *Model) {
	if t.way == nil || t.way.Over() {
		return
	}
	f := m.frame
	if t.wait { // until the lesson's history is there
		if f.Pending > 0 || f.Tokens.Len() != m.sent || f.Clean == nil || f.Clean.To == f.Clean.From ||
			(f.Changed != nil) != (len(t.way.Lesson.Tweaks) > 0) {
			return
		}
		t.wait = false
	}
	if !t.begun {
		return
	}
	s := t.way.Step()
	t.way.See(f)
	if t.way.Done(t.way.At()) && s.Done(f) {
		t.see = s.Values(f)
	}
}

// nextStep goes on, or says that there is nothing to go on to.
func (m *Model) nextStep() tea.Cmd {
	switch {
	case m.tutor.way.Over():
		return m.openLessonPage()
	case !m.tutor.begun:
		m.tutor.begun = true
	default:
		m.tutor.way.Next()
	}
	m.tutor.see = nil
	m.tutor.onFrame(m)
	m.touch()
	return nil
}

// backStep returns to the step before.
func (m *Model) backStep() tea.Cmd {
	if m.tutor.way.At() == 0 {
		m.tutor.begun = false
	}
	m.tutor.way.Back()
	m.tutor.see = nil
	m.touch()
	return nil
}

// inLesson is the reason of what needs a lesson.
func inLesson(m *Model) string {
	if m.tutor.way == nil {
		return "no lesson is open: L lists them"
	}
	return ""
}

// lessonCommands are the keys of lessons.
func lessonCommands() []command {
	return []command{
		{id: "lessons", title: "lessons: the list, or the page of the one that is open", short: "lessons", group: groupHelp, keys: []string{"L"}, run: (*Model).openLessons},
		{id: "lesson-next", title: "lesson: the next step", group: groupHelp, keys: []string{"N"}, when: inLesson, run: (*Model).nextStep},
		{id: "lesson-back", title: "lesson: the step before", group: groupHelp, keys: []string{"P"}, when: inLesson, run: (*Model).backStep},
		{id: "page-lessons", title: "the list of lessons", group: groupLists, scope: inPage, keys: []string{"L"}, run: (*Model).openLessons},
		{id: "lesson-leave", title: "lesson: leave it; the picture stays", group: groupHelp, when: inLesson, run: func(m *Model) tea.Cmd {
			m.endLesson()
			return m.ask()
		}},
	}
}

// openLessons shows the page of the open lesson, or the list.
func (m *Model) openLessons() tea.Cmd {
	if m.tutor.way != nil && m.over.kind != overLesson {
		return m.openLessonPage()
	}
	m.over = overlay{kind: overLessons}
	m.touch()
	return nil
}

func (m *Model) openLessonPage() tea.Cmd {
	m.over = overlay{kind: overLesson}
	m.touch()
	return nil
}

// lessonItems are the lines of the list of lessons.
func (m *Model) lessonItems() []item {
	var all []item
	for i, l := range lesson.All() {
		text, err := l.Text(m.language())
		if err != nil { // a test holds that every lesson has every text
			continue
		}
		all = append(all, item{text: text.Title, detail: l.Model, index: i})
	}
	return all
}

func (m *Model) language() lesson.Language {
	if m.opt.Language == "" {
		return lesson.English
	}
	return m.opt.Language
}

// lessonView is what the strip shows.
func (m *Model) lessonView() panel.Lesson {
	t := &m.tutor
	l := t.way.Lesson
	v := panel.Lesson{
		Title: t.text.Title, Step: t.way.At() + 1, Steps: len(l.Steps), Claims: len(l.Claims),
		PressWord: t.words["press"], SeeWord: t.words["see"], Next: t.words["next"], Finished: t.words["finished"],
		Key: keyName(m.table.byID["lesson-next"].keys[0]), Page: keyName(m.table.byID["lessons"].keys[0]),
	}
	if !t.begun {
		v.Question, v.QuestionWord = t.text.Begin(), t.words["question"]
	} else if s := t.way.Step(); s != nil {
		v.Press, v.Done = t.text.Press(*s), t.way.Done(t.way.At())
		v.See = t.text.See(*s, t.see)
	}
	for _, c := range t.verdicts {
		if c.Holds {
			v.Held++
		} else {
			v.Failed++
		}
	}
	return v
}

// verdict is what was found on a claim, if it was measured already.
func (t *tutor) verdict(claim string) (lesson.Verdict, bool) {
	i := slices.IndexFunc(t.verdicts, func(v lesson.Verdict) bool { return v.Claim == claim })
	if i < 0 {
		return lesson.Verdict{}, false
	}
	return t.verdicts[i], true
}

// settled says that every claim was measured.
func (t *tutor) settled() bool {
	return t.way == nil || !t.wait && len(t.verdicts) == len(t.way.Lesson.Claims)
}
