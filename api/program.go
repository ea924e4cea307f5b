package api

// The track ids by which a view names the room's program; no published track
// has them. ProgramVideo is the picture of all, ProgramAudio the sound of all
// but the member itself.
const (
	ProgramAudio = "program-audio"
	ProgramVideo = "program-video"
)

// The bounds and defaults of the program's picture, in pixels and pictures a
// second.
const (
	MinProgramWidth      = 160
	MaxProgramWidth      = 1920
	DefaultProgramWidth  = 1280
	MinProgramHeight     = 90
	MaxProgramHeight     = 1080
	DefaultProgramHeight = 720
	MinProgramFPS        = 5
	MaxProgramFPS        = 30
	DefaultProgramFPS    = 30
)

// CrowdPictures is how many pictures of others a client is given one by one: with
// more, PathAuto gives it the program.
const CrowdPictures = 16

// ProgramSettings are what a host may change about the room's program.
type ProgramSettings struct {
	// Layout is empty for what suits those who are there.
	Layout Layout `json:"layout,omitempty"`
	// Scene is what LayoutScene needs; other layouts keep it for later.
	Scene *Scene `json:"scene,omitempty"`
	// Width and Height are the picture's size in pixels, even, 160 × 90 to
	// 1920 × 1080; 0 × 0 is 1280 × 720.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
	// FPS is 5 to 30 pictures a second; 0 is 30.
	FPS int `json:"fps,omitempty"`
	// Unlevelled leaves voices as loud as they come.
	Unlevelled bool `json:"unlevelled,omitempty"`
}

// Validate returns nil, or an *Error with CodeBadMessage that says what is wrong.
func (s *ProgramSettings) Validate() error {
	full := s.WithDefaults()
	switch {
	case !s.Layout.Known():
		return Errorf(CodeBadMessage, "There is no layout %.32q.", s.Layout)
	case s.Layout == LayoutScene && s.Scene == nil:
		return Errorf(CodeBadMessage, "The layout %q needs a scene.", LayoutScene)
	case (s.Width == 0) != (s.Height == 0):
		return Errorf(CodeBadMessage, "The program's picture needs a width and a height, or neither.")
	case full.Width < MinProgramWidth || full.Width > MaxProgramWidth || full.Width%2 != 0:
		return Errorf(CodeBadMessage, "The program's picture is %d to %d pixels wide and even, not %d.", MinProgramWidth, MaxProgramWidth, s.Width)
	case full.Height < MinProgramHeight || full.Height > MaxProgramHeight || full.Height%2 != 0:
		return Errorf(CodeBadMessage, "The program's picture is %d to %d pixels high and even, not %d.", MinProgramHeight, MaxProgramHeight, s.Height)
	case full.FPS < MinProgramFPS || full.FPS > MaxProgramFPS:
		return Errorf(CodeBadMessage, "The program has %d to %d pictures a second, not %d.", MinProgramFPS, MaxProgramFPS, s.FPS)
	case s.Scene != nil:
		return s.Scene.Validate()
	}
	return nil
}

// WithDefaults returns the settings with sizes and rate filled in where they are
// zero.
func (s ProgramSettings) WithDefaults() ProgramSettings {
	if s.Width == 0 && s.Height == 0 {
		s.Width, s.Height = DefaultProgramWidth, DefaultProgramHeight
	}
	if s.FPS == 0 {
		s.FPS = DefaultProgramFPS
	}
	return s
}

// ProgramState is how the room's program fares.
type ProgramState string

// The states of the program.
const (
	ProgramOff        ProgramState = "off"        // nobody wants it
	ProgramStarting   ProgramState = "starting"   // somebody wants it, it does not flow yet
	ProgramForwarding ProgramState = "forwarding" // it flows: there is one picture only, which is passed on as it is
	ProgramMixing     ProgramState = "mixing"     // it flows
	ProgramFailed     ProgramState = "failed"     // this server can't mix, see Text
)

// Flows reports whether there is something to receive.
func (s ProgramState) Flows() bool { return s == ProgramForwarding || s == ProgramMixing }

// Program tells of the room's program: the mixed sound and the one picture that
// members on PathMCU receive.
type Program struct {
	State ProgramState `json:"state"`
	// Width and Height are the picture's, in pixels; 0 while it does not flow.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
	// LeftOut lists tracks that can't be decoded, by id.
	LeftOut []string `json:"left_out,omitempty"`
	// Text says in a sentence why the program has failed.
	Text string `json:"text,omitempty"`
}

// Load tells how hard the client finds it to show the pictures that it receives,
// so that PathAuto can spare it. It is worth saying every five seconds while it is
// hard, or while the client is on PathMCU; more often it does not count. Reply: OK.
type Load struct {
	// Decode is the share of the time between two pictures that decoding takes,
	// summed over all that are received: 0 and up, 1 is too much for one core.
	Decode float64 `json:"decode"`
	// Dropped is the share of pictures that came but were not shown, 0 to 1.
	Dropped float64 `json:"dropped"`
}

// MessageType returns "load".
func (*Load) MessageType() string { return "load" }
