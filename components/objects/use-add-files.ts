'use client'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import type { FolderAddress } from '#components/objects/files-href.ts'
import { addFiles } from '#lib/upload/browser-uploads.ts'
import type { CollectedFile } from '#lib/upload/collect-files.ts'

/** Hands files to the upload queue and says so when there were none, or when a folder could not be read. */
export function useAddFiles(address: FolderAddress) {
  const t = useTranslations('uploads')
  return async (found: Iterable<CollectedFile> | AsyncIterable<CollectedFile>) => {
    try {
      if ((await addFiles(address, found)) === 0) toast.info(t('nothingFound'))
    } catch (error) {
      // The browser refuses to read a folder: what was found before is uploading already.
      if (!(error instanceof DOMException)) throw error
      toast.error(t('unreadable'))
    }
  }
}
