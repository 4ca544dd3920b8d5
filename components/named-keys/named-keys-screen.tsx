'use client'
import { useQuery } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { CreateNamedKeySheet } from '#components/named-keys/create-named-key-sheet.tsx'
import { DeleteNamedKeyDialog } from '#components/named-keys/delete-named-key-dialog.tsx'
import { NamedKeyTable } from '#components/named-keys/named-key-table.tsx'
import { namedKeysQuery } from '#components/named-keys/queries.ts'
import { EmptyState } from '#components/shared/empty-state.tsx'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { TableSkeleton } from '#components/shared/table-skeleton.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'

/** The keys that clients of a namespace may name in a request (SSE-KMS). */
export function NamedKeysScreen({ namespace }: { namespace: string }) {
  const t = useTranslations('namedKeys')
  const [creating, setCreating] = useState(false)
  const [deleting, setDeleting] = useState<string | null>(null)
  const { data: keys, error, isPending, refetch } = useQuery(namedKeysQuery(namespace))
  const create = (
    <Button variant="primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      {t('create')}
    </Button>
  )
  return (
    <section aria-labelledby="named-keys-title">
      <div className="mb-3 flex flex-wrap items-end justify-between gap-3">
        <div className="grid max-w-2xl gap-1">
          <h2 id="named-keys-title" className="font-semibold text-base">
            {t('title')}
          </h2>
          <p className="text-pretty text-ink-soft">{t('lead')}</p>
        </div>
        {keys !== undefined && keys.length > 0 && create}
      </div>
      {error !== null && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {isPending && <TableSkeleton />}
      {keys !== undefined && (
        <Card>
          {keys.length === 0 ? (
            <EmptyState icon={<KeyRound />} title={t('emptyTitle')} text={t('emptyText')} action={create} />
          ) : (
            <NamedKeyTable namespace={namespace} keys={keys} onDelete={setDeleting} />
          )}
        </Card>
      )}
      <CreateNamedKeySheet namespace={namespace} open={creating} onOpenChange={setCreating} />
      {deleting !== null && (
        <DeleteNamedKeyDialog namespace={namespace} name={deleting} onClose={() => setDeleting(null)} />
      )}
    </section>
  )
}
