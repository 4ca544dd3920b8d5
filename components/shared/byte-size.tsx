'use client'
import { useFormat } from '#components/shared/use-format.ts'

/** "36.2 MiB", with the exact count on hover. */
export function ByteSize({ bytes }: { bytes: number }) {
  const format = useFormat()
  return (
    <span className="whitespace-nowrap tabular-nums" title={format.exactBytes(bytes)}>
      {format.bytes(bytes)}
    </span>
  )
}
