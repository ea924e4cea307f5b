// Package text sets lines of text for the program's picture: names in whatever
// script, with emoji. Its fonts are in the binary, so that a program looks the
// same wherever it is made, and are parsed when a name first needs them.
//
// It knows no layout beyond one line, and nothing of video: it draws on RGBA
// pictures. Faces belong to the goroutine that uses them; the package starts
// none.
package text

import (
	"math"
	"slices"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

const (
	// CapHeight is the height of capitals, by the size of the text: what is
	// to look centred is centred by it.
	CapHeight = 0.727
	// pictorialSize is the size of emoji by that of the text around: at full
	// size they are larger than its letters.
	pictorialSize = 0.86
	// spaceWidth is the width of a space among emoji, by the size of the text.
	spaceWidth = 0.28
	// ellipsis ends what was too long.
	ellipsis = "…"
)

// Faces are the fonts, and what is needed to set text in them.
type Faces struct {
	faces     map[string]*font.Face
	shaper    shaping.HarfbuzzShaper
	segmenter shaping.Segmenter
	wrapper   shaping.LineWrapper
	raster    vector.Rasterizer
	// pictorial are the characters of the present line that are to be emoji
	// though they have a plain form too.
	pictorial []rune
}

// NewFaces returns the fonts, none of them parsed yet.
func NewFaces() *Faces {
	return &Faces{faces: map[string]*font.Face{}}
}

// Line is a line of text, ready to be drawn.
type Line struct {
	// Width is in pixels, rounded up.
	Width int
	// Missing counts the characters that no font has: a box stands for each.
	Missing int
	// Cut tells that the text was too long.
	Cut bool

	faces *Faces
	size  float64
	runs  []shaping.Output // in the order in which they are seen
}

// Line sets text in a size of so many pixels per em, cut to a width of so many
// pixels. What can't be seen, or would break the line, is left out.
func (f *Faces) Line(text string, size float64, width int) *Line {
	line := &Line{faces: f, size: size}
	runes := Clean(text)
	if len(runes) == 0 || size < 1 || width < 1 {
		return line
	}
	direction := directionOf(runes)
	f.pictorial = pictorial(f.pictorial[:0], runes)
	shaped := f.shape(runes, direction, size)
	config := shaping.WrapConfig{
		Direction:          direction,
		TruncateAfterLines: 1,
		Truncator:          f.shape([]rune(ellipsis), direction, size)[0],
	}
	lines, cut := f.wrapper.WrapParagraph(config, width, runes, shaping.NewSliceIterator(shaped))
	line.Cut = cut > 0
	if len(lines) == 0 {
		return line
	}
	line.runs = cloneRuns(lines[0])
	var advance fixed.Int26_6
	for i := range line.runs {
		run := &line.runs[i]
		advance += run.Advance
		for _, g := range run.Glyphs {
			if g.GlyphID == 0 {
				line.Missing++
			}
		}
	}
	line.Width = advance.Ceil()
	return line
}

// shape turns characters into glyphs, run by run in the order of reading.
func (f *Faces) shape(runes []rune, direction di.Direction, size float64) []shaping.Output {
	inputs := f.segmenter.Split(shaping.Input{
		Text: runes, RunEnd: len(runes),
		Direction: direction, Language: language.NewLanguage("en"),
		Size: fixed.Int26_6(math.Round(size * 64)),
	}, f)
	out := make([]shaping.Output, 0, len(inputs))
	for _, in := range inputs {
		if in.Face != f.faces[emoji] {
			out = append(out, f.shaper.Shape(in))
			continue
		}
		in.Size = fixed.Int26_6(math.Round(size * 64 * pictorialSize))
		run := f.shaper.Shape(in)
		for i, g := range run.Glyphs { // the font has no width for spaces
			if g.TextIndex() < len(runes) && runes[g.TextIndex()] == ' ' {
				run.Glyphs[i].Advance = fixed.Int26_6(size * 64 * spaceWidth)
			}
		}
		run.RecomputeAdvance()
		out = append(out, run)
	}
	return out
}

// cloneRuns copies runs out of the wrapper's memory, in the order in which they
// are seen.
func cloneRuns(runs []shaping.Output) []shaping.Output {
	out := slices.Clone(runs)
	for i := range out {
		out[i].Glyphs = slices.Clone(out[i].Glyphs)
	}
	slices.SortStableFunc(out, func(a, b shaping.Output) int { return int(a.VisualIndex - b.VisualIndex) })
	return out
}

// directionOf returns the direction of the first letter that has one.
func directionOf(runes []rune) di.Direction {
	for _, r := range runes {
		script := language.LookupScript(r)
		if script.Strong() {
			if slices.Contains(rightToLeft, script) {
				return di.DirectionRTL
			}
			return di.DirectionLTR
		}
	}
	return di.DirectionLTR
}
