// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/auth"
)

// polls fails the test unless the device gets the answer; "" is a token, which
// is returned.
func (r *rig) polls(what string, d Device, want string) string {
	r.t.Helper()
	text, err := r.DevicePoll(r.t.Context(), d.DeviceCode, away)
	var e *auth.DeviceError
	switch {
	case err == nil && want == "":
	case !errors.As(err, &e):
		r.t.Errorf("%s: %q, %v, want %q", what, text, err, want)
	case e.Code != want || text != "":
		r.t.Errorf("%s: %q, %q, want %q", what, text, e.Code, want)
	}
	return text
}

func TestDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		ada, bob := r.user("Ada"), r.user("Bob")
		d, err := r.DeviceStart(t.Context(), "nas", away)
		r.must(err)
		if d.ExpiresIn != 600 || d.Interval != 5 || strings.Contains(d.DeviceCode, d.UserCode) {
			t.Errorf("started %+v", d)
		}
		r.polls("at once", d, auth.DevicePending)
		time.Sleep(5 * time.Second)
		r.polls("in time", d, auth.DevicePending)

		typed := " " + strings.ToLower(strings.ReplaceAll(d.UserCode, "-", " ")) + " " // as people type it
		q, err := r.DeviceLook(t.Context(), ada, typed)
		if err != nil || q.ClientName != "nas" || q.Addr != away.Addr.String() || q.UserCode != d.UserCode {
			t.Errorf("DeviceLook = %+v, %v", q, err)
		}
		r.must(r.DeviceDecide(t.Context(), ada, typed, true, home))
		r.wants("decided twice", r.DeviceDecide(t.Context(), bob, d.UserCode, true, home), CodeNotFound)
		r.wants("looked at again", second(r.DeviceLook(t.Context(), bob, d.UserCode)), CodeNotFound)
		time.Sleep(5 * time.Second)
		r.told(0)
		text := r.polls("allowed", d, "")
		if got := r.told(ada.User.ID); len(got) != 1 || got[0] != ClientTokenCreated {
			t.Errorf("told %v", got)
		}
		list, err := r.ClientTokens(t.Context(), ada, ada.User.ID)
		if err != nil || len(list) != 1 || list[0].Client != "nas" || list[0].Hash != auth.HashSecret(text) {
			t.Errorf("client tokens %+v, %v", list, err)
		}
		time.Sleep(5 * time.Second)
		r.polls("twice", d, auth.DeviceExpired)
		r.polls("unknown", Device{DeviceCode: "unknown"}, auth.DeviceExpired)
	})
}

func TestDeviceSlowDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		d, err := r.DeviceStart(t.Context(), "", away)
		r.must(err)
		r.polls("first", d, auth.DevicePending)
		time.Sleep(time.Second)
		r.polls("1 s", d, auth.DeviceSlowDown)
		time.Sleep(5 * time.Second)
		r.polls("5 s, though 10 were asked for", d, auth.DeviceSlowDown)
		time.Sleep(15 * time.Second)
		r.polls("15 s", d, auth.DevicePending)
	})
}

func TestDeviceDeniedAndExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		root, ada := r.admin("root"), r.user("Ada")
		start := func() Device {
			d, err := r.DeviceStart(t.Context(), "", away)
			r.must(err)
			return d
		}
		denied := start()
		r.must(r.DeviceDecide(t.Context(), ada, denied.UserCode, false, home))
		r.polls("denied", denied, auth.DeviceDenied)
		r.polls("denied twice", denied, auth.DeviceExpired)

		gone := start()
		r.must(r.DeviceDecide(t.Context(), ada, gone.UserCode, true, home))
		r.must(second(r.SetDisabled(t.Context(), root, ada.User.ID, true, home)))
		r.polls("allowed by who is disabled now", gone, auth.DeviceDenied)

		late := start()
		time.Sleep(DeviceLife)
		r.wants("late", r.DeviceDecide(t.Context(), root, late.UserCode, true, home), CodeNotFound)
		r.polls("late", late, auth.DeviceExpired)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n, m := len(r.devices.byHash), len(r.devices.byCode); n != 0 || m != 0 {
			t.Errorf("%d and %d devices are remembered", n, m)
		}
		r.wants("bad name", second(r.DeviceStart(t.Context(), "a b", away)), CodeInvalid)
	})
}

// The token is not lost while the database is away.
func TestDeviceDatabaseAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		ada := r.user("Ada")
		d, err := r.DeviceStart(t.Context(), "", away)
		r.must(err)
		r.must(r.DeviceDecide(t.Context(), ada, d.UserCode, true, home))
		r.faults.away.Store(true)
		r.wants("away", second(r.DevicePoll(t.Context(), d.DeviceCode, away)), CodeUnavailable)
		r.faults.away.Store(false)
		time.Sleep(5 * time.Second)
		r.polls("back", d, "")
	})
}

func TestDeviceCodesCannotBeGuessed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		ada, bob := r.user("Ada"), r.user("Bob")
		for range 10 {
			r.wants("guess", second(r.DeviceLook(t.Context(), bob, "BBBB-BBBB")), CodeNotFound)
		}
		r.wants("guess", second(r.DeviceLook(t.Context(), bob, "BBBB-BBBB")), CodeRateLimited)
		r.wants("guess", r.DeviceDecide(t.Context(), bob, "BBBB-BBBB", true, home), CodeRateLimited)
		d, err := r.DeviceStart(t.Context(), "", away)
		r.must(err)
		for range 30 { // right ones do not count
			r.must(second(r.DeviceLook(t.Context(), ada, d.UserCode)))
		}
		token := ada
		token.JTI = ""
		r.wants("by an API token", second(r.DeviceLook(t.Context(), token, d.UserCode)), CodeForbidden)
	})
}

func TestDevicesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		for range 10 {
			r.must(second(r.DeviceStart(t.Context(), "", away)))
		}
		r.wants("one source", second(r.DeviceStart(t.Context(), "", away)), CodeRateLimited)
		for range maxDevices - 10 {
			r.must(second(r.DeviceStart(t.Context(), "", From{})))
		}
		r.wants("all together", second(r.DeviceStart(t.Context(), "", home)), CodeRateLimited)
		time.Sleep(DeviceLife)
		r.wants("later", second(r.DeviceStart(t.Context(), "", home)), "")
	})
}
