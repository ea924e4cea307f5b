package proc

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
)

// gone fails if there is still a process with this id, a zombie too.
func gone(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", pid, err)
	}
}

func TestAMixerComesUpAndIsSpokenTo(t *testing.T) {
	c, l := start(t, Options{})
	conn := <-l.up
	pid := <-l.pids
	if ready := <-l.ready; len(ready.Sandbox) < 5 || ready.Lacking != nil {
		t.Errorf("its sandbox is %q, without %q", ready.Sandbox, ready.Lacking)
	}
	for _, what := range []byte{doEcho, doVisit} {
		if conn.WritePacket(7, packet(what)); <-l.packets != 7 {
			t.Error("another number came back")
		}
	}
	if s := c.Stats(); s != (Stats{Starts: 1, Ready: true}) {
		t.Errorf("%+v", s)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	gone(t, pid)
	if err := conn.Write(link.KeyFrame{}); err == nil {
		t.Error("the link outlives the process")
	}
	if len(l.down) != 0 {
		t.Errorf("Close is told as a death: %v", (<-l.down).cause)
	}
}

func TestAMixerSeesNoSecretsOfTheServers(t *testing.T) {
	t.Setenv("TUTTI_SECRET", "correct horse")
	t.Setenv("GOGC", "77")
	_, l := start(t, Options{})
	<-l.up
	text := <-l.texts
	if strings.Contains(text, "horse") || !strings.Contains(text, "GOGC=77") {
		t.Errorf("the mixer's environment is\n%s", text)
	}
}

func TestAMixerThatIsKilledComesBack(t *testing.T) {
	c, l := start(t, Options{})
	<-l.up
	pid := <-l.pids
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if d := <-l.down; !strings.Contains(d.cause.Error(), "killed") || d.suspects != nil {
		t.Errorf("%v, suspects %v", d.cause, d.suspects)
	}
	if next := <-l.up; !next.WritePacket(1, packet(doEcho)) || <-l.packets != 1 {
		t.Error("the next process does not work")
	}
	gone(t, pid)
	if s := c.Stats(); s != (Stats{Starts: 2, Crashes: 1, Ready: true}) {
		t.Errorf("%+v", s)
	}
}

func TestAMixerThatStopsOrFallsSilentIsReplaced(t *testing.T) {
	c, l := start(t, Options{Patience: time.Second})
	<-l.up
	if err := syscall.Kill(<-l.pids, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if d := <-l.down; !strings.Contains(d.cause.Error(), "hung") || d.suspects != nil {
		t.Errorf("stopped: %v, suspects %v", d.cause, d.suspects)
	}
	(<-l.up).WritePacket(1, packet(doSilence))
	if d := <-l.down; !strings.Contains(d.cause.Error(), "hung") || d.suspects != nil {
		t.Errorf("silent: %v, suspects %v", d.cause, d.suspects)
	}
	<-l.up
	if s := c.Stats(); s.Starts != 3 || s.Hangs != 2 {
		t.Errorf("%+v", s)
	}
}

func TestATrackThatCrashesTheMixerTwiceIsLeftOut(t *testing.T) {
	c, l := start(t, Options{})
	for i := range 2 {
		if c.LeftOut(7) {
			t.Fatal("left out too early")
		}
		conn := <-l.up
		conn.WritePacket(5, packet(doVisit))
		conn.WritePacket(7, packet(doCrash))
		d := <-l.down
		if !slices.Equal(d.suspects, []uint32{7}) || !strings.Contains(d.cause.Error(), "SIGABRT") {
			t.Errorf("crash %d: %v, suspects %v", i, d.cause, d.suspects)
		}
	}
	if !c.LeftOut(7) || c.LeftOut(5) {
		t.Errorf("left out: the culprit %v, another %v", c.LeftOut(7), c.LeftOut(5))
	}
	<-l.up
}

func TestOfTwoSuspectsTheCulpritIsFound(t *testing.T) {
	c, l := start(t, Options{})
	for _, want := range [][]uint32{{7, 8}, {7}} {
		(<-l.up).WritePacket(7, packet(doCrowd))
		if d := <-l.down; !slices.Equal(d.suspects, want) {
			t.Errorf("suspects %v, want %v", d.suspects, want)
		}
	}
	if !c.LeftOut(7) || c.LeftOut(8) {
		t.Errorf("left out: the culprit %v, the bystander %v", c.LeftOut(7), c.LeftOut(8))
	}
}

func TestAWorkerThatHangsIsNoticedThoughTheHeartBeats(t *testing.T) {
	_, l := start(t, Options{Patience: time.Second})
	(<-l.up).WritePacket(9, packet(doHang))
	if d := <-l.down; !slices.Equal(d.suspects, []uint32{9}) {
		t.Errorf("%v, suspects %v", d.cause, d.suspects)
	}
	<-l.up
}

func TestAMixerThatLeavesOrBreaksTheRulesIsReplaced(t *testing.T) {
	_, l := start(t, Options{})
	(<-l.up).WritePacket(1, packet(doLeave))
	if d := <-l.down; !strings.Contains(d.cause.Error(), "exit status 3") {
		t.Error(d.cause)
	}
	<-l.up

	c, l := start(t, Options{Command: command(t, "as-liar")})
	if d := <-l.down; !errors.Is(d.cause, link.ErrRecord) {
		t.Error(d.cause)
	}
	if s := c.Stats(); s.Breaches != 1 || s.Ready {
		t.Errorf("%+v", s)
	}
}

func TestAProgramThatIsNotThereIsSaidSo(t *testing.T) {
	c, l := start(t, Options{Command: []string{"/nonexistent/tutti", "mixer"}})
	if d := <-l.down; !errors.Is(d.cause, os.ErrNotExist) {
		t.Error(d.cause)
	}
	if s := c.Stats(); s.Starts != 0 {
		t.Errorf("%+v", s)
	}
}

func TestCloseEndsAMixerThatDoesNotListen(t *testing.T) {
	c, l := start(t, Options{Grace: time.Millisecond})
	<-l.up
	pid := <-l.pids
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	gone(t, pid)
}

func TestLivesLeaveNoDescriptorsBehind(t *testing.T) {
	open := func() int {
		list, err := os.ReadDir("/dev/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	var before int
	for i := range 4 {
		c, l := start(t, Options{})
		(<-l.up).WritePacket(uint32(i), packet(doCrash))
		<-l.down
		<-l.up
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if i == 0 { // the first one opens what the runtime keeps
			before = open()
		}
	}
	if after := open(); after > before {
		t.Errorf("%d descriptors are open, %d were", after, before)
	}
}

func TestAMixerDiesWithTheServer(t *testing.T) {
	args := command(t, "as-server")
	server := exec.Command(args[0], args[1:]...)
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	mixer, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(mixer)
	// A mixer that hangs can't notice that its socket is closed.
	if err := errors.Join(syscall.Kill(pid, syscall.SIGSTOP), server.Process.Kill()); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err == nil {
		t.Error("the server was not killed")
	}
	// The descriptor can be read when the process has ended.
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(mixer), Events: unix.POLLIN}}, -1)
		if n == 1 {
			break
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			t.Fatal(err)
		}
	}
}
