// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react'
import { Button, Flex, Form, Modal, type FormInstance } from 'antd'
import { useTranslation } from 'react-i18next'

import { ErrorAlert } from '@/components/errors'
import { Secret } from '@/components/secret'
import { useSubmit } from '@/components/use-submit'

/**
 * NewTokenModal asks for what a token shall be, makes it, and shows it with how
 * to use it. Only its button closes it then: the token is not shown again.
 */
export function NewTokenModal<Values extends object>({
  form,
  open,
  title,
  what,
  initial,
  run,
  token,
  usage,
  onClose,
  children,
}: {
  form: FormInstance<Values>
  open: boolean
  title: string
  what: string
  initial?: Partial<Values>
  run: (values: Values) => Promise<unknown>
  token: string | undefined
  usage: ReactNode
  onClose: () => void
  children: ReactNode
}) {
  const { t } = useTranslation('account')
  const { t: common } = useTranslation()
  const { submit, busy, error } = useSubmit(form, run)
  const made = token !== undefined
  return (
    <Modal
      open={open}
      title={made ? what : title}
      onCancel={onClose}
      closable={!made}
      mask={{ closable: false }}
      keyboard={!made}
      destroyOnHidden
      footer={
        made ? (
          <Button type="primary" onClick={onClose}>
            {common('secret.kept')}
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>{common('cancel')}</Button>
            <Button type="primary" loading={busy} onClick={() => form.submit()}>
              {t('tokens.make')}
            </Button>
          </>
        )
      }
    >
      {made ? (
        <Flex vertical gap="middle">
          <Secret text={token} what={what} />
          {usage}
        </Flex>
      ) : (
        <Form<Values>
          form={form}
          layout="vertical"
          requiredMark={false}
          preserve={false}
          initialValues={initial}
          onFinish={(values) => void submit(values)}
        >
          {children}
          {error !== undefined && <ErrorAlert error={error} />}
          <button type="submit" hidden />
        </Form>
      )}
    </Modal>
  )
}
