// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import '@testing-library/jest-dom/vitest'

import { cleanup, configure } from '@testing-library/react'
import { afterAll, afterEach, beforeAll, vi } from 'vitest'

import { server } from './server'

// Screens are loaded when they are shown, which takes a busy machine its time.
configure({ asyncUtilTimeout: 5000 })

// What jsdom lacks and Ant Design asks for.
vi.stubGlobal('matchMedia', (query: string) => ({
  matches: false,
  media: query,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
  addListener: () => undefined,
  removeListener: () => undefined,
}))
const nothing = () => undefined
vi.stubGlobal('ResizeObserver', function ResizeObserver() {
  return { observe: nothing, unobserve: nothing, disconnect: nothing }
})

// There is no canvas to draw charts on: tests read their legends and tables.
vi.mock('uplot', () => ({
  default: class {
    setData = nothing
    setScale = nothing
    setSize = nothing
    destroy = nothing
  },
}))

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => {
  cleanup()
  server.resetHandlers()
})
afterAll(() => server.close())
