// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Flex, Radio, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { systems, type System } from './systems'

/** AddSystem asks what the machine runs that shall be a client. */
export function AddSystem({
  system,
  onChange,
  onNext,
}: {
  system: System
  onChange: (system: System) => void
  onNext: () => void
}) {
  const { t } = useTranslation('tunnels')
  return (
    <>
      <Typography.Title level={2} style={{ fontSize: 18, margin: 0 }}>
        {t('add.system')}
      </Typography.Title>
      <Radio.Group
        aria-label={t('add.system')}
        value={system}
        onChange={(e) => onChange(e.target.value as System)}
        orientation="vertical"
        options={(Object.keys(systems) as System[]).map((value) => ({
          value,
          label: t(`add.systems.${value}`),
        }))}
      />
      <Flex>
        <Button type="primary" onClick={onNext}>
          {t('add.next')}
        </Button>
      </Flex>
    </>
  )
}
