// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, theme } from 'antd'

import { CopyButton } from '@/components/copy-button'

/** Command shows lines to paste into a terminal or a file, with a button that copies them. `what` names them. */
export function Command({ text, what }: { text: string; what: string }) {
  const { token } = theme.useToken()
  return (
    <Flex gap="small" align="flex-start">
      <pre
        className="mono"
        style={{
          flex: 1,
          minWidth: 0,
          margin: 0,
          padding: '5px 12px',
          background: token.colorFillQuaternary,
          border: `1px solid ${token.colorBorderSecondary}`,
          borderRadius: token.borderRadius,
          whiteSpace: 'pre-wrap',
          overflowWrap: 'anywhere',
          tabSize: 4,
        }}
      >
        {text}
      </pre>
      <CopyButton text={text} what={what} />
    </Flex>
  )
}
