package video

import (
	"bytes"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

func TestADepacketizerSaysTheSameOfEachPayload(t *testing.T) {
	for _, c := range []media.Codec{media.VP8, media.H264} {
		s := newSender(t, c, 5)
		s.layers = 3
		if c == media.H264 {
			s.layers = 1
		}
		var d wire.Depacketizer
		var a wire.Assembler
		z := NewPacketizer(c)
		var payloads []Payload
		var seq media.Seq
		for i := range 200 {
			f := s.frame(i%50 == 0, 1+s.random.IntN(20000))
			payloads = z.Packetize(payloads[:0], &codec.Frame{
				Data: f.data, KeyFrame: f.key, Temporal: f.temporal, LayerSync: f.sync, TL0: s.tl0,
			})
			a.Begin(c)
			var whole []byte
			for _, p := range payloads {
				in := media.Packet{Codec: c, Seq: seq, Timestamp: f.timestamp, Marker: p.FrameEnd, Payload: p.Data}
				seq++
				if err := d.Describe(&in); err != nil {
					t.Fatal(err)
				}
				told := Payload{p.Data, in.FrameStart, in.FrameEnd, in.KeyFrame, in.Layer.Temporal, in.LayerSync}
				if told.FrameStart != p.FrameStart || told.FrameEnd != p.FrameEnd || told.KeyFrame != p.KeyFrame ||
					told.Temporal != p.Temporal || told.LayerSync != p.LayerSync {
					t.Fatalf("%v: the depacketizer says %+v, want %+v", c, told, p)
				}
				var err error
				if whole, err = a.Append(whole, p.Data); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(whole, f.data) || !a.Whole() {
				t.Fatalf("%v: frame %d came back different", c, i)
			}
		}
	}
}
