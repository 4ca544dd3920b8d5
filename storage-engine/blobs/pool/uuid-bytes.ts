const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Writes the 16 bytes of a lower-case UUID. Throws on anything else, so no id can name a path outside of its folder. */
export function writeUuid(target: Buffer, offset: number, uuid: string): void {
  checkUuid(uuid)
  target.write(uuid.replaceAll('-', ''), offset, 16, 'hex')
}

export function readUuid(source: Buffer, offset: number): string {
  const hex = source.toString('hex', offset, offset + 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export function checkUuid(uuid: string): void {
  if (!isUuid(uuid)) throw new TypeError('Not a lower-case UUID')
}

export function isUuid(text: string): boolean {
  return UUID.test(text)
}
