'use client'
import { type ReactNode, type SubmitEvent, useId } from 'react'
import { useTranslations } from 'use-intl'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { Button } from '#components/ui/button.tsx'
import { Sheet } from '#components/ui/sheet.tsx'
import { Spinner } from '#components/ui/spinner.tsx'

interface CreateSheetProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  text: string
  actionLabel: string
  onSubmit: () => void
  pending: boolean
  error: Error | null
  /** Something that `children` ask for is missing yet; left out where the fields say so after the attempt. */
  incomplete?: boolean
  /** The fields. */
  children: ReactNode
}

/** A form that makes something new. */
export function CreateSheet({ open, onOpenChange, onSubmit, pending, incomplete = false, ...sheet }: CreateSheetProps) {
  const t = useTranslations('common')
  const formId = useId()
  const ready = !incomplete && !pending

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    if (ready) onSubmit()
  }

  return (
    <Sheet
      open={open}
      onOpenChange={onOpenChange}
      title={sheet.title}
      text={sheet.text}
      closeLabel={t('close')}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>{t('cancel')}</Button>
          <Button type="submit" form={formId} variant="primary" disabled={!ready}>
            {pending && <Spinner />}
            {sheet.actionLabel}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={submit} className="grid gap-5">
        {sheet.children}
        {sheet.error !== null && <ErrorPanel error={sheet.error} />}
      </form>
    </Sheet>
  )
}
