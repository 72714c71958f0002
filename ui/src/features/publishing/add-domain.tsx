// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Button, Form, Modal } from 'antd'
import { useTranslation } from 'react-i18next'

import { DomainNext } from './domain-next'
import { ProveDomain, type Values } from './prove-domain'

/** focus is where it goes when the button that had it has gone. */
const focus = (button: HTMLElement | null) => button?.focus()

/** AddDomain has a domain proven by DNS, and then says how a website gets it. */
export function AddDomain({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation(['publishing', 'common'])
  const [form] = Form.useForm<Values>()
  const [proven, setProven] = useState<string>()
  return (
    <Modal
      open={open}
      title={proven === undefined ? t('domains.add') : t('domains.yours', { name: proven })}
      onCancel={onClose}
      afterOpenChange={(shown) => shown && form.focusField('name')}
      afterClose={() => setProven(undefined)}
      destroyOnHidden
      width={640}
      footer={
        proven !== undefined && (
          <Button ref={focus} onClick={onClose}>
            {t('common:close')}
          </Button>
        )
      }
    >
      {proven === undefined ? <ProveDomain form={form} onProven={setProven} /> : <DomainNext name={proven} />}
    </Modal>
  )
}
