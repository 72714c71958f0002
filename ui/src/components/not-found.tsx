// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Result } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

/** NotFound says that an address leads nowhere. */
export function NotFound() {
  const { t } = useTranslation()
  return (
    <Result
      status="404"
      title={t('not_found.title')}
      subTitle={t('not_found.remedy')}
      extra={<Link to="/endpoints">{t('not_found.home')}</Link>}
    />
  )
}

export { NotFound as Component }
