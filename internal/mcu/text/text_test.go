package text

import (
	"bytes"
	"image"
	"image/color"
	"strings"
	"testing"
	"unicode/utf8"
)

// drawn returns a line as it looks, on nothing.
func drawn(f *Faces, s string, size float64, width int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, int(2*size)))
	f.Line(s, size, width).Draw(m, 0, 1.4*size, color.White)
	return m
}

func inked(m *image.RGBA) (pixels int) {
	for i := 3; i < len(m.Pix); i += 4 {
		if m.Pix[i] > 100 {
			pixels++
		}
	}
	return pixels
}

func TestNamesOfManyScriptsHaveGlyphs(t *testing.T) {
	f := NewFaces()
	var seen []*image.RGBA
	for _, name := range []string{
		"Ada Lovelace", "Đặng Nguyễn", "Ångström", "Юлия", "Ελένη", "王小明", "陈伟 (Wei)", "翀赟", "さくら", "カナ", "김민준", "ㄅㄆㄇ",
		"محمد علي", "שרה", "अमित शर्मा", "বাংলা", "தமிழ்", "తెలుగు", "สมชาย", "Արամ", "ნინო",
		"😀", "👩‍💻", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "1️⃣", "⚡", "🎻", "ａｂｃ", "「名」", "Zoë\u0301",
	} {
		line := f.Line(name, 24, 400)
		if line.Missing > 0 || line.Width == 0 || line.Cut {
			t.Errorf("%s: %d characters have no glyph, it is %d wide", name, line.Missing, line.Width)
		}
		m := drawn(f, name, 24, 400)
		if inked(m) < 40 {
			t.Errorf("%s: hardly anything is drawn", name)
		}
		for _, other := range seen {
			if bytes.Equal(other.Pix, m.Pix) {
				t.Errorf("%s looks like another name", name)
			}
		}
		seen = append(seen, m)
	}
}

func TestOneCharacterIsOneGlyph(t *testing.T) {
	f := NewFaces()
	one := f.Line("👍", 20, 400).Width
	for _, s := range []string{"👩‍💻", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "1️⃣", "🤷‍♀️"} {
		if w := f.Line(s, 20, 400).Width; w != one {
			t.Errorf("%s is %d wide, an emoji is %d", s, w, one)
		}
	}
}

func TestEmojiHaveTheirColours(t *testing.T) {
	m := drawn(NewFaces(), "❤️", 40, 60)
	red := 0
	for i := 0; i < len(m.Pix); i += 4 {
		if p := m.Pix[i:]; p[3] == 255 && p[0] > 150 && p[1] < 100 && p[2] < 100 {
			red++
		}
	}
	if red < 200 {
		t.Errorf("%d pixels of a red heart are red", red)
	}
}

func TestWhatNoFontHasIsTold(t *testing.T) {
	if line := NewFaces().Line("ᚠᚢ", 20, 400); line.Missing != 2 || line.Width == 0 {
		t.Errorf("two runes: %d are missing, %d pixels", line.Missing, line.Width)
	}
}

func TestLongNamesAreCut(t *testing.T) {
	f := NewFaces()
	for _, name := range []string{
		"Maximiliane Freifrau von Hohenstein-Rosenberg", strings.Repeat("x", 4000), strings.Repeat("王", 50), strings.Repeat("👩‍💻", 30),
		"محمد علي محمد علي محمد علي محمد علي", strings.Repeat("a b ", 400),
	} {
		for _, width := range []int{30, 100, 150} {
			line := f.Line(name, 16, width)
			if !line.Cut || line.Width > width || line.Width < width/3 {
				t.Errorf("%.20s in %d pixels: it is %d wide, cut: %v", name, width, line.Width, line.Cut)
			}
		}
	}
	if line := f.Line("Ada", 16, 150); line.Cut {
		t.Error("a short name is cut")
	}
}

func TestRightToLeftIsReadFromTheRight(t *testing.T) {
	f := NewFaces()
	// The first letter of שרה is the one on the right.
	whole, letter := drawn(f, "שרה", 30, 200), drawn(f, "ש", 30, 200)
	width := f.Line("שרה", 30, 200).Width
	own := f.Line("ש", 30, 200).Width
	same := 0
	for y := range whole.Rect.Dy() {
		for x := range own {
			if a, b := letter.RGBAAt(x, y).A > 128, whole.RGBAAt(width-own+x, y).A > 128; a && b {
				same++
			}
		}
	}
	if all := inked(letter); same < all*8/10 {
		t.Errorf("of the first letter's %d pixels, %d are on the right", all, same)
	}
}

func TestCleanLeavesOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"  Ada \t\n Lovelace ":  "Ada Lovelace",
		"a\u202eb\u2066c\x00\a": "abc",
		"\xff\xfeWei":           "Wei",
		"\u0301\u0301x":         "x",
		"e\u0301":               "e\u0301",
		"👩‍💻":                   "👩‍💻",
		"\ue000\ufdd0":          "",
		"":                      "",
	} {
		if got := string(Clean(in)); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
	if n := len(Clean("z" + strings.Repeat("\u0336", 50))); n != 1+maxMarks {
		t.Errorf("a letter keeps %d marks, want %d", n-1, maxMarks)
	}
	if n := len(Clean(strings.Repeat("a ", 1<<16))); n > MaxRunes {
		t.Errorf("%d characters are left, more than %d", n, MaxRunes)
	}
}

func TestFontsAreReadWhenNeeded(t *testing.T) {
	f := NewFaces()
	f.Line("Ada", 20, 100)
	if len(f.faces) != 1 {
		t.Errorf("for a Latin name, %d fonts were read", len(f.faces))
	}
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"Ada", "王小明", "👩‍💻 Kim", "محمد (x) 42", "\xff", "e\u0301\u0301", "1️⃣", "\u200d\ufe0f", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "अमित", "สวัสดี", "ᄀ ᄀᆨ"} {
		f.Add(s, 16.0, 100)
	}
	faces := NewFaces()
	f.Fuzz(func(t *testing.T, name string, size float64, width int) {
		if !(size < 100) {
			size = 100
		}
		width = min(width, 400)
		line := faces.Line(name, size, width)
		if line.Width > max(width, 0) && line.Width > int(3*size) {
			t.Errorf("%q in %d pixels is %d wide", name, width, line.Width)
		}
		m := image.NewRGBA(image.Rect(0, 0, 200, 40))
		line.Draw(m, 0, 30, color.White)
		if runes := Clean(name); len(runes) > MaxRunes || !utf8.ValidString(string(runes)) {
			t.Errorf("Clean(%q) = %q", name, string(runes))
		}
	})
}
