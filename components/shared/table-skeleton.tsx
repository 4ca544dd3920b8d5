import { Card } from '#components/ui/card.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

const ROWS = ['a', 'b', 'c', 'd', 'e', 'f']

/** A table that is on its way, row for row in its own height. */
export function TableSkeleton() {
  return (
    <Card aria-hidden>
      <div className="h-10 border-line border-b" />
      {ROWS.map((row) => (
        <div key={row} className="flex h-12 items-center gap-8 border-line border-b px-4 last:border-b-0">
          <Skeleton className="h-3.5 w-2/5" />
          <Skeleton className="ml-auto h-3.5 w-16" />
          <Skeleton className="hidden h-3.5 w-24 sm:block" />
        </div>
      ))}
    </Card>
  )
}
