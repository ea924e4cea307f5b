package text

import (
	"embed"
	"fmt"
	"slices"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
)

//go:embed fonts/*.otf fonts/*.ttf
var files embed.FS

// Names of the fonts that are not chosen by script.
const (
	latin = "inter.otf" // and Greek, Cyrillic, Vietnamese, signs
	cjk   = "cjk.otf"
	emoji = "emoji.ttf"
)

// fontOf says which font has a script. Latin is tried before.
func fontOf(s language.Script) string {
	switch s {
	case language.Han, language.Hiragana, language.Katakana, language.Hangul, language.Bopomofo:
		return cjk
	case language.Arabic:
		return "arabic.ttf"
	case language.Hebrew:
		return "hebrew.ttf"
	case language.Devanagari:
		return "devanagari.ttf"
	case language.Bengali:
		return "bengali.ttf"
	case language.Tamil:
		return "tamil.ttf"
	case language.Telugu:
		return "telugu.ttf"
	case language.Thai:
		return "thai.ttf"
	case language.Armenian:
		return "armenian.ttf"
	case language.Georgian:
		return "georgian.ttf"
	}
	return ""
}

// rightToLeft are the scripts that are, of those which we have fonts for.
var rightToLeft = []language.Script{language.Arabic, language.Hebrew}

// face returns a font by its name, parsed when it is first needed.
func (f *Faces) face(name string) *font.Face {
	if face, ok := f.faces[name]; ok {
		return face
	}
	file, err := files.Open("fonts/" + name)
	if err != nil {
		panic(fmt.Sprintf("BUG: a font is missing: %v", err))
	}
	face, err := font.ParseTTF(file.(font.Resource)) // embedded files can seek
	if err != nil {
		panic(fmt.Sprintf("BUG: the font %s can't be read: %v", name, err))
	}
	f.faces[name] = face
	return face
}

// ResolveFace returns the font for a character: the shaper asks for it.
func (f *Faces) ResolveFace(r rune) *font.Face {
	if slices.Contains(f.pictorial, r) || r >= 0x1f000 && r < 0x20000 || r >= 0xe0000 {
		if face := f.face(emoji); has(face, r) {
			return face
		}
	}
	base := f.face(latin)
	if has(base, r) {
		return base
	}
	if name := fontOf(language.LookupScript(r)); name != "" {
		if face := f.face(name); has(face, r) || name == cjk && r >= 0x1100 && r < 0x1200 {
			return face // letters of hangul are composed by the shaper
		}
	}
	for _, place := range [...]struct {
		from, to rune
		name     string
	}{{0x2e80, 0xffff, cjk}, {0x2000, 0x3300, emoji}} {
		if r >= place.from && r <= place.to {
			if face := f.face(place.name); has(face, r) {
				return face
			}
		}
	}
	return base
}

func has(face *font.Face, r rune) bool {
	_, ok := face.NominalGlyph(r)
	return ok
}
