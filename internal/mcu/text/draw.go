package text

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/draw"
	"golang.org/x/image/math/fixed"
)

// Draw draws the line in one colour, emoji in theirs. It begins at x, and its
// letters stand on y. What lies outside of dst is cut off.
func (l *Line) Draw(dst *image.RGBA, x, y float64, c color.Color) {
	if len(l.runs) == 0 {
		return
	}
	b := dst.Bounds()
	raster := &l.faces.raster
	raster.Reset(b.Dx(), b.Dy())
	pen := fixed.Int26_6(x * 64)
	for i := range l.runs {
		run := &l.runs[i]
		for _, g := range run.Glyphs {
			at := point{float64(pen+g.XOffset)/64 - float64(b.Min.X), y - float64(g.YOffset)/64 - float64(b.Min.Y)}
			l.glyph(dst, run, g, at)
			pen += g.Advance
		}
	}
	raster.Draw(dst, b, image.NewUniform(c), image.Point{})
}

// strengthen is by how much characters of the regular cjk font are widened, by
// the size of the text.
const strengthen = 0.022

type point struct{ x, y float64 }

// glyph adds a glyph's outline to the raster, or draws its picture.
func (l *Line) glyph(dst *image.RGBA, run *shaping.Output, g shaping.Glyph, at point) {
	switch data := run.Face.GlyphData(g.GlyphID).(type) {
	case font.GlyphOutline:
		scale := float64(run.Size) / 64 / float64(run.Face.Upem())
		if run.Face != l.faces.faces[cjk] {
			l.faces.outline(data.Segments, scale, at)
			break
		}
		// Drawn twice, its thin lines are as strong as those of other scripts.
		shift := l.size * strengthen / 2
		l.faces.outline(data.Segments, scale, point{at.x - shift, at.y})
		l.faces.outline(data.Segments, scale, point{at.x + shift, at.y})
	case font.GlyphBitmap:
		l.bitmap(dst, data, float64(g.Advance)/64, at)
	}
}

// outline adds a path in units of the font to the raster.
func (f *Faces) outline(segments []font.Segment, scale float64, at point) {
	place := func(p font.SegmentPoint) (x, y float32) {
		return float32(at.x + float64(p.X)*scale), float32(at.y - float64(p.Y)*scale)
	}
	for _, s := range segments {
		ax, ay := place(s.Args[0])
		bx, by := place(s.Args[1])
		cx, cy := place(s.Args[2])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			f.raster.ClosePath()
			f.raster.MoveTo(ax, ay)
		case opentype.SegmentOpLineTo:
			f.raster.LineTo(ax, ay)
		case opentype.SegmentOpQuadTo:
			f.raster.QuadTo(ax, ay, bx, by)
		case opentype.SegmentOpCubeTo:
			f.raster.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	f.raster.ClosePath()
}

// bitmap draws an emoji as wide as its advance, centred by the capitals beside
// it.
func (l *Line) bitmap(dst *image.RGBA, data font.GlyphBitmap, width float64, at point) {
	if data.Format != font.PNG || width < 1 {
		return
	}
	src, err := png.Decode(bytes.NewReader(data.Data))
	if err != nil {
		return
	}
	size := src.Bounds().Size()
	height := width * float64(size.Y) / float64(size.X)
	top := at.y - l.size*CapHeight/2 - height/2
	place := image.Rect(int(at.x+0.5), int(top+0.5), int(at.x+width+0.5), int(top+height+0.5)).Add(dst.Bounds().Min)
	draw.CatmullRom.Scale(dst, place, src, src.Bounds(), draw.Over, nil)
}
