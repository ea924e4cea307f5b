package compose

import (
	"image/color"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Initials returns the one or two characters that stand for a name: 小明 for
// 王小明, AL for Ada Lovelace. The web client has the same rule, so that page
// and program show the same.
func Initials(name string) string {
	trimmed := strings.TrimSpace(name)
	if trimmed == "" {
		return ""
	}
	if strings.IndexFunc(trimmed, func(r rune) bool { return !eastAsian(r) }) < 0 {
		runes := []rune(trimmed)
		return string(runes[max(0, len(runes)-2):])
	}
	words := strings.Fields(trimmed)
	initials := first(words[0])
	if len(words) > 1 {
		initials += first(words[len(words)-1])
	}
	return strings.ToUpper(initials)
}

func first(word string) string {
	_, n := utf8.DecodeRuneInString(word)
	return word[:n]
}

func eastAsian(r rune) bool {
	return r == '·' || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// Hue returns an angle in degrees that is always the same for a name (FNV-1a, as
// in the web client).
func Hue(name string) int {
	hash := uint32(0x811c9dc5)
	for _, r := range name {
		hash = (hash ^ uint32(r)) * 0x01000193
	}
	return int(hash % 360)
}

// hsl returns a colour of a hue in degrees; saturation and lightness are 0 to 1.
func hsl(hue int, saturation, lightness float64) color.RGBA {
	part := func(n float64) uint8 {
		k := math.Mod(n+float64(hue)/30, 12)
		a := saturation * min(lightness, 1-lightness)
		return uint8((lightness-a*max(-1, min(k-3, 9-k, 1)))*255 + 0.5)
	}
	return color.RGBA{part(0), part(8), part(4), 255}
}
