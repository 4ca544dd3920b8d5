'use client'
import { useTranslations } from 'use-intl'
import { RelativeTime } from '#components/shared/relative-time.tsx'
import { Badge, type BadgeTone } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import type { NamespaceKey } from '#lib/schemas/encryption.ts'

const TONES: Record<NamespaceKey['state'], BadgeTone> = { active: 'good', 'decrypt-only': 'neutral', retired: 'bad' }

interface NamespaceKeyRowProps {
  namespaceKey: NamespaceKey
  /** Null while nothing may be changed. */
  onRetire: (() => void) | null
}

export function NamespaceKeyRow({ namespaceKey, onRetire }: NamespaceKeyRowProps) {
  const t = useTranslations('protection.keys')
  const { version, state, createdAt, retiredAt, dataKeyCount } = namespaceKey
  const isRetirable = state === 'decrypt-only' && onRetire !== null
  return (
    <li className="flex items-start justify-between gap-3 rounded-lg border border-line p-3">
      <div className="grid min-w-0 gap-1">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-medium">{t('version', { version: String(version) })}</span>
          <Badge tone={TONES[state]}>{t(`states.${state}`)}</Badge>
        </p>
        <p className="text-ink-soft text-xs tabular-nums">
          {state === 'retired' && retiredAt !== null
            ? t.rich('retiredAt', { time: () => <RelativeTime iso={retiredAt} /> })
            : t.rich('inUse', { count: dataKeyCount, time: () => <RelativeTime iso={createdAt} /> })}
        </p>
        {isRetirable && dataKeyCount > 0 && <p className="text-pretty text-ink-soft text-xs">{t('retireBlocked')}</p>}
      </div>
      {isRetirable && (
        <Button size="small" disabled={dataKeyCount > 0} onClick={onRetire}>
          {t('retire.action')}
        </Button>
      )}
    </li>
  )
}
