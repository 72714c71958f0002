// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Alert, Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { asApiError } from '@/api/error'

/** useExplain returns what puts an error into words: what is wrong, and what to do. */
export function useExplain(): (error: unknown) => { title: string; description: string } {
  const { t, i18n } = useTranslation('errors')
  return (error) => {
    const e = asApiError(error)
    const known = i18n.exists(`${e.code}.title`, { ns: 'errors' })
    const code = (known ? e.code : 'unknown') as 'unknown'
    const values = { count: e.retryAfter, message: e.message, code: e.code }
    return {
      title: t(`${code}.title`, values),
      description: [t(`${code}.remedy`, values), e.retryAfter > 0 ? t('retry_after', values) : '']
        .filter(Boolean)
        .join(' '),
    }
  }
}

/** ErrorAlert is the one way in which a part of a screen shows that it failed. */
export function ErrorAlert({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const explain = useExplain()
  const { t } = useTranslation()
  const { title, description } = explain(error)
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={title}
      description={description}
      action={onRetry && <Button onClick={onRetry}>{t('retry')}</Button>}
    />
  )
}
