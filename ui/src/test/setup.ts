// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import '@testing-library/jest-dom/vitest'

import { cleanup, configure } from '@testing-library/react'
import { afterAll, afterEach, vi } from 'vitest'

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

// Node's takes whole addresses only, unlike that of browsers.
const { Request } = globalThis
vi.stubGlobal(
  'Request',
  class extends Request {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === 'string' ? new URL(input, location.href) : input, init)
    }
  },
)

// Styles are most of the time of a test, and jsdom does not show them.
vi.mock('@/app/theme', async (original) => ({
  ...(await original<object>()),
  useTheme: () => ({ zeroRuntime: true }),
}))

// There is no canvas to draw charts on: tests read their legends and tables.
vi.mock('uplot', () => ({
  default: class {
    setData = nothing
    setScale = nothing
    setSize = nothing
    destroy = nothing
  },
}))

// Before the client of the API is there, which keeps the fetch that it finds.
server.listen({ onUnhandledRequest: 'error' })
afterEach(() => {
  cleanup()
  server.resetHandlers()
})
afterAll(() => server.close())
