// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { DeleteOutlined } from '@ant-design/icons'
import { Button, Card, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { listOf, type PartProps } from './scope'
import { Title } from './title'
import { useDelete } from './use-delete'

/** DeleteEndpoint deletes an endpoint and leads back to the list, where that can be taken back for a while. */
export function DeleteEndpoint({ endpoint, scope }: PartProps) {
  const { t } = useTranslation(['endpoints', 'common'])
  const navigate = useNavigate()
  const remove = useDelete(scope)
  return (
    <Card size="small">
      <Title>{t('delete.title')}</Title>
      <Typography.Paragraph type="secondary">{t('delete.text')}</Typography.Paragraph>
      <Button
        danger
        icon={<DeleteOutlined aria-hidden />}
        onClick={() => {
          remove(endpoint)
          void navigate(listOf(scope))
        }}
      >
        {t('common:delete')}
      </Button>
    </Card>
  )
}
