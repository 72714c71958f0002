// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'

/** Revoke takes back a token, which nothing undoes: whoever uses it is out at once. */
export function Revoke({ name, onConfirm }: { name: string; onConfirm: () => void }) {
  const { t } = useTranslation('account')
  return (
    <Popconfirm
      title={t('tokens.revoke_sure')}
      description={t('tokens.revoke_then')}
      okText={t('tokens.revoke')}
      okButtonProps={{ danger: true }}
      onConfirm={onConfirm}
    >
      <Button size="small" danger aria-label={t('tokens.revoke_named', { name })}>
        {t('tokens.revoke')}
      </Button>
    </Popconfirm>
  )
}
