// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { CheckOutlined, CopyOutlined } from '@ant-design/icons'
import { App, Button, type ButtonProps } from 'antd'
import { useTranslation } from 'react-i18next'

/** CopyButton copies a text, and says so to all senses. `what` names it: "URL". */
export function CopyButton({
  text,
  what,
  ...rest
}: { text: string; what: string } & Omit<ButtonProps, 'onClick'>) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await writeClipboard(text)
      setCopied(true)
      setTimeout(() => setCopied(false), 2000)
      message.success(t('copy.done', { what }))
    } catch {
      message.error(t('copy.failed'))
    }
  }
  return (
    <Button
      icon={copied ? <CheckOutlined aria-hidden /> : <CopyOutlined aria-hidden />}
      aria-label={t('copy.label', { what })}
      onClick={() => void copy()}
      {...rest}
    />
  )
}

/** writeClipboard works without TLS too, where browsers offer no clipboard but that of a selection. */
async function writeClipboard(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  if (!done) throw new Error('the browser refuses to copy')
}
