// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { FormInstance } from 'antd'
import i18next from 'i18next'

import { asApiError } from '@/api/error'
import type errors from '@/locales/en/errors.json'

/** Of codes that are about one field, which one: `{ password_wrong: 'old' }`. */
export type FieldOfCode = Partial<Record<keyof typeof errors, string>>

type Path = (string | number)[]

/**
 * setFieldErrors puts what the API says about fields on the fields of a form,
 * focuses the first of them, and returns whether there was any. If not, the
 * error is still to be shown, by useFail or ErrorAlert.
 */
export function setFieldErrors(
  form: Pick<FormInstance, 'getFieldsError' | 'setFields' | 'focusField'>,
  error: unknown,
  byCode: FieldOfCode = {},
): boolean {
  const names = form.getFieldsError().map((f) => f.name)
  const wrong = problems(error, byCode).flatMap(([place, text]) => {
    const name = find(names, place)
    return name ? [{ name, errors: [text] }] : []
  })
  if (!wrong.length) return false
  form.setFields(wrong)
  const first = names.find((n) => wrong.some((w) => w.name === n))
  if (first) form.focusField(first)
  return true
}

/** problems are what is wrong, by where in the request: "name", "body.settings.origins[0]". */
function problems(error: unknown, byCode: FieldOfCode): [place: string, text: string][] {
  const e = asApiError(error)
  const code = e.code as keyof FieldOfCode
  const field = byCode[code]
  if (field) {
    const say = (part: string) => i18next.t(`${code}.${part}` as 'unknown.title', { ns: 'errors' })
    return [[field, i18next.t('field.refused', { title: say('title'), remedy: say('remedy') })]]
  }
  if (e.code === 'exists') {
    return e.details.field ? [[String(e.details.field), i18next.t('field.taken')]] : []
  }
  if (e.code !== 'invalid') return []
  return Object.entries(e.details).map(([place, problem]) => [
    place,
    i18next.t('field.invalid', { problem: String(problem) }),
  ])
}

/** find returns the field that a place in the request is in. Forms may nest otherwise than requests. */
function find(names: Path[], place: string): Path | undefined {
  const path = place
    .replace(/^body\./, '')
    .split(/[.[\]]+/)
    .filter(Boolean)
  for (let n = path.length; n > 0; n--) {
    const part = path.slice(0, n)
    const found = names.find((name) => isEnd(part, name) || isEnd(name, part))
    if (found) return found
  }
  return undefined
}

function isEnd(long: Path, end: Path): boolean {
  const from = long.length - end.length
  return from >= 0 && end.every((e, i) => String(e) === String(long[from + i]))
}
