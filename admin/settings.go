// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"encoding/json"

	"github.com/culvertd/culvert/internal/account"
)

// settingKeys are the settings that there are, in the order of the list.
var settingKeys = []string{account.SettingTerms, account.SettingFeedback, account.SettingRegistration, account.SettingLimits}

// Setting is something that administrators change while the gateway runs.
type Setting struct {
	Key     string          `json:"key" enum:"terms,feedback_link,registration,limits"`
	Value   json.RawMessage `json:"value" doc:"terms and feedback_link: a string. registration: a boolean. limits: UserLimits, of all accounts that have no others."`
	Version int64           `json:"version" doc:"Grows with each change. The ETag is made of it."`
}

// SettingKey names one of them.
type SettingKey struct {
	Key string `path:"key" enum:"terms,feedback_link,registration,limits"`
}

type changeSettingIn struct {
	SettingKey
	Match
	Body struct {
		Value json.RawMessage `json:"value"`
	}
}

type settingOut = tagged[Setting]

func (a *API) settings() {
	tag := every.tag + "Settings"
	handle(a, tag, every.with(get, "/settings", "list-settings", adminReader, "Lists settings"),
		func(ctx context.Context, q *request, _ *none) (*listOut[Setting], error) {
			list := make([]Setting, 0, len(settingKeys))
			for _, key := range settingKeys {
				s, err := setting(ctx, q, key)
				if err != nil {
					return nil, err
				}
				list = append(list, s)
			}
			return listed(list, "", nil)
		})
	handle(a, tag, every.with(get, "/settings/{key}", "get-setting", adminReader, "Shows a setting"),
		func(ctx context.Context, q *request, in *SettingKey) (*settingOut, error) {
			s, err := setting(ctx, q, in.Key)
			if err != nil {
				return nil, err
			}
			return &settingOut{ETag: etag(s.Version), Body: s}, nil
		})
	handle(a, tag, every.with(put, "/settings/{key}", "change-setting", adminManager, "Changes a setting"),
		func(ctx context.Context, q *request, in *changeSettingIn) (*settingOut, error) {
			version, err := settingVersion(ctx, q, in)
			if err != nil {
				return nil, err
			}
			version, err = q.accounts.SetSetting(ctx, q.who, in.Key, in.Body.Value, version, q.from())
			if err != nil {
				return nil, err
			}
			return &settingOut{ETag: etag(version), Body: Setting{in.Key, in.Body.Value, version}}, nil
		})
}

// settingVersion is the version that a change is based on, 0 for any.
func settingVersion(ctx context.Context, q *request, in *changeSettingIn) (int64, error) {
	if in.IfMatch != untouched {
		return in.version()
	}
	_, version, err := q.accounts.Setting(ctx, q.who, in.Key)
	if err == nil && version != 0 {
		err = conflict
	}
	return 0, err
}

func setting(ctx context.Context, q *request, key string) (Setting, error) {
	value, version, err := q.accounts.Setting(ctx, q.who, key)
	return Setting{Key: key, Value: value, Version: version}, err
}
