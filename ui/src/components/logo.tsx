// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

/** Logo leads home. */
export function Logo() {
  const { t } = useTranslation()
  return (
    <Link to="/" aria-label={t('nav.home')}>
      <Flex align="center" gap={8}>
        <img src="/favicon.svg" width={28} height={28} alt="" />
        <Typography.Text strong style={{ fontSize: 18 }}>
          {t('product')}
        </Typography.Text>
      </Flex>
    </Link>
  )
}
