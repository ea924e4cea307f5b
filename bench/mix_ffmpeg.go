package main

import (
	"context"
	"fmt"
	"math"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// ffmpegFigures are what ffmpeg takes for a second of a composed picture, in
// cores.
type ffmpegFigures struct {
	CPU    float64 `json:"cpu"`
	Decode float64 `json:"decode"`
	Stack  float64 `json:"scale_and_stack"`
	Encode float64 `json:"encode"`
}

// inputArguments are ffmpeg's inputs, as fast as they can be read, or in real
// time.
func inputArguments(names []string, live bool) []string {
	var arguments []string
	for _, name := range names {
		if live {
			arguments = append(arguments, "-re")
		}
		arguments = append(arguments, "-threads", "1", "-i", name)
	}
	return arguments
}

// stackArguments are ffmpeg's inputs, and the filter that puts them into a square
// grid as [v].
func stackArguments(names []string, live bool) []string {
	columns := int(math.Ceil(math.Sqrt(float64(len(names)))))
	edge := func(length, i int) int { return length * i / columns &^ 1 }
	var scales, inputs, places string
	for i := range names {
		x, y := i%columns, i/columns
		scales += fmt.Sprintf("[%d]scale=%d:%d[s%d];", i,
			edge(programSize.Width, x+1)-edge(programSize.Width, x), edge(programSize.Height, y+1)-edge(programSize.Height, y), i)
		inputs += fmt.Sprintf("[s%d]", i)
		places += fmt.Sprintf("|%d_%d", edge(programSize.Width, x), edge(programSize.Height, y))
	}
	graph := fmt.Sprintf("%s%sxstack=inputs=%d:layout=%s[v]", scales, inputs, len(names), strings.TrimPrefix(places, "|"))
	return append(inputArguments(names, live), "-filter_complex_threads", "1", "-filter_complex", graph, "-map", "[v]")
}

// decodeArguments let ffmpeg decode all inputs and nothing else.
func decodeArguments(names []string, live bool) []string {
	arguments := inputArguments(names, live)
	for i := range names {
		arguments = append(arguments, "-map", fmt.Sprint(i))
	}
	return append(arguments, "-f", "null", "-")
}

// measureFFmpeg lets ffmpeg compose clips, in parts and as a whole. The whole goes
// into the file output. It works in real time, as a mixer has to: it finds its
// caches as cold.
func measureFFmpeg(ctx context.Context, names []string, output string) (f ffmpegFigures, err error) {
	decode, err := runFFmpeg(ctx, decodeArguments(names, true))
	if err != nil {
		return f, err
	}
	stack, err := runFFmpeg(ctx, append(stackArguments(names, true), "-f", "null", "-"))
	if err != nil {
		return f, err
	}
	all, err := runFFmpeg(ctx, append(append(stackArguments(names, true), vp8(programRate, "8")...), output))
	perSecond := func(d time.Duration) float64 { return d.Seconds() / clipSeconds }
	return ffmpegFigures{
		CPU: perSecond(all), Decode: perSecond(decode), Stack: perSecond(stack - decode), Encode: perSecond(all - stack),
	}, err
}

// runFFmpeg runs ffmpeg on the first core and returns its processor time.
func runFFmpeg(ctx context.Context, arguments []string) (time.Duration, error) {
	command := ffmpegCommand(ctx, arguments)
	if output, err := command.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("ffmpeg: %w: %s", err, output)
	}
	return command.ProcessState.UserTime() + command.ProcessState.SystemTime(), nil
}

func ffmpegCommand(ctx context.Context, arguments []string) *exec.Cmd {
	command := append([]string{"ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-y"}, arguments...)
	if runtime.NumCPU() > 1 {
		command = append([]string{"taskset", "-c", "0"}, command...)
	}
	return exec.CommandContext(ctx, command[0], command[1:]...)
}
