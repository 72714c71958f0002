// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

import type { Plugin } from 'vite'

const compressible = /\.(js|css|svg|json|txt|webmanifest)$/

/**
 * precompress puts .br and .gz files beside the assets of a build, so that the
 * gateway compresses nothing. The page is left alone: it has a nonce of its own
 * in each answer.
 */
export function precompress(): Plugin {
  let out = 'dist'
  return {
    name: 'precompress',
    apply: 'build',
    configResolved(config) {
      out = join(config.root, config.build.outDir)
      if (config.build.outDir.startsWith('/')) out = config.build.outDir
    },
    async closeBundle() {
      const names = await readdir(out, { recursive: true })
      await Promise.all(names.filter((n) => compressible.test(n)).map((n) => compress(join(out, n))))
    },
  }
}

async function compress(path: string): Promise<void> {
  const data = await readFile(path)
  const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(data, best),
    promisify(gzip)(data, { level: 9 }),
  ])
  if (br.length < data.length) await writeFile(`${path}.br`, br)
  if (gz.length < data.length) await writeFile(`${path}.gz`, gz)
}
