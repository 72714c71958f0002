// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next'

import { actionKey } from './actions'

/** useActionText returns what puts an action into plain words; one that is not known stands as it is. */
export function useActionText(): (action: string) => string {
  const { t } = useTranslation('admin')
  return (action) => {
    const key = actionKey(action)
    return key ? t(key) : action
  }
}
