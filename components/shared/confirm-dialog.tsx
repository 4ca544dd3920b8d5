'use client'
import { type ReactNode, type SubmitEvent, useId, useState } from 'react'
import { useTranslations } from 'use-intl'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { NameInput } from '#components/ui/name-input.tsx'
import { Spinner } from '#components/ui/spinner.tsx'

interface ConfirmDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  text: ReactNode
  actionLabel: string
  /** Receives what was typed; '' when nothing had to be. */
  onConfirm: (typed: string) => void
  pending: boolean
  error?: Error | null
  /** When given, exactly this must be typed first. */
  typed?: string
  danger?: boolean
  /** The action cannot be taken now; the text says why. */
  blocked?: boolean
  /** Something that `children` ask for is missing yet. */
  incomplete?: boolean
  children?: ReactNode
}

/** Asks before what cannot be undone; for the catastrophic it wants the exact name. */
export function ConfirmDialog({ open, onOpenChange, ...question }: ConfirmDialogProps) {
  const t = useTranslations('common')
  const formId = useId()
  const [text, setText] = useState('')
  const isTyped = question.typed === undefined || text === question.typed
  const ready = isTyped && !question.blocked && !question.incomplete && !question.pending

  function change(next: boolean) {
    if (!next) setText('')
    onOpenChange(next)
  }

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    if (ready) question.onConfirm(text)
  }

  return (
    <Dialog
      alert
      open={open}
      onOpenChange={change}
      title={question.title}
      text={question.text}
      actions={
        <>
          <Button onClick={() => change(false)}>{t('cancel')}</Button>
          <Button type="submit" form={formId} variant={question.danger ? 'danger' : 'primary'} disabled={!ready}>
            {question.pending && <Spinner />}
            {question.actionLabel}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="grid gap-4 empty:hidden">
        {question.children}
        {question.typed !== undefined && !question.blocked && (
          <TypedName name={question.typed} value={text} onChange={setText} />
        )}
        {question.error != null && <ErrorPanel error={question.error} />}
      </form>
    </Dialog>
  )
}

function TypedName({ name, value, onChange }: { name: string; value: string; onChange: (value: string) => void }) {
  const t = useTranslations('common')
  const id = useId()
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-sm">
        {t.rich('typeToConfirm', {
          name,
          b: (chunks) => <b className="break-all font-mono font-semibold">{chunks}</b>,
        })}
      </label>
      <NameInput id={id} value={value} onChange={(event) => onChange(event.target.value)} />
    </div>
  )
}
