'use client'
import { useState } from 'react'
import { ConfirmDialog } from '#components/shared/confirm-dialog.tsx'
import { DaysField } from '#components/shared/days-field.tsx'

interface ConfirmDaysDialogProps {
  title: string
  text: string
  /** Exactly this must be typed first. */
  typed: string
  days: { label: string; min: number; max: number; initial: number }
  actionLabel: string
  /** Receives the days and what was typed. */
  onConfirm: (days: number, typed: string) => void
  onClose: () => void
  pending: boolean
  error: Error | null
}

/** Asks before what is destroyed after some days, in which it can be called off. */
export function ConfirmDaysDialog({ days: range, onConfirm, onClose, ...question }: ConfirmDaysDialogProps) {
  const [days, setDays] = useState<number | null>(range.initial)
  return (
    <ConfirmDialog
      {...question}
      danger
      open
      onOpenChange={(open) => !open && onClose()}
      incomplete={days === null}
      onConfirm={(typed) => days !== null && onConfirm(days, typed)}
    >
      <DaysField label={range.label} value={days} onChange={setDays} range={range} />
    </ConfirmDialog>
  )
}
