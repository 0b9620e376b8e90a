package snapshot

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
)

// Image draws a screen: 9×18 pixels a cell, times o.Scale.
func Image(s Screen, o Options) (*image.RGBA, error) {
	o = o.filled()
	b := s.Bounds()
	w, h := cellW*o.Scale, cellH*o.Scale
	im := image.NewRGBA(image.Rect(0, 0, b.Dx()*w, b.Dy()*h))
	g := newGlyphs(o.Scale)
	for y := range b.Dy() {
		x := 0
		for _, l := range row(s, y, o) {
			r := image.Rect(x*w, y*h, (x+l.width)*w, (y+1)*h)
			draw.Draw(im, r, image.NewUniform(l.bg), image.Point{}, draw.Src)
			if err := g.paint(im, r, l); err != nil {
				return nil, err
			}
			x += l.width
		}
	}
	return im, nil
}

// paint draws a cell's content and lines over its background.
func (g *glyphs) paint(im *image.RGBA, r image.Rectangle, l look) error {
	fg := image.NewUniform(l.fg)
	switch l.content {
	case "":
	case "▀": // half of a heatmap is these
		draw.Draw(im, image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+r.Dy()/2), fg, image.Point{}, draw.Src)
	case "█":
		draw.Draw(im, r, fg, image.Point{}, draw.Src)
	default:
		m, err := g.mask(l.content, l.width, styleOf(l.attrs))
		if err != nil {
			return err
		}
		draw.DrawMask(im, r, fg, image.Point{}, m, image.Point{}, draw.Over)
	}
	for _, bar := range l.bars() {
		draw.Draw(im, bar.scaled(float64(g.scale)).pixels().Add(r.Min), fg, image.Point{}, draw.Src)
	}
	return nil
}

// bars are the underline and the line through, in units of a cell.
func (l look) bars() []rect {
	var out []rect
	w := float64(l.width * cellW)
	if l.underline {
		out = append(out, rect{0, baseline + 2, w, baseline + 3, 1})
	}
	if l.strikethrough {
		out = append(out, rect{0, 9, w, 10, 1})
	}
	return out
}

func (r rect) scaled(k float64) rect {
	return rect{r.x0 * k, r.y0 * k, r.x1 * k, r.y1 * k, r.alpha}
}

// PNG writes a screen as a PNG picture. An empty screen is an error: a PNG has
// at least one pixel.
func PNG(w io.Writer, s Screen, o Options) error {
	if b := s.Bounds(); b.Dx() < 1 || b.Dy() < 1 {
		return fmt.Errorf("snapshot: a screen of %d×%d cells has no picture; it needs at least 1×1", b.Dx(), b.Dy())
	}
	im, err := Image(s, o)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if o.Scale > 1 {
		enc.CompressionLevel = png.DefaultCompression
	}
	if err := enc.Encode(&out, im); err != nil {
		return fmt.Errorf("snapshot: png: %w", err)
	}
	if _, err := w.Write(annotatePNG(out.Bytes(), o.Notes)); err != nil {
		return fmt.Errorf("snapshot: png: %w", err)
	}
	return nil
}
