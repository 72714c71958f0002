// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, within } from '@testing-library/react'
import { expect, test } from 'vitest'

import { show } from '@/test/render'

import { withGaps } from './chart-data'
import { ChartPanel } from './chart-panel'

const times = [1_700_000_000, 1_700_000_060, 1_700_000_120]
const series = [
  { label: 'Received', unit: 'rate', values: [1, 2, 1234.5] },
  { label: 'Sent', unit: 'bytes', values: [10, null, 2_000_000] },
] as const

test('a chart names its lines with their last values', async () => {
  await show(<ChartPanel label="Messages" times={times} series={series} step={60} />)
  const chart = await screen.findByRole('figure', { name: 'Messages' })
  expect(chart).toHaveTextContent('Received1,234.5/s')
  expect(chart).toHaveTextContent('Sent2 MB')
})

test('a chart has a table of the same numbers, newest first, in which a gap is no zero', async () => {
  const { user } = await show(<ChartPanel label="Messages" times={times} series={series} step={60} />)
  await user.click(screen.getByRole('switch', { name: 'Messages: show as table' }))
  const rows = within(screen.getByRole('table', { name: 'Messages' })).getAllByRole('row')
  const cells = (i: number) => [...rows[i]!.querySelectorAll('td')].slice(1).map((c) => c.textContent)
  expect(rows).toHaveLength(4)
  expect(cells(1)).toEqual(['1,234.5/s', '2 MB'])
  expect(cells(2)).toEqual(['2/s', '–'])
})

test('lines have a gap where points are missing', () => {
  const [at, received] = withGaps([0, 60, 600], [{ label: 'a', unit: 'number', values: [1, 2, 3] }], 60)
  expect(at).toEqual([0, 60, 120, 600])
  expect(received).toEqual([1, 2, null, 3])
})
