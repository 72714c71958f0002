// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Result } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

/** Outcome is what came of a device's request. `gone`: it was decided elsewhere, or is over. */
export type Outcome = 'allowed' | 'denied' | 'expired' | 'gone'

/** DeviceDone says what came of a request, and what to do now. */
export function DeviceDone({ outcome, onAgain }: { outcome: Outcome; onAgain: () => void }) {
  const { t } = useTranslation('tunnels')
  const navigate = useNavigate()
  const looks = { allowed: 'success', denied: 'info', expired: 'warning', gone: 'warning' } as const
  const decided = outcome === 'allowed' || outcome === 'denied'
  return (
    <div role="status">
      <Result
        status={looks[outcome]}
        title={t(`device.${outcome}`)}
        subTitle={t(`device.${outcome}_text`)}
        extra={
          decided ? (
            <Button type="primary" onClick={() => void navigate('/tunnels')}>
              {t('device.to_tunnels')}
            </Button>
          ) : (
            <Button type="primary" onClick={onAgain}>
              {t('device.again')}
            </Button>
          )
        }
      />
    </div>
  )
}
