// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { GetRef, Table } from 'antd'

/**
 * scrollByKeys is the ref of a table that may be wider than the screen: its
 * scrolling part takes the focus, which Ant Design has no property for.
 */
export function scrollByKeys(table: GetRef<typeof Table> | null): void {
  table?.nativeElement.querySelector('.ant-table-content')?.setAttribute('tabindex', '0')
}
