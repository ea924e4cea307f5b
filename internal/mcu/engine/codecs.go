package engine

import (
	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/mixer"
	"github.com/tutti-rtc/tutti/internal/media"
)

// soundRate is that of a mix.
const soundRate media.Bitrate = 96_000

// newDecoder makes the decoder of a track's sound. sound.mu is held.
func (s *sound) newDecoder(track media.TrackID) (mixer.Decoder, error) {
	d, err := s.engine.opt.Codecs.NewAudioDecoder()
	if err != nil {
		return nil, err
	}
	return &markedDecoder{d, s.engine.opt.Marks, s.marks[track]}, nil
}

func (s *sound) newEncoder() (mixer.Encoder, error) {
	return s.engine.opt.Codecs.NewAudioEncoder(soundRate)
}

// markedDecoder marks whose bytes it is given.
type markedDecoder struct {
	codec.AudioDecoder
	marks Marks
	track uint32
}

// Decode decodes a packet (mixer.Decoder).
func (d *markedDecoder) Decode(pcm []float32, packet []byte) (int, error) {
	d.marks.Enter(soundWorker, d.track)
	defer d.marks.Leave(soundWorker)
	return d.AudioDecoder.Decode(pcm, packet)
}

// Recover makes up for a lost packet (mixer.Decoder).
func (d *markedDecoder) Recover(pcm []float32, next []byte) error {
	d.marks.Enter(soundWorker, d.track)
	defer d.marks.Leave(soundWorker)
	return d.AudioDecoder.Recover(pcm, next)
}

// Conceal makes up for a lost packet (mixer.Decoder).
func (d *markedDecoder) Conceal(pcm []float32) error {
	d.marks.Enter(soundWorker, d.track)
	defer d.marks.Leave(soundWorker)
	return d.AudioDecoder.Conceal(pcm)
}
