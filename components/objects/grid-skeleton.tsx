import { Card } from '#components/ui/card.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

const ROWS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']

/** The grid before its first page, row for row in its own height. */
export function GridSkeleton() {
  return (
    <Card aria-hidden className="grow">
      <div className="h-10 border-line border-b" />
      {ROWS.map((row) => (
        <div key={row} className="flex h-11 items-center gap-4 border-line border-b px-4">
          <Skeleton className="size-4" />
          <Skeleton className="h-3.5 w-2/5" />
          <Skeleton className="ml-auto h-3.5 w-16" />
          <Skeleton className="hidden h-3.5 w-24 sm:block" />
        </div>
      ))}
    </Card>
  )
}
