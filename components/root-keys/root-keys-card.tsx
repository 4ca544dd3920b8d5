'use client'
import { RefreshCw } from 'lucide-react'
import { useState } from 'react'
import { useNow, useTranslations } from 'use-intl'
import { RewrapProgress } from '#components/encryption/rewrap-progress.tsx'
import { ChangeRootKeysDialog, type RootKeyAct } from '#components/root-keys/change-root-keys-dialog.tsx'
import { CopyButton } from '#components/shared/copy-button.tsx'
import { RelativeTime } from '#components/shared/relative-time.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import { Badge, type BadgeTone } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import type { InstallationEncryption, RootKey } from '#lib/schemas/installation-encryption.ts'

const NEED_CHECK_MS = 30_000
const TONES: Record<RootKey['state'], BadgeTone> = { active: 'good', 'decrypt-only': 'neutral', retired: 'bad' }

/** The root keys, and their rotation: everything that the old one wraps is wrapped again, and no data is written anew. */
export function RootKeysCard({ installation }: { installation: InstallationEncryption }) {
  const t = useTranslations('rootKeys')
  const { provider, rootKeys, rotation } = installation
  const [act, setAct] = useState<RootKeyAct | null>(null)
  const active = rootKeys.find(({ state }) => state === 'active')
  const isRunning = rotation?.state === 'running'
  const isSettling = isRunning && rotation.doneCount === rotation.totalCount
  return (
    <Card className="grid gap-3 p-5">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="grid min-w-0 flex-1 basis-72 gap-0.5">
          <h2 className="font-semibold">{t('keysTitle')}</h2>
          <p className="text-pretty text-ink-soft">{t('keysText')}</p>
        </div>
        <Button
          disabled={!provider.canRotate || isRunning || active === undefined}
          onClick={() => active !== undefined && setAct({ action: 'rotate', id: active.id, version: active.version })}
        >
          <RefreshCw aria-hidden />
          {t('rotate.action')}
        </Button>
      </div>
      {!provider.canRotate && <p className="text-pretty text-ink-soft text-xs">{t('cannotRotate')}</p>}
      {rotation !== null && <RewrapProgress rewrap={rotation} label={t(isSettling ? 'settling' : 'rotating')} />}
      <ul aria-label={t('keysTitle')} className="grid gap-2">
        {rootKeys.map((key) => (
          <RootKeyRow
            key={`${key.id} ${key.version}`}
            rootKey={key}
            onRetire={provider.canRotate ? () => setAct({ action: 'retire', id: key.id, version: key.version }) : null}
          />
        ))}
      </ul>
      {act !== null && <ChangeRootKeysDialog act={act} onClose={() => setAct(null)} />}
    </Card>
  )
}

function RootKeyRow({ rootKey, onRetire }: { rootKey: RootKey; onRetire: (() => void) | null }) {
  const t = useTranslations('rootKeys')
  const format = useFormat()
  const { id, version, state, createdAt, retiredAt, neededUntil, wrappedCount } = rootKey
  const now = useNow({ updateInterval: NEED_CHECK_MS })
  const isNeededByTokens = state === 'decrypt-only' && neededUntil !== null && new Date(neededUntil) > now
  return (
    <li className="flex flex-wrap items-start justify-between gap-3 rounded-lg border border-line p-3">
      <div className="grid min-w-0 flex-1 basis-60 gap-1">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-medium">{t('version', { version: String(version) })}</span>
          <Badge tone={TONES[state]}>{t(`states.${state}`)}</Badge>
        </p>
        <p className="flex items-center gap-1">
          <span className="break-all font-mono text-ink-soft text-xs">{id}</span>
          <CopyButton text={id} label={t('copyId')} />
        </p>
        <p className="text-ink-soft text-xs tabular-nums">
          {t('wraps', { count: wrappedCount })}
          {createdAt !== null && (
            <>
              {' · '}
              {t.rich('createdAt', { time: () => <RelativeTime iso={createdAt} /> })}
            </>
          )}
          {retiredAt !== null && (
            <>
              {' · '}
              {t.rich('retiredAt', { time: () => <RelativeTime iso={retiredAt} /> })}
            </>
          )}
        </p>
        {state === 'decrypt-only' && wrappedCount > 0 && <p className="text-ink-soft text-xs">{t('retireBlocked')}</p>}
        {isNeededByTokens && (
          <p className="text-ink-soft text-xs">{t('neededUntil', { date: format.absolute(new Date(neededUntil)) })}</p>
        )}
      </div>
      {state === 'decrypt-only' && onRetire !== null && (
        <Button size="small" disabled={wrappedCount > 0 || isNeededByTokens} onClick={onRetire}>
          {t('retire.action')}
        </Button>
      )}
    </li>
  )
}
