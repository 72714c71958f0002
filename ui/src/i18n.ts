// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import i18next, { type i18n } from 'i18next'
import { initReactI18next } from 'react-i18next'

import type account from './locales/en/account.json'
import type admin from './locales/en/admin.json'
import type auth from './locales/en/auth.json'
import type code from './locales/en/code.json'
import type common from './locales/en/common.json'
import type consoleTexts from './locales/en/console.json'
import type docs from './locales/en/docs.json'
import type endpoints from './locales/en/endpoints.json'
import type errors from './locales/en/errors.json'
import type publishing from './locales/en/publishing.json'
import type tunnels from './locales/en/tunnels.json'

/** What a key may be is known to the compiler: one that is missing does not compile. */
export type Texts = {
  account: typeof account
  admin: typeof admin
  auth: typeof auth
  code: typeof code
  common: typeof common
  console: typeof consoleTexts
  docs: typeof docs
  endpoints: typeof endpoints
  errors: typeof errors
  publishing: typeof publishing
  tunnels: typeof tunnels
}

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common'
    resources: Texts
    enableSelector: false
  }
}

export const languages = { en: 'English', 'zh-CN': '\u7b80\u4f53\u4e2d\u6587' } as const
export type Language = keyof typeof languages

const remembered = 'culvert.language'

// A screen's texts are loaded with the screen, in one language.
const files = import.meta.glob<{ default: Record<string, unknown> }>('./locales/*/*.json')

/** initialLanguage is what was chosen here before, else what the browser asks for. */
export function initialLanguage(): Language {
  const wanted = [localStorage.getItem(remembered), ...navigator.languages]
  for (const tag of wanted) {
    if (tag?.toLowerCase().startsWith('zh')) return 'zh-CN'
    if (tag?.toLowerCase().startsWith('en')) return 'en'
  }
  return 'en'
}

export async function startI18n(language: Language = initialLanguage()): Promise<i18n> {
  await i18next
    .use({
      type: 'backend',
      read: (lng: string, ns: string, done: (err: unknown, data: unknown) => void) => {
        const load = files[`./locales/${lng}/${ns}.json`]
        if (!load) return done(new Error(`no texts ${lng}/${ns}`), null)
        load().then(
          (m) => done(null, m.default),
          (err: unknown) => done(err, null),
        )
      },
    })
    .use(initReactI18next)
    .init({
      lng: language,
      supportedLngs: Object.keys(languages),
      fallbackLng: false,
      ns: ['common', 'errors'],
      defaultNS: 'common',
      interpolation: { escapeValue: false }, // React does
      react: { useSuspense: true },
    })
  const onChange = (lng: string) => {
    document.documentElement.lang = lng
  }
  onChange(i18next.language)
  i18next.on('languageChanged', onChange)
  return i18next
}

/** chooseLanguage changes it here and remembers it. */
export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(remembered, language)
  await i18next.changeLanguage(language)
}
