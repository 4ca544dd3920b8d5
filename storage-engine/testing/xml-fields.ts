/** The contents of all elements of a name, as they stand in a document. */
export function fieldsOf(text: string, name: string): (string | undefined)[] {
  return [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, value]) => value)
}
