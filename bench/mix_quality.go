package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/pion/webrtc/v4/pkg/media/ivfreader"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// quality is how well an encoder has kept the composed picture.
type quality struct {
	// PSNR is that of luma over all pictures, in dB; a picture that was left
	// out counts as the one before it.
	PSNR float64 `json:"psnr_y"`
	// Rate is in bit/s, Frames how many there were in a second.
	Rate   float64 `json:"rate"`
	Frames float64 `json:"frames_per_second"`
}

// judge compares pictures with what became of them.
type judge struct {
	decoder codec.VideoDecoder
	shown   *picture.Picture
	idle    bool    // what comes is decoded, but does not count
	squares float64 // of the errors, summed
	samples float64
	bytes   int
	frames  int
}

func newJudge(codecs codec.Codecs) (*judge, error) {
	d, err := codecs.NewVideoDecoder(media.VP8)
	return &judge{decoder: d}, err
}

// take takes a picture and its encoded frame, empty if it was left out.
func (j *judge) take(p *picture.Picture, frame []byte) error {
	if len(frame) > 0 {
		shown, err := j.decoder.Decode(frame)
		if err != nil {
			return err
		}
		if shown != nil {
			j.shown = shown
		}
		if !j.idle {
			j.bytes += len(frame)
			j.frames++
		}
	}
	if j.idle {
		return nil
	}
	if j.shown == nil {
		return errors.New("the first picture was left out")
	}
	if j.shown.Size() != p.Size() {
		return fmt.Errorf("a picture of %v for one of %v", j.shown.Size(), p.Size())
	}
	for y := range p.Height {
		a, b := p.Y[y*p.StrideY:][:p.Width], j.shown.Y[y*j.shown.StrideY:][:p.Width]
		row := 0
		for x := range a {
			d := int(a[x]) - int(b[x])
			row += d * d
		}
		j.squares += float64(row)
	}
	j.samples += float64(p.Width * p.Height)
	return nil
}

// verdict is over what was taken in a time.
func (j *judge) verdict(d time.Duration) quality {
	j.decoder.Close()
	return quality{
		PSNR: 10 * math.Log10(255*255*j.samples/j.squares),
		Rate: 8 * float64(j.bytes) / d.Seconds(), Frames: float64(j.frames) / d.Seconds(),
	}
}

// judgeEncoders encodes what ffmpeg composes of clips with our encoder as the
// mixer sets it, and compares it and ffmpeg's own encoding of it with the
// original.
func judgeEncoders(ctx context.Context, codecs codec.Codecs, names []string, encoded string) (ours, theirs quality, err error) {
	frames := make(map[uint64][]byte)
	err = readIVF(encoded, func(header *ivfreader.IVFFileHeader, at uint64, frame []byte) error {
		frames[at*uint64(header.TimebaseNumerator)/uint64(header.TimebaseDenominator)] = frame
		return nil
	})
	if err != nil {
		return ours, theirs, err
	}
	encoder, err := codecs.NewVideoEncoder(media.VP8, codec.VideoOptions{
		Size: programSize, Rate: programRate * 1000, FPS: clipFPS, TemporalLayers: programLayers,
	})
	if err != nil {
		return ours, theirs, err
	}
	defer encoder.Close()
	us, err := newJudge(codecs)
	if err != nil {
		return ours, theirs, err
	}
	them, err := newJudge(codecs)
	if err != nil {
		return ours, theirs, err
	}
	n := 0
	err = composed(ctx, names, func(p *picture.Picture) error {
		f, err := encoder.Encode(p, codec.EncodeOptions{Timestamp: media.Ticks(n * 90000 / clipFPS)})
		if err != nil {
			return err
		}
		var data []byte
		if f != nil {
			data = f.Data
		}
		err = errors.Join(us.take(p, data), them.take(p, frames[uint64(n)]))
		n++
		return err
	})
	return us.verdict(clipSeconds * time.Second), them.verdict(clipSeconds * time.Second), err
}

// composed hands the pictures that ffmpeg composes to use.
func composed(ctx context.Context, names []string, use func(*picture.Picture) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	command := ffmpegCommand(ctx, append(stackArguments(names, false), "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"))
	output, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	p := picture.New(programSize.Width, programSize.Height)
	for err == nil {
		if err = readPicture(output, p); err == nil {
			err = use(p)
		}
	}
	if errors.Is(err, io.EOF) {
		return command.Wait()
	}
	cancel()
	_ = command.Wait() // it was told to end
	return err
}

func readPicture(r io.Reader, p *picture.Picture) error {
	chroma := p.StrideUV * (p.Height / 2)
	for _, plane := range [][]byte{p.Y[:p.StrideY*p.Height], p.U[:chroma], p.V[:chroma]} {
		if _, err := io.ReadFull(r, plane); err != nil {
			return err
		}
	}
	return nil
}
