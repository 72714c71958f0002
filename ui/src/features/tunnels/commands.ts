// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { System } from './systems'
import { systems } from './systems'
import { systemdUnit } from './systemd'

/** connectCommand makes a service reachable at a port of the machine that runs it. */
export const connectCommand = (client: string, service: string, port: number) =>
  `tunnelclient connect --target ${client} --service ${service} --local ${port}`

export type SignIn = 'login' | 'token'

/** What the wizard has people do with a new client, in this order. All is for the shell that the system comes with. */
export type Commands = {
  build: string
  install: string
  signIn: string
  /** only for tokens on Windows, where a new file is not its owner's alone */
  protect?: string
  config: string
  start: string
  /** only where the system has a manager of services that it works with */
  service?: string
}

/** commandsFor returns them. The token is never part of a command: others could see it, and shells remember. */
export function commandsFor({
  system,
  site,
  name,
  config,
  signIn,
}: {
  system: System
  site: string
  name: string
  config: string
  signIn: SignIn
}): Commands {
  const { os, file } = systems[system]
  const write = os === 'windows' ? windows : unix
  const program = os === 'windows' ? '.\\tunnelclient.exe' : 'tunnelclient'
  return {
    build: 'make clients',
    install: write.install(file),
    signIn: signIn === 'login' ? `${program} login ${site} --client ${name}` : write.token,
    protect: signIn === 'token' && os === 'windows' ? protectOnWindows : undefined,
    config: write.file(`${name}.json`, config),
    start: `${program} verify --config ${name}.json\n${program} --config ${name}.json`,
    service: os === 'linux' && signIn === 'token' ? asService(name) : undefined,
  }
}

type Shell = {
  install: (file: string) => string
  token: string
  file: (name: string, text: string) => string
}

const unix: Shell = {
  install: (file) =>
    [
      'sudo install -d /usr/local/bin',
      `sudo install -m 755 ${file} /usr/local/bin/tunnelclient`,
      'mkdir -p ~/culvert && cd ~/culvert',
    ].join('\n'),
  token: '(umask 077; cat > token)',
  file: (name, text) => `cat > ${name} <<'EOF'\n${text}\nEOF`,
}

const windows: Shell = {
  install: (file) =>
    [
      'New-Item -ItemType Directory -Force "$HOME\\culvert" | Out-Null',
      `Copy-Item ${file} "$HOME\\culvert\\tunnelclient.exe"`,
      'Set-Location "$HOME\\culvert"',
    ].join('\n'),
  token: 'Read-Host "Token" | Set-Content -Encoding ascii token',
  file: (name, text) => `@'\n${text}\n'@ | Set-Content -Encoding ascii ${name}`,
}

const protectOnWindows = 'icacls token /inheritance:r /grant:r "${env:USERNAME}:F"'

/** Only with a token in a file: a login's is where the service does not look. */
const asService = (name: string) =>
  [
    'sudo install -d /etc/culvert',
    'sudo install -m 600 token /etc/culvert/token',
    `sudo install -m 644 ${name}.json /etc/culvert/client.json`,
    `sudo tee /etc/systemd/system/tunnelclient.service > /dev/null <<'EOF'\n${systemdUnit}\nEOF`,
    'sudo systemctl daemon-reload',
    'sudo systemctl enable --now tunnelclient',
  ].join('\n')
