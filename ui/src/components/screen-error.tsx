// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Alert, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { useRouteError } from 'react-router'

/**
 * ScreenError is shown in place of a screen that broke. Most often its files
 * are those of an older version than the gateway's; loading anew mends that.
 */
export function ScreenError() {
  const { t } = useTranslation()
  const error = useRouteError()
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      style={{ margin: 16 }}
      title={t('broken.title')}
      description={
        <>
          <p>{t('broken.remedy')}</p>
          <pre className="mono">{error instanceof Error ? error.message : String(error)}</pre>
        </>
      }
      action={
        <Button type="primary" onClick={() => location.reload()}>
          {t('broken.reload')}
        </Button>
      }
    />
  )
}
