import { type AliasedRawBuilder, sql } from 'kysely'

/** A row whose times are texts. */
export type Json<Row> = { [Name in keyof Row]: Date extends Row[Name] ? string | Exclude<Row[Name], Date> : Row[Name] }

type NameOf<Path> = Path extends `${string}.${infer Name}` ? Name : Path

/** As long as Postgres writes a time in UTC that has milliseconds. */
const WITH_MILLISECONDS = '2026-11-25T09:30:00.123+00:00'.length

/**
 * A time as Postgres writes it in JSON: with as many digits as it needs, in the time zone of the session.
 *
 * @returns the time as RFC 3339 has it, in UTC with milliseconds
 */
export function timeOf(text: string): string {
  return text.length >= WITH_MILLISECONDS && text.endsWith('+00:00') ? `${text.slice(0, 23)}Z` : new Date(text).toISOString()
}

/** Selects a time as JSON: as text its format would depend on the DateStyle of the session. */
export function jsonTime<Path extends string>(path: Path): AliasedRawBuilder<string, NameOf<Path> & string> {
  return sql<string>`to_json(${sql.ref(path)})`.as(path.slice(path.indexOf('.') + 1) as NameOf<Path> & string)
}

/** A row with dates instead of the times that `jsonTime` selected. */
export function withDates<Row extends object>(row: Json<Row>, names: readonly (keyof Row)[]): Row {
  const dated = { ...row } as Record<keyof Row, unknown>
  for (const name of names) {
    const text = dated[name] as string | null
    dated[name] = text === null ? null : new Date(timeOf(text))
  }
  return dated as Row
}
