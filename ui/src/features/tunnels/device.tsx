// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Card } from 'antd'
import { useTranslation } from 'react-i18next'
import { useLocation, useNavigate } from 'react-router'

import { fragment } from '@/components/fragment'
import { Page } from '@/components/page'

import { DeviceCode } from './device-code'
import { DeviceDone, type Outcome } from './device-done'
import { DeviceRequest } from './device-request'

/**
 * Component is where a person allows what has shown them a code: tunnelclient,
 * or a machine that runs it. Its link has the code in the fragment, which no
 * log sees.
 */
export function Component() {
  const { t } = useTranslation('tunnels')
  const { hash } = useLocation()
  const navigate = useNavigate()
  const [code, setCode] = useState(() => fragment(hash))
  const [outcome, setOutcome] = useState<Outcome>()
  const done = (what: Outcome) => {
    setOutcome(what)
    void navigate('/device', { replace: true }) // a reload shall not ask for what is decided
  }
  const again = () => {
    setCode('')
    setOutcome(undefined)
  }
  return (
    <Page title={t('device.title')} intro={outcome ? undefined : t('device.intro')}>
      <Card style={{ maxWidth: 640 }}>
        {outcome ? (
          <DeviceDone outcome={outcome} onAgain={again} />
        ) : code ? (
          <DeviceRequest code={code} onDone={done} onAgain={again} />
        ) : (
          <DeviceCode onCode={setCode} />
        )}
      </Card>
    </Page>
  )
}
