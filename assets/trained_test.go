package assets_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"mamba-tui/assets"
	"mamba-tui/assets/measured"
	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/measure"
	"mamba-tui/model/task"
	"mamba-tui/model/tokenizer"
	"mamba-tui/model/train"
	"mamba-tui/scan"
)

// load reads a built-in model.
func load(t *testing.T, name string) *checkpoint.File {
	t.Helper()
	dir, ok := assets.Dir(name)
	if !ok {
		t.Fatalf("%s is not embedded", name)
	}
	f, err := checkpoint.Load(assets.FS, dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// trained are the built-in models that were trained on a task without a text.
func trained(t *testing.T) map[string]*checkpoint.File {
	t.Helper()
	models := map[string]*checkpoint.File{}
	for _, name := range assets.Models() {
		if f := load(t, name); f.Card.Kind == model.Trained && f.Card.TaskName != "chars" {
			models[name] = f
		}
	}
	return models
}

// fresh is the seed of sequences that neither chose nor describes a model.
const fresh = 77

// Each trained model does what it is there for, on fresh sequences.
func TestTrainedModels(t *testing.T) {
	for name, f := range trained(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tk, err := task.ByName(f.Card.TaskName)
			if err != nil {
				t.Fatal(err)
			}
			figures, err := measured.Decode(f.Metadata)
			if err != nil {
				t.Fatal(err)
			}
			demand := measured.DemandOf(tk)
			length := min(figures.Length, 264) // longer ones are tested below
			got, err := (measure.Subject{Config: f.Config, Weights: f.Weights}).Accuracy(context.Background(), tk,
				measure.Options{Length: length, Sequences: 200, Seed: fresh})
			if err != nil {
				t.Fatal(err)
			}
			if got.Accuracy() < demand.Accuracy {
				t.Errorf("%.2f %% of %d questions right at %d tokens, want %g %%", 100*got.Accuracy(), got.Asked, length, 100*demand.Accuracy)
			}
			b := scan.NewCPU(scan.Options{})
			defer b.Close()
			e, err := train.Evaluate(b, f.Config, f.Weights, tk, length, task.Stream(fresh, 1))
			if err != nil {
				t.Fatal(err)
			}
			if share := e.Layers[figures.Layer].Share(measured.Opens); share < demand.Openers {
				t.Errorf("%.0f %% of the channels of layer %d select, want %g %%", 100*share, figures.Layer, 100*demand.Openers)
			}
			if demand.Frozen < 1 && e.Frozen >= demand.Frozen {
				t.Errorf("%.1f %% right with Δ frozen at its mean, want less than %g %%", 100*e.Frozen, 100*demand.Frozen)
			}
			if demand.Change > 0 {
				for _, r := range e.Resets {
					if r.Offset >= 1 && r.Change[figures.Layer] > demand.Change {
						t.Errorf("%d tokens after ¶ h differs by %.3f, want at most %g", r.Offset, r.Change[figures.Layer], demand.Change)
					}
				}
				if before := e.Resets[0]; before.Offset != -1 || before.Change[figures.Layer] < 1 {
					t.Errorf("before ¶ h differs by %v: nothing was swapped", before)
				}
			}
			// Sorted: what selects comes first.
			auc := e.Layers[figures.Layer].AUC
			if n := len(auc); mean(auc[:n/4]) < mean(auc[n/4:n/2])-0.01 || mean(auc[:n/4]) < mean(auc[3*n/4:])+0.3 {
				t.Errorf("the channels are not sorted: AUC %.2f", auc)
			}
		})
	}
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum / float64(len(list))
}

// What the cards and the metadata say is what was measured, and what is said of
// the trained length holds on fresh sequences.
func TestFigures(t *testing.T) {
	for _, name := range assets.Models() {
		f := load(t, name)
		if f.Card.Kind != model.Trained {
			continue
		}
		figures, err := measured.Decode(f.Metadata)
		if err != nil {
			t.Fatal(err)
		}
		if len(figures.Lengths) == 0 || figures.Openers > figures.Channels || figures.Channels != f.Config.DInner || figures.Low > figures.Accuracy() {
			t.Errorf("%s: figures %+v", name, figures)
		}
		var recipe train.Recipe
		if err := json.Unmarshal([]byte(f.Metadata["recipe"]), &recipe); err != nil {
			t.Fatal(err)
		}
		if recipe.Task != f.Card.TaskName || f.Metadata["training"] != recipe.Command() || f.Config != recipe.Config(f.Config.VocabSize) ||
			f.Card.Command == "" || f.Metadata["rule"] != measured.Rule {
			t.Errorf("%s: recipe %+v, metadata %v", name, recipe, f.Metadata)
		}
		var candidates []measured.Candidate
		if err := json.Unmarshal([]byte(f.Metadata["candidates"]), &candidates); err != nil {
			t.Fatal(err)
		}
		if f.Card.TaskName == "chars" {
			continue
		}
		tk, err := task.ByName(f.Card.TaskName)
		if err != nil {
			t.Fatal(err)
		}
		if f.Card.Note != measured.Note(tk, figures) {
			t.Errorf("%s: the card says %q, the figures say %q", name, f.Card.Note, measured.Note(tk, figures))
		}
		if best := measured.Choose(tk, candidates); best < 0 || candidates[best].Seed != recipe.Seed {
			t.Errorf("%s: the rule chooses candidate %d of %+v, the model has seed %d", name, best, candidates, recipe.Seed)
		}
	}
}

// The first screen tells the truth: to each example that ends in a question,
// the model gives the right answer.
func TestPrompts(t *testing.T) {
	for name, f := range trained(t) {
		tok, err := tokenizer.For(f.Card, f.Config.VocabSize)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range f.Card.Prompts {
			want := answer(f.Card.TaskName, p.Text)
			if want == "" {
				t.Errorf("%s: the example %q asks nothing", name, p.Text)
				continue
			}
			if got := last(t, f, tok, p.Text); got != want {
				t.Errorf("%s: after %q comes %q, want %q", name, p.Text, got, want)
			}
		}
	}
}

// last is what the model says after the last token of text.
func last(t *testing.T, f *checkpoint.File, tok tokenizer.Tokenizer, text string) string {
	t.Helper()
	tokens, err := tok.Encode(text, true)
	if err != nil {
		t.Fatal(err)
	}
	logits := run(t, f, tokens)
	return tok.Text(model.Top(logits[len(tokens)-1], 1)[0].ID)
}

// run gives the logits after each token.
func run(t *testing.T, f *checkpoint.File, tokens []tokenizer.Token) [][]float32 {
	t.Helper()
	b := scan.NewCPU(scan.Options{})
	defer b.Close()
	m, err := model.New(b, f.Config, f.Weights)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Free()
	rows := make([][]float32, len(tokens))
	for i, token := range tokens {
		rows[i] = make([]float32, f.Config.VocabSize)
		if err := m.Step(s, token.ID, rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

// answer is the right next symbol after text, from the definition of the task,
// or "" where nothing is asked.
func answer(name, text string) string {
	r := []rune(text)
	end := len(r) - 1
	document := r
	for i, c := range r {
		if c == '¶' {
			document = r[i+1:]
		}
	}
	switch name {
	case "header":
		if r[end] == '?' && len(document) > 1 {
			return string(document[0])
		}
	case "induction":
		for i := end - 2; i >= 0 && r[end] == 'S'; i-- {
			if r[i] == 'S' {
				return string(r[i+1])
			}
		}
	case "majority":
		counts := map[rune]int{}
		best, tie := ' ', true
		for _, c := range document {
			if c != '.' {
				counts[c]++
			}
		}
		for c, n := range counts {
			if n > counts[best] {
				best, tie = c, false
			} else if n == counts[best] && c != best {
				tie = true
			}
		}
		if !tie {
			return string(best)
		}
	case "recall":
		bound := map[rune]string{}
		for i := 0; i < len(document); {
			switch {
			case document[i] != '?':
				bound[document[i]] = string(document[i+1])
				i += 2
			case i+2 == len(document):
				if v := bound[document[i+1]]; v != "" {
					return v
				}
				return "-"
			default:
				i += 3
			}
		}
	case "selective-copying":
		letters := strings.ReplaceAll(strings.TrimRight(text, "?"), ".", "")
		if r[end] == '?' {
			return string([]rune(letters)[len(r)-len([]rune(strings.TrimRight(text, "?")))-1])
		}
	}
	return ""
}

// The character model knows its language: on the examples it brings, which
// are from the text, the next character costs far less than a guess would.
func TestChars(t *testing.T) {
	if _, ok := assets.Dir("chars"); !ok {
		t.Skip("not built in yet")
	}
	f := load(t, "chars")
	figures, err := measured.Decode(f.Metadata)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.For(f.Card, f.Config.VocabSize)
	if err != nil {
		t.Fatal(err)
	}
	total, n := 0.0, 0
	for _, p := range []model.Example{f.Card.Prompts[0], f.Card.Prompts[len(f.Card.Prompts)-1]} {
		tokens, err := tok.Encode(p.Text, true)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range run(t, f, tokens)[:len(tokens)-1] {
			total -= math.Log(model.Softmax(nil, row)[tokens[i+1].ID])
			n++
		}
	}
	if loss := total / float64(n); loss > figures.Loss+1 || figures.Loss > 2 {
		t.Errorf("%.2f nats a character on %d of the examples, the figures say %.2f", loss, n, figures.Loss)
	}
	if !strings.Contains(f.Metadata["text"], "sha256:") {
		t.Errorf("the text is not named: %v", f.Metadata["text"])
	}
}

// The induction model that was trained over a curriculum of lengths still
// remembers at 2^14 tokens, streamed.
func TestLongInduction(t *testing.T) {
	if _, ok := assets.Dir("induction-long"); !ok {
		t.Skip("not built in yet")
	}
	f := load(t, "induction-long")
	got, err := (measure.Subject{Config: f.Config, Weights: f.Weights}).Accuracy(context.Background(), task.Induction{},
		measure.Options{Length: 1 << 14, Sequences: 48, Seed: fresh})
	if err != nil {
		t.Fatal(err)
	}
	if got.Accuracy() < 0.99 {
		t.Errorf("%d of %d right at 2^14 tokens, want 99 %%", got.Right, got.Asked)
	}
}

// All of them together are small.
func TestSize(t *testing.T) {
	total := int64(0)
	for _, name := range assets.Models() {
		total += load(t, name).Bytes
	}
	if total > 2_000_000 {
		t.Errorf("the built-in models have %d bytes, want less than 2 MB", total)
	}
}

// The documentation is made of what the models' files say.
func TestDocumentation(t *testing.T) {
	var files []*checkpoint.File
	for _, name := range assets.Models() {
		files = append(files, load(t, name))
	}
	want, err := measured.Markdown(files)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("docs/models.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/models.md is not what the models say: run go generate ./assets")
	}
}
