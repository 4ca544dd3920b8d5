const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** In our own spelling: lower case, with hyphens. Ids that clients send may be anything, and Postgres refuses those. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}
