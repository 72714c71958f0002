// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useEffectEvent } from 'react'
import { LoadingOutlined } from '@ant-design/icons'
import { Alert, Button, Flex, Result, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { api } from '@/api/client'

import type { NewClient } from './add-name'
import { ConnectLine } from './connect-line'
import { refreshEach } from './names'

/** AddWait waits until the new client is online, and then says how to go on. */
export function AddWait({ client, onOnline }: { client: NewClient; onOnline: () => void }) {
  const { t } = useTranslation('tunnels')
  const navigate = useNavigate()
  // The stream has it fetched as soon as a client comes; the interval is for when there is no stream.
  const list = api.useQuery(
    'get',
    '/clients',
    { params: { query: { search: client.name } } },
    { refetchInterval: refreshEach },
  )
  const online = list.data?.items?.some((c) => c.name === client.name && c.status === 'online') ?? false
  const tell = useEffectEvent(onOnline)
  useEffect(() => {
    if (online) tell()
  }, [online])
  return (
    <div aria-live="polite">
      {online ? (
        <Result
          status="success"
          title={t('add.online', { name: client.name })}
          subTitle={t(client.service ? 'add.online_service' : 'add.online_bare')}
          extra={
            <Button
              type="primary"
              onClick={() => void navigate(`/tunnels/clients/${encodeURIComponent(client.name)}`)}
            >
              {t('add.show')}
            </Button>
          }
        >
          {client.service && (
            <Flex vertical gap="small">
              <Typography.Text>{t('add.connect')}</Typography.Text>
              <ConnectLine
                client={client.name}
                service={client.service.id}
                protocol={client.service.protocol}
              />
            </Flex>
          )}
        </Result>
      ) : (
        <Alert
          type="info"
          showIcon
          icon={<LoadingOutlined aria-hidden />}
          title={t('add.waiting', { name: client.name })}
          description={t('add.waiting_text')}
        />
      )}
    </div>
  )
}
