// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

const each = 250

/** Countdown shows how long it is until then. It is not read out: the state beside it is. */
export function Countdown({ until }: { until: number }) {
  const { t } = useTranslation('console')
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), each)
    return () => clearInterval(timer)
  }, [])
  const count = Math.max(0, Math.ceil((until - now) / 1000))
  return (
    <span className="numbers" role="timer">
      {t('in_seconds', { count })}
    </span>
  )
}
