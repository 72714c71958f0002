// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useRef, useState } from 'react'
import type { FormInstance } from 'antd'

import { setFieldErrors, type FieldOfCode } from './form-errors'

/**
 * useSubmit returns what a form does when it is sent: `run`, once at a time.
 * What is wrong with fields is shown on them; `error` is what else went wrong.
 */
export function useSubmit<Values>(
  form: FormInstance<Values>,
  run: (values: Values) => Promise<unknown>,
  fieldOfCode?: FieldOfCode,
) {
  const running = useRef(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const submit = async (values: Values) => {
    if (running.current) return
    running.current = true
    setBusy(true)
    setError(undefined)
    try {
      await run(values)
    } catch (e) {
      if (!setFieldErrors(form, e, fieldOfCode)) setError(e)
    } finally {
      running.current = false
      setBusy(false)
    }
  }
  return { submit, busy, error }
}
