// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Suspense, useEffect, useState, type ReactNode } from 'react'
import { QueryClientProvider, type QueryClient } from '@tanstack/react-query'
import { App, ConfigProvider } from 'antd'
import type { Locale } from 'antd/es/locale'
import en from 'antd/locale/en_US'
import { useTranslation } from 'react-i18next'

import { nonce } from './nonce'
import { useTheme } from './theme'

const antdLocales: Record<string, () => Promise<{ default: Locale }>> = {
  en: () => Promise.resolve({ default: en }),
  'zh-CN': () => import('antd/locale/zh_CN'),
}

/** Two characters stay one word, to those who hear them, too. */
const unspaced = { autoInsertSpace: false }

/** Providers has what all screens stand in: language, theme, cache, messages. */
export function Providers({ client, children }: { client: QueryClient; children: ReactNode }) {
  const { i18n } = useTranslation()
  // Never without one: the first that comes would have everything below mounted anew.
  const [locale, setLocale] = useState<Locale>(en)
  const theme = useTheme()
  useEffect(() => {
    let current = true
    antdLocales[i18n.language]?.()
      .then((m) => current && setLocale(m.default))
      .catch(() => undefined) // Ant Design's own words stay as they are
    return () => {
      current = false
    }
  }, [i18n.language])
  return (
    <QueryClientProvider client={client}>
      <ConfigProvider
        csp={{ nonce }}
        locale={locale}
        theme={theme}
        wave={{ disabled: true }}
        button={unspaced}
      >
        <App notification={{ placement: 'bottomRight' }} style={{ height: '100%' }}>
          <Suspense>{children}</Suspense>
        </App>
      </ConfigProvider>
    </QueryClientProvider>
  )
}
