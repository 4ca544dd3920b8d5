'use client'
import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { ThemeProvider } from 'next-themes'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import { type ReactNode, useState, useSyncExternalStore } from 'react'
import { IntlProvider } from 'use-intl'
import { Toaster } from '#components/ui/toaster.tsx'
import { TooltipProvider } from '#components/ui/tooltip.tsx'
import type { en } from '#lib/i18n/en.ts'
import type { Locale } from '#lib/i18n/locale.ts'
import type { Messages } from '#lib/i18n/messages.ts'
import { createQueryClient } from '#lib/query-client.ts'

/** The server does not know the reader's; the browser puts in its own at once. */
const SERVER_TIME_ZONE = 'UTC'

interface AppProvidersProps {
  locale: Locale
  messages: Messages
  /** When the page was rendered: server and browser then say the same "2 minutes ago". */
  now: Date
  nonce: string | undefined
  children: ReactNode
}

export function AppProviders({ locale, messages, now, nonce, children }: AppProvidersProps) {
  const [queryClient] = useState(() => createQueryClient(leaveForSignIn))
  const timeZone = useSyncExternalStore(subscribeToNothing, readTimeZone, () => SERVER_TIME_ZONE)
  return (
    <CSPProvider {...(nonce === undefined ? {} : { nonce })}>
      <ThemeProvider attribute="class" disableTransitionOnChange {...(nonce === undefined ? {} : { nonce })}>
        <IntlProvider locale={locale} messages={messages as typeof en} now={now} timeZone={timeZone}>
          <QueryClientProvider client={queryClient}>
            <NuqsAdapter>
              <TooltipProvider delay={400}>{children}</TooltipProvider>
            </NuqsAdapter>
          </QueryClientProvider>
          <Toaster label={messages.common.appName} />
        </IntlProvider>
      </ThemeProvider>
    </CSPProvider>
  )
}

/** The zone of a person's clock does not change while a page is open. */
const subscribeToNothing = () => () => {}

function readTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** A full load: nothing that the session showed stays in memory. */
function leaveForSignIn(): void {
  const next = window.location.pathname + window.location.search
  window.location.assign(`/login?${new URLSearchParams({ next })}`)
}
