/** Before ";", "!" and "?" French has a narrow space, before ":" and inside of "« »" a wide one. No line breaks at either. */
export function withNoBreakSpaces<Words>(words: Words): Words {
  if (typeof words !== 'object' || words === null) return (typeof words === 'string' ? join(words) : words) as Words
  return Object.fromEntries(Object.entries(words).map(([key, inner]) => [key, withNoBreakSpaces(inner)])) as Words
}

function join(text: string): string {
  return text
    .replace(/ (?=[;!?])/g, '\u202f')
    .replace(/ (?=[:»])/g, '\u00a0')
    .replace(/(?<=«) /g, '\u00a0')
}
