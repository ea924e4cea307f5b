package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestMain runs the tests, or a prisoner that a test starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "as-prisoner" {
		imprison(strings.Split(os.Args[2], ","), os.Args[3])
		return
	}
	if len(os.Args) == 2 && os.Args[1] == "as-mixer" {
		mixImprisoned()
		return
	}
	os.Exit(m.Run())
}

// report is what a prisoner tells.
type report struct {
	InForce, Lacking []string
	// Did is what came of each attempt: an error, or "" where it worked.
	Did map[string]string
	// Broken lists what should work and does not.
	Broken []string
}

// prisoner starts a process that takes the named measures and tries to escape,
// and returns its report.
func prisoner(t *testing.T, taken ...string) report {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	abstract, err := net.Listen("unix", "@tutti-sandbox-test-"+strconv.Itoa(os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	defer abstract.Close()
	c := exec.Command(path, "as-prisoner", strings.Join(taken, ","), abstract.Addr().String())
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("the prisoner died: %v", err)
	}
	var r report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if len(r.Broken) > 0 {
		t.Errorf("this should work: %q", r.Broken)
	}
	return r
}

// imprison takes the named measures and writes a report.
func imprison(taken []string, abstract string) {
	// A thread from before, and the garbage collector's, are in it too.
	before := newThread()
	pipe, err := net.FileConn(os.Stdin)
	if err == nil {
		_ = pipe.Close()
	}
	list := slices.DeleteFunc(measures(), func(m measure) bool { return !slices.Contains(taken, m.name) })
	var r report
	r.InForce, r.Lacking = enter(list)
	r.Did = make(map[string]string)
	note := func(where string) {
		for name, try := range attempts(abstract) {
			err := try()
			switch {
			case err == nil:
				r.Did[name] = ""
			case r.Did[name] != "" || !has(r.Did, name):
				r.Did[name] = where + ": " + err.Error()
			}
		}
	}
	before.do(func() { note("a thread from before") })
	newThread().do(func() { note("a thread from after") })
	note("the main thread")
	r.Broken = checkLife()
	out, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	if _, err := os.Stdout.Write(out); err != nil {
		os.Exit(1)
	}
}

func has(m map[string]string, name string) bool { _, ok := m[name]; return ok }

// thread runs functions, all on one thread of its own.
type thread struct{ work chan func() }

func newThread() thread {
	t := thread{make(chan func())}
	go func() {
		runtime.LockOSThread()
		for f := range t.work {
			f()
		}
	}()
	t.do(func() {})
	return t
}

func (t thread) do(f func()) {
	done := make(chan struct{})
	t.work <- func() { defer close(done); f() }
	<-done
}

// tooMuch is more memory than a prisoner may have.
const tooMuch = min(5<<30, math.MaxInt)

// attempts are ways out.
func attempts(abstract string) map[string]func() error {
	// What the kernel looks at and finds senseless has got through.
	call := func(number uintptr, args ...uintptr) func() error {
		return func() error {
			a := [6]uintptr{}
			copy(a[:], args)
			_, _, errno := syscall.Syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
			if errno == unix.EPERM || errno == unix.ENOSYS {
				return errno
			}
			return nil
		}
	}
	dial := func(network, address string) func() error {
		return func() error {
			c, err := net.Dial(network, address)
			if err == nil {
				err = c.Close()
			}
			return err
		}
	}
	listen := func(multipath bool) func() error {
		return func() error {
			var c net.ListenConfig
			c.SetMultipathTCP(multipath)
			l, err := c.Listen(context.Background(), "tcp4", "127.0.0.1:0")
			if err == nil {
				err = l.Close()
			}
			return err
		}
	}
	socket := func(family, kind int) func() error { return call(unix.SYS_SOCKET, uintptr(family), uintptr(kind), 0) }
	anywhere := [2]uint64{} // an argument that points to something
	memory := uintptr(unsafe.Pointer(&anywhere))
	return map[string]func() error{
		"read a file":   func() error { _, err := os.ReadFile("/etc/passwd"); return err },
		"list a folder": func() error { _, err := os.ReadDir("/"); return err },
		"create a file": func() error {
			name := filepath.Join(os.TempDir(), "tutti-sandbox-"+strconv.Itoa(os.Getpid()))
			err := os.WriteFile(name, []byte("x"), 0o600)
			_ = os.Remove(name)
			return err
		},
		"see itself":              func() error { _, err := os.ReadFile("/proc/self/maps"); return err },
		"listen on TCP":           listen(false),
		"listen on multipath TCP": listen(true), // which Landlock does not know yet
		"open a UDP socket": func() error {
			c, err := net.ListenPacket("udp4", "127.0.0.1:0")
			if err == nil {
				err = c.Close()
			}
			return err
		},
		"open a TCP socket":       socket(unix.AF_INET, unix.SOCK_STREAM),
		"open a raw socket":       socket(unix.AF_INET, unix.SOCK_RAW),
		"open a netlink socket":   socket(unix.AF_NETLINK, unix.SOCK_RAW),
		"reach an abstract sock":  dial("unix", abstract),
		"run a program":           func() error { return exec.Command("/bin/true").Run() },
		"become a program":        func() error { return syscall.Exec("/nonexistent", nil, nil) },
		"fork":                    call(unix.SYS_CLONE, unix.CLONE_SIGHAND), // not without CLONE_VM
		"fork in another way":     call(unix.SYS_CLONE3, memory, 1),         // of too small a size
		"trace the server":        call(unix.SYS_PTRACE, unix.PTRACE_PEEKDATA, uintptr(os.Getppid())),
		"signal the server":       func() error { return syscall.Kill(os.Getppid(), 0) },
		"signal a thread of it":   func() error { return unix.Tgkill(os.Getppid(), os.Getppid(), 0) },
		"read the server's bytes": call(unix.SYS_PROCESS_VM_READV, uintptr(os.Getppid()), memory, 0, memory, 0, 0),
		"own a namespace":         call(unix.SYS_UNSHARE, unix.CLONE_NEWUSER),
		"mount":                   call(unix.SYS_MOUNT, memory, memory, memory),
		"use io_uring":            call(unix.SYS_IO_URING_SETUP, 1, memory),
		"load BPF":                call(unix.SYS_BPF, 5, memory, 8),
		"make a file in memory":   func() error { _, err := unix.MemfdCreate("x", 0); return err },
		"read keys":               call(unix.SYS_KEYCTL, 0, ^uintptr(2), 0),
		"own its descriptors":     func() error { _, err := unix.FcntlInt(0, unix.F_SETOWN, os.Getppid()); return err },
		"become root":             func() error { return unix.Setresuid(0, 0, 0) },
		"raise its limits": func() error {
			return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1000, Max: 1000})
		},
		"make code": func() error {
			b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
			if err == nil {
				err = unix.Munmap(b)
			}
			return err
		},
		"make memory code": func() error {
			b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
			if err != nil {
				return nil // then it is another fault
			}
			defer func() { _ = unix.Munmap(b) }()
			return unix.Mprotect(b, unix.PROT_READ|unix.PROT_EXEC)
		},
		"use 5 GiB": func() error {
			b, err := unix.Mmap(-1, 0, tooMuch, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
			if err == nil {
				err = unix.Munmap(b)
			}
			return err
		},
	}
}

// checkLife lists what a mixer needs and does not work.
func checkLife() (broken []string) {
	check := func(what string, err error) {
		if err != nil {
			broken = append(broken, what+": "+err.Error())
		}
	}
	// Threads: each blocks one.
	var group sync.WaitGroup
	hold := make(chan struct{})
	for range 30 {
		group.Add(1)
		go func() {
			runtime.LockOSThread()
			group.Done()
			<-hold
		}()
	}
	group.Wait()
	close(hold)
	// Memory, and its return.
	large := make([]byte, 64<<20)
	for i := range large {
		large[i] = byte(i)
	}
	large = nil
	debug.FreeOSMemory()
	_, err := rand.Read(make([]byte, 32))
	check("random", err)
	<-time.After(time.Millisecond)
	if !strings.Contains(time.Now().Format(time.RFC3339), "20") {
		broken = append(broken, "time")
	}
	// A fault is a panic still.
	check("fault", func() (err error) {
		defer func() {
			if recover() == nil {
				err = errors.New("no panic")
			}
		}()
		var p *int
		*p = 1
		return nil
	}())
	// The one stream that is open.
	check("a pipe", func() error {
		if n, err := os.Stdin.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			return fmt.Errorf("%d, %w", n, err)
		}
		return nil
	}())
	check("usage", unix.Getrusage(unix.RUSAGE_SELF, new(unix.Rusage)))
	return broken
}

func TestAPrisonerGetsNowhere(t *testing.T) {
	r := prisoner(t, "limits", "user", "no_new_privs", "landlock", "seccomp")
	if len(r.Lacking) > 0 {
		t.Errorf("this kernel should have it all: %q", r.Lacking)
	}
	t.Log(r.InForce)
	for name, err := range r.Did {
		if err == "" && !(name == "use 5 GiB" && maxMemory > 1<<40) {
			t.Errorf("it can %s", name)
		}
	}
}

// forRoot are attempts that others fail at in freedom too, as the system may have
// it.
var forRoot = []string{"load BPF", "use io_uring", "read keys", "raise its limits"}

func TestEachMeasureHoldsByItself(t *testing.T) {
	free := prisoner(t)
	for measure, stops := range map[string][]string{
		"limits":   {"create a file", "raise its limits"},
		"landlock": {"read a file", "list a folder", "create a file", "see itself", "listen on TCP", "reach an abstract sock", "run a program", "signal the server"},
		"seccomp": {
			"fork in another way", "trace the server", "read the server's bytes", "use io_uring", "load BPF", "read keys",
			"read a file", "list a folder", "create a file", "see itself", "listen on TCP", "listen on multipath TCP", "open a UDP socket",
			"open a TCP socket", "open a netlink socket", "reach an abstract sock", "run a program", "fork",
			"signal the server", "signal a thread of it", "make a file in memory", "own its descriptors",
			"raise its limits", "make code", "make memory code",
		},
	} {
		r := prisoner(t, "no_new_privs", measure)
		for _, name := range stops {
			if free.Did[name] != "" && !(os.Geteuid() != 0 && slices.Contains(forRoot, name)) {
				t.Errorf("even the free can't %s: %s", name, free.Did[name])
			}
			if r.Did[name] == "" {
				t.Errorf("with %s alone it can %s", measure, name)
			}
		}
	}
}

func TestRootBecomesNobody(t *testing.T) {
	r := prisoner(t, "user")
	if os.Geteuid() != 0 {
		if want := "user " + strconv.Itoa(os.Geteuid()); !slices.Equal(r.InForce, []string{want}) {
			t.Errorf("%q", r.InForce)
		}
		return
	}
	if !slices.Equal(r.InForce, []string{"user 65534"}) || r.Did["become root"] == "" {
		t.Errorf("in force %q, lacking %q, and becoming root says %q", r.InForce, r.Lacking, r.Did["become root"])
	}
}
