'use client'
import { useMutation } from '@tanstack/react-query'
import { fetchJson } from '#lib/fetch-json.ts'
import { signedDocumentSchema } from '#lib/schemas/encryption.ts'

/**
 * Gets a signed document and hands it to the browser as a file, so that a refusal is shown here and not saved. Resolves to the
 * file's SHA-256 in hexadecimal digits.
 */
export function useDownload(url: string, fileName: string) {
  return useMutation({
    mutationFn: async () => {
      const document = await fetchJson(url, { schema: signedDocumentSchema })
      const file = new TextEncoder().encode(`${JSON.stringify(document, null, 2)}\n`)
      save(file, fileName)
      return hexOf(await crypto.subtle.digest('SHA-256', file))
    },
  })
}

function save(file: BlobPart, fileName: string): void {
  const href = URL.createObjectURL(new Blob([file], { type: 'application/json' }))
  const link = Object.assign(document.createElement('a'), { href, download: fileName })
  link.click()
  URL.revokeObjectURL(href)
}

function hexOf(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
