// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex } from 'antd'

import { AccessSettings } from './access-settings'
import { DeleteEndpoint } from './delete-endpoint'
import type { PartProps } from './scope'
import { SettingsForm } from './settings-form'

/** Settings are all that can be changed about an endpoint. */
export function Settings(part: PartProps) {
  return (
    <Flex vertical gap="middle" style={{ maxWidth: 720 }}>
      <SettingsForm {...part} />
      <AccessSettings {...part} />
      <DeleteEndpoint {...part} />
    </Flex>
  )
}
