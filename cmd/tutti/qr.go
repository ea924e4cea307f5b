package main

import (
	"strings"

	"rsc.io/qr"
)

// quiet is the empty border that readers want around a code, in modules.
const quiet = 2

// qrCode draws a link as a QR code, two modules to a character, in black on
// white whatever the terminal's own colours are. It is empty for a text that
// does not fit.
func qrCode(text string) string {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return ""
	}
	const blackOnWhite, reset = "\x1b[30;107m", "\x1b[0m"
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		b.WriteString("    " + blackOnWhite)
		for x := -quiet; x < code.Size+quiet; x++ {
			// Black reports white outside of the code.
			switch top, bottom := code.Black(x, y), code.Black(x, y+1); {
			case top && bottom:
				b.WriteString("█")
			case top:
				b.WriteString("▀")
			case bottom:
				b.WriteString("▄")
			default:
				b.WriteString(" ")
			}
		}
		b.WriteString(reset + "\n")
	}
	return b.String()
}
