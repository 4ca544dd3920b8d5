import '#app/globals.css'
import type { Metadata, Viewport } from 'next'
import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { AppProviders } from '#components/shell/app-providers.tsx'
import { readLanguage } from '#lib/i18n/server.ts'

export const metadata: Metadata = {
  title: { default: 'Sceau', template: '%s · Sceau' },
  robots: { index: false, follow: false },
}

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f7f8fa' },
    { media: '(prefers-color-scheme: dark)', color: '#0e1116' },
  ],
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const { locale, messages } = await readLanguage()
  const nonce = (await headers()).get('x-nonce') ?? undefined
  return (
    // The theme's class is set before React starts, so the server cannot know it.
    <html lang={locale} suppressHydrationWarning>
      <body>
        <AppProviders locale={locale} messages={messages} now={new Date()} nonce={nonce}>
          {children}
        </AppProviders>
      </body>
    </html>
  )
}
