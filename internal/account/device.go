// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/wire"
)

// A tunnel client gets its token by the device flow of RFC 8628: it shows a
// short code, a user who is logged in elsewhere allows it, and it polls for the
// token. Nothing is kept but here: after a restart the client begins anew.

const (
	maxDevices = 1000
	// pollEach is how often a device may ask; slowDown is added for each time
	// that it asks earlier, less pollEarly, since networks are not punctual.
	pollEach  = 5 * time.Second
	slowDown  = 5 * time.Second
	pollEarly = time.Second
)

type devices struct {
	mu     sync.Mutex // guards the fields below and the requests; innermost
	byHash map[[32]byte]*deviceRequest
	byCode map[string]*deviceRequest
}

type deviceRequest struct {
	DeviceRequest
	hash     [32]byte
	interval time.Duration
	polled   time.Time
	decided  bool
	user     int64 // who allowed it; 0: denied
}

func newDevices() *devices {
	return &devices{byHash: make(map[[32]byte]*deviceRequest), byCode: make(map[string]*deviceRequest)}
}

// DeviceStart begins the enrolment of a device. clientName, if not empty, is
// the only name that the token will be good for.
func (s *Service) DeviceStart(_ context.Context, clientName string, from From) (Device, error) {
	if clientName != "" && !wire.ValidName(clientName) {
		return Device{}, invalid("client_name", "is 1 to 63 letters, digits, hyphens and underscores, and no hyphen first")
	}
	if _, err := take(s.limits.devices, auth.Source(from.Addr)); err != nil {
		return Device{}, err
	}
	now := time.Now().UTC()
	code := auth.NewSecret("")
	r := &deviceRequest{
		DeviceRequest: DeviceRequest{
			ClientName: clientName, Addr: addrText(from), Agent: clean(from.Agent, maxAgent),
			CreatedAt: now, ExpiresAt: now.Add(DeviceLife),
		},
		hash: auth.HashSecret(code), interval: pollEach,
	}
	if !s.devices.add(r) {
		return Device{}, limited(time.Minute)
	}
	return Device{
		DeviceCode: code, UserCode: r.UserCode,
		ExpiresIn: int(DeviceLife / time.Second), Interval: int(pollEach / time.Second),
	}, nil
}

func (d *devices) add(r *deviceRequest) bool {
	d.forgetExpired(r.CreatedAt)
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.byHash) >= maxDevices {
		return false
	}
	r.UserCode = auth.NewUserCode()
	for d.byCode[r.UserCode] != nil {
		r.UserCode = auth.NewUserCode()
	}
	d.byHash[r.hash], d.byCode[r.UserCode] = r, r
	return true
}

// DeviceLook returns what a user code stands for, so that the user sees whom
// they are about to allow.
func (s *Service) DeviceLook(_ context.Context, p Principal, userCode string) (DeviceRequest, error) {
	r, err := s.device(p, userCode)
	if err != nil {
		return DeviceRequest{}, err
	}
	return r.DeviceRequest, nil // which never changes
}

// DeviceDecide allows or denies a device, once.
func (s *Service) DeviceDecide(ctx context.Context, p Principal, userCode string, allow bool, from From) error {
	r, err := s.device(p, userCode)
	if err != nil {
		return err
	}
	if !s.devices.decide(r, p.User.ID, allow) {
		return errNotFound
	}
	action := "device.deny"
	if allow {
		action = "device.allow"
	}
	s.audit(ctx, p, from, action, userTarget(p.User), nil,
		map[string]any{"client": r.ClientName, "addr": r.Addr, "agent": r.Agent})
	return nil
}

func (d *devices) decide(r *deviceRequest, user int64, allow bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byCode[r.UserCode] != r || r.decided {
		return false
	}
	r.decided = true
	if allow {
		r.user = user
	}
	return true
}

// device finds an undecided request. Wrong codes are counted: they are short.
func (s *Service) device(p Principal, userCode string) (*deviceRequest, error) {
	if p.JTI == "" {
		return nil, errForbidden
	}
	if _, wait := s.limits.guesses.Take(p.User.ID); wait > 0 {
		return nil, limited(wait)
	}
	r := s.devices.find(userCode, time.Now())
	if r == nil {
		return nil, errNotFound
	}
	s.limits.guesses.Return(p.User.ID)
	return r, nil
}

func (d *devices) find(userCode string, now time.Time) *deviceRequest {
	letters := strings.Map(func(r rune) rune {
		if r < 'A' || r > 'Z' {
			return -1
		}
		return r
	}, strings.ToUpper(userCode))
	if len(letters) != 8 {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.byCode[letters[:4]+"-"+letters[4:]]
	if r == nil || r.decided || !now.Before(r.ExpiresAt) {
		return nil
	}
	return r
}

// DevicePoll returns the text of a client token once a user has allowed the
// device, and an *auth.DeviceError until then.
func (s *Service) DevicePoll(ctx context.Context, deviceCode string, from From) (string, error) {
	r, answer := s.devices.poll(auth.HashSecret(deviceCode), time.Now())
	if answer != "" {
		return "", &auth.DeviceError{Code: answer}
	}
	u, err := s.enabled(ctx, r.user)
	if err == nil {
		p := Principal{User: u, Scope: ScopeManage}
		var text string
		_, text, err = s.CreateClientToken(ctx, p, u.ID, r.ClientName, label("device "+r.Addr), from)
		if err == nil {
			return text, nil
		}
	}
	err = fail("enrolling device", err)
	var e *Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		s.devices.putBack(r) // it may ask again
		return "", err
	}
	return "", &auth.DeviceError{Code: auth.DeviceDenied}
}

// poll takes an allowed request out, so that no second poll gets a token too.
func (d *devices) poll(hash [32]byte, now time.Time) (r *deviceRequest, answer string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r = d.byHash[hash]
	if r == nil || !now.Before(r.ExpiresAt) {
		return nil, auth.DeviceExpired
	}
	early := now.Sub(r.polled) < r.interval-pollEarly
	r.polled = now
	switch {
	case early:
		r.interval += slowDown
		return nil, auth.DeviceSlowDown
	case !r.decided:
		return nil, auth.DevicePending
	}
	d.removeLocked(r)
	if r.user == 0 {
		return nil, auth.DeviceDenied
	}
	return r, ""
}

func (d *devices) putBack(r *deviceRequest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.byHash[r.hash], d.byCode[r.UserCode] = r, r
}

func (d *devices) forgetExpired(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.byHash {
		if !now.Before(r.ExpiresAt) {
			d.removeLocked(r)
		}
	}
}

func (d *devices) removeLocked(r *deviceRequest) {
	delete(d.byHash, r.hash)
	delete(d.byCode, r.UserCode)
}

func label(s string) string { return strings.TrimSpace(clean(s, maxLabel)) }
