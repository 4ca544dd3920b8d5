'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { namespaceKeys, setSignatures } from '#components/namespaces/queries.ts'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { Card } from '#components/ui/card.tsx'
import { Switch } from '#components/ui/switch.tsx'
import type { NamespaceDetails } from '#lib/schemas/namespaces.ts'

/** Signatures of version 2 rest on SHA-1; whoever has no legacy clients refuses them. */
export function SignaturesCard({ namespace: { name, sigV2 } }: { namespace: NamespaceDetails }) {
  const t = useTranslations('namespace')
  const id = useId()
  const queryClient = useQueryClient()
  const change = useMutation({
    mutationFn: (next: NamespaceDetails['sigV2']) => setSignatures(name, { sigV2: next }),
    onSuccess: async (_, next) => {
      await queryClient.invalidateQueries({ queryKey: namespaceKeys.one(name) })
      const back = next === 'accepted' ? 'refused' : 'accepted'
      toast.success(t(`sigV2Done.${next}`), {
        duration: 10_000,
        action: { label: t('undo'), onClick: () => change.mutate(back) },
      })
    },
  })
  return (
    <Card className="grid content-start gap-3 p-5">
      <div className="flex items-start justify-between gap-4">
        <h2 id={id} className="font-semibold text-base">
          {t('sigV2Title')}
        </h2>
        <Switch
          aria-labelledby={id}
          checked={sigV2 === 'accepted'}
          disabled={change.isPending}
          onCheckedChange={(accepted) => change.mutate(accepted ? 'accepted' : 'refused')}
        />
      </div>
      <p className="text-pretty text-ink-soft">{t(`sigV2.${sigV2}`)}</p>
      {change.error !== null && <ErrorPanel error={change.error} />}
    </Card>
  )
}
