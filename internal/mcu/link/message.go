package link

import (
	"encoding/json"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Message is one of the types in this file, always as a value, not a pointer.
type Message interface {
	// record returns the type byte of the message's record.
	record() byte
}

// Program is what the server wants of the mixer, as a whole: it replaces the one
// before. The server sends it first, and whenever something in it changes.
type Program struct {
	// Width and Height are the canvas in pixels, both even.
	Width, Height int
	// FPS is the frame rate of the picture.
	FPS int
	// Layout is an api.Layout; "" chooses by itself. Scene is an api.Scene,
	// or empty.
	Layout string
	Scene  json.RawMessage `json:",omitempty"`
	// Background is "#rrggbb", or "" for the stage's own colour.
	Background string
	// Levelling makes everybody equally loud.
	Levelling bool
	// Talkers is how many microphones are mixed at most; 0 stands for the
	// mixer's default.
	Talkers int
	// Members take part in the program, in the order in which they came.
	Members []Member
	// Listeners are ids of the members who hear the program: one who talks
	// gets a mix without himself.
	Listeners []string
	// Sound tells that somebody hears the mix that is shared.
	Sound bool
	// Video lists the renditions that somebody sees. Without any, nothing is
	// decoded, composed or encoded.
	Video []Rendition
}

// Member is one of the program's members.
type Member struct {
	ID, Name string
	// Hand tells that the member has raised it.
	Hand   bool
	Tracks []Track
}

// Track is one of a member's tracks that go into the program.
type Track struct {
	// Number names the track in packets. It is never used again in the life
	// of a mixer's process.
	Number uint32
	ID     media.TrackID
	Origin media.Origin
	Kind   media.Kind
	Muted  bool
	// LeftOut tells that the track's stream brought the mixer down: it is
	// not decoded any more, and the picture says so.
	LeftOut bool
	// Streams are the simulcast streams' largest sizes, the smallest first;
	// zero where unknown.
	Streams []media.Dimensions
}

// Rendition is one encoding of the composed picture.
type Rendition struct {
	// Output names the rendition in packets that come up.
	Output        uint32
	Codec         media.Codec
	Width, Height int
	Rate          media.Bitrate
	// TemporalLayers is 1 to 3.
	TemporalLayers int
}

// KeyFrame asks the mixer for a key frame of a rendition.
type KeyFrame struct {
	Output uint32
}

// Ready is the mixer's first message: it has loaded its codecs and given up its
// rights, and may be sent media.
type Ready struct {
	// Sandbox names the protections that are in force, such as
	// "no_new_privs" or "landlock 7"; Lacking says which ones are not, and
	// why.
	Sandbox, Lacking []string
}

// Alive is the mixer's heartbeat, sent each HeartbeatInterval by the goroutines
// that do its work: a loop that hangs sends none.
type Alive struct {
	Sequence uint64
	Stats    Stats
}

// HeartbeatInterval is how often the mixer says that it is alive.
const HeartbeatInterval = 100 * time.Millisecond

// Stats are the mixer's figures since its process began.
type Stats struct {
	// CPU is the processor time of the whole process. The others are what
	// its parts took of it.
	CPU, Decode, Scale, Compose, Encode, Sound time.Duration
	// Decoded, Broken and Late count frames of pictures: those decoded,
	// those that a decoder refused, and those of which a newer one was there
	// already when they were due.
	Decoded, Broken, Late uint64
	// Composed counts pictures, Encoded the frames of all renditions, and
	// Skipped the pictures that were not composed as the machine was busy.
	Composed, Encoded, Skipped uint64
	// Mixed counts frames of sound that were encoded, Concealed those of
	// sources that were guessed.
	Mixed, Concealed uint64
	// Dropped counts packets that the mixer did not take or could not send.
	Dropped uint64
}

// Add returns the sum of two.
func (s Stats) Add(o Stats) Stats {
	s.CPU += o.CPU
	s.Decode += o.Decode
	s.Scale += o.Scale
	s.Compose += o.Compose
	s.Encode += o.Encode
	s.Sound += o.Sound
	s.Decoded += o.Decoded
	s.Broken += o.Broken
	s.Late += o.Late
	s.Composed += o.Composed
	s.Encoded += o.Encoded
	s.Skipped += o.Skipped
	s.Mixed += o.Mixed
	s.Concealed += o.Concealed
	s.Dropped += o.Dropped
	return s
}

// Wants tells which sizes of pictures the program needs, so that publishers
// send, and the server passes on, nothing larger. It replaces the one before.
type Wants struct {
	Tracks []Want
}

// Want is the size in pixels at which a track is shown; 0×0: it is not shown.
type Want struct {
	Number        uint32
	Width, Height int
}

// KeyFrameWanted asks for a key frame of a track's stream.
type KeyFrameWanted struct {
	Number uint32
	Stream uint8
}

// Mixes tells which members have a mix of their own, without their own sound.
// All others hear the shared mix. It replaces the one before.
type Mixes struct {
	Outputs []Mix
}

// Mix is the mix of one member.
type Mix struct {
	Output uint32
	Member string
}

// SharedMix is the output number of the mix that is shared. Renditions and mixes
// have numbers of their own above it.
const SharedMix uint32 = 0

// Talkers lists who is heard in the mix now, the loudest first. It replaces the
// one before.
type Talkers struct {
	Members []Talker
}

// Talker is one who is heard. Level is in −dBov, 0 (loudest) to 127.
type Talker struct {
	Member string
	Level  uint8
}

// Failed tells that a track can't be decoded, and why, for people: the mixer
// goes on without it.
type Failed struct {
	Number uint32
	Text   string
}

// The types of records. Those of the server's are below 32.
const (
	recordPacket byte = iota + 1
	recordProgram
	recordKeyFrame

	recordReady byte = iota + 32
	recordAlive
	recordWants
	recordKeyFrameWanted
	recordMixes
	recordTalkers
	recordFailed
)

func (Program) record() byte        { return recordProgram }
func (KeyFrame) record() byte       { return recordKeyFrame }
func (Ready) record() byte          { return recordReady }
func (Alive) record() byte          { return recordAlive }
func (Wants) record() byte          { return recordWants }
func (KeyFrameWanted) record() byte { return recordKeyFrameWanted }
func (Mixes) record() byte          { return recordMixes }
func (Talkers) record() byte        { return recordTalkers }
func (Failed) record() byte         { return recordFailed }

// decoders make messages of bodies.
var decoders = map[byte]func(body []byte) (Message, error){
	recordProgram:        decode[Program],
	recordKeyFrame:       decode[KeyFrame],
	recordReady:          decode[Ready],
	recordAlive:          decode[Alive],
	recordWants:          decode[Wants],
	recordKeyFrameWanted: decode[KeyFrameWanted],
	recordMixes:          decode[Mixes],
	recordTalkers:        decode[Talkers],
	recordFailed:         decode[Failed],
}

func decode[T Message](body []byte) (Message, error) {
	var m T
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	return m, nil
}
