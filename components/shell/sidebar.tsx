'use client'
import { Boxes, Container, LockKeyhole } from 'lucide-react'
import Link from 'next/link'
import { useParams, usePathname } from 'next/navigation'
import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import { Logo } from '#components/shell/logo.tsx'
import { NamespaceSwitcher } from '#components/shell/namespace-switcher.tsx'
import type { Session } from '#lib/schemas/session.ts'

/** Where one may go. A click on any link calls `onNavigate`, so that the narrow screen's drawer can close. */
export function Sidebar({ session, onNavigate }: { session: Session; onNavigate: () => void }) {
  const t = useTranslations('shell')
  const pathname = usePathname()
  const { ns } = useParams<{ ns?: string }>()
  const current = session.namespaces.find(({ name }) => name === ns)
  const target = current ?? session.namespaces[0]
  return (
    <div className="flex h-full flex-col gap-5 p-3">
      <Link href="/" onClick={onNavigate} className="flex h-9 w-fit items-center gap-2.5 rounded-lg px-1.5">
        <Logo className="size-7 text-accent" />
        <span className="font-semibold text-[1.0625rem] tracking-tight">Sceau</span>
      </Link>
      <NamespaceSwitcher namespaces={session.namespaces} current={current} />
      <nav aria-label={t('navigation')} className="grid gap-5">
        {target !== undefined && (
          <NavGroup title={t('storage')}>
            <NavLink
              href={`/n/${encodeURIComponent(target.name)}/buckets`}
              active={current !== undefined && pathname.startsWith(`/n/${encodeURIComponent(current.name)}/`)}
              icon={<Container aria-hidden />}
              onClick={onNavigate}
            >
              {t('buckets')}
            </NavLink>
          </NavGroup>
        )}
        {session.user.isAdministrator && (
          <NavGroup title={t('administration')}>
            <NavLink
              href="/admin/namespaces"
              active={pathname.startsWith('/admin/namespaces')}
              icon={<Boxes aria-hidden />}
              onClick={onNavigate}
            >
              {t('namespaces')}
            </NavLink>
            <NavLink
              href="/admin/encryption"
              active={pathname.startsWith('/admin/encryption')}
              icon={<LockKeyhole aria-hidden />}
              onClick={onNavigate}
            >
              {t('encryption')}
            </NavLink>
          </NavGroup>
        )}
      </nav>
    </div>
  )
}

function NavGroup({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="grid gap-1">
      <p className="px-2.5 font-medium text-ink-soft text-xs">{title}</p>
      {children}
    </div>
  )
}

interface NavLinkProps {
  href: string
  active: boolean
  icon: ReactNode
  onClick: () => void
  children: ReactNode
}

function NavLink({ href, active, icon, children, onClick }: NavLinkProps) {
  return (
    <Link
      href={href}
      onClick={onClick}
      aria-current={active ? 'page' : undefined}
      className="flex h-9 items-center gap-2.5 rounded-lg px-2.5 text-ink-soft transition-colors hover:bg-hover hover:text-ink aria-[current]:bg-accent-soft aria-[current]:font-medium aria-[current]:text-accent-ink [&_svg]:size-4 [&_svg]:shrink-0"
    >
      {icon}
      {children}
    </Link>
  )
}
