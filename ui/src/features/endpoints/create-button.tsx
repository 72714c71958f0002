// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { DownOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Dropdown, Space } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { useFail } from '@/components/use-fail'

import { CreateModal } from './create-modal'
import { madeUpName } from './made-up-name'
import { useOpenCreated } from './use-create'

/** CreateButton creates an endpoint by one click, and with options by two. */
export function CreateButton() {
  const { t } = useTranslation('endpoints')
  const fail = useFail()
  const open = useOpenCreated()
  const [choosing, setChoosing] = useState(false)
  const create = api.useMutation('post', '/endpoints', { onSuccess: open, onError: fail })
  return (
    <>
      <Space.Compact>
        <Button
          type="primary"
          icon={<PlusOutlined aria-hidden />}
          loading={create.isPending}
          onClick={() => create.mutate({ body: { name: madeUpName(t) } })}
        >
          {t('create.action')}
        </Button>
        <Dropdown
          trigger={['click']}
          menu={{ items: [{ key: 'options', label: t('create.options') }], onClick: () => setChoosing(true) }}
        >
          <Button type="primary" icon={<DownOutlined aria-hidden />} aria-label={t('create.more')} />
        </Dropdown>
      </Space.Compact>
      <CreateModal open={choosing} onClose={() => setChoosing(false)} />
    </>
  )
}
