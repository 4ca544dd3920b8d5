'use client'
import Link from 'next/link'
import { usePathname } from 'next/navigation'

interface LinkTabsProps {
  label: string
  tabs: readonly { href: string; label: string }[]
}

/** Pages that belong together, each with an address of its own. */
export function LinkTabs({ label, tabs }: LinkTabsProps) {
  const pathname = usePathname()
  return (
    <nav aria-label={label} className="mb-5 overflow-x-auto border-line border-b">
      <ul className="flex gap-1">
        {tabs.map((tab) => (
          <li key={tab.href}>
            <Link
              ref={pathname === tab.href ? reveal : undefined}
              href={tab.href}
              aria-current={pathname === tab.href ? 'page' : undefined}
              className="flex h-10 items-center whitespace-nowrap rounded-t-md border-transparent border-b-2 px-2.5 text-ink-soft hover:text-ink focus-visible:-outline-offset-2 aria-[current]:border-accent aria-[current]:font-medium aria-[current]:text-ink"
            >
              {tab.label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

/** Narrow screens show a part of the tabs: the present one shall be in it. */
function reveal(tab: HTMLAnchorElement | null): void {
  const nav = tab?.closest('nav')
  if (!tab || !nav) return
  nav.scrollLeft += Math.max(0, tab.getBoundingClientRect().right - nav.getBoundingClientRect().right)
}
