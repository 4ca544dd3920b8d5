'use client'
import { useMutation } from '@tanstack/react-query'
import { fetchJson } from '#lib/fetch-json.ts'
import { signedDocumentSchema } from '#lib/schemas/encryption.ts'

/** Gets a signed document and hands it to the browser as a file, so that a refusal is shown here and not saved. */
export function useDownload(url: string, fileName: string) {
  return useMutation({
    mutationFn: () => fetchJson(url, { schema: signedDocumentSchema }),
    onSuccess: (document) => {
      const text = `${JSON.stringify(document, null, 2)}\n`
      const href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
      const link = Object.assign(window.document.createElement('a'), { href, download: fileName })
      link.click()
      URL.revokeObjectURL(href)
    },
  })
}
