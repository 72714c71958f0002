// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { DeleteOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { fetcher, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { useUndo } from '@/components/use-undo'

/** RemoveBlock lets addresses in again, with a while to think again. */
export function RemoveBlock({
  block: { id, prefix },
  hide,
  restore,
}: {
  block: Schema<'Block'>
  hide: (id: number) => void
  restore: (id: number) => void
}) {
  const { t } = useTranslation('admin')
  const client = useQueryClient()
  const undo = useUndo()
  const remove = async () => {
    await fetcher.DELETE('/admin/blocks/{id}', { params: { path: { id } } })
    await invalidate(client, '/admin/blocks')
  }
  return (
    <Button
      type="text"
      danger
      icon={<DeleteOutlined aria-hidden />}
      aria-label={t('blocks.remove', { prefix })}
      onClick={() =>
        undo({
          title: t('blocks.removed', { prefix }),
          hide: () => hide(id),
          run: remove,
          restore: () => restore(id),
        })
      }
    />
  )
}
