// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { SendOutlined } from '@ant-design/icons'
import { Alert, Button, Flex, Input, Space } from 'antd'
import { useTranslation } from 'react-i18next'

import { useFail } from '@/components/use-fail'

import type { PartProps } from './scope'
import { NotLetIn, sendTest, type TestResult } from './send-test'

type State = 'sending' | 'refused' | TestResult | undefined

/** TestMessage sends a text to whoever is connected, and says who got it. */
export function TestMessage({ endpoint, scope }: PartProps) {
  const { t } = useTranslation('endpoints')
  const fail = useFail()
  const [text, setText] = useState(() => t('test.text'))
  const [state, setState] = useState<State>()
  const send = async () => {
    setState('sending')
    try {
      setState(await sendTest(endpoint, scope, text))
    } catch (error) {
      setState(error instanceof NotLetIn ? 'refused' : undefined)
      if (!(error instanceof NotLetIn)) fail(error)
    }
  }
  return (
    <Flex vertical gap="small">
      <form
        onSubmit={(e) => {
          e.preventDefault()
          void send()
        }}
      >
        <Space.Compact style={{ width: '100%', maxWidth: 560 }}>
          <Input value={text} onChange={(e) => setText(e.target.value)} aria-label={t('test.label')} />
          <Button
            htmlType="submit"
            icon={<SendOutlined aria-hidden />}
            loading={state === 'sending'}
            disabled={!text}
          >
            {t('test.send')}
          </Button>
        </Space.Compact>
      </form>
      <div role="status">{state && state !== 'sending' && <Result state={state} />}</div>
    </Flex>
  )
}

function Result({ state }: { state: TestResult | 'refused' }) {
  const { t } = useTranslation('endpoints')
  if (state === 'refused') return <Alert type="error" showIcon title={t('test.refused')} />
  const { others, got } = state
  if (others === 0) return <Alert type="info" showIcon title={t('test.nobody')} />
  if (got === others) return <Alert type="success" showIcon title={t('test.got', { count: got })} />
  return <Alert type="warning" showIcon title={t('test.some', { count: others, got })} />
}
