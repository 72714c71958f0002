// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"github.com/culvertd/culvert/internal/store"
)

const maxTerms = 64 << 10

// settings has, by key, the default and what a value must be.
var settings = map[string]struct {
	none string
	read func(json.RawMessage) (any, error)
}{
	SettingTerms:        {`""`, checked(func(s string) bool { return len(s) <= maxTerms }, "is a text of at most 64 KiB")},
	SettingFeedback:     {`""`, checked(validLink, "is an http, https or mailto link, or empty")},
	SettingRegistration: {`true`, checked(func(bool) bool { return true }, "is true or false")},
	SettingLimits:       {`{}`, checked(validLimits, "are 0 for the default, -1 for none, or the limit itself")},
}

// checked reads values that are a T and fulfil ok.
func checked[T any](ok func(T) bool, want string) func(json.RawMessage) (any, error) {
	return func(value json.RawMessage) (any, error) {
		var v T
		d := json.NewDecoder(bytes.NewReader(value))
		d.DisallowUnknownFields()
		if bytes.Equal(bytes.TrimSpace(value), []byte("null")) || !json.Valid(value) || d.Decode(&v) != nil || !ok(v) {
			return nil, invalid("value", want)
		}
		return v, nil
	}
}

func validLink(s string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(s)
	if err != nil || len(s) > 2000 || !isClean(s, len(s)) {
		return false
	}
	return u.Scheme == "mailto" || (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// Settings returns all settings for administrators, by key.
func (s *Service) Settings(ctx context.Context, p Principal) (map[string]SettingValue, error) {
	if !p.User.Admin {
		return nil, errForbidden
	}
	all := make(map[string]SettingValue, len(settings))
	for key := range settings {
		value, version, err := s.read(ctx, key)
		if err != nil {
			return nil, err
		}
		all[key] = SettingValue{Value: value, Version: version}
	}
	return all, nil
}

// Setting returns a setting for administrators, and its version, which is 0 for
// the default.
func (s *Service) Setting(ctx context.Context, p Principal, key string) (json.RawMessage, int64, error) {
	if !p.User.Admin {
		return nil, 0, errForbidden
	}
	return s.read(ctx, key)
}

func (s *Service) read(ctx context.Context, key string) (json.RawMessage, int64, error) {
	known, ok := settings[key]
	if !ok {
		return nil, 0, errNotFound
	}
	value, version, err := s.store.Setting(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return json.RawMessage(known.none), 0, nil
	}
	return value, version, fail("reading setting", err)
}

// setting reads a setting into v, which has its default.
func (s *Service) setting(ctx context.Context, key string, v any) error {
	text, _, err := s.read(ctx, key)
	if err != nil {
		return err
	}
	return fail("reading setting", json.Unmarshal(text, v))
}

// SetSetting changes a setting that still has the version, and returns its new
// one.
func (s *Service) SetSetting(ctx context.Context, p Principal, key string, value json.RawMessage, version int64, from From) (int64, error) {
	if err := mayAdminister(p); err != nil {
		return 0, err
	}
	known, ok := settings[key]
	if !ok {
		return 0, errNotFound
	}
	v, err := known.read(value)
	if err != nil {
		return 0, err
	}
	if value, err = json.Marshal(v); err != nil { // as we would write it, whatever was sent
		return 0, fail("changing setting", err)
	}
	was, _, err := s.read(ctx, key)
	if err != nil {
		return 0, err
	}
	if version, err = s.store.SetSetting(ctx, key, value, version); err != nil {
		return 0, fail("changing setting", err)
	}
	s.tell(Change{Kind: SettingsChanged})
	s.audit(ctx, p, from, "setting.update", "setting/"+key, was, value)
	return version, nil
}

// Terms returns the terms of use, for everyone; "" if there are none.
func (s *Service) Terms(ctx context.Context) (string, error) {
	var terms string
	err := s.setting(ctx, SettingTerms, &terms)
	return terms, err
}

// Public returns what everyone may know.
func (s *Service) Public(ctx context.Context) (Public, error) {
	var p Public
	terms, err := s.Terms(ctx)
	if err != nil {
		return Public{}, err
	}
	p.Terms = terms != ""
	if err := s.setting(ctx, SettingFeedback, &p.Feedback); err != nil {
		return Public{}, err
	}
	if err := s.setting(ctx, SettingRegistration, &p.Registration); err != nil {
		return Public{}, err
	}
	administered, err := s.isAdministered(ctx)
	p.Setup = !administered
	return p, err
}

// isAdministered reports whether there is an administrator. Once there is, the
// last one can neither leave nor be removed, so nobody counts again.
func (s *Service) isAdministered(ctx context.Context) (bool, error) {
	if s.administered.Load() {
		return true, nil
	}
	_, admins, err := s.store.CountUsers(ctx)
	if err != nil {
		return false, fail("counting administrators", err)
	}
	if admins > 0 {
		s.administered.Store(true)
	}
	return admins > 0, nil
}

// DefaultLimits returns the limits of accounts that have none of their own; 0
// stands for the gateway's.
func (s *Service) DefaultLimits(ctx context.Context) (store.UserLimits, error) {
	var l store.UserLimits
	err := s.setting(ctx, SettingLimits, &l)
	return l, err
}
