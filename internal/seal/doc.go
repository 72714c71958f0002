// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package seal encrypts datagrams between the two ends of a session with keys
// that both have exported from a TLS connection, so that whoever carries the
// datagrams can neither read, change nor repeat them. It opens no connection,
// knows no sockets or labels, and does not decide when keys are renewed; package
// tunnel calls it for UDP.
package seal
