import { type AliasedRawBuilder, type RawBuilder, sql } from 'kysely'

/** A row as JSON has it: times are strings. */
export type Json<Row> = { [Name in keyof Row]: Date extends Row[Name] ? string | Exclude<Row[Name], Date> : Row[Name] }

/** An interval of so many milliseconds. */
export const milliseconds = (ms: number): RawBuilder<string> => sql`${ms}::double precision * interval '1 millisecond'`

type NameOf<Path> = Path extends `${string}.${infer Name}` ? Name : Path

/** The length of a time in UTC with milliseconds, as Postgres writes it in JSON. */
const WITH_MILLISECONDS = '2026-11-25T09:30:00.123+00:00'.length

/**
 * Normalizes a time that Postgres wrote in JSON: the number of digits and the time zone vary.
 *
 * @returns the time in RFC 3339, in UTC with milliseconds
 */
export function timeOf(text: string): string {
  return text.length >= WITH_MILLISECONDS && text.endsWith('+00:00') ? `${text.slice(0, 23)}Z` : new Date(text).toISOString()
}

/** Selects a time as JSON: the text form would depend on the `DateStyle` of the session. */
export function jsonTime<Path extends string>(path: Path): AliasedRawBuilder<string, NameOf<Path> & string> {
  return sql<string>`to_json(${sql.ref(path)})`.as(path.slice(path.indexOf('.') + 1) as NameOf<Path> & string)
}

/** Turns the times that `jsonTime` selected into dates. */
export function withDates<Row extends object>(row: Json<Row>, names: readonly (keyof Row)[]): Row {
  const dated = { ...row } as Record<keyof Row, unknown>
  for (const name of names) {
    const text = dated[name] as string | null
    dated[name] = text === null ? null : new Date(timeOf(text))
  }
  return dated as Row
}
