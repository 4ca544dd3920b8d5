'use client'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { useFormat } from '#components/shared/use-format.ts'
import { Button } from '#components/ui/button.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { visibleName } from '#lib/format.ts'
import { uploads } from '#lib/upload/browser-uploads.ts'
import { numberAfter } from '#lib/upload/object-key.ts'
import type { ConflictChoice, UploadItem } from '#lib/upload/upload-item.ts'

interface ConflictDialogProps {
  item: UploadItem
  /** All that wait for an answer in the same drop, this one included. */
  waiting: readonly number[]
}

const nameOf = (key: string) => visibleName(key.slice(key.lastIndexOf('/') + 1))

/** Asks once for a whole drop. Closing it without an answer cancels what waited for one. */
export function ConflictDialog({ item, waiting }: ConflictDialogProps) {
  const t = useTranslations()
  const format = useFormat()
  const [choice, setChoice] = useState<ConflictChoice>('keep-both')
  const [forAll, setForAll] = useState(true)
  const { existing } = item
  const count = waiting.length
  const cancel = () => uploads.queue.cancel(waiting)
  return (
    <Dialog
      alert
      open
      onOpenChange={(open) => !open && cancel()}
      title={t('uploads.conflictTitle', { count })}
      text={t('uploads.conflictText', { name: visibleName(item.key) })}
      actions={
        <>
          <Button onClick={cancel}>{t('common.cancel')}</Button>
          <Button variant="primary" onClick={() => uploads.queue.resolve(item.id, choice, forAll && count > 1)}>
            {t('uploads.conflictContinue')}
          </Button>
        </>
      }
    >
      <dl className="grid grid-cols-2 gap-2 rounded-lg bg-sunken p-3 text-xs">
        <div className="grid gap-0.5">
          <dt className="text-ink-soft">{t('uploads.conflictStored')}</dt>
          <dd className="tabular-nums">{existing === null ? '–' : format.exactBytes(existing.size)}</dd>
          <dd className="text-ink-soft">{existing === null ? '' : format.absolute(new Date(existing.lastModified))}</dd>
        </div>
        <div className="grid gap-0.5">
          <dt className="text-ink-soft">{t('uploads.conflictNew')}</dt>
          <dd className="tabular-nums">{format.exactBytes(item.file.size)}</dd>
          <dd className="text-ink-soft">{format.absolute(new Date(item.file.lastModified))}</dd>
        </div>
      </dl>
      <RadioCards
        label={t('uploads.conflictTitle', { count })}
        value={choice}
        onChange={setChoice}
        options={[
          {
            value: 'keep-both',
            label: t('uploads.conflictKeepBoth'),
            text: t('uploads.conflictKeepBothText', { name: nameOf(numberAfter(item.key)) }),
          },
          { value: 'replace', label: t('uploads.conflictReplace'), text: t('uploads.conflictReplaceText') },
          { value: 'skip', label: t('uploads.conflictSkip'), text: t('uploads.conflictSkipText') },
        ]}
      />
      {count > 1 && (
        // biome-ignore lint/a11y/noLabelWithoutControl: the checkbox inside is the control
        <label className="flex w-fit cursor-pointer items-center gap-2.5">
          <Checkbox checked={forAll} onCheckedChange={setForAll} />
          {t('uploads.conflictAll', { count: format.count(count) })}
        </label>
      )}
    </Dialog>
  )
}
