// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Children, type ReactNode } from 'react'
import { Col, Row } from 'antd'

/** Grid puts charts side by side where there is room. */
export function Grid({ children }: { children: ReactNode }) {
  return (
    <Row gutter={[16, 16]}>
      {Children.map(children, (child) => (
        <Col xs={24} xl={12}>
          {child}
        </Col>
      ))}
    </Row>
  )
}
