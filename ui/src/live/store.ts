// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Schema } from '@/api/client'

import { follow, type Scope } from './stream'

export type Live = Schema<'Live'>
export type Rates = Schema<'Rates'>

/** Sample is one second of something's numbers. */
export type Sample = { time: number; rates: Rates; connections: number; tunnelBytes: number }

/** What is kept of each second: five minutes. */
export const span = 300

type Listener = () => void

/**
 * LiveStore has the numbers of this second and those of the five minutes
 * before. While somebody listens it follows the stream. Numbers that do not
 * change are not sent, so a second without any repeats the one before.
 */
export class LiveStore {
  connected = false
  now: Live | null = null
  /** oldest first; replaced each second, never written */
  series: readonly Sample[] = []
  private byEndpoint = new Map<string, readonly Sample[]>()
  private endpoints = new Map<string, Schema<'LiveEndpoint'>>()
  private readonly listeners = new Set<Listener>()
  private stop: AbortController | null = null
  private tick: ReturnType<typeof setInterval> | undefined

  constructor(
    private readonly scope: Scope,
    private readonly onChange: (c: Schema<'Change'> | 'missed' | 'refused') => void,
  ) {}

  endpoint = (id: string) => this.endpoints.get(id)
  endpointSeries = (id: string): readonly Sample[] => this.byEndpoint.get(id) ?? []

  /** subscribe has the shape that useSyncExternalStore takes. */
  subscribe = (changed: Listener): Listener => {
    this.listeners.add(changed)
    if (this.listeners.size === 1) this.begin()
    return () => {
      this.listeners.delete(changed)
      if (this.listeners.size === 0) this.end()
    }
  }

  private begin(): void {
    this.stop = new AbortController()
    this.tick = setInterval(() => this.record(), 1000)
    follow(
      this.scope,
      (m) => {
        if (m.kind === 'live') this.take(m.live)
        else if (m.kind === 'change') this.onChange(m.change)
        else if (m.kind === 'missed' || m.kind === 'refused') this.onChange(m.kind)
        else if (m.kind === 'state') {
          this.connected = m.connected
          this.tell()
        }
      },
      this.stop.signal,
    )
  }

  private end(): void {
    this.stop?.abort()
    clearInterval(this.tick)
    this.connected = false
    this.now = null
    this.series = []
    this.byEndpoint.clear()
    this.endpoints.clear()
  }

  private take(live: Live): void {
    this.now = live
    this.endpoints = new Map((live.endpoints ?? []).map((e) => [e.id, e]))
    this.tell()
  }

  private record(): void {
    const { now } = this
    if (!now || !this.connected) return
    const time = Date.now() / 1000
    const sample = { time, rates: now.rates, connections: now.connections, tunnelBytes: now.tunnel_bytes }
    this.series = [...this.series, sample].slice(-span)
    const next = new Map<string, readonly Sample[]>()
    for (const [id, e] of this.endpoints) {
      const one = { time, rates: e.rates, connections: e.connections, tunnelBytes: 0 }
      next.set(id, [...(this.byEndpoint.get(id) ?? []), one].slice(-span))
    }
    this.byEndpoint = next
    this.tell()
  }

  private tell(): void {
    for (const l of this.listeners) l()
  }
}
