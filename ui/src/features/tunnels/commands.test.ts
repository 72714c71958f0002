// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { commandsFor, connectCommand, type SignIn } from './commands'
import { configFile } from './config'
import { systemdUnit } from './systemd'
import { guessSystem, systems, type System } from './systems'

const docs = readFileSync('../docs/client.md', 'utf8')
const make = (system: System, signIn: SignIn) =>
  commandsFor({
    system,
    site: 'https://example.com',
    name: 'nas',
    config: '{\n  "clientId": "nas"\n}',
    signIn,
  })

describe('the commands of the wizard', () => {
  it.each([
    ['linux-amd64', 'tunnelclient-linux-amd64 /usr/local/bin/tunnelclient', 'tunnelclient --config nas.json'],
    ['linux-arm64', 'tunnelclient-linux-arm64 /usr/local/bin/tunnelclient', 'tunnelclient --config nas.json'],
    ['linux-arm', 'tunnelclient-linux-arm /usr/local/bin/tunnelclient', 'tunnelclient --config nas.json'],
    [
      'macos-arm64',
      'tunnelclient-darwin-arm64 /usr/local/bin/tunnelclient',
      'tunnelclient --config nas.json',
    ],
    [
      'macos-amd64',
      'tunnelclient-darwin-amd64 /usr/local/bin/tunnelclient',
      'tunnelclient --config nas.json',
    ],
    ['windows', 'tunnelclient-windows-amd64.exe "$HOME\\culvert\\', '.\\tunnelclient.exe --config nas.json'],
  ] as const)('are those of %s', (system, install, start) => {
    const c = make(system, 'login')
    expect(c.install).toContain(install)
    expect(c.start.split('\n')[1]).toBe(start)
    expect(c.signIn).toMatch(/tunnelclient(\.exe)? login https:\/\/example\.com --client nas$/)
    expect(c.service).toBeUndefined()
  })

  it('have files for all systems that are built, and only for those', () => {
    const built = readFileSync('../ci/clients.sh', 'utf8')
      .match(/for target in (.*); do/)![1]!
      .split(' ')
    const offered = Object.values(systems).map((s) =>
      s.file.replace(/^tunnelclient-(\w+)-(\w+)(\.exe)?$/, '$1/$2'),
    )
    expect(offered.sort()).toEqual(built.sort())
  })

  it('never hold the token, which only its owner may read', () => {
    const unix = make('linux-amd64', 'token')
    expect(unix.signIn).toBe('(umask 077; cat > token)')
    const windows = make('windows', 'token')
    expect(windows.signIn).toContain('Read-Host')
    expect(windows.protect).toContain('/inheritance:r')
  })

  it('start a service only where systemd is, and the token in a file', () => {
    expect(make('linux-arm', 'token').service).toContain('systemctl enable --now tunnelclient')
    expect(make('macos-arm64', 'token').service).toBeUndefined()
    expect(make('windows', 'token').service).toBeUndefined()
  })

  it('have the unit of the documentation', () => {
    expect(docs).toContain(systemdUnit.replace('client.json', 'client.yaml'))
  })

  it('connect as the documentation says', () => {
    expect(docs).toContain(connectCommand('client-a', 'web-server', 3000))
  })
})

it('writes a configuration with no key that the documentation lacks', () => {
  const text = configFile({
    server: 'wss://example.com',
    name: 'nas',
    tokenFile: 'token',
    services: [
      { id: 'web', protocol: 'http', local_port: 8080, local_host: '', description: 'my web server' },
    ],
  })
  const config = JSON.parse(text) as { services: object[] }
  expect(config).toEqual({
    serverUrl: 'wss://example.com',
    clientId: 'nas',
    tokenFile: 'token',
    services: [
      { id: 'web', protocol: 'http', localPort: 8080, localHost: 'localhost', description: 'my web server' },
    ],
  })
  for (const key of Object.keys(config)) expect(docs).toContain(`\n| \`${key}\``)
  for (const key of Object.keys(config.services[0]!)) expect(docs).toContain(`\n| \`services[].${key}\``)
})

it.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'linux-amd64'],
  ['Mozilla/5.0 (X11; Linux aarch64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36', 'linux-arm64'],
  ['Mozilla/5.0 (X11; CrOS armv7l 1.0) AppleWebKit/537.36 Chrome/140.0', 'linux-arm'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15', 'macos-arm64'],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36', 'windows'],
])('guesses the system of %s', (agent, system) => {
  expect(guessSystem(agent)).toBe(system)
})
