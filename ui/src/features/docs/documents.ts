// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Language } from '@/i18n'

/** documents are those of the repository's docs that are shown here, in the order of the menu. */
export const documents = ['quickstart', 'endpoints', 'client', 'publishing', 'accounts', 'protocol'] as const
export type DocumentName = (typeof documents)[number]

export type Heading = { id: string; text: string; depth: number; line: number }
export type Doc = { title: string; body: string; headings: Heading[] }

const files = import.meta.glob<string>(
  '../../../../docs/{quickstart,endpoints,client,publishing,accounts,protocol}{,.zh-CN}.md',
  { query: '?raw', import: 'default' },
)

const suffixes: Record<Language, string> = { en: '', 'zh-CN': '.zh-CN' }

/** load fetches a document, each of which is a file of its own. */
export async function load(name: DocumentName, language: Language): Promise<Doc> {
  return parse(await files[`../../../../docs/${name}${suffixes[language]}.md`]!())
}

/** parse takes the title, and the link to the other language below it, away from the text. */
export function parse(text: string): Doc {
  const [, title = '', rest = ''] = /^# (.+)\n([^]*)$/.exec(text) ?? []
  const body = rest.replace(/^\s*\[[^\]]+\]\([\w-]+(\.zh-CN)?\.md\)\n/, '').trimStart()
  return { title, body, headings: headingsOf(body) }
}

function headingsOf(body: string): Heading[] {
  let code = false
  return body.split('\n').flatMap((line, i) => {
    if (line.startsWith('```')) code = !code
    const [, marks = '', raw = ''] = /^(#{2,6}) (.+)$/.exec(line) ?? []
    if (code || !marks) return []
    const text = raw.replaceAll('`', '')
    return [{ id: slug(text), text, depth: marks.length, line: i + 1 }]
  })
}

/** slug is the id that GitHub gives a heading, so that links work there and here. */
const slug = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\-_ ]/gu, '')
    .replaceAll(' ', '-')
