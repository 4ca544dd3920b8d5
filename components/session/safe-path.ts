/** Where to go after signing in: a path of this console, never another site. */
export function safePath(wanted: string | string[] | undefined): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/')) return '/'
  // "//host", "/\host" and a tab or newline in between are addresses of other hosts to a browser.
  const url = URL.canParse(wanted, 'https://console.invalid') ? new URL(wanted, 'https://console.invalid') : null
  return url?.origin === 'https://console.invalid' ? url.pathname + url.search : '/'
}
