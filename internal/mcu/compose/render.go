package compose

import (
	"image"
	"image/color"

	"github.com/tutti-rtc/tutti/internal/mcu/text"
)

// render draws a sign.
func (s *signs) render(k signKey) *sign {
	switch k.kind {
	case kindAvatar:
		return newSign(s.disc(k.text, k.size))
	case kindHand:
		m := image.NewRGBA(image.Rect(0, 0, even2(k.size), even2(k.size)))
		fillRounded(m, float64(k.size)*0.22, accentRGB, 1)
		paintIcon(m, hand, image.Pt(0, 0), float64(m.Rect.Dx()), onAccent, 0.17)
		return newSign(m)
	case kindNote:
		return newSign(s.plate(k, quietRGB))
	case kindWords:
		line := s.line(k.text, float64(k.size), k.width)
		m := image.NewRGBA(image.Rect(0, 0, even2(line.Width), even2(k.size*3/2)))
		line.Draw(m, 0, baseline(m, k.size), quietRGB)
		return newSign(m)
	}
	return newSign(s.plate(k, textRGB))
}

// line sets a line of text. Without fonts, it is empty.
func (s *signs) line(words string, size float64, width int) *text.Line {
	if s.faces == nil {
		return &text.Line{}
	}
	return s.faces.Line(words, size, width)
}

// plate draws a line of text on a dark plate, behind the sign for a microphone
// that is off.
func (s *signs) plate(k signKey, c color.RGBA) *image.RGBA {
	padding, icon := (k.size+1)/2, 0
	if k.muted {
		icon = k.size * 3 / 2
	}
	line := s.line(k.text, float64(k.size), max(k.width-2*padding-icon, 1))
	width := 2*padding + line.Width + icon
	m := image.NewRGBA(image.Rect(0, 0, even2(width), even2(k.size*27/16)))
	fillRounded(m, float64(k.size)*0.36, plateRGB, plateOpacity)
	if k.muted {
		side := float64(k.size) * 1.3
		at := image.Pt(padding-k.size/6, int(float64(m.Rect.Dy())-side)/2)
		paintIcon(m, microphoneOff, at, side, dangerRGB, 0)
	}
	line.Draw(m, float64(padding+icon), baseline(m, k.size), c)
	return m
}

// disc draws a name's initials on a disc in its hue.
func (s *signs) disc(name string, side int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	fillRounded(m, float64(side)/2, hsl(Hue(name), 0.24, 0.34), 1)
	initials, size := Initials(name), float64(side)*0.38
	line := s.line(initials, size, 4*side)
	if wide := float64(side) * 0.6; float64(line.Width) > wide {
		size *= wide / float64(line.Width)
		line = s.line(initials, size, side)
	}
	line.Draw(m, float64(side-line.Width)/2, float64(side)/2+size*text.CapHeight/2, textRGB)
	return m
}

// baseline returns where letters stand whose capitals are centred in m.
func baseline(m *image.RGBA, size int) float64 {
	return float64(int(float64(m.Rect.Dy())/2 + float64(size)*text.CapHeight/2 + 0.5))
}

// even2 rounds up to an even number, 2 at least.
func even2(n int) int { return max((n+1)&^1, 2) }

// fillRounded fills a picture with a colour, with round corners.
func fillRounded(m *image.RGBA, radius float64, c color.RGBA, opacity float64) {
	w, h := float64(m.Rect.Dx()), float64(m.Rect.Dy())
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			px, py := float64(x)+0.5, float64(y)+0.5
			in := rounded(min(px, w-px), min(py, h-py), radius)
			over(m, x, y, c, float64(weight(in))/255*opacity)
		}
	}
}

// over lays a colour on a pixel.
func over(m *image.RGBA, x, y int, c color.RGBA, opacity float64) {
	p := m.Pix[m.PixOffset(x, y):][:4]
	for i, v := range [4]uint8{c.R, c.G, c.B, 255} {
		p[i] = uint8(float64(v)*opacity + float64(p[i])*(1-opacity) + 0.5)
	}
}
