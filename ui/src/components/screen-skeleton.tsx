// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Skeleton } from 'antd'
import { useTranslation } from 'react-i18next'

/** ScreenSkeleton stands where something comes in a moment. */
export function ScreenSkeleton({ rows = 6 }: { rows?: number }) {
  const { t } = useTranslation()
  return (
    <div role="status" aria-label={t('loading')} style={{ padding: 8 }}>
      <Skeleton active title={false} paragraph={{ rows }} />
    </div>
  )
}
