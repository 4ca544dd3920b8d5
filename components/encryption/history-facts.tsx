'use client'
import { Fragment, type ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import { useActorName } from '#components/shared/use-actor-name.ts'
import { useFailureText } from '#components/shared/use-failure.ts'
import { useFormat } from '#components/shared/use-format.ts'
import { useNoticeText } from '#components/shared/use-notice.ts'
import { truncateMiddle } from '#lib/format.ts'
import { noticeSchema } from '#lib/schemas/notice.ts'

const ID_LENGTH_MAX = 20

interface HistoryFactsProps {
  action: string
  details: Record<string, unknown>
}

/** The details of an act as people read them. What we have no words for is shown as the audit spells it. */
export function HistoryFacts({ action, details }: HistoryFactsProps) {
  const tellers = Object.entries(useTellers(action))
  const told = joined(details)
  // In one order, whatever order the database keeps names in.
  const known = tellers
    .filter(([name]) => Object.hasOwn(told, name))
    .map(([name, tell]) => ({ name, text: tell(told[name]) }))
  const unknown = Object.keys(told).filter((name) => !known.some((fact) => fact.name === name))
  const facts = [...known, ...unknown.map((name) => ({ name, text: undefined }))]
  if (facts.length === 0) return null
  return (
    <p className="text-pretty break-words text-ink-soft text-xs tabular-nums">
      {facts.map(({ name, text }, index) => (
        <Fragment key={name}>
          {index > 0 && ' · '}
          {text ?? <code className="break-all font-mono">{`${name}: ${spell(told[name])}`}</code>}
        </Fragment>
      ))}
    </p>
  )
}

/** Puts together what one fact tells, and leaves out what tells nothing. */
function joined({ message, notice, ...others }: Record<string, unknown>): Record<string, unknown> {
  const { before, after, ...rest } = others
  return {
    ...(before === undefined || after === undefined ? others : { change: { before, after }, ...rest }),
    ...(typeof message === 'string' && { told: { message, notice } }),
  }
}

type Teller = (value: unknown) => ReactNode

/** By name of the detail, in the order of telling; undefined is returned for a value that is not of the expected form. */
function useTellers(action: string): Record<string, Teller> {
  const t = useTranslations('protection.history.facts')
  const format = useFormat()
  const actorName = useActorName()
  const noticeText = useNoticeText()
  const failureText = useFailureText()
  return {
    change: (value) => {
      const { before, after } = value as Record<string, unknown>
      return isMode(before) && isMode(after)
        ? t('change', { before: t(`mode.${before}`), after: t(`mode.${after}`) })
        : `${spell(before)} → ${spell(after)}`
    },
    existing: (value) => (value === 'leave' || value === 'convert' ? t(`existing.${value}`) : undefined),
    rateLimit: (value) => {
      if (value === null) return t('unlimited')
      return typeof value === 'number' ? t('rateLimit', { rate: format.rate(value) }) : undefined
    },
    version: (value) => t('version', { version: spell(value) }),
    days: (value) => (typeof value === 'number' ? t('days', { count: value }) : undefined),
    count: (value) => (typeof value === 'number' ? t('count', { count: value }) : undefined),
    state: (value) =>
      value === 'done' || value === 'failed' || value === 'cancelled' ? t(`state.${value}`) : undefined,
    scheduledBy: (value) => t('scheduledBy', { by: actorName(spell(value)) }),
    id: (value) =>
      t.rich(action === 'root-key.rotate' ? 'replacedRootKey' : 'rootKey', { id: () => <ShortId id={spell(value)} /> }),
    error: (value) => failureText({ status: 0, code: spell(value), message: spell(value), requestId: null }),
    told: (value) => {
      const { message, notice } = value as { message: string; notice: unknown }
      return noticeText({ message, notice: noticeSchema.safeParse(notice).data ?? null })
    },
  }
}

function ShortId({ id }: { id: string }) {
  return (
    <span className="font-mono" title={id}>
      {truncateMiddle(id, ID_LENGTH_MAX)}
    </span>
  )
}

function isMode(value: unknown): value is 'on' | 'off' {
  return value === 'on' || value === 'off'
}

function spell(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
