'use client'
import { LogOut } from 'lucide-react'
import { signOut } from 'next-auth/react'
import { useTranslations } from 'use-intl'
import { Menu, MenuItem, MenuSeparator } from '#components/ui/menu.tsx'
import type { Session } from '#lib/schemas/session.ts'

export function UserMenu({ user }: { user: Session['user'] }) {
  const t = useTranslations('shell')
  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={t('account')}
          className="flex size-8 items-center justify-center rounded-full bg-accent-soft font-semibold text-accent-ink text-xs ring-1 ring-accent/20 ring-inset hover:ring-accent/50"
        >
          {initialsOf(user.displayName)}
        </button>
      }
    >
      <div className="px-2.5 py-2">
        <p className="truncate font-medium">{user.displayName}</p>
        <p className="truncate text-ink-soft text-xs">
          {user.isAdministrator ? `${user.username} · ${t('administrator')}` : user.username}
        </p>
      </div>
      <MenuSeparator />
      <MenuItem onClick={() => void signOut({ callbackUrl: '/login' })}>
        <LogOut aria-hidden />
        {t('signOut')}
      </MenuItem>
    </Menu>
  )
}

function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/)
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0] ?? '')
  return letters.join('').toUpperCase()
}
