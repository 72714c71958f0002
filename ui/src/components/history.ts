// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Schema } from '@/api/client'

type Point = Schema<'Point'>

const nothing = {
  connections: 0,
  peak: 0,
  messages_in: 0,
  messages_out: 0,
  bytes_in: 0,
  bytes_out: 0,
  dropped: 0,
}

/**
 * everyPoint puts zeros where a history has no point: times in which nothing
 * was connected are not kept. `step` and `range` are in Unix seconds.
 */
export function everyPoint(points: readonly Point[], step: number, [from, to]: readonly [number, number]) {
  const known = new Map(points.map((p) => [Math.floor(Date.parse(p.start) / 1000 / step), p]))
  const times: number[] = []
  const filled: Omit<Point, 'start'>[] = []
  // The gateway writes a step some time after it has ended.
  const written = Math.max(Math.floor(to / step) - 2, ...known.keys())
  for (let n = Math.ceil(from / step); n <= written; n++) {
    times.push(n * step)
    filled.push(known.get(n) ?? nothing)
  }
  return { times, points: filled }
}
