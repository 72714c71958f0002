// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { theme, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

/** Terms are the operator's, as plain text. */
export function Terms({ text }: { text: string }) {
  const { t } = useTranslation('auth')
  const { token } = theme.useToken()
  return (
    <section aria-label={t('register.terms')}>
      <Typography.Title level={2} style={{ fontSize: 16 }}>
        {t('register.terms')}
      </Typography.Title>
      <div
        role="document"
        aria-label={t('register.terms')}
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- who has no mouse scrolls it so
        tabIndex={0}
        style={{
          whiteSpace: 'pre-wrap',
          maxHeight: 160,
          overflow: 'auto',
          padding: 8,
          marginBottom: 8,
          border: `1px solid ${token.colorBorder}`,
          borderRadius: token.borderRadius,
        }}
      >
        {text}
      </div>
    </section>
  )
}
