'use client'
import { ChevronDown, FileUp, FolderUp, Upload } from 'lucide-react'
import { type ChangeEvent, useRef } from 'react'
import { useTranslations } from 'use-intl'
import type { FolderAddress } from '#components/objects/files-href.ts'
import { useAddFiles } from '#components/objects/use-add-files.ts'
import { Button } from '#components/ui/button.tsx'
import { Menu, MenuItem } from '#components/ui/menu.tsx'
import { filesOfInput } from '#lib/upload/collect-files.ts'

// React's types do not know the attribute, though every browser does.
const WHOLE_FOLDER = { webkitdirectory: '' }

/** The way in for whoever does not drag: files, or a folder with everything in it. */
export function UploadButton({ address }: { address: FolderAddress }) {
  const t = useTranslations('objects')
  const add = useAddFiles(address)
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)

  function take(event: ChangeEvent<HTMLInputElement>) {
    const input = event.currentTarget
    void add(filesOfInput(input.files ?? []))
    // The same choice must be a change the next time.
    input.value = ''
  }

  return (
    <>
      <input ref={files} type="file" multiple hidden onChange={take} data-testid="upload-files" />
      <input ref={folder} type="file" {...WHOLE_FOLDER} hidden onChange={take} data-testid="upload-folder" />
      <Menu
        trigger={
          <Button variant="primary">
            <Upload aria-hidden />
            {t('upload')}
            <ChevronDown aria-hidden className="-mr-1 opacity-80" />
          </Button>
        }
      >
        <MenuItem onClick={() => files.current?.click()}>
          <FileUp aria-hidden />
          {t('uploadFiles')}
        </MenuItem>
        <MenuItem onClick={() => folder.current?.click()}>
          <FolderUp aria-hidden />
          {t('uploadFolder')}
        </MenuItem>
      </Menu>
    </>
  )
}
