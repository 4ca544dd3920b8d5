'use client'
import { useQuery } from '@tanstack/react-query'
import { KeyRound, Layers, RefreshCw } from 'lucide-react'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { ChangeKeysDialog, type KeyAct } from '#components/encryption/change-keys-dialog.tsx'
import { NamespaceKeyRow } from '#components/encryption/namespace-key-row.tsx'
import { namespaceKeysQuery } from '#components/encryption/queries.ts'
import { RewrapProgress } from '#components/encryption/rewrap-progress.tsx'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

/** The versions of the namespace's key: which seals new data, which only open what they sealed, which are gone. */
export function NamespaceKeyCards({ namespace }: { namespace: string }) {
  const t = useTranslations('protection.keys')
  const { data, error, isPending, refetch } = useQuery(namespaceKeysQuery(namespace))
  const [act, setAct] = useState<KeyAct | null>(null)
  const isRewrapping = data?.rewrap?.state === 'running'
  const hasOldData = data?.keys.some((key) => key.state === 'decrypt-only' && key.dataKeyCount > 0) ?? false
  return (
    <Card className="grid gap-3 p-5">
      <div className="grid gap-0.5">
        <h2 className="flex items-center gap-2 font-semibold">
          <KeyRound aria-hidden className="size-4 text-ink-soft" />
          {t('title')}
        </h2>
        <p className="text-pretty text-ink-soft">{t('lead')}</p>
      </div>
      {error !== null && data === undefined && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {isPending && <Skeleton className="h-32" />}
      {data !== undefined && (
        <>
          <ul aria-label={t('title')} className="grid gap-2">
            {data.keys.map((key) => (
              <NamespaceKeyRow
                key={key.version}
                namespaceKey={key}
                onRetire={data.shred === null ? () => setAct({ action: 'retire', version: key.version }) : null}
              />
            ))}
          </ul>
          {data.rewrap !== null && <RewrapProgress rewrap={data.rewrap} label={t('rewrapping')} />}
          {data.shred === null && (
            <div className="flex flex-wrap gap-2">
              <Button onClick={() => setAct({ action: 'rotate' })}>
                <RefreshCw aria-hidden />
                {t('rotate.action')}
              </Button>
              {hasOldData && (
                <Button disabled={isRewrapping} onClick={() => setAct({ action: 'rewrap' })}>
                  <Layers aria-hidden />
                  {t('rewrap.action')}
                </Button>
              )}
            </div>
          )}
        </>
      )}
      {act !== null && <ChangeKeysDialog namespace={namespace} act={act} onClose={() => setAct(null)} />}
    </Card>
  )
}
