// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package ui tests the web interface as people use it: a headless Chromium,
// driven by the scripts in this folder, at a gateway that runs as its own
// process. The scripts do and look; what they measure is judged here. A page
// that logs an error, asks for something that fails, or breaks the policy for
// its contents fails any of the tests.
//
// Times are limits for an idle machine, which CULVERT_SOAK=1 says there is. On
// CI's they are not measured, or have patience (see quiet).
package ui
