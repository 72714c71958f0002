// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { SearchBox } from '@/components/search-box'
import { Button, Flex, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { auditActions } from './actions'
import { ActorSelect } from './actor-select'
import type { AuditFilters } from './filters'
import { MomentPicker } from './moment-picker'
import { useActionText } from './use-action-text'

/** FilterBar narrows the log down. */
export function FilterBar({
  filters,
  onChange,
}: {
  filters: AuditFilters
  onChange: (changes: AuditFilters) => void
}) {
  const { t } = useTranslation('admin')
  const text = useActionText()
  const known = auditActions.some((a) => a === filters.action)
  const actions = filters.action && !known ? [...auditActions, filters.action] : auditActions
  const nothing = { actor: undefined, action: undefined, target: undefined, from: undefined, to: undefined }
  return (
    <Flex gap="small" wrap role="search" aria-label={t('audit.filter')}>
      <ActorSelect value={filters.actor} onChange={(actor) => onChange({ actor })} />
      <Select
        aria-label={t('audit.action')}
        placeholder={t('audit.action')}
        allowClear
        showSearch={{ optionFilterProp: 'label' }}
        value={filters.action}
        onChange={(action?: string) => onChange({ action })}
        options={actions.map((value) => ({ value, label: text(value) }))}
        style={{ width: 240 }}
      />
      <SearchBox
        key={filters.target}
        label={t('audit.target_help')}
        value={filters.target}
        onSearch={(target) => onChange({ target })}
      />
      <MomentPicker label={t('audit.from')} value={filters.from} onChange={(from) => onChange({ from })} />
      <MomentPicker label={t('audit.to')} value={filters.to} onChange={(to) => onChange({ to })} />
      {Object.values(filters).some(Boolean) && (
        <Button type="link" onClick={() => onChange(nothing)}>
          {t('audit.clear')}
        </Button>
      )}
    </Flex>
  )
}
