// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { PlusOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { useHref, useNavigate } from 'react-router'

/** PublishLink leads to what says how a service is published. */
export function PublishLink() {
  const { t } = useTranslation('publishing')
  const navigate = useNavigate()
  return (
    <Button
      type="primary"
      icon={<PlusOutlined aria-hidden />}
      href={useHref('/publishing/add')}
      onClick={(e) => {
        e.preventDefault()
        void navigate('/publishing/add')
      }}
    >
      {t('add.title')}
    </Button>
  )
}
