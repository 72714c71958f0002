// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

export type Os = 'linux' | 'macos' | 'windows'

/** systems are those that tunnelclient is built for, with the names of the files that `make clients` makes. */
export const systems = {
  'linux-amd64': { os: 'linux', file: 'tunnelclient-linux-amd64' },
  'linux-arm64': { os: 'linux', file: 'tunnelclient-linux-arm64' },
  'linux-arm': { os: 'linux', file: 'tunnelclient-linux-arm' },
  'macos-arm64': { os: 'macos', file: 'tunnelclient-darwin-arm64' },
  'macos-amd64': { os: 'macos', file: 'tunnelclient-darwin-amd64' },
  windows: { os: 'windows', file: 'tunnelclient-windows-amd64.exe' },
} as const satisfies Record<string, { os: Os; file: string }>

export type System = keyof typeof systems

/** guessSystem is the browser's own, as far as it tells. Those on Macs say Intel on all of them. */
export function guessSystem(agent: string): System {
  if (/Windows/.test(agent)) return 'windows'
  if (/Macintosh/.test(agent)) return 'macos-arm64'
  if (/aarch64|arm64/i.test(agent)) return 'linux-arm64'
  if (/armv[67]/i.test(agent)) return 'linux-arm'
  return 'linux-amd64'
}
