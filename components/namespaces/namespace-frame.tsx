'use client'
import { useQuery } from '@tanstack/react-query'
import { ChevronLeft } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import { namespaceQuery } from '#components/namespaces/queries.ts'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { LinkTabs } from '#components/shared/link-tabs.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

/** The name of a namespace, and its pages. */
export function NamespaceFrame({ name, children }: { name: string; children: ReactNode }) {
  const t = useTranslations()
  const { data: namespace, error, refetch } = useQuery(namespaceQuery(name))
  const base = `/admin/namespaces/${encodeURIComponent(name)}`
  return (
    <>
      <Link
        href="/admin/namespaces"
        className="-ml-1 mb-1 flex h-6 w-fit items-center gap-0.5 rounded-md pr-1.5 text-ink-soft text-xs hover:text-ink"
      >
        <ChevronLeft aria-hidden className="size-4" />
        {t('namespaces.title')}
      </Link>
      <header className="mb-4 grid gap-0.5">
        <h1 className="min-h-7 break-words font-semibold text-xl tracking-tight">
          {namespace?.displayName ?? (error === null ? <Skeleton className="h-7 w-48" /> : name)}
        </h1>
        <p className="break-all font-mono text-ink-soft text-xs">{name}</p>
      </header>
      {error !== null && namespace === undefined ? (
        <ErrorPanel error={error} onRetry={() => void refetch()} />
      ) : (
        <>
          <LinkTabs
            label={t('namespace.pages')}
            tabs={[
              { href: base, label: t('namespace.overview') },
              { href: `${base}/encryption`, label: t('namespace.encryption') },
              { href: `${base}/named-keys`, label: t('namedKeys.tab') },
            ]}
          />
          {children}
        </>
      )}
    </>
  )
}
