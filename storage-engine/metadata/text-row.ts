export function readJson<T>(text: string | null | undefined): T | null {
  return text ? (JSON.parse(text) as T) : null
}

export function readNumber(text: string | null | undefined): number | null {
  return text ? Number(text) : null
}

/** bytea as Postgres prints it: \x and hexadecimal digits. */
export function readBytes(text: string | null | undefined): Buffer | null {
  return text ? Buffer.from(text.slice(2), 'hex') : null
}
