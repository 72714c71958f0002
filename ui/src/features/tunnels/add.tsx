// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Flex, Grid, Steps } from 'antd'
import { useTranslation } from 'react-i18next'

import { Page } from '@/components/page'

import { AddCommands } from './add-commands'
import { AddName, type NewClient } from './add-name'
import { AddSystem } from './add-system'
import { guessSystem } from './systems'

/** Component is the wizard that adds a client: its system, its name, what to do there, and that it is online. */
export function Component() {
  const { t } = useTranslation('tunnels')
  const wide = Grid.useBreakpoint().md ?? true
  const [step, setStep] = useState(0)
  const [system, setSystem] = useState(() => guessSystem(navigator.userAgent))
  const [client, setClient] = useState<NewClient>({ name: '' })
  const titles = [t('add.step_system'), t('add.step_name'), t('add.step_run'), t('add.step_online')]
  const back = () => setStep((s) => s - 1)
  return (
    <Page title={t('add.title')} intro={t('add.intro')}>
      <Steps
        current={step}
        size="small"
        responsive={false}
        titlePlacement={wide ? 'horizontal' : 'vertical'}
        items={titles.map((title) => ({ title }))}
      />
      <Flex vertical gap="middle" style={{ maxWidth: 860 }}>
        {step === 0 && <AddSystem system={system} onChange={setSystem} onNext={() => setStep(1)} />}
        {step === 1 && (
          <AddName
            client={client}
            onBack={back}
            onNext={(chosen) => {
              setClient(chosen)
              setStep(2)
            }}
          />
        )}
        {step >= 2 && (
          <AddCommands
            system={system}
            client={client}
            onBack={() => setStep(1)}
            onOnline={() => setStep(titles.length)}
          />
        )}
      </Flex>
    </Page>
  )
}
