package api

import (
	"errors"
	"testing"
)

func TestProgramSettingsAreChecked(t *testing.T) {
	scene := &Scene{Tiles: []SceneTile{{Width: 1, Height: 1}}}
	for _, good := range []ProgramSettings{
		{},
		{Layout: LayoutGrid, Unlevelled: true},
		{Layout: LayoutScene, Scene: scene},
		{Layout: LayoutGrid, Scene: scene}, // for later
		{Width: MinProgramWidth, Height: MinProgramHeight, FPS: MinProgramFPS},
		{Width: MaxProgramWidth, Height: MaxProgramHeight, FPS: MaxProgramFPS},
		{Width: 720, Height: 960}, // upright
	} {
		if err := good.Validate(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []ProgramSettings{
		{Layout: "heap"},
		{Layout: LayoutScene},
		{Scene: &Scene{}},
		{Width: 1280},
		{Height: 720},
		{Width: 158, Height: 90},
		{Width: 160, Height: 88},
		{Width: 1922, Height: 1080},
		{Width: 1920, Height: 1082},
		{Width: 641, Height: 360},
		{Width: 640, Height: 361},
		{Width: -640, Height: 360},
		{FPS: 4},
		{FPS: 31},
		{FPS: -1},
	} {
		var refusal *Error
		if err := bad.Validate(); !errors.As(err, &refusal) || refusal.Code != CodeBadMessage {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestProgramSettingsHaveDefaults(t *testing.T) {
	if got := (ProgramSettings{Layout: LayoutSpeaker}).WithDefaults(); got != (ProgramSettings{Layout: LayoutSpeaker, Width: 1280, Height: 720, FPS: 30}) {
		t.Errorf("the defaults are %+v", got)
	}
	if s := (ProgramSettings{Width: 320, Height: 180, FPS: 10}); s.WithDefaults() != s {
		t.Errorf("what is set became %+v", s.WithDefaults())
	}
}

func TestAProgramFlowsWhereThereIsSomethingToReceive(t *testing.T) {
	for state, want := range map[ProgramState]bool{
		ProgramOff: false, ProgramStarting: false, ProgramForwarding: true, ProgramMixing: true, ProgramFailed: false, "": false,
	} {
		if state.Flows() != want {
			t.Errorf("%q flows: %v", state, !want)
		}
	}
}
