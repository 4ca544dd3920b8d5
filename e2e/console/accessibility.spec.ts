import { expect, type Page, test } from '@playwright/test'
import { expectNoBarrier } from '#e2e/console/expect-no-barrier.ts'
import { namespacePath, signIn } from '#e2e/console/sign-in.ts'

const BUCKET = `plain-sight-${Date.now().toString(36)}`
const ADMINISTRATION = [
  '/admin/namespaces/main',
  '/admin/namespaces/main/encryption',
  '/admin/namespaces/main/named-keys',
  '/admin/namespaces/no-such-namespace/encryption',
  '/admin/encryption',
]
const NARROW = { width: 320, height: 720 }
const WIDE = { width: 1360, height: 820 }

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in the ${colorScheme} theme`, () => {
    test.use({ colorScheme })

    test('the sign-in page has no barrier', async ({ page }) => {
      await page.goto('/login')
      await expectNoBarrier(page)
    })

    test('no page behind the sign-in has a barrier', async ({ page }) => {
      await signIn(page)
      const home = namespacePath(page)
      await createBucketWithObject(page, home)
      const files = `${home}/b/${BUCKET}/files`
      for (const path of [
        `${home}/buckets`,
        `${home}/buckets?search=no-such-bucket`,
        files,
        `${files}/empty-folder`,
        `${files}?object=hello.txt`,
        `${files}?object=hello.txt&tab=details`,
        `${home}/b/no-such-bucket/files`,
        '/admin/namespaces',
        ...ADMINISTRATION,
        '/n/no-such-namespace/buckets',
      ]) {
        await page.goto(path)
        await page.waitForLoadState('networkidle')
        await expectNoBarrier(page)
      }
    })

    test('dialogs and menus have no barrier', async ({ page }) => {
      await signIn(page)
      await page.getByRole('button', { name: 'Create bucket' }).first().click()
      await page.getByLabel('Bucket name').fill('Not_Valid')
      await expectNoBarrier(page)
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Theme' }).click()
      await expect(page.getByRole('menu')).toBeVisible()
      await expectNoBarrier(page)
    })
  })
}

test('the keyboard alone opens, selects and closes', async ({ page }) => {
  await signIn(page)
  const home = namespacePath(page)
  await createBucketWithObject(page, home)
  await page.goto(`${home}/b/${BUCKET}/files`)
  const row = page.getByRole('row', { name: /hello\.txt/ })
  // The server sends the row before the page's script listens to its keys.
  await expect(async () => {
    await row.focus()
    await page.keyboard.press('Space')
    await expect(row).toHaveAttribute('aria-selected', 'true', { timeout: 1_000 })
  }).toPass()
  await page.keyboard.press('Escape')
  await expect(row).toHaveAttribute('aria-selected', 'false')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(row).toBeFocused()
  await page.keyboard.press('Delete')
  await expect(page.getByRole('alertdialog')).toBeVisible()
})

test('the encryption dialog opens, closes and gives the focus back by the keyboard alone', async ({ page }) => {
  await signIn(page)
  await page.goto('/admin/namespaces/main/encryption')
  const toggle = page.getByRole('switch', { name: 'Encrypt new data of main' })
  const dialog = page.getByRole('alertdialog')
  await expect(async () => {
    await toggle.focus()
    await page.keyboard.press('Space')
    await expect(dialog).toBeVisible({ timeout: 1_000 })
  }).toPass()
  await expectNoBarrier(page)
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  await expect(toggle).toBeFocused()
})

test('pages reflow at 320 pixels, in French too', async ({ page }) => {
  await signIn(page)
  const home = namespacePath(page)
  await createBucketWithObject(page, home)
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitemradio', { name: 'Français' }).click()
  await page.setViewportSize(NARROW)
  for (const path of [`${home}/buckets`, `${home}/b/${BUCKET}/files`, '/admin/namespaces', ...ADMINISTRATION]) {
    await page.goto(path)
    await page.waitForLoadState('networkidle')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(NARROW.width)
    await expectNoBarrier(page)
  }
  await page.setViewportSize(WIDE)
})

/** The same bucket for every test of this file: whoever comes first makes it. */
async function createBucketWithObject(page: Page, home: string): Promise<void> {
  await page.goto(`${home}/b/${BUCKET}/files`)
  const grid = page.getByRole('grid')
  const missing = page.getByText('This bucket does not exist')
  await expect(grid.or(missing)).toBeVisible()
  if (await grid.isVisible()) return
  await page.goto(`${home}/buckets`)
  await page.getByRole('button', { name: 'Create bucket' }).first().click()
  await page.getByLabel('Bucket name').fill(BUCKET)
  await page.getByRole('dialog').getByRole('button', { name: 'Create bucket' }).click()
  await expect(page.getByText('Drop files or folders here')).toBeVisible()
  const hello = { name: 'hello.txt', mimeType: 'text/plain', buffer: Buffer.from('Hello.\n') }
  await page.getByTestId('upload-files').first().setInputFiles(hello)
  await expect(grid.getByText('hello.txt')).toBeVisible()
}
