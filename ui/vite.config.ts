// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { fileURLToPath } from 'node:url'

import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

import { precompress } from './build/precompress.ts'

// Where `make ui-dev` finds a gateway that runs.
const gateway = process.env.CULVERT_SITE ?? 'http://localhost:8080'

export default defineConfig({
  plugins: [react(), precompress()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: process.env.UI_OUT ?? 'dist',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // A file inlined as a data: URL would need a wider policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    // Over HTTP/1.1 each file costs a round trip and its headers: what most
    // screens share is a few files, not a hundred. test/ui has the budget.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'base',
              test: /node_modules\/(react|react-dom|scheduler|react-router|i18next|react-i18next|@tanstack\/(query-core|react-query)|openapi-fetch|openapi-react-query)\//,
              priority: 2,
            },
            { name: 'shared', test: /node_modules/, minShareCount: 20, priority: 1 },
            { name: 'frame', test: /src\/(app|api|live|components\/(?!chart|history))/, minShareCount: 12 },
          ],
        },
      },
    },
  },
  server: {
    // The documents are those of the repository.
    fs: { allow: ['..'] },
    proxy: {
      '/api': { target: gateway, changeOrigin: true },
      '/ws': { target: gateway, ws: true, changeOrigin: true },
      '^/tunnel(?!s)': { target: gateway, ws: true, changeOrigin: true },
    },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/test/setup.ts'],
    css: false,
    restoreMocks: true,
    // Files share their modules: setup.ts leaves nothing behind that tests change.
    isolate: false,
    maxWorkers: '100%',
    testTimeout: 60_000, // a machine that is busy is no failure
  },
})
