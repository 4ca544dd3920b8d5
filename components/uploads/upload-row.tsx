'use client'
import { CircleAlert, CircleCheck, CircleSlash, Clock, File as FileIcon, Pause, Play, RotateCw, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import { useFailureText } from '#components/shared/use-failure.ts'
import { useFormat } from '#components/shared/use-format.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Progress } from '#components/ui/progress.tsx'
import { truncateMiddle, visibleName } from '#lib/format.ts'
import { uploads } from '#lib/upload/browser-uploads.ts'
import { isEnded, type UploadItem, type UploadState } from '#lib/upload/upload-item.ts'

export const UPLOAD_ROW_HEIGHT = 56
const NAME_LENGTH_MAX = 34

export function UploadRow({ item, start }: { item: UploadItem; start: number }) {
  const name = visibleName(item.key.slice(item.key.lastIndexOf('/') + 1))
  const moving = item.state === 'uploading' || item.state === 'completing' || item.state === 'paused'
  return (
    <li
      className="absolute inset-x-0 flex items-center gap-2.5 border-line border-b pr-1.5 pl-3.5"
      style={{ height: UPLOAD_ROW_HEIGHT, transform: `translateY(${start}px)` }}
    >
      <StateIcon state={item.state} />
      <div className="grid min-w-0 grow gap-1">
        <div className="flex items-baseline justify-between gap-2">
          <span className="truncate text-xs" title={visibleName(item.key)}>
            {truncateMiddle(name, NAME_LENGTH_MAX)}
          </span>
          <Amount item={item} />
        </div>
        {moving ? (
          <Progress
            value={item.file.size === 0 ? 0 : item.sentBytes / item.file.size}
            label={name}
            tone={item.state === 'paused' ? 'muted' : 'accent'}
          />
        ) : (
          <StateText item={item} />
        )}
      </div>
      <RowActions item={item} name={name} />
    </li>
  )
}

function Amount({ item: { state, sentBytes, file } }: { item: UploadItem }) {
  const format = useFormat()
  const text =
    state === 'uploading' || state === 'paused'
      ? `${format.bytes(sentBytes)} / ${format.bytes(file.size)}`
      : format.bytes(file.size)
  return <span className="shrink-0 text-2xs text-ink-soft tabular-nums">{text}</span>
}

function StateText({ item: { state, failure } }: { item: UploadItem }) {
  const t = useTranslations('uploads')
  const failureText = useFailureText()
  if (state !== 'failed' || failure === null)
    return <p className="truncate text-2xs text-ink-soft">{t(`state.${state}`)}</p>
  const text = failure.reason === undefined ? failureText(failure) : t(failure.reason)
  const title = [text, failure.code, failure.requestId].filter(Boolean).join(' · ')
  return (
    <p className="truncate text-2xs text-bad" title={title}>
      {text}
    </p>
  )
}

function StateIcon({ state }: { state: UploadState }) {
  const icons: Partial<Record<UploadState, ReactNode>> = {
    done: <CircleCheck aria-hidden className="text-good" />,
    failed: <CircleAlert aria-hidden className="text-bad" />,
    conflict: <CircleAlert aria-hidden className="text-warn" />,
    cancelled: <CircleSlash aria-hidden className="text-ink-soft" />,
    skipped: <CircleSlash aria-hidden className="text-ink-soft" />,
    queued: <Clock aria-hidden className="text-ink-soft" />,
    checking: <Clock aria-hidden className="text-ink-soft" />,
  }
  return <span className="[&_svg]:size-4">{icons[state] ?? <FileIcon aria-hidden className="text-accent" />}</span>
}

function RowActions({ item, name }: { item: UploadItem; name: string }) {
  const { id, state, failure } = item
  const t = useTranslations('uploads')
  const { queue } = uploads
  const ended = isEnded(item)
  return (
    <div className="flex w-17 shrink-0 justify-end">
      {(state === 'uploading' || state === 'queued') && (
        <IconButton label={t('pause', { name })} onClick={() => queue.pause([id])}>
          <Pause aria-hidden />
        </IconButton>
      )}
      {state === 'paused' && (
        <IconButton label={t('resume', { name })} onClick={() => queue.resume([id])}>
          <Play aria-hidden />
        </IconButton>
      )}
      {state === 'failed' && failure?.reason === undefined && (
        <IconButton label={t('retryOne', { name })} onClick={() => queue.retry([id])}>
          <RotateCw aria-hidden />
        </IconButton>
      )}
      {(!ended || state === 'failed') && state !== 'completing' && (
        <IconButton label={t('cancelOne', { name })} onClick={() => queue.cancel([id])}>
          <X aria-hidden />
        </IconButton>
      )}
    </div>
  )
}
