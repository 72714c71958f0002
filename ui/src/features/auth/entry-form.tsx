// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, type ReactNode } from 'react'
import { Button, Flex, Form, type FormInstance } from 'antd'

import { ErrorAlert } from '@/components/errors'
import { useSubmit } from '@/components/use-submit'
import type { FieldOfCode } from '@/components/form-errors'

/** EntryForm is a form of the screens before the log-in: fields, what went wrong, one button. */
export function EntryForm<Values extends object>({
  form,
  initial,
  action,
  run,
  fieldOfCode,
  children,
}: {
  form: FormInstance<Values>
  initial?: Partial<Values>
  action: string
  run: (values: Values) => Promise<unknown>
  fieldOfCode?: FieldOfCode
  children: ReactNode
}) {
  const { submit, busy, error } = useSubmit(form, run, fieldOfCode)
  useEffect(() => {
    const names = form.getFieldsError().map((f) => f.name)
    const empty = names.find((name) => !form.getFieldValue(name as never))
    if (empty) form.focusField(empty as never)
  }, [form])
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={initial}
      onFinish={(values) => void submit(values)}
    >
      {children}
      <Flex vertical gap="middle">
        {error !== undefined && <ErrorAlert error={error} />}
        <Button type="primary" htmlType="submit" block loading={busy}>
          {action}
        </Button>
      </Flex>
    </Form>
  )
}
