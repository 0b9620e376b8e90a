package snapshot

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"unicode"

	uv "github.com/charmbracelet/ultraviolet"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/gomonobolditalic"
	"golang.org/x/image/font/gofont/gomonoitalic"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// glyphs makes masks of cell contents and keeps them. It serves one picture.
type glyphs struct {
	scale int
	faces [4]font.Face // bit 0 bold, bit 1 italic; nil until used
	fonts [4]*sfnt.Font
	buf   sfnt.Buffer
	masks map[glyphKey]*image.Alpha
}

type glyphKey struct {
	content string
	cells   int
	style   int
}

func newGlyphs(scale int) *glyphs {
	return &glyphs{scale: scale, masks: map[glyphKey]*image.Alpha{}}
}

// styleOf is the index of a face.
func styleOf(attrs uint8) int {
	s := 0
	if attrs&uv.AttrBold != 0 {
		s |= 1
	}
	if attrs&uv.AttrItalic != 0 {
		s |= 2
	}
	return s
}

func (g *glyphs) face(style int) (font.Face, *sfnt.Font, error) {
	if g.faces[style] == nil {
		ttf := [4][]byte{gomono.TTF, gomonobold.TTF, gomonoitalic.TTF, gomonobolditalic.TTF}[style]
		f, err := opentype.Parse(ttf)
		if err != nil {
			return nil, nil, fmt.Errorf("snapshot: embedded font: %w", err)
		}
		face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: float64(fontSize * g.scale), DPI: 72, Hinting: font.HintingFull})
		if err != nil {
			return nil, nil, fmt.Errorf("snapshot: embedded font: %w", err)
		}
		g.faces[style], g.fonts[style] = face, f
	}
	return g.faces[style], g.fonts[style], nil
}

// mask is the coverage of a cell's content over cells columns.
func (g *glyphs) mask(content string, cells, style int) (*image.Alpha, error) {
	key := glyphKey{content, cells, style}
	if m, ok := g.masks[key]; ok {
		return m, nil
	}
	m := image.NewAlpha(image.Rect(0, 0, cells*cellW*g.scale, cellH*g.scale))
	for i, r := range []rune(content) {
		in, ok := ink{}, false
		w, h := float64(m.Rect.Dx()), float64(m.Rect.Dy())
		if i > 0 {
			in, ok = combining(r, w, h)
			if !ok {
				continue // a joiner or a selector
			}
		} else {
			in, ok = drawn(r, w, h)
		}
		if !ok {
			face, f, err := g.face(style)
			if err != nil {
				return nil, err
			}
			at, err := f.GlyphIndex(&g.buf, r)
			if err != nil {
				return nil, fmt.Errorf("snapshot: embedded font: %w", err)
			}
			if at != 0 && !unicode.IsControl(r) {
				d := font.Drawer{Dst: m, Src: image.Opaque, Face: face, Dot: fixed.P(0, baseline*g.scale)}
				d.DrawString(string(r))
				continue
			}
			in = codePoint(r, w, h)
		}
		in.fill(m)
	}
	g.masks[key] = m
	return m, nil
}

// fill draws the ink on a mask. Rectangles stand on whole pixels; polygons are
// smoothed.
func (in ink) fill(m *image.Alpha) {
	for _, r := range in.rects {
		a := color.Alpha{A: uint8(math.Round(255 * r.alpha))}
		draw.Draw(m, r.pixels().Intersect(m.Rect), image.NewUniform(a), image.Point{}, draw.Src)
	}
	if len(in.polys) == 0 {
		return
	}
	z := vector.NewRasterizer(m.Rect.Dx(), m.Rect.Dy())
	for _, p := range in.polys {
		// One at a time, and all of them the same way round: pieces that overlap
		// must add up, not cancel.
		z.Reset(m.Rect.Dx(), m.Rect.Dy())
		z.DrawOp = draw.Over
		for i, q := range p {
			if i == 0 {
				z.MoveTo(float32(q.x), float32(q.y))
			} else {
				z.LineTo(float32(q.x), float32(q.y))
			}
		}
		z.ClosePath()
		z.Draw(m, m.Rect, image.Opaque, image.Point{})
	}
}

// pixels is the rectangle on whole pixels.
func (r rect) pixels() image.Rectangle {
	round := func(v float64) int { return int(math.Round(v)) }
	return image.Rect(round(r.x0), round(r.y0), round(r.x1), round(r.y1))
}

// combining draws a mark over the letter before it; ok is false for what has no
// ink, such as joiners. Marks without a drawing of their own are a dot.
func combining(r rune, w, h float64) (in ink, ok bool) {
	if !unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Variation_Selector, r) {
		return ink{}, false
	}
	x, y := w/cellW, h/cellH
	at := func(pts ...point) ink {
		for i := range pts {
			pts[i] = point{pts[i].x * x, pts[i].y * y}
		}
		return ink{polys: stroke(pts, 1.2*x, false)}
	}
	switch r {
	case 0x0304, 0x0305: // macron, overline
		return at(point{2, 2.2}, point{7, 2.2}), true
	case 0x0302: // circumflex
		return at(point{2.4, 3.2}, point{4.5, 1.4}, point{6.6, 3.2}), true
	case 0x0303: // tilde
		return at(point{2, 2.8}, point{3.6, 1.8}, point{5.4, 2.8}, point{7, 1.8}), true
	case 0x0331, 0x0332: // line below
		return at(point{2, 16.6}, point{7, 16.6}), true
	}
	return at(point{4, 2.2}, point{5, 2.2}), true
}

// digits are the sixteen hexadecimal digits as 3×5 dots, row by row.
var digits = [16]string{
	"####.##.##.####", ".#.##..#..#.###", "###..#####..###", "###..####..####",
	"#.##.####..#..#", "####..###..####", "####..####.####", "###..#..#.#..#.",
	"####.#####.####", "####.####..####", ".#.#.#####.##.#", "##.#.###.#.###.",
	".###..#..#...##", "##.#.##.##.###.", "####..##.#..###", "####..##.#..#..",
}

// codePoint writes the number of a character that no font here has, in small
// hexadecimal digits, two a row: U+4E2D as 4E over 2D.
func codePoint(r rune, w, h float64) ink {
	hex := fmt.Sprintf("%04X", r)
	if len(hex)%2 == 1 {
		hex = "0" + hex
	}
	dot := math.Max(1, math.Floor(math.Min(w/9, h/18)))
	top := math.Round((h - dot*float64(6*len(hex)/2-1)) / 2)
	left := math.Round((w - 7*dot) / 2)
	var in ink
	for i, c := range hex {
		d := c - '0'
		if c >= 'A' {
			d = c - 'A' + 10
		}
		x, y := left+dot*4*float64(i%2), top+dot*6*float64(i/2)
		for k, on := range digits[d] {
			if on == '#' {
				px, py := x+dot*float64(k%3), y+dot*float64(k/3)
				in.rects = append(in.rects, rect{px, py, px + dot, py + dot, 1})
			}
		}
	}
	return in
}
