import { cn } from '#lib/cn.ts'

/** Holds the place of what is coming, in its geometry; shows only after 150 ms, so that fast answers do not flash. */
export function Skeleton({ className }: { className?: string }) {
  return (
    <span aria-hidden className={cn('block animate-appear', className)}>
      <span className="block h-full w-full animate-sweep rounded-md bg-line" />
    </span>
  )
}
