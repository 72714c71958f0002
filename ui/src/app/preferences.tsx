// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { BulbOutlined, TranslationOutlined } from '@ant-design/icons'
import { Button, Dropdown } from 'antd'
import { useTranslation } from 'react-i18next'

import { chooseLanguage, languages, type Language } from '@/i18n'

import { chooseTheme, useThemeChoice, type ThemeChoice } from './theme'

const themes = ['system', 'light', 'dark'] as const satisfies ThemeChoice[]

/** LanguageMenu chooses the language of this browser. */
export function LanguageMenu() {
  const { t, i18n } = useTranslation()
  const items = Object.entries(languages).map(([key, label]) => ({
    key,
    label: <span lang={key}>{label}</span>,
  }))
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items,
        selectable: true,
        selectedKeys: [i18n.language],
        onClick: ({ key }) => void chooseLanguage(key as Language),
      }}
    >
      <Button type="text" icon={<TranslationOutlined aria-hidden />} aria-label={t('preferences.language')} />
    </Dropdown>
  )
}

/** ThemeMenu chooses light or dark for this browser. */
export function ThemeMenu() {
  const { t } = useTranslation()
  const choice = useThemeChoice()
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items: themes.map((key) => ({ key, label: t(`preferences.${key}`) })),
        selectable: true,
        selectedKeys: [choice],
        onClick: ({ key }) => chooseTheme(key as ThemeChoice),
      }}
    >
      <Button type="text" icon={<BulbOutlined aria-hidden />} aria-label={t('preferences.theme')} />
    </Dropdown>
  )
}
