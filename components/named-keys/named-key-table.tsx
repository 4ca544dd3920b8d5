'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Ban, CircleCheck, Ellipsis, RefreshCw, Trash2, Undo2 } from 'lucide-react'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { changeNamedKey, namedKeysQuery } from '#components/named-keys/queries.ts'
import { CopyButton } from '#components/shared/copy-button.tsx'
import { RelativeTime } from '#components/shared/relative-time.tsx'
import { failureOfError, useFailureText } from '#components/shared/use-failure.ts'
import { useFormat } from '#components/shared/use-format.ts'
import { Badge, type BadgeTone } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { Menu, MenuItem, MenuSeparator } from '#components/ui/menu.tsx'
import { Table, TableCell, TableHead } from '#components/ui/table.tsx'
import type { ChangeNamedKeyInput, NamedKey } from '#lib/schemas/named-keys.ts'

const TONES: Record<NamedKey['state'], BadgeTone> = {
  enabled: 'good',
  disabled: 'neutral',
  'pending-deletion': 'warn',
  deleted: 'bad',
}

interface NamedKeyTableProps {
  namespace: string
  keys: readonly NamedKey[]
  onDelete: (name: string) => void
}

export function NamedKeyTable({ namespace, keys, onDelete }: NamedKeyTableProps) {
  const t = useTranslations('namedKeys')
  return (
    <Table aria-label={t('title')}>
      <thead>
        <tr>
          <TableHead className="pl-4">{t('name')}</TableHead>
          <TableHead>{t('state')}</TableHead>
          <TableHead className="hidden lg:table-cell">{t('id')}</TableHead>
          <TableHead className="hidden md:table-cell">{t('created')}</TableHead>
          <TableHead className="w-12">
            <span className="sr-only">{t('actionsHead')}</span>
          </TableHead>
        </tr>
      </thead>
      <tbody className="[&_tr:last-child_td]:border-b-0">
        {keys.map((key) => (
          <NamedKeyRow key={key.id} namespace={namespace} namedKey={key} onDelete={() => onDelete(key.name)} />
        ))}
      </tbody>
    </Table>
  )
}

interface NamedKeyRowProps {
  namespace: string
  namedKey: NamedKey
  onDelete: () => void
}

function NamedKeyRow({ namespace, namedKey: { id, name, state, createdAt, deleteAt }, onDelete }: NamedKeyRowProps) {
  const t = useTranslations('namedKeys')
  const format = useFormat()
  return (
    <tr>
      <TableCell className="w-2/5 max-w-0 py-2 pl-4">
        <span className="block truncate font-mono text-xs" title={name}>
          {name}
        </span>
      </TableCell>
      <TableCell className="py-2">
        <span className="grid justify-items-start gap-0.5">
          <Badge tone={TONES[state]}>{t(`states.${state}`)}</Badge>
          {state === 'pending-deletion' && deleteAt !== null && (
            <span className="text-ink-soft text-xs">{t('deleteAt', { date: format.day(new Date(deleteAt)) })}</span>
          )}
        </span>
      </TableCell>
      <TableCell className="hidden lg:table-cell">
        <span className="flex items-center gap-1 font-mono text-ink-soft text-xs">
          {id}
          <CopyButton text={id} label={t('copyId', { name })} />
        </span>
      </TableCell>
      <TableCell className="hidden text-ink-soft md:table-cell">
        <RelativeTime iso={createdAt} />
      </TableCell>
      <TableCell className="w-12 pr-2 pl-0 text-right">
        {state !== 'deleted' && <NamedKeyMenu namespace={namespace} name={name} state={state} onDelete={onDelete} />}
      </TableCell>
    </tr>
  )
}

type Change = Exclude<ChangeNamedKeyInput['change'], 'delete'>

function NamedKeyMenu({
  namespace,
  name,
  state,
  onDelete,
}: Pick<NamedKey, 'name' | 'state'> & { namespace: string; onDelete: () => void }) {
  const t = useTranslations('namedKeys')
  const queryClient = useQueryClient()
  const failureText = useFailureText()
  const { mutate } = useMutation({
    mutationFn: (change: Change) => changeNamedKey(namespace, { name, change }),
    onSuccess: async (_, change) => {
      await queryClient.invalidateQueries({ queryKey: namedKeysQuery(namespace).queryKey })
      // What can be taken back is done at once, and offered to be.
      const back = change === 'disable' ? { label: t('undo'), onClick: () => mutate('enable') } : undefined
      toast.success(t(`done.${change}`, { name }), { duration: 10_000, ...(back && { action: back }) })
    },
    onError: (error) => {
      const failure = failureOfError(error)
      toast.error(failureText(failure), { description: [failure.code, failure.requestId].filter(Boolean).join(' · ') })
    },
  })
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="icon" aria-label={t('actions', { name })}>
          <Ellipsis aria-hidden />
        </Button>
      }
    >
      {state === 'enabled' && (
        <MenuItem onClick={() => mutate('rotate')}>
          <RefreshCw aria-hidden />
          {t('rotate')}
        </MenuItem>
      )}
      {state === 'enabled' && (
        <MenuItem onClick={() => mutate('disable')}>
          <Ban aria-hidden />
          {t('disable')}
        </MenuItem>
      )}
      {state === 'disabled' && (
        <MenuItem onClick={() => mutate('enable')}>
          <CircleCheck aria-hidden />
          {t('enable')}
        </MenuItem>
      )}
      {state === 'pending-deletion' ? (
        <MenuItem onClick={() => mutate('keep')}>
          <Undo2 aria-hidden />
          {t('keep')}
        </MenuItem>
      ) : (
        <>
          <MenuSeparator />
          <MenuItem tone="danger" onClick={onDelete}>
            <Trash2 aria-hidden />
            {t('delete')}
          </MenuItem>
        </>
      )}
    </Menu>
  )
}
