// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Button, Modal } from 'antd'
import { useTranslation } from 'react-i18next'

import { DomainNext } from './domain-next'
import { ProveDomain } from './prove-domain'

/** AddDomain has a domain proven by DNS, and then says how a website gets it. */
export function AddDomain({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation(['publishing', 'common'])
  const [proven, setProven] = useState<string>()
  return (
    <Modal
      open={open}
      title={proven === undefined ? t('domains.add') : t('domains.yours', { name: proven })}
      onCancel={onClose}
      afterClose={() => setProven(undefined)}
      destroyOnHidden
      width={640}
      footer={proven !== undefined && <Button onClick={onClose}>{t('common:close')}</Button>}
    >
      {proven === undefined ? <ProveDomain onProven={setProven} /> : <DomainNext name={proven} />}
    </Modal>
  )
}
