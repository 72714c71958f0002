// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

// The answers to a device that asks whether it has been allowed (RFC 8628, 3.5).
const (
	DevicePending  = "authorization_pending"
	DeviceSlowDown = "slow_down"
	DeviceDenied   = "access_denied"
	DeviceExpired  = "expired_token"
)

// DeviceError is such an answer.
type DeviceError struct{ Code string }

// Error implements error.
func (e *DeviceError) Error() string { return "the device has no token: " + e.Code }
