// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { DeleteOutlined, LockOutlined } from '@ant-design/icons'
import { Button, Flex, Tag, type TableProps } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import type { Schema } from '@/api/client'
import { useFormat } from '@/components/format'
import { Time } from '@/components/time'
import { useDelete } from '@/features/endpoints/use-delete'
import { useLiveEndpoint } from '@/live/context'

import { Owner } from '../owner'

type Endpoint = Schema<'Endpoint'>

/** useEndpointColumns returns the columns of the list of all endpoints. */
export function useEndpointColumns(): TableProps<Endpoint>['columns'] {
  const { t } = useTranslation('admin')
  const remove = useDelete('every')
  const live = (which: Which) => (_: unknown, e: Endpoint) => <LiveNumber endpoint={e} which={which} />
  const number = { align: 'right', className: 'numbers' } as const
  return [
    {
      title: t('endpoints.name'),
      key: 'name',
      render: (_, e) => (
        <Flex vertical>
          <Link to={`/admin/endpoints/${e.id}`}>{e.name || e.id}</Link>
          {e.private && (
            <span>
              <Tag icon={<LockOutlined aria-hidden />}>{t('endpoints.private')}</Tag>
            </span>
          )}
        </Flex>
      ),
    },
    { title: t('owner'), key: 'owner', render: (_, e) => <Owner id={e.owner_id} name={e.owner} /> },
    { title: t('endpoints.connections'), key: 'connections', ...number, render: live('connections') },
    { title: t('endpoints.messages'), key: 'messages', ...number, render: live('messages') },
    { title: t('endpoints.bytes'), key: 'bytes', ...number, render: live('bytes') },
    {
      title: t('endpoints.active'),
      dataIndex: 'last_active_at',
      render: (at?: string) => <Time at={at} none={t('never')} />,
    },
    { title: t('created'), dataIndex: 'created_at', render: (at: string) => <Time at={at} /> },
    {
      title: t('actions'),
      key: 'actions',
      render: (_, e) => (
        <Button
          type="text"
          danger
          icon={<DeleteOutlined aria-hidden />}
          aria-label={t('endpoints.delete', { name: e.name || e.id })}
          onClick={() => remove(e)}
        />
      ),
    },
  ]
}

type Which = 'connections' | 'messages' | 'bytes'

/** LiveNumber follows the stream by itself, so that the table is not drawn each second. */
function LiveNumber({ endpoint, which }: { endpoint: Endpoint; which: Which }) {
  const format = useFormat()
  const live = useLiveEndpoint(endpoint.id, 'every')
  const { connections, rates } = live ?? endpoint.stats
  if (which === 'connections') return <>{format.number(connections)}</>
  if (which === 'messages') return <>{format.rate(rates.messages_in + rates.messages_out)}</>
  return <>{format.byteRate(rates.bytes_in + rates.bytes_out)}</>
}
