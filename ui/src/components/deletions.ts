// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** pending are the deletions that can still be taken back: each is done at once by calling it. */
export const pending = new Set<() => Promise<void>>()

/** finishDeletions does what else would come after the log-out, and fail. */
export async function finishDeletions(): Promise<void> {
  await Promise.all([...pending].map((now) => now()))
}
