package main

import (
	"context"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"mamba-tui/model/lesson"
)

// lessonFlags are the flags of learn.
type lessonFlags struct {
	lang        string
	check, json bool
	plain       bool
}

const learnLong = `Lessons in front of the running model: one question each, what to press and what
to see, and claims whose numbers are measured. Without a name it lists them; with one it
opens the explorer on it. Without a terminal, or with --plain, it prints the
lesson and measures its claims.

--check measures every claim of the lesson, or of all lessons, without a screen;
each is the same check that the program's tests run. The exit code is 1 when a
claim does not hold.

--lang says in which language: en or ja. Without it the locale says (LC_ALL,
LC_MESSAGES, LANG), and English is what there is for any other.`

func (a *app) learnCommand() *cobra.Command {
	var o lessonFlags
	cmd := &cobra.Command{
		Use:   "learn [NAME]",
		Short: "Follow a lesson: a question, what to press, what was measured",
		Long:  learnLong,
		Example: `mamba-tui learn
mamba-tui learn boundary
mamba-tui learn gating --lang ja
mamba-tui learn --check --json`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: lesson.Names(),
		RunE: a.commandArg(func(cmd *cobra.Command, name string) error {
			return a.learn(cmd.Context(), name, o)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.lang, "lang", "", "language of the texts: en or ja (default: what the locale says)")
	f.BoolVar(&o.check, "check", false, "measure every claim and print what was found")
	f.BoolVar(&o.plain, "plain", false, "print the lesson and measure its claims instead of opening the screen")
	f.BoolVar(&o.json, "json", false, "one JSON object a line")
	cmd.RegisterFlagCompletionFunc("lang", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{string(lesson.English), string(lesson.Japanese)}, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// language is the one asked for, or the locale's.
func (a *app) language(code string) (lesson.Language, error) {
	if code != "" {
		lang, err := lesson.ParseLanguage(code)
		return lang, usage(err)
	}
	return a.locale(), nil
}

// locale is the language that the environment asks for: the first variable that
// is set decides (POSIX).
func (a *app) locale() lesson.Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := a.getenv(name); v != "" {
			return lesson.LanguageOf(v)
		}
	}
	return lesson.English
}

func (a *app) learn(ctx context.Context, name string, o lessonFlags) error {
	lang, err := a.language(o.lang)
	if err != nil {
		return err
	}
	lessons := lesson.All()
	if name != "" {
		l, err := lesson.ByName(name)
		if err != nil {
			return usage(err)
		}
		lessons = []*lesson.Lesson{l}
	}
	words, err := lesson.WordsIn(lang)
	if err != nil {
		return err
	}
	p := &lessonPrinter{a: a, lang: lang, words: words, json: o.json}
	switch {
	case o.check:
		return p.check(ctx, lessons)
	case name == "" || o.json:
		return p.list(lessons)
	case !o.plain && a.screenless() == "":
		return a.teach(ctx, name, lang)
	}
	return p.whole(ctx, lessons[0])
}

// teach opens the explorer on a lesson, and on the next one if the person
// chooses one about another model there.
func (a *app) teach(ctx context.Context, name string, lang lesson.Language) error {
	for name != "" {
		l, err := lesson.ByName(name)
		if err != nil {
			return usage(err)
		}
		next := ""
		err = a.openExplorer(ctx, lessonInput(l), explorer{lesson: l.Name, language: lang, ownPrompt: true,
			reopen: func(lesson string) { next = lesson }})
		if err != nil {
			return err
		}
		name = next
	}
	return nil
}

// lessonInput are the flags that name a lesson's model and prompt.
func lessonInput(l *lesson.Lesson) inputFlags {
	var o inputFlags
	o.addTo(&cobra.Command{})
	o.flags.Flags().Set("model", l.Model)
	o.flags.Flags().Set("prompt", l.Prompt)
	return o
}

// lessonPrinter writes lessons in one language, as text or as JSON.
type lessonPrinter struct {
	a     *app
	lang  lesson.Language
	words lesson.Words
	json  bool

	claims, failed int
}

// jsonLesson is a lesson as --json prints it.
type jsonLesson struct {
	Type     string   `json:"type"`
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Question string   `json:"question"`
	Setup    string   `json:"setup"`
	Model    string   `json:"model"`
	Prompt   string   `json:"prompt"`
	Steps    int      `json:"steps"`
	Claims   []string `json:"claims"`
}

// jsonClaim is a verdict as --json prints it. Values that are not numbers are
// strings.
type jsonClaim struct {
	Type   string         `json:"type"`
	Lesson string         `json:"lesson"`
	Claim  string         `json:"claim"`
	Holds  bool           `json:"holds"`
	Text   string         `json:"text"`
	Values map[string]any `json:"values"`
	Error  string         `json:"error,omitempty"`
}

// head is the first line of JSON.
func (p *lessonPrinter) head(kind string, n int) error {
	return p.a.printJSON(struct {
		Schema  int    `json:"schema"`
		Type    string `json:"type"`
		Lang    string `json:"lang"`
		Lessons int    `json:"lessons"`
	}{schema, kind, string(p.lang), n})
}

// list names lessons and what they ask.
func (p *lessonPrinter) list(lessons []*lesson.Lesson) error {
	if p.json {
		if err := p.head("lessons", len(lessons)); err != nil {
			return err
		}
	}
	for _, l := range lessons {
		text, err := l.Text(p.lang)
		if err != nil {
			return err
		}
		if p.json {
			j := jsonLesson{"lesson", l.Name, text.Title, text.Question, text.Setup, l.Model, l.Prompt, len(l.Steps), nil}
			for _, c := range l.Claims {
				j.Claims = append(j.Claims, c.Name)
			}
			err = p.a.printJSON(j)
		} else {
			_, err = fmt.Fprintf(p.a.out, "%-9s %s\n          %s\n", l.Name, text.Title, text.Question)
		}
		if err != nil {
			return err
		}
	}
	if p.json {
		return nil
	}
	_, err := fmt.Fprintf(p.a.out, "\nmamba-tui learn NAME      %s\nmamba-tui learn --check   %s\n", p.words["open"], p.words["check"])
	return err
}

// whole is a lesson to be read, with its claims measured.
func (p *lessonPrinter) whole(ctx context.Context, l *lesson.Lesson) error {
	text, err := l.Text(p.lang)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.a.out, "%s\n\n%s\n\n%s: mamba-tui --model %s --prompt '%s'\n\n", text.Title, text.Begin(),
		p.words["model"], l.Model, l.Prompt); err != nil {
		return err
	}
	for i, s := range l.Steps {
		if _, err := fmt.Fprintf(p.a.out, "%d. %s\n", i+1, text.Press(s)); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(p.a.out, "\n%s:\n", p.words["claims"]); err != nil {
		return err
	}
	lab := &lesson.Lab{}
	defer lab.Close()
	return p.measure(ctx, l, lab)
}

// check measures every claim.
func (p *lessonPrinter) check(ctx context.Context, lessons []*lesson.Lesson) error {
	if p.json {
		if err := p.head("check", len(lessons)); err != nil {
			return err
		}
	}
	lab := &lesson.Lab{}
	defer lab.Close()
	for _, l := range lessons {
		text, err := l.Text(p.lang)
		if err != nil {
			return err
		}
		if !p.json {
			if _, err := fmt.Fprintf(p.a.out, "%s: %s\n", l.Name, text.Title); err != nil {
				return err
			}
		}
		if err := p.measure(ctx, l, lab); err != nil {
			return err
		}
	}
	if p.json {
		err := p.a.printJSON(struct {
			Type   string `json:"type"`
			Claims int    `json:"claims"`
			Failed int    `json:"failed"`
		}{"summary", p.claims, p.failed})
		if err != nil {
			return err
		}
	}
	if p.failed > 0 {
		return fmt.Errorf("%d of %s failed", p.failed, plural(p.claims, "claim"))
	}
	return nil
}

// measure prints the verdicts of a lesson as they come.
func (p *lessonPrinter) measure(ctx context.Context, l *lesson.Lesson, lab *lesson.Lab) error {
	text, err := l.Text(p.lang)
	if err != nil {
		return err
	}
	var failed error // to print
	err = l.Check(ctx, lab, func(v lesson.Verdict) {
		p.claims++
		if !v.Holds {
			p.failed++
		}
		if failed == nil {
			failed = p.verdict(text, v)
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// verdict prints one claim: ✔ or ✘, and the words, because a mark alone is not
// read aloud.
func (p *lessonPrinter) verdict(text *lesson.Text, v lesson.Verdict) error {
	said := text.Claim(v.Claim, v.Values)
	if p.json {
		j := jsonClaim{"claim", v.Lesson, v.Claim, v.Holds, said, map[string]any{}, ""}
		for _, x := range v.Values {
			j.Values[x.Name] = x.Text
			if !math.IsNaN(x.Number) && !math.IsInf(x.Number, 0) {
				j.Values[x.Name] = x.Number
			}
		}
		if v.Err != nil {
			j.Error = v.Err.Error()
		}
		return p.a.printJSON(j)
	}
	mark := "✔ " + p.words["holds"]
	if !v.Holds {
		mark = "✘ " + p.words["fails"]
	}
	if v.Err != nil {
		said += " (" + oneLine(v.Err) + ")"
	}
	_, err := fmt.Fprintf(p.a.out, "  %s: %s\n", mark, said)
	return err
}
