/** "a/" + "b/c.txt". Keys never begin with the slash that a browser may put before a dropped path. */
export function joinKey(prefix: string, relativePath: string): string {
  return prefix + relativePath.replace(/^\/+/, '')
}

/** The next name beside a taken one: "a/photo.jpg" → "a/photo (2).jpg" → "a/photo (3).jpg". */
export function numberAfter(key: string): string {
  const nameStart = key.lastIndexOf('/') + 1
  const name = key.slice(nameStart)
  // A leading dot is part of the name: ".profile" has no extension.
  const dot = name.lastIndexOf('.')
  const stem = dot > 0 ? name.slice(0, dot) : name
  const extension = dot > 0 ? name.slice(dot) : ''
  const numbered = / \((\d{1,9})\)$/.exec(stem)
  const bare = numbered === null ? stem : stem.slice(0, numbered.index)
  return `${key.slice(0, nameStart)}${bare} (${Number(numbered?.[1] ?? 1) + 1})${extension}`
}
