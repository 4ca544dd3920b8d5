'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslations } from 'use-intl'
import { namespaceListQuery } from '#components/namespaces/queries.ts'
import { CoverageTable } from '#components/shared/coverage-table.tsx'

/** The encrypted share of each namespace. */
export function NamespaceCoverage() {
  const t = useTranslations()
  const query = useInfiniteQuery(namespaceListQuery(''))
  return (
    <CoverageTable
      title={t('rootKeys.coverage')}
      emptyText={t('rootKeys.noNamespaces')}
      query={query}
      rowsOf={({ namespaces }) =>
        namespaces.map(({ name, displayName, encryption }) => ({
          name,
          title: displayName,
          coverage: encryption,
          href: `/admin/namespaces/${encodeURIComponent(name)}/encryption`,
          note: t(`namespaces.state.${encryption.state}`),
        }))
      }
    />
  )
}
