package snapshot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func svg(t *testing.T, text string, w, h int, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := SVG(&b, Parse(text, w, h), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// parsed is an SVG's text by element, and its element names in order.
func parsed(t *testing.T, doc string) (texts, names []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(doc))
	var in string
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts, names
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, doc)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			in = tok.Name.Local
			names = append(names, in)
		case xml.CharData:
			if in == "text" || in == "title" {
				texts = append(texts, string(tok))
			}
		case xml.EndElement:
			in = ""
		}
	}
}

func TestSVGGolden(t *testing.T) {
	got := svg(t, "\x1b[1;38;2;255;0;0mhi\x1b[m \x1b[4mu\x1b[m\n"+redOnBlue+"▀▀█\x1b[m░", 5, 2, Options{Title: "a & b"})
	want := `<svg xmlns="http://www.w3.org/2000/svg" width="45" height="36" viewBox="0 0 45 36" role="img" font-family="'Go Mono','DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="15">
<title>a &amp; b</title>
<rect width="45" height="36" fill="#111118"/>
<path fill="#0000ff" shape-rendering="crispEdges" d="M0 18h27v18h-27z"/>
<path fill="#d8dae5" shape-rendering="crispEdges" d="M27 16h9v1h-9z"/>
<path fill="#ff0000" shape-rendering="crispEdges" d="M0 18h18v9h-18zM18 18h9v18h-9z"/>
<path fill="#d8dae5" fill-opacity="0.25" shape-rendering="crispEdges" d="M27 18h9v18h-9z"/>
<text x="0" y="14" textLength="18" lengthAdjust="spacingAndGlyphs" fill="#ff0000" font-weight="bold">hi</text>
<text x="27" y="14" textLength="9" lengthAdjust="spacingAndGlyphs" fill="#d8dae5">u</text>
</svg>
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	parsed(t, got)
}

// Untrusted text stays text.
func TestSVGEscapes(t *testing.T) {
	evil := `</text><script>alert("1")</script>&amp;'<!--`
	got := svg(t, evil, 60, 1, Options{Title: "</title><script/>"})
	texts, names := parsed(t, got)
	for _, n := range names {
		if n == "script" {
			t.Fatalf("a script got in:\n%s", got)
		}
	}
	if all := strings.Join(texts, ""); !strings.Contains(all, evil) || !strings.Contains(all, "</title><script/>") {
		t.Errorf("the text reads %q", all)
	}
}

// Wide characters and marks keep their cells; symbols are drawn.
func TestSVGWide(t *testing.T) {
	got := svg(t, "a中b B\u0304 ╭⏎", 12, 1, Options{})
	for _, want := range []string{`<text x="0" y="14" textLength="9"`, `<text x="9" y="14" textLength="18"`, `<text x="27" y="14" textLength="9"`, ">B\u0304</text>"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "╭") || strings.Contains(got, "⏎") || !strings.Contains(got, "<path") {
		t.Errorf("╭ and ⏎ are left to a font:\n%s", got)
	}
}

func FuzzSVG(f *testing.F) {
	f.Add("\x1b[31mx\x1b[7m<&>\"'▀░╭\n\x00\x07\ufffe中\u0304")
	f.Add("\x1b]8;;http://a\x07b\x1b]8;;\x07")
	f.Fuzz(func(t *testing.T, text string) {
		parsed(t, svg(t, text, 20, 3, Options{Title: text}))
	})
}

func TestSVGErrors(t *testing.T) {
	if err := SVG(broken{}, Parse("x", 1, 1), Options{}); err == nil || !strings.HasPrefix(err.Error(), "snapshot: ") {
		t.Errorf("a writer that fails: %v", err)
	}
	parsed(t, svg(t, "", 0, 0, Options{}))
}
