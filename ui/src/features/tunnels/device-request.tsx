// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useEffectEvent, useState } from 'react'
import { Alert, Button, Descriptions, Flex } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { asApiError } from '@/api/error'
import { ErrorAlert } from '@/components/errors'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { Time } from '@/components/time'

import type { Outcome } from './device-done'

/** DeviceRequest shows who asks with a code, and allows or denies it. */
export function DeviceRequest({
  code,
  onDone,
  onAgain,
}: {
  code: string
  onDone: (outcome: Outcome) => void
  onAgain: () => void
}) {
  const { t } = useTranslation('tunnels')
  const [failure, setFailure] = useState<unknown>()
  // Wrong codes are counted, and one that is decided is wrong: a code is looked at once.
  const look = api.useQuery(
    'post',
    '/device/look',
    { body: { user_code: code } },
    { staleTime: 'static', gcTime: 0 },
  )
  const decide = api.useMutation('post', '/device/decide', {
    onSuccess: (_, { body }) => onDone(body.allow ? 'allowed' : 'denied'),
    onError: (error) => (asApiError(error).code === 'not_found' ? onDone('gone') : setFailure(error)),
  })
  const request = look.data
  useWhen(request?.expires_at, () => onDone('expired'))

  if (asApiError(look.error).code === 'not_found') return <Unknown onAgain={onAgain} />
  if (look.error) return <ErrorAlert error={look.error} onRetry={() => void look.refetch()} />
  if (!request) return <ScreenSkeleton rows={3} />
  const choose = (allow: boolean) => decide.mutate({ body: { user_code: request.user_code, allow } })
  return (
    <Flex vertical gap="middle">
      <Alert type="warning" showIcon title={t('device.warning')} description={t('device.warning_text')} />
      <Descriptions
        bordered
        size="small"
        column={1}
        items={[
          {
            key: 'code',
            label: t('device.code'),
            children: <span className="mono">{request.user_code}</span>,
          },
          { key: 'name', label: t('device.name'), children: request.client_name || t('device.any_name') },
          { key: 'address', label: t('device.address'), children: request.address },
          { key: 'agent', label: t('device.agent'), children: request.agent || '–' },
          { key: 'since', label: t('device.since'), children: <Time at={request.created_at} /> },
        ]}
      />
      {failure !== undefined && <ErrorAlert error={failure} />}
      <Flex gap="small">
        <Button type="primary" loading={decide.isPending} onClick={() => choose(true)}>
          {t('device.allow')}
        </Button>
        <Button danger disabled={decide.isPending} onClick={() => choose(false)}>
          {t('device.deny')}
        </Button>
      </Flex>
    </Flex>
  )
}

function Unknown({ onAgain }: { onAgain: () => void }) {
  const { t } = useTranslation('tunnels')
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t('device.unknown')}
      description={t('device.unknown_text')}
      action={<Button onClick={onAgain}>{t('device.again')}</Button>}
    />
  )
}

/** useWhen calls `then` at a time, once. */
function useWhen(at: string | undefined, then: () => void) {
  const call = useEffectEvent(then)
  useEffect(() => {
    if (at === undefined) return
    const timer = setTimeout(() => call(), Math.max(0, Date.parse(at) - Date.now()))
    return () => clearTimeout(timer)
  }, [at])
}
