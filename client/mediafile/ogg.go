package mediafile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/tutti-rtc/tutti/internal/wire"
)

// ogg reads Opus packets out of Ogg pages (RFC 3533, RFC 7845). Pion's reader
// gives whole pages, of which most files pack a second of packets into one.
type ogg struct {
	in      *bufio.Reader
	stream  uint32   // the serial number of the Opus stream
	found   bool     // the stream's header has come
	packets [][]byte // complete ones not given out yet
	partial []byte   // of a packet that goes on in the next page
}

func newOgg(in *bufio.Reader) *ogg { return &ogg{in: in} }

func (o *ogg) next() (Frame, error) {
	for {
		for len(o.packets) == 0 {
			if err := o.readPage(); err != nil {
				return Frame{}, err
			}
		}
		data := o.packets[0]
		o.packets = o.packets[1:]
		if bytes.HasPrefix(data, []byte("OpusHead")) || bytes.HasPrefix(data, []byte("OpusTags")) || len(data) == 0 {
			continue
		}
		var packet wire.OpusPacket
		if err := wire.ParseOpus(data, &packet); err != nil {
			return Frame{}, err
		}
		return Frame{Data: data, Duration: packet.Duration(), KeyFrame: true}, nil
	}
}

// readPage adds the packets that end in the next page.
func (o *ogg) readPage() error {
	var header [27]byte
	if _, err := io.ReadFull(o.in, header[:]); err != nil {
		return err // io.EOF at the end, io.ErrUnexpectedEOF in the middle of a header
	}
	if string(header[:4]) != "OggS" || header[4] != 0 {
		return errors.New("an Ogg page does not begin with OggS and version 0: the file is damaged")
	}
	segments := make([]byte, header[26])
	if _, err := io.ReadFull(o.in, segments); err != nil {
		return fmt.Errorf("an Ogg page is cut short: %w", err)
	}
	size := 0
	for _, s := range segments {
		size += int(s)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(o.in, body); err != nil {
		return fmt.Errorf("an Ogg page is cut short: %w", err)
	}
	serial := binary.LittleEndian.Uint32(header[14:])
	if !o.found && bytes.HasPrefix(body, []byte("OpusHead")) {
		o.found, o.stream = true, serial
	}
	if !o.found || serial != o.stream {
		return nil // of another stream in the same file
	}
	if continued := header[5]&1 != 0; !continued {
		o.partial = nil
	}
	for _, s := range segments {
		if o.partial = append(o.partial, body[:s]...); len(o.partial) > maxFrame {
			return errors.New("an Ogg packet of more than 16 MB: the file is damaged")
		}
		body = body[s:]
		if s < 255 {
			o.packets = append(o.packets, o.partial)
			o.partial = nil
		}
	}
	return nil
}
