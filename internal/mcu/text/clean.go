package text

import (
	"unicode"
)

const (
	// MaxRunes is how many characters of a text are looked at: a line of the
	// picture has no room for more.
	MaxRunes = 96
	// maxMarks is how many marks may be upon one letter: more is mischief.
	maxMarks = 4

	joiner          = 0x200d
	nonJoiner       = 0x200c
	emojiSelector   = 0xfe0f
	textSelector    = 0xfe0e
	keycap          = 0x20e3
	firstTag        = 0xe0020 // of flags of parts of countries
	lastTag         = 0xe007f
	replacementRune = unicode.ReplacementChar
)

// Clean returns the characters of a text that belong in one line: without
// controls of any kind, with spaces made plain and single, and bounded.
func Clean(text string) []rune {
	runes := make([]rune, 0, min(len(text), MaxRunes))
	marks, space := 0, false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r) || r == replacementRune:
			space = len(runes) > 0
			continue
		case unicode.Is(unicode.Mn, r) && !selector(r):
			if marks++; marks > maxMarks || len(runes) == 0 {
				continue
			}
		case !visible(r):
			continue
		case r != joiner && r != nonJoiner && !selector(r):
			marks = 0
		}
		if len(runes) >= MaxRunes-1 {
			break
		}
		if space {
			runes, space = append(runes, ' '), false
		}
		runes = append(runes, r)
	}
	return runes
}

func selector(r rune) bool { return r == emojiSelector || r == textSelector }

// visible reports whether a character can be seen, or shapes those beside it.
func visible(r rune) bool {
	switch {
	case r == joiner, r == nonJoiner, r >= firstTag && r <= lastTag:
		return true
	}
	return !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co, unicode.Zl, unicode.Zp) &&
		!unicode.Is(unicode.Noncharacter_Code_Point, r)
}

// pictorial appends the characters that are asked to be emoji by what follows
// them, or by standing behind a joiner.
func pictorial(dst, runes []rune) []rune {
	for i, r := range runes {
		asked := i+1 < len(runes) && (runes[i+1] == emojiSelector || runes[i+1] == keycap)
		joined := i > 0 && runes[i-1] == joiner && r >= 0x2000 && r < 0x3300
		if asked || joined || r == keycap {
			dst = append(dst, r)
		}
	}
	return dst
}
