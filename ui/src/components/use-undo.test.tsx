// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen } from '@testing-library/react'
import { Button } from 'antd'
import { afterEach, expect, test, vi } from 'vitest'

import { ApiError } from '@/api/error'
import { show } from '@/test/render'

import { finishDeletions } from './deletions'
import { undoFor, useUndo } from './use-undo'

afterEach(() => vi.useRealTimers())

const things = ['One', 'Two'].map((name) => ({
  name,
  hide: vi.fn(),
  run: vi.fn(() => Promise.resolve()),
  restore: vi.fn(),
}))

function Screen() {
  const undo = useUndo()
  return things.map((thing) => (
    <Button key={thing.name} onClick={() => undo({ title: `${thing.name} deleted`, ...thing })}>
      {thing.name}
    </Button>
  ))
}

/** deleteBoth is after both were deleted, when nothing is decided yet. */
async function deleteBoth() {
  vi.useFakeTimers({ shouldAdvanceTime: true })
  for (const { hide, run, restore } of things) for (const f of [hide, run, restore]) f.mockClear()
  const { user } = await show(<Screen />)
  for (const { name } of things) await user.click(await screen.findByRole('button', { name }))
  const notice = (await screen.findByText('One deleted')).closest<HTMLElement>('[role=status]')!
  for (const { hide, run } of things) {
    expect(hide).toHaveBeenCalledOnce()
    expect(run).not.toHaveBeenCalled()
  }
  return { user, notice }
}

test('one of two deletions is taken back, the other is done when its time is up', async () => {
  const { user } = await deleteBoth()
  await user.click(screen.getAllByRole('button', { name: 'Undo' })[0]!)
  await vi.advanceTimersByTimeAsync(undoFor)
  const [kept, gone] = things[0]!.restore.mock.calls.length ? things : [...things].reverse()
  expect([kept!.run, kept!.restore].map((f) => f.mock.calls.length)).toEqual([0, 1])
  expect([gone!.run, gone!.restore].map((f) => f.mock.calls.length)).toEqual([1, 0])
})

test('who leaves the page has deleted, once', async () => {
  await deleteBoth()
  window.dispatchEvent(new Event('pagehide'))
  await vi.advanceTimersByTimeAsync(2 * undoFor)
  for (const { run } of things) expect(run).toHaveBeenCalledOnce()
})

test('a log-out does what is to be done before it', async () => {
  await deleteBoth()
  await finishDeletions()
  for (const { run } of things) expect(run).toHaveBeenCalledOnce()
})

test('what could not be deleted is there again, and why is said', async () => {
  things[1]!.run.mockRejectedValueOnce(new ApiError('unavailable', 'No.'))
  await deleteBoth()
  await vi.advanceTimersByTimeAsync(undoFor)
  expect(things[1]!.restore).toHaveBeenCalledOnce()
  expect(things[0]!.restore).not.toHaveBeenCalled()
  expect(await screen.findByText('The database cannot be reached')).toBeInTheDocument()
})
