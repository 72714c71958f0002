// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package auth has the parts that telling who someone is is made of: hashing
// passwords and judging them, signed log-ins, random secrets, keys in files, and
// the counting of tries. It knows neither accounts nor a database nor HTTP;
// internal/account puts the parts together and is their caller.
package auth
