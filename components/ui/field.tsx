'use client'
import { type ReactNode, useId } from 'react'

export interface FieldIds {
  id: string
  'aria-describedby': string
  'aria-invalid': boolean
}

interface FieldProps {
  label: ReactNode
  hint?: ReactNode
  error?: ReactNode
  /** Renders the control; it must carry the ids it is given. */
  children: (ids: FieldIds) => ReactNode
}

/** A label, a control, and the hint or the error that the control is described by. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId()
  const noteId = `${id}-note`
  const broken = Boolean(error)
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="w-fit font-medium text-sm">
        {label}
      </label>
      {children({ id, 'aria-describedby': noteId, 'aria-invalid': broken })}
      <p id={noteId} aria-live="polite" className={broken ? 'text-bad text-xs' : 'text-ink-soft text-xs'}>
        {broken ? error : hint}
      </p>
    </div>
  )
}
