package snapshot

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"hash/crc32"
	"image/gif"
	"image/png"
	"strings"
	"testing"
	"time"
)

var testNotes = []Note{{"model", "header-exact <&> Δ"}, {"text", strings.Repeat("¶4ab", 200)}, {"co\x1bmmand", "a\nb"}}

// textChunks are the iTXt chunks of a PNG file, every chunk's checksum compared.
func textChunks(t *testing.T, b []byte) map[string]string {
	t.Helper()
	found := map[string]string{}
	for b = b[8:]; len(b) > 0; {
		n := binary.BigEndian.Uint32(b)
		body := b[4 : 8+n]
		if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(b[8+n:]) {
			t.Fatalf("chunk %q has a wrong checksum", body[:4])
		}
		if string(body[:4]) == "iTXt" {
			name, rest, _ := strings.Cut(string(body[4:]), "\x00")
			found[name] = rest[4:]
		}
		b = b[12+n:]
	}
	return found
}

// Pictures carry their notes, and every reader still takes them for pictures.
func TestNotes(t *testing.T) {
	s := Parse("Δ \x1b[31m▀▀\x1b[0m x", 8, 2)
	o := Options{Notes: testNotes}
	b, err := Encode(s, KindPNG, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	got := textChunks(t, b)
	if len(got) != 3 || got["model"] != testNotes[0].Text || got["text"] != testNotes[1].Text || got["co?mmand"] != "a\nb" {
		t.Errorf("%q", got)
	}
	b, err = Encode(s, KindSVG, o)
	if err != nil {
		t.Fatal(err)
	}
	var svg struct {
		Metadata string `xml:"metadata"`
	}
	if err := xml.Unmarshal(b, &svg); err != nil || !strings.HasPrefix(svg.Metadata, "model: header-exact <&> Δ\ntext: ¶4ab") {
		t.Errorf("%v %q", err, svg.Metadata)
	}
	plain, err := Encode(s, KindPNG, Options{})
	if err != nil || len(textChunks(t, plain)) != 0 {
		t.Error("a picture without notes has some")
	}
}

func TestNoteIsClipped(t *testing.T) {
	n := Note{"", strings.Repeat("¶", maxNote)}
	if got := n.clipped(); len(got) > maxNote+8 || !strings.HasSuffix(got, "¶ …") || n.keyword() != "Comment" {
		t.Errorf("%d bytes, %q", len(got), n.keyword())
	}
}

// comment is the comment of a GIF file.
func comment(b []byte) string {
	at := bytes.Index(b, []byte{0x21, 0xfe})
	var out []byte
	for p := at + 2; b[p] != 0; p += 1 + int(b[p]) {
		out = append(out, b[p+1:p+1+int(b[p])]...)
	}
	return string(out)
}

// An animation has its frames, of which only what changes is stored, and notes
// longer than one block.
func TestGIF(t *testing.T) {
	screens := []Screen{Parse("ab\x1b[41m \x1b[0m", 6, 2), Parse("ac\x1b[41m \x1b[0m", 6, 2), Parse("ac\x1b[41m \x1b[0m", 6, 2)}
	var b bytes.Buffer
	if err := GIF(&b, screens, Options{Notes: testNotes}, 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	g, err := gif.DecodeAll(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Image) != 3 || g.Config.Width != 6*cellW || g.Config.Height != 2*cellH || g.Delay[0] != 30 || g.LoopCount != 0 {
		t.Errorf("%d frames of %d×%d, delay %v", len(g.Image), g.Config.Width, g.Config.Height, g.Delay)
	}
	if r := g.Image[1].Bounds(); r.Min.X < cellW || r.Max.X > 2*cellW || r.Max.Y > cellH {
		t.Errorf("the second frame stores %v, only the second character changed", r)
	}
	if r := g.Image[2].Bounds(); r.Dx() != 1 || r.Dy() != 1 {
		t.Errorf("nothing changed, %v is stored", r)
	}
	want, err := Image(screens[0], Options{})
	if err != nil {
		t.Fatal(err)
	}
	for y := range want.Rect.Dy() { // fewer than 256 colours: nothing is lost
		for x := range want.Rect.Dx() {
			r1, g1, b1, _ := want.At(x, y).RGBA()
			r2, g2, b2, _ := g.Image[0].At(x, y).RGBA()
			if r1 != r2 || g1 != g2 || b1 != b2 {
				t.Fatalf("pixel %d, %d is another colour", x, y)
			}
		}
	}
	if got := comment(b.Bytes()); got != joined(testNotes) {
		t.Errorf("comment %q", got)
	}
	if GIF(&b, nil, Options{}, 0) == nil || GIF(&b, []Screen{screens[0], Parse("", 5, 2)}, Options{}, 0) == nil {
		t.Error("no frames, or frames of two sizes, are taken")
	}
}
