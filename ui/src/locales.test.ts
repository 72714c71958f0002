// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest'

import type { LocalCode } from '@/api/error'

import api from '../openapi.json'

type Texts = { [key: string]: string | Texts }

const languages = ['en', 'zh-CN']
const files = import.meta.glob<Texts>('./locales/*/*.json', { eager: true, import: 'default' })
const sources = import.meta.glob<string>(['./**/*.ts', './**/*.tsx', '!./**/*.test.*', '!./api/schema.ts'], {
  eager: true,
  query: '?raw',
  import: 'default',
})
const namespaces = Object.keys(files).flatMap((f) => /\/en\/(.*)\.json$/.exec(f)?.slice(1) ?? [])

/** flat returns texts by their whole key: "login.title". */
function flat(texts: Texts, before = ''): Map<string, string> {
  return new Map(
    Object.entries(texts).flatMap(([key, value]) =>
      typeof value === 'string' ? [[before + key, value] as const] : [...flat(value, `${before}${key}.`)],
    ),
  )
}

const textsOf = (language: string, ns: string) => flat(files[`./locales/${language}/${ns}.json`] ?? {})

const plural = /_(zero|one|two|few|many|other)$/

/** bare is the key that code uses, whatever the number. */
function bare(texts: Map<string, string>, key: string): string {
  const stem = key.replace(plural, '')
  return stem !== key && !texts.has(stem) && texts.has(`${stem}_other`) ? stem : key
}

const holes = (text: string) => [...new Set(text.match(/{{.*?}}/g))].sort()

/** localCodes are those that the interface makes: one that is missing does not compile. */
const localCodes = Object.keys({ unreachable: 0, unknown: 0 } satisfies Record<LocalCode, 0>)

test.each(namespaces)('%s has the same texts in all languages', (ns) => {
  const [en, ...others] = languages.map((l) => textsOf(l, ns))
  const keys = (texts: Map<string, string>) =>
    [...new Set([...texts.keys()].map((k) => bare(texts, k)))].sort()
  for (const other of others) {
    expect(keys(other)).toEqual(keys(en!))
    for (const [key, text] of other) {
      const same = en!.get(key) ?? en!.get(`${bare(other, key)}_other`)!
      expect([key, holes(text)]).toEqual([key, holes(same)])
    }
  }
})

test.each(languages)('no text in %s is empty, and each number has its own', (language) => {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.sort()
  for (const ns of namespaces) {
    const texts = textsOf(language, ns)
    for (const [key, text] of texts) {
      expect(text.trim(), `${ns}:${key}`).not.toBe('')
      const stem = bare(texts, key)
      if (stem === key) continue
      const has = [...texts.keys()].filter((k) => k.replace(plural, '') === stem && plural.test(k))
      expect(has.map((k) => k.slice(stem.length + 1)).sort(), `${ns}:${stem}`).toEqual(forms)
    }
  }
})

test.each(languages)(
  'every error that the API may answer with is explained in %s, and no other',
  (language) => {
    const errors = Object.fromEntries(
      Object.entries(files[`./locales/${language}/errors.json`]!).filter(([key]) => !plural.test(key)),
    )
    expect(Object.keys(errors).sort()).toEqual(
      [...api.components.schemas.Error.properties.code.enum, ...localCodes].sort(),
    )
    for (const [code, texts] of Object.entries(errors)) {
      expect(Object.keys(texts), code).toEqual(['title', 'remedy'])
    }
  },
)

test.each(namespaces.filter((ns) => ns !== 'errors'))('all texts of %s are used', (ns) => {
  const texts = textsOf('en', ns)
  const code = Object.values(sources).join('\n')
  const literals = new Set([...code.matchAll(/['"`]([\w:.-]+)['"`]/g)].map((m) => m[1]!.replace(/^\w+:/, '')))
  // `tabs.${tab}` and `nav.admin_${tab}` use all that they may stand for.
  const patterns = [...code.matchAll(/`(?:\w+:)?([\w.-]*\${[^`]*)`/g)].flatMap((m) => {
    const parts = m[1]!.split(/\${(?:[^{}]|{[^{}]*})*}/)
    if (!parts[0] || !parts.every((p) => /^[\w.-]*$/.test(p))) return []
    return [new RegExp(`^${parts.map((p) => p.replaceAll('.', '\\.')).join('.+')}$`)]
  })
  const unused = [...texts.keys()]
    .map((key) => bare(texts, key))
    .filter((key) => !literals.has(key) && !patterns.some((p) => p.test(key)))
  expect([...new Set(unused)]).toEqual([])
})

test('sentences in Chinese have punctuation of full width', () => {
  for (const ns of namespaces) {
    for (const [key, text] of textsOf('zh-CN', ns)) {
      expect(text, `${ns}:${key}`).not.toMatch(/\p{Script=Han}[,;:?!]|[,;?!]\s?\p{Script=Han}/u)
    }
  }
})

test('there is Chinese nowhere but in its own files', () => {
  for (const [file, text] of Object.entries(sources)) expect(text, file).not.toMatch(/\p{Script=Han}/u)
  for (const ns of namespaces)
    expect(JSON.stringify(files[`./locales/en/${ns}.json`])).not.toMatch(/\p{Script=Han}/u)
})
