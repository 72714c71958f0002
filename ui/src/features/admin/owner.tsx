// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

/** Owner names the account that something belongs to, and leads to it; 0 is the operator. */
export function Owner({ id, name }: { id: number; name: string }) {
  const { t } = useTranslation('admin')
  return id ? <Link to={`/admin/users?user=${id}`}>{name}</Link> : <>{t('operator')}</>
}
