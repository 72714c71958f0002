// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { PlusOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { useHref, useNavigate } from 'react-router'

/** AddLink leads to the wizard that adds a client. */
export function AddLink() {
  const { t } = useTranslation('tunnels')
  const navigate = useNavigate()
  return (
    <Button
      type="primary"
      icon={<PlusOutlined aria-hidden />}
      href={useHref('/tunnels/add')}
      onClick={(e) => {
        e.preventDefault()
        void navigate('/tunnels/add')
      }}
    >
      {t('add_client')}
    </Button>
  )
}
