package snapshot

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
)

func draw1(t *testing.T, text string, w, h int, o Options) *image.RGBA {
	t.Helper()
	im, err := Image(Parse(text, w, h), o)
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// covered is the share of a cell's pixels that are of a colour.
func covered(im *image.RGBA, x, y, scale int, c color.RGBA) float64 {
	n := 0
	for py := range cellH * scale {
		for px := range cellW * scale {
			if im.RGBAAt(x*cellW*scale+px, y*cellH*scale+py) == c {
				n++
			}
		}
	}
	return float64(n) / float64(cellW*cellH*scale*scale)
}

var (
	red   = color.RGBA{255, 0, 0, 255}
	blue  = color.RGBA{0, 0, 255, 255}
	dark  = Options{}.filled().Background.(color.RGBA)
	light = Options{}.filled().Foreground.(color.RGBA)
)

const redOnBlue = "\x1b[38;2;255;0;0;48;2;0;0;255m"

// A known screen: upper half red, lower half blue; then a blank; then reversed.
func TestKnownScreen(t *testing.T) {
	for _, scale := range []int{1, 2, 3} {
		im := draw1(t, redOnBlue+"▀\x1b[m \x1b[7m \x1b[m\n"+redOnBlue+"█", 3, 2, Options{Scale: scale})
		if b := im.Bounds(); b.Dx() != 27*scale || b.Dy() != 36*scale {
			t.Fatalf("scale %d: %v", scale, b)
		}
		for y := range 18 * scale {
			want := red
			if y >= 9*scale {
				want = blue
			}
			for _, x := range []int{0, 4 * scale, 9*scale - 1} {
				if got := im.RGBAAt(x, y); got != want {
					t.Fatalf("scale %d, pixel %d,%d: %v, want %v", scale, x, y, got, want)
				}
			}
		}
		for _, c := range []struct {
			x, y int
			c    color.RGBA
		}{{1, 0, dark}, {2, 0, light}, {0, 1, red}, {1, 1, dark}, {2, 1, dark}} {
			if got := covered(im, c.x, c.y, scale, c.c); got != 1 {
				t.Errorf("scale %d, cell %d,%d: %.2f of it is %v", scale, c.x, c.y, got, c.c)
			}
		}
	}
}

// How much of a cell a block covers follows from its name.
func TestBlockCoverage(t *testing.T) {
	want := map[rune]float64{'▀': 0.5, '▐': 0.5, '▔': 0.125, '▕': 0.125, '░': 0, '▒': 0, '▓': 0,
		'▖': 0.25, '▗': 0.25, '▘': 0.25, '▙': 0.75, '▚': 0.5, '▛': 0.75, '▜': 0.75, '▝': 0.25, '▞': 0.5, '▟': 0.75}
	for i := range 8 {
		want['▁'+rune(i)] = float64(i+1) / 8 // ▁ … █
		want['▏'-rune(i)] = float64(i+1) / 8 // ▏ … ▉, █
	}
	for r, share := range want {
		im := draw1(t, "\x1b[38;2;255;0;0m"+string(r), 1, 1, Options{Scale: 8})
		if got := covered(im, 0, 0, 8, red); math.Abs(got-share) > 0.01 {
			t.Errorf("%c covers %.3f, want %.3f", r, got, share)
		}
	}
	// Shades mix front and back in the right shares.
	for i, r := range []rune("░▒▓") {
		im := draw1(t, redOnBlue+string(r), 1, 1, Options{})
		c := im.RGBAAt(4, 9)
		if got, want := int(c.R), (i+1)*255/4; max(got-want, want-got) > 2 || int(c.R)+int(c.B) < 253 {
			t.Errorf("%c is %v, want red %d", r, c, want)
		}
	}
}

func TestQuadrantsAndBraille(t *testing.T) {
	im := draw1(t, "\x1b[38;2;255;0;0m▚", 1, 1, Options{Scale: 2})
	if im.RGBAAt(2, 2) != red || im.RGBAAt(15, 33) != red || im.RGBAAt(15, 2) == red || im.RGBAAt(2, 33) == red {
		t.Error("▚ does not fill upper left and lower right")
	}
	for bits := range 256 {
		in := braille(rune(0x2800+bits), 18, 36)
		n := 0
		for b := bits; b > 0; b >>= 1 {
			n += b & 1
		}
		if len(in.rects) != n {
			t.Fatalf("braille %02x has %d dots, want %d", bits, len(in.rects), n)
		}
		for _, r := range in.rects {
			if r.x0 < 0 || r.y0 < 0 || r.x1 > 18 || r.y1 > 36 || r.x0 >= r.x1 || r.y0 >= r.y1 {
				t.Fatalf("braille %02x: dot %+v leaves the cell", bits, r)
			}
		}
	}
	one, four := braille('⠁', 18, 36).rects[0], braille('⠈', 18, 36).rects[0]
	if one.x0 >= four.x0 || one.y0 != four.y0 || braille('⡀', 18, 36).rects[0].y0 <= one.y0 {
		t.Error("braille dots are in the wrong places")
	}
}

func TestAttributes(t *testing.T) {
	plain := draw1(t, "M", 1, 1, Options{Scale: 2})
	for name, sgr := range map[string]string{"bold": "1", "italic": "3", "underline": "4", "strikethrough": "9", "faint": "2", "reverse": "7"} {
		im := draw1(t, "\x1b["+sgr+"mM", 1, 1, Options{Scale: 2})
		if bytes.Equal(im.Pix, plain.Pix) {
			t.Errorf("%s looks like plain text", name)
		}
	}
	im := draw1(t, "\x1b[4m ", 1, 1, Options{})
	if got := covered(im, 0, 0, 1, light); got != 1.0/18 {
		t.Errorf("the underline of a blank covers %v of it", got)
	}
	if hidden := draw1(t, "\x1b[8mM", 1, 1, Options{}); covered(hidden, 0, 0, 1, dark) != 1 {
		t.Error("concealed text is drawn")
	}
}

// A wide character takes two cells; what follows stands where it should; one
// that does not fit is left out.
func TestWide(t *testing.T) {
	im := draw1(t, "中█x", 4, 1, Options{})
	if covered(im, 0, 0, 1, dark) == 1 || covered(im, 1, 0, 1, dark) == 1 {
		t.Error("中 does not reach over both its cells")
	}
	if covered(im, 2, 0, 1, light) != 1 {
		t.Error("the block after 中 is not in the third cell")
	}
	buf := uv.NewScreenBuffer(2, 1)
	s := wideAtEdge{buf}
	edge, err := Image(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if edge.Bounds().Dx() != 18 || covered(edge, 1, 0, 1, dark) != 1 {
		t.Error("a wide character at the edge is drawn")
	}
}

type wideAtEdge struct{ uv.ScreenBuffer }

func (w wideAtEdge) CellAt(x, y int) *uv.Cell {
	if x == 1 {
		return &uv.Cell{Content: "中", Width: 2}
	}
	return nil
}

// The 16 colours are the picture's own; 256 and RGB are exact.
func TestColours(t *testing.T) {
	im := draw1(t, "\x1b[41m \x1b[101m \x1b[48;5;1m \x1b[48;5;208m \x1b[48;2;1;2;3m \x1b[m ", 6, 1, Options{Background: blue})
	for x, want := range []color.RGBA{palette16[1], palette16[9], palette16[1], {255, 135, 0, 255}, {1, 2, 3, 255}, blue} {
		if got := im.RGBAAt(x*9+4, 9); got != want {
			t.Errorf("cell %d is %v, want %v", x, got, want)
		}
	}
}

func TestPNG(t *testing.T) {
	var b bytes.Buffer
	if err := PNG(&b, Parse("h", 3, 2), Options{Scale: 2}); err != nil {
		t.Fatal(err)
	}
	im, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if im.Bounds() != image.Rect(0, 0, 54, 72) {
		t.Errorf("%v", im.Bounds())
	}
	if err := PNG(io.Discard, Parse("x", 0, 5), Options{}); err == nil || !strings.Contains(err.Error(), "0×5") {
		t.Errorf("an empty screen: %v", err)
	}
	if err := PNG(broken{}, Parse("x", 1, 1), Options{}); err == nil || !strings.HasPrefix(err.Error(), "snapshot: ") {
		t.Errorf("a writer that fails: %v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestCrop(t *testing.T) {
	s := Parse("abc\ndef\nghi", 3, 3)
	c := Crop(s, uv.Rect(1, 1, 9, 9))
	if c.Bounds() != uv.Rect(0, 0, 2, 2) {
		t.Fatalf("%v", c.Bounds())
	}
	if c.CellAt(0, 0).Content != "e" || c.CellAt(1, 1).Content != "i" || c.CellAt(2, 0) != nil || c.CellAt(-1, 0) != nil {
		t.Error("the wrong cells")
	}
	if e := Crop(s, uv.Rect(7, 7, 2, 2)).Bounds(); !e.Empty() {
		t.Errorf("nothing of the screen: %v", e)
	}
}
