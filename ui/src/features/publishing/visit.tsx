// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Alert, Button, Card, Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useLocation, useNavigate } from 'react-router'

import { api } from '@/api/client'
import { asApiError } from '@/api/error'
import { useMe } from '@/app/session'
import { ErrorAlert } from '@/components/errors'
import { Page } from '@/components/page'

/**
 * Component is where a published website sends a browser that it does not know
 * yet: who is logged in here says yes, and goes back with a ticket. What the
 * website has sent along is in the fragment, which no log sees.
 */
export function Component() {
  const { t } = useTranslation('publishing')
  const { hash } = useLocation()
  const q = new URLSearchParams(hash.slice(1))
  const [host, state, to] = [q.get('host'), q.get('state'), q.get('to')]
  return (
    <Page title={t('visit.title')}>
      <Card style={{ maxWidth: 640 }}>
        {host && state ? (
          <Ask host={host} state={state} to={to ?? '/'} />
        ) : (
          <Alert type="info" showIcon title={t('visit.nothing')} description={t('visit.nothing_text')} />
        )}
      </Card>
    </Page>
  )
}

function Ask({ host, state, to }: { host: string; state: string; to: string }) {
  const { t } = useTranslation(['publishing', 'common'])
  const navigate = useNavigate()
  const account = useMe()?.user.name ?? ''
  const [leaving, setLeaving] = useState(false)
  const visit = api.useMutation('post', '/visits', {
    onSuccess: ({ url }) => {
      setLeaving(true)
      // Only the gateway knows where a website is: what the fragment says is for it to judge.
      location.assign(url)
    },
  })
  return (
    <Flex vertical gap="middle">
      <Typography.Title level={2} style={{ fontSize: 18, margin: 0, overflowWrap: 'anywhere' }}>
        {t('visit.question', { host, account })}
      </Typography.Title>
      <Typography.Text>{t('visit.explained')}</Typography.Text>
      {visit.error && <Refusal error={visit.error} account={account} />}
      <Flex gap="small">
        <Button
          type="primary"
          loading={visit.isPending || leaving}
          onClick={() => visit.mutate({ body: { host, state, to } })}
        >
          {t('visit.continue')}
        </Button>
        <Button onClick={() => void navigate('/')}>{t('common:cancel')}</Button>
      </Flex>
    </Flex>
  )
}

function Refusal({ error, account }: { error: unknown; account: string }) {
  const { t } = useTranslation('publishing')
  const { code } = asApiError(error)
  if (code !== 'not_found' && code !== 'forbidden') return <ErrorAlert error={error} />
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t(`visit.${code}`)}
      description={t(`visit.${code}_text`, { account })}
    />
  )
}
