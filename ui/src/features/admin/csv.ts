// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** A cell that begins so is a formula to a spreadsheet, and strangers choose names. */
const formula = /^[=+\-@\t\r]/

function cell(value: unknown): string {
  let text = value === undefined || value === null ? '' : String(value)
  if (formula.test(text)) text = `'${text}`
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** csv writes rows as a table with these columns, for spreadsheets. */
export function csv<Row extends object>(
  columns: readonly (keyof Row & string)[],
  rows: readonly Row[],
): string {
  const lines = [columns.join(','), ...rows.map((row) => columns.map((c) => cell(row[c])).join(','))]
  return lines.map((l) => `${l}\r\n`).join('')
}
