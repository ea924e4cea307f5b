// Command shrink makes a colour bitmap font (CBDT and CBLC tables with PNGs, as
// Noto Color Emoji is) smaller: its pictures are scaled down and get a palette.
// It is run by hand when the font is renewed: make.sh beside it says how.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"

	"golang.org/x/image/draw"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: shrink FONT.ttf OUT.ttf WIDTH COLOURS")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "shrink:", err)
		os.Exit(1)
	}
}

func run(in, out, width, colours string) error {
	w, err := strconv.Atoi(width)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(colours)
	if err != nil {
		return err
	}
	font, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	tables := split(font)
	if err := shrink(tables, w, n); err != nil {
		return err
	}
	return os.WriteFile(out, join(tables), 0o644)
}

var be = binary.BigEndian

// split returns a font's tables by their tags.
func split(font []byte) map[string][]byte {
	tables := map[string][]byte{}
	for i := range int(be.Uint16(font[4:])) {
		row := font[12+16*i:]
		offset, length := be.Uint32(row[8:]), be.Uint32(row[12:])
		tables[string(row[:4])] = slices.Clone(font[offset : offset+length])
	}
	return tables
}

// join makes a font of tables.
func join(tables map[string][]byte) []byte {
	tags := slices.Sorted(maps.Keys(tables))
	n := len(tags)
	power := 1
	for power*2 <= n {
		power *= 2
	}
	entry := 0
	for 1<<(entry+1) <= n {
		entry++
	}
	head := []byte{0, 1, 0, 0}
	for _, v := range []int{n, power * 16, entry, (n - power) * 16} {
		head = be.AppendUint16(head, uint16(v))
	}
	var body []byte
	for _, tag := range tags {
		table := tables[tag]
		padded := append(slices.Clone(table), make([]byte, -len(table)&3)...)
		var sum uint32
		for i := 0; i < len(padded); i += 4 {
			sum += be.Uint32(padded[i:])
		}
		head = append(head, tag...)
		head = be.AppendUint32(head, sum)
		head = be.AppendUint32(head, uint32(12+16*n+len(body)))
		head = be.AppendUint32(head, uint32(len(table)))
		body = append(body, padded...)
	}
	return append(head, body...)
}

// sourceWidth is the width of the pictures in Noto Color Emoji, in pixels.
const sourceWidth = 136

// shrink rewrites the pictures of the font's one strike, and where they are.
func shrink(tables map[string][]byte, width, colours int) error {
	places, pictures := tables["CBLC"], tables["CBDT"]
	if len(places) < 56 || be.Uint32(places[4:]) != 1 {
		return errors.New("not a font with one strike of colour bitmaps")
	}
	factor := float64(width) / sourceWidth
	strike := places[8:56]
	out := slices.Clone(pictures[:4])
	array := int(be.Uint32(strike))
	for i := range int(be.Uint32(strike[8:])) {
		row := places[array+8*i:]
		count := int(be.Uint16(row[2:])) - int(be.Uint16(row)) + 1
		table := places[array+int(be.Uint32(row[4:])):]
		if be.Uint16(table) != 1 || be.Uint16(table[2:]) != 17 {
			return fmt.Errorf("subtable %d is of a format not known here", i)
		}
		base := int(be.Uint32(table[4:]))
		offsets := table[8:]
		to := len(out)
		be.PutUint32(table[4:], uint32(to))
		begin := int(be.Uint32(offsets))
		for g := range count {
			end := int(be.Uint32(offsets[4*g+4:]))
			be.PutUint32(offsets[4*g:], uint32(len(out)-to))
			if end > begin {
				glyph, err := shrinkGlyph(pictures[base+begin:base+end], factor, colours)
				if err != nil {
					return fmt.Errorf("picture %d of subtable %d: %w", g, i, err)
				}
				out = append(out, glyph...)
			}
			begin = end
		}
		be.PutUint32(offsets[4*count:], uint32(len(out)-to))
	}
	for _, at := range []int{16, 17, 18, 28, 29, 30} { // ascent, descent, widest: across and down
		strike[at] = byte(int8(math.Round(float64(int8(strike[at])) * factor)))
	}
	for _, at := range []int{44, 45} { // pixels per em
		strike[at] = byte(math.Round(float64(strike[at]) * factor))
	}
	tables["CBDT"] = out
	return nil
}

// shrinkGlyph scales a glyph of format 17: five bytes of metrics, the length of
// the picture, the picture.
func shrinkGlyph(glyph []byte, factor float64, colours int) ([]byte, error) {
	src, err := png.Decode(bytes.NewReader(glyph[9:]))
	if err != nil {
		return nil, err
	}
	b := src.Bounds()
	width, height := int(math.Round(float64(b.Dx())*factor)), int(math.Round(float64(b.Dy())*factor))
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(dst, dst.Bounds(), src, b, draw.Src, nil)
	var data bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&data, reduce(dst, colours)); err != nil {
		return nil, err
	}
	scaled := func(i int) byte { return byte(int8(math.Round(float64(int8(glyph[i])) * factor))) }
	small := []byte{byte(height), byte(width), scaled(2), scaled(3), byte(math.Round(float64(glyph[4]) * factor))}
	small = be.AppendUint32(small, uint32(data.Len()))
	return append(small, data.Bytes()...), nil
}
