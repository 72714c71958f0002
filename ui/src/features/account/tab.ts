// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Schema } from '@/api/client'

/** TabProps are what each tab is given. */
export type TabProps = { me: Schema<'Me'> }
