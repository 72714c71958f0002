// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useEffectEvent, useState } from 'react'
import { SearchOutlined } from '@ant-design/icons'
import { Input } from 'antd'

const pause = 300

/** SearchBox searches when the typing pauses. */
export function SearchBox({
  label,
  value = '',
  onSearch,
}: {
  label: string
  value?: string
  onSearch: (text: string) => void
}) {
  const [text, setText] = useState(value)
  const search = useEffectEvent(() => {
    if (text.trim() !== value) onSearch(text.trim())
  })
  useEffect(() => {
    const timer = setTimeout(search, pause)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <Input
      type="search"
      allowClear
      prefix={<SearchOutlined aria-hidden />}
      placeholder={label}
      aria-label={label}
      maxLength={100}
      value={text}
      onChange={(e) => setText(e.target.value)}
      style={{ width: 280, maxWidth: '100%' }}
    />
  )
}
