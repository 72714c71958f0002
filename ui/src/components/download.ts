// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** download has the browser save a file that was made here, of one part or of many. */
export function download(name: string, type: string, ...parts: BlobPart[]): void {
  const url = URL.createObjectURL(new Blob(parts, { type }))
  const a = document.createElement('a')
  a.href = url
  a.download = name
  a.click()
  // Browsers begin to save later than with the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
