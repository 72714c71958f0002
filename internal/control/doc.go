// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package control is the door through which commands reach a running gateway:
// HTTP with JSON bodies on a unix socket in the data folder. Whoever may open
// the socket may do everything, so its protection is the file system's.
//
// It declares what can be asked for (Service); internal/gateway implements
// that for a running and for a stopped gateway, and Client implements it by
// asking the gateway behind the socket. It is not the public API.
package control
