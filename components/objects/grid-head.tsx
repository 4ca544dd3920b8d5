// biome-ignore-all lint/a11y/useFocusableInteractive: one row holds the focus, found again by roving tabindex
// biome-ignore-all lint/a11y/useSemanticElements: rows that exist only in view are placed one by one, which a table cannot be
'use client'
import { useTranslations } from 'use-intl'
import { COLUMNS } from '#components/objects/grid-row.tsx'
import type { ObjectList } from '#components/objects/queries.ts'
import { ariaSort, SortButton } from '#components/shared/sort-button.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { cn } from '#lib/cn.ts'

interface GridHeadProps {
  list: ObjectList
  onSort: (sort: ObjectList['sort']) => void
  checked: boolean | 'some'
  onCheck: (all: boolean) => void
}

export function GridHead({ list, onSort, checked, onCheck }: GridHeadProps) {
  const t = useTranslations()
  const orderOf = (sort: ObjectList['sort']) => (list.sort === sort ? list.order : null)
  const head = (sort: ObjectList['sort'], label: string, className = '') => (
    <div role="columnheader" aria-sort={ariaSort(orderOf(sort))} className={className}>
      <SortButton
        label={label}
        order={orderOf(sort)}
        toRight={className.includes('text-right')}
        onClick={() => onSort(sort)}
      />
    </div>
  )
  return (
    <div role="rowgroup">
      <div role="row" aria-rowindex={1} className={cn(COLUMNS, 'h-10 border-line border-b pr-4')}>
        <div role="columnheader" className="flex items-center">
          <Checkbox
            aria-label={t('objects.selectAll')}
            checked={checked === true}
            indeterminate={checked === 'some'}
            onCheckedChange={() => onCheck(checked !== true)}
          />
        </div>
        {head('name', t('common.name'))}
        {head('size', t('common.size'), 'text-right')}
        {head('modified', t('objects.modified'), 'hidden @2xl:block')}
        <div role="columnheader" className="hidden font-medium text-ink-soft text-xs @3xl:block">
          {t('buckets.encryption')}
        </div>
        <div role="columnheader">
          <span className="sr-only">{t('common.actions')}</span>
        </div>
      </div>
    </div>
  )
}
