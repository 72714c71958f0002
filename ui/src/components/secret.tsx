// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Alert, Flex, Input, Modal } from 'antd'
import { useTranslation } from 'react-i18next'

import { CopyButton } from './copy-button'

/** Secret shows what is shown once, and is kept nowhere. `what` names it: "API token". */
export function Secret({ text, what }: { text: string; what: string }) {
  const { t } = useTranslation()
  return (
    <Flex vertical gap="small">
      <Alert type="warning" showIcon title={t('secret.once')} />
      <Flex gap="small">
        <Input value={text} readOnly className="mono" aria-label={what} onFocus={(e) => e.target.select()} />
        <CopyButton text={text} what={what} type="primary" />
      </Flex>
    </Flex>
  )
}

/** SecretModal is Secret in a dialog, which only its button closes. */
export function SecretModal({
  text,
  what,
  onClose,
}: {
  text: string | undefined
  what: string
  onClose: () => void
}) {
  const { t } = useTranslation()
  return (
    <Modal
      open={text !== undefined}
      title={what}
      okText={t('secret.kept')}
      onOk={onClose}
      destroyOnHidden
      footer={(_, { OkBtn }) => <OkBtn />}
      closable={false}
      mask={{ closable: false }}
    >
      {text !== undefined && <Secret text={text} what={what} />}
    </Modal>
  )
}
