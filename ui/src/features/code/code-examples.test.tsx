// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { act, screen, waitFor } from '@testing-library/react'
import { describe, expect, it } from 'vitest'

import type { Schema } from '@/api/client'
import { show } from '@/test/render'

import { CodeExamples } from './code-examples'
import { examples, template } from './examples'
import { render } from './render'

const endpoint = (url: string, isPrivate = false) => ({ url, private: isPrivate }) as Schema<'Endpoint'>
const open = endpoint('wss://gateway.example/ws/Zk3vJ0y4Q9m1xT7uWbR2sA')

describe('examples', () => {
  it.each(examples)('$name has the URL, and no mark of the template', (e) => {
    for (const isPrivate of [false, true]) {
      const text = render(template(e), { ...open, private: isPrivate })
      const { host, pathname } = new URL(open.url)
      expect(text).toContain(pathname)
      expect(text).toContain(host)
      expect(text).not.toMatch(/__(?!DIR)\w+__|^\/\/\?/m)
      expect(/culvert[._]key|cvk_/i.test(text)).toBe(isPrivate)
    }
  })

  it('says host, port and encryption where a library wants them apart', () => {
    const arduino = template(examples.find((e) => e.key === 'arduino')!)
    expect(render(arduino, open)).toContain('beginSSL("gateway.example", 443, "/ws/')
    expect(render(arduino, endpoint('ws://192.168.1.2:8080/ws/x'))).toContain(
      'begin("192.168.1.2", 8080, "/ws/x")',
    )
  })
})

describe('CodeExamples', () => {
  it.each(['en', 'zh-CN'] as const)('shows all examples in %s', async (language) => {
    const { router, container } = await show(<CodeExamples endpoint={open} />, { language })
    for (const e of examples) {
      await act(() => router.navigate(`/?example=${e.key}`))
      await waitFor(() => {
        const block = container.querySelector(`pre[data-example="${e.key}"]`)
        expect(block?.getAttribute('data-file')).toBe(e.file)
        expect(block?.querySelector('code')?.textContent).toBe(render(template(e), open))
      })
    }
  })

  it('says how the key gets into the programs of a private endpoint', async () => {
    await show(<CodeExamples endpoint={{ ...open, private: true }} />)
    expect(await screen.findByText(/CULVERT_KEY, so that the key is not in the code/)).toBeInTheDocument()
  })
})
