import Link from 'next/link'
import { buttonClass } from '#components/ui/button.tsx'

export function HomeLink({ label }: { label: string }) {
  return (
    <Link href="/" className={buttonClass({ variant: 'primary' })}>
      {label}
    </Link>
  )
}
