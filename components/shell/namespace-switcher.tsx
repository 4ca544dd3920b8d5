'use client'
import { ChevronsUpDown } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useTranslations } from 'use-intl'
import { Menu, MenuChoices, MenuGroup } from '#components/ui/menu.tsx'
import type { Session } from '#lib/schemas/session.ts'

interface NamespaceSwitcherProps {
  namespaces: Session['namespaces']
  current: Session['namespaces'][number] | undefined
}

export function NamespaceSwitcher({ namespaces, current }: NamespaceSwitcherProps) {
  const t = useTranslations('shell')
  const router = useRouter()
  if (namespaces.length === 0) return null
  return (
    <Menu
      align="start"
      trigger={
        <button
          type="button"
          aria-label={`${t('switchNamespace')}: ${current?.displayName ?? '–'}`}
          className="flex h-12 w-full items-center gap-2.5 rounded-xl border border-line bg-surface px-2.5 text-left shadow-lift transition-colors hover:bg-hover"
        >
          <span
            aria-hidden
            className="flex size-7 shrink-0 items-center justify-center rounded-lg bg-accent font-semibold text-on-accent text-xs"
          >
            {([...(current?.displayName ?? '–')][0] ?? '').toUpperCase()}
          </span>
          <span className="grid min-w-0 grow leading-tight">
            <span className="truncate font-medium text-sm">{current?.displayName ?? t('switchNamespace')}</span>
            <span className="truncate text-ink-soft text-xs">
              {current === undefined ? t('namespace') : t(`role.${current.role}`)}
            </span>
          </span>
          <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-ink-soft" />
        </button>
      }
    >
      <MenuGroup label={t('namespace')}>
        <MenuChoices
          label={t('namespace')}
          value={current?.name ?? ''}
          onChange={(name) => router.push(`/n/${encodeURIComponent(name)}/buckets`)}
          options={namespaces.map(({ name, displayName }) => ({ value: name, label: displayName }))}
        />
      </MenuGroup>
    </Menu>
  )
}
