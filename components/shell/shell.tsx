'use client'
import { Dialog } from '@base-ui/react/dialog'
import { Menu as MenuIcon, X } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useTranslations } from 'use-intl'
import { LanguageMenu } from '#components/shell/language-menu.tsx'
import { Logo } from '#components/shell/logo.tsx'
import { Sidebar } from '#components/shell/sidebar.tsx'
import { ThemeMenu } from '#components/shell/theme-menu.tsx'
import { UserMenu } from '#components/shell/user-menu.tsx'
import { scrimClass } from '#components/ui/dialog.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { UploadDock } from '#components/uploads/upload-dock.tsx'
import type { Session } from '#lib/schemas/session.ts'

/** The frame of every page behind the sign-in. Uploads live here, so that they survive navigation. */
export function Shell({ session, children }: { session: Session; children: ReactNode }) {
  const t = useTranslations('shell')
  return (
    <div className="grid min-h-dvh grid-rows-[auto_1fr] lg:grid-cols-[15rem_1fr] lg:grid-rows-[1fr]">
      <a
        href="#content"
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-lg bg-accent px-3 py-2 font-medium text-on-accent focus-visible:translate-y-0"
      >
        {t('skipToContent')}
      </a>
      <aside className="sticky top-0 hidden h-dvh border-line border-r bg-sunken/60 lg:block">
        <Sidebar session={session} onNavigate={() => {}} />
      </aside>
      <div className="flex min-w-0 flex-col">
        <header className="sticky top-0 z-20 flex h-13 items-center gap-1 border-line border-b bg-ground/90 px-3 backdrop-blur sm:px-6 lg:h-14">
          <NavigationDrawer session={session} />
          <Logo className="ml-1 size-6 text-accent lg:hidden" />
          <div className="grow" />
          <LanguageMenu />
          <ThemeMenu />
          <div className="w-1" />
          <UserMenu user={session.user} />
        </header>
        <main
          id="content"
          tabIndex={-1}
          className="mx-auto flex w-full max-w-[90rem] grow flex-col px-3 py-5 outline-hidden sm:px-6 sm:py-6"
        >
          {children}
        </main>
      </div>
      <UploadDock />
    </div>
  )
}

function NavigationDrawer({ session }: { session: Session }) {
  const t = useTranslations('shell')
  const [open, setOpen] = useState(false)
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <div className="lg:hidden">
        <IconButton label={t('openNavigation')} onClick={() => setOpen(true)}>
          <MenuIcon aria-hidden />
        </IconButton>
      </div>
      <Dialog.Portal>
        <Dialog.Backdrop className={scrimClass} />
        <Dialog.Popup
          aria-label={t('navigation')}
          className="fixed inset-y-0 left-0 z-40 w-[min(17rem,85vw)] border-line border-r bg-ground shadow-float outline-hidden transition-[translate] duration-200 data-ending-style:-translate-x-full data-starting-style:-translate-x-full"
        >
          <Sidebar session={session} onNavigate={() => setOpen(false)} />
          <Dialog.Close
            render={
              <IconButton label={t('closeNavigation')} className="absolute top-3.5 right-2">
                <X aria-hidden />
              </IconButton>
            }
          />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
