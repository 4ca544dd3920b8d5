'use client'
import { ChevronRight, Pencil } from 'lucide-react'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { type SubmitEvent, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { asFolder, type FolderAddress } from '#components/objects/files-href.ts'
import { CopyButton } from '#components/shared/copy-button.tsx'
import { Button } from '#components/ui/button.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Input } from '#components/ui/input.tsx'
import { visibleName } from '#lib/format.ts'

interface PathBarProps {
  address: FolderAddress
  hrefOf: (prefix: string) => string
}

/** Where one is, step by step; a press on the pencil turns it into text. */
export function PathBar({ address, hrefOf }: PathBarProps) {
  const t = useTranslations()
  const [editing, setEditing] = useState(false)
  const { namespace, bucket, prefix } = address
  const segments = prefix === '' ? [] : prefix.slice(0, -1).split('/')

  if (editing) return <PathForm prefix={prefix} hrefOf={hrefOf} onDone={() => setEditing(false)} />
  return (
    <div className="mb-3 flex min-h-9 items-center gap-1">
      <nav aria-label={t('objects.path')} className="min-w-0">
        <ol className="flex flex-wrap items-center gap-y-1 text-sm">
          <Step href={`/n/${encodeURIComponent(namespace)}/buckets`} label={t('shell.buckets')} />
          <Step href={hrefOf('')} label={bucket} current={segments.length === 0} />
          {segments.map((segment, index) => {
            const through = `${segments.slice(0, index + 1).join('/')}/`
            return (
              <Step
                key={through}
                href={hrefOf(through)}
                label={segment === '' ? '∅' : visibleName(segment)}
                current={index === segments.length - 1}
              />
            )
          })}
        </ol>
      </nav>
      <IconButton label={t('objects.editPath')} onClick={() => setEditing(true)}>
        <Pencil aria-hidden />
      </IconButton>
      {prefix !== '' && <CopyButton text={prefix} label={t('objects.copyPath')} />}
    </div>
  )
}

function Step({ href, label, current = false }: { href: string; label: string; current?: boolean }) {
  return (
    <li className="flex min-w-0 items-center">
      <ChevronRight aria-hidden className="mx-0.5 size-4 shrink-0 text-line-strong in-[li:first-child]:hidden" />
      <Link
        href={href}
        aria-current={current ? 'page' : undefined}
        className="max-w-64 truncate rounded-md px-1.5 py-1 text-ink-soft hover:bg-hover hover:text-ink aria-[current]:font-semibold aria-[current]:text-ink"
      >
        {label}
      </Link>
    </li>
  )
}

function PathForm({
  prefix,
  hrefOf,
  onDone,
}: {
  prefix: string
  hrefOf: (prefix: string) => string
  onDone: () => void
}) {
  const t = useTranslations()
  const router = useRouter()
  const input = useRef<HTMLInputElement>(null)

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    const next = asFolder(input.current?.value ?? '')
    onDone()
    if (next !== prefix) router.push(hrefOf(next))
  }

  return (
    <form onSubmit={submit} className="mb-3 flex gap-2">
      <Input
        ref={input}
        autoFocus
        aria-label={t('objects.editPath')}
        defaultValue={prefix}
        placeholder="2026/reports/"
        maxLength={1024}
        spellCheck={false}
        autoComplete="off"
        onKeyDown={(event) => event.key === 'Escape' && onDone()}
        className="font-mono"
      />
      <Button type="submit" variant="primary">
        {t('objects.goToPath')}
      </Button>
      <Button onClick={onDone}>{t('common.cancel')}</Button>
    </form>
  )
}
