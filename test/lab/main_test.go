// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/culvertd/culvert/test/process"
)

const (
	insideVar = "CULVERT_LAB_PROGRAMS" // set inside the namespaces, to the folder of the programs
	toolVar   = "CULVERT_LAB_TOOL"     // makes the test binary one of tools
)

// lacking is why this machine can have no lab.
var lacking string

// programs are the binaries under test.
var programs process.Programs

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(toolVar) != "":
		tools[os.Getenv(toolVar)](os.Args[1:])
	case os.Getenv(insideVar) != "":
		programs = process.In(os.Getenv(insideVar))
		if err := settle(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	default:
		if lacking = cannot(); lacking != "" {
			fmt.Println("SKIP tunnel lab:", lacking)
			os.Exit(m.Run())
		}
		os.Exit(outside())
	}
}

// cannot returns what is missing for a lab.
func cannot() string {
	if os.Getuid() != 0 {
		return "it makes network namespaces, which needs root"
	}
	for _, name := range []string{"ip", "nft", "unshare"} {
		if _, err := exec.LookPath(name); err != nil {
			return "no " + name + " on this machine (ci/deps.sh installs it)"
		}
	}
	if out, err := exec.Command("unshare", "-mnp", "--fork", "true").CombinedOutput(); err != nil {
		return "no namespaces on this machine: " + strings.TrimSpace(string(out))
	}
	return ""
}

// outside builds the programs, where the network is, and runs this test binary
// once more in namespaces of its own. The process there is the first of its
// PID namespace: when it ends, the kernel ends all that it has started.
func outside() int {
	dir, err := os.MkdirTemp("", "culvert-lab-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		_, err = process.Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), insideVar+"="+dir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	runtime.LockOSThread() // the signal comes when this thread ends, not the process
	if err := cmd.Run(); err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			fmt.Fprintln(os.Stderr, err)
		}
		return 1
	}
	return 0
}

// settle gives the new namespaces what programs expect.
func settle() error {
	for _, m := range []struct {
		source, target, kind string
		flags                uintptr
	}{
		{"none", "/", "", syscall.MS_REC | syscall.MS_PRIVATE},
		{"proc", "/proc", "proc", 0},
		{"none", "/run", "tmpfs", 0}, // where ip netns keeps its names
	} {
		if err := syscall.Mount(m.source, m.target, m.kind, m.flags, ""); err != nil {
			return fmt.Errorf("mounting %s: %w", m.target, err)
		}
	}
	for _, args := range []string{"ip link set lo up", "sysctl -qw net.ipv4.ip_forward=1"} {
		if err := run(strings.Fields(args)...); err != nil {
			return err
		}
	}
	return nil
}

// run runs a command in the namespace of this process.
func run(argv ...string) error {
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
	}
	return nil
}
