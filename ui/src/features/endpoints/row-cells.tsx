// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { memo } from 'react'
import { DeleteOutlined, LockOutlined } from '@ant-design/icons'
import { Button, Flex, Tag, Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { CopyButton } from '@/components/copy-button'
import { useFormat } from '@/components/format'
import { Time } from '@/components/time'

import { LiveCells } from './live-cells'
import { pageOf, type Endpoint } from './scope'

/** RowCells are an endpoint in the list. Neither its live numbers nor its place draw them anew. */
export const RowCells = memo(function RowCells({
  endpoint,
  wide,
  onDelete,
}: {
  endpoint: Endpoint
  /** whether there is room for a column with the URL */
  wide: boolean
  onDelete: (e: Endpoint) => void
}) {
  const { t } = useTranslation(['endpoints', 'common'])
  const { id, url, last_active_at } = endpoint
  const name = endpoint.name || t('unnamed')
  const copy = <CopyButton text={url} what={t('url.of', { name })} type="text" size="small" />
  return (
    <>
      <th scope="row" className="name">
        <Flex vertical>
          <Link to={pageOf('own', id)} className="ellipsis">
            {name}
          </Link>
          <Marks endpoint={endpoint} />
        </Flex>
      </th>
      {wide && (
        <td className="url">
          <Flex align="center" gap={4}>
            <span className="mono ellipsis" title={url}>
              {url}
            </span>
            {copy}
          </Flex>
        </td>
      )}
      <LiveCells endpoint={endpoint} wide={wide} />
      {wide && (
        <td className="time">
          <Time at={last_active_at} none={t('common:never')} />
        </td>
      )}
      <td className="actions">
        {!wide && copy}
        <Button
          type="text"
          danger
          icon={<DeleteOutlined aria-hidden />}
          aria-label={t('delete.label', { name })}
          onClick={() => onDelete(endpoint)}
        />
      </td>
    </>
  )
})

/** Marks say what is particular about an endpoint. */
function Marks({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation('endpoints')
  const format = useFormat()
  if (!endpoint.private && !endpoint.remove_at) return null
  return (
    <Flex gap={4}>
      {endpoint.private && <Tag icon={<LockOutlined aria-hidden />}>{t('private.tag')}</Tag>}
      {endpoint.remove_at && (
        <Tooltip title={t('remove.why')}>
          <Tag color="warning">{t('remove.tag', { day: format.day(new Date(endpoint.remove_at)) })}</Tag>
        </Tooltip>
      )}
    </Flex>
  )
}
