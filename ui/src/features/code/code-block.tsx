// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { DownloadOutlined } from '@ant-design/icons'
import { Button, Flex, theme, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { CopyButton } from '@/components/copy-button'
import { download } from '@/components/download'

import type { Example } from './examples'

/** CodeBlock shows one program, to be copied or saved. */
export function CodeBlock({ example, note, text }: { example: Example; note: string; text: string }) {
  const { t } = useTranslation('code')
  const { token } = theme.useToken()
  return (
    <Flex vertical gap="small">
      <Typography.Text type="secondary">{note}</Typography.Text>
      <Flex justify="space-between" align="center" gap="small" wrap>
        <Typography.Text className="mono">{example.file}</Typography.Text>
        <Flex gap="small">
          <CopyButton text={text} what={example.file}>
            {t('copy')}
          </CopyButton>
          <Button
            icon={<DownloadOutlined aria-hidden />}
            aria-label={t('download_file', { file: example.file })}
            onClick={() => download(example.file, 'text/plain', text)}
          >
            {t('download')}
          </Button>
        </Flex>
      </Flex>
      <pre
        data-example={example.key}
        data-file={example.file}
        className="mono"
        role="region"
        // It scrolls, so the keyboard has to reach it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        aria-label={example.file}
        style={{
          margin: 0,
          padding: 16,
          overflow: 'auto',
          maxHeight: '70vh',
          fontSize: 13,
          lineHeight: 1.5,
          background: token.colorFillQuaternary,
          border: `1px solid ${token.colorBorderSecondary}`,
          borderRadius: token.borderRadius,
        }}
      >
        <code>{text}</code>
      </pre>
    </Flex>
  )
}
