import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { expect, test } from '@playwright/test'
import { drop } from '#e2e/console/drop.ts'
import { SAMPLE_COUNT, writeSampleFolder } from '#e2e/console/sample-folder.ts'
import { fillSignIn, signIn } from '#e2e/console/sign-in.ts'

const BUCKET = `first-light-${Date.now().toString(36)}`

test('a bucket, a dropped folder, and back: every byte the same', async ({ page }, testInfo) => {
  const folder = await writeSampleFolder(testInfo.outputPath())
  const dock = page.getByRole('region', { name: 'Upload progress' })
  const grid = page.getByRole('grid')

  await test.step('sign in', async () => {
    await signIn(page)
    await expect(page.getByRole('heading', { name: 'Buckets' })).toBeVisible()
  })

  await test.step('create a bucket; its rules tick while the name is typed', async () => {
    await page.getByRole('button', { name: 'Create bucket' }).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByLabel('Bucket name').fill('Not_Valid')
    await expect(sheet.getByText('Lower-case letters, digits, hyphens and dots')).toContainText('Lower-case')
    await expect(sheet.locator('li', { hasText: 'Lower-case letters' })).toHaveAttribute('data-state', 'broken')
    await expect(sheet.getByRole('button', { name: 'Create bucket' })).toBeDisabled()
    await sheet.getByLabel('Bucket name').fill(BUCKET)
    await expect(sheet.locator('li[data-state=held]')).toHaveCount(6)
    await sheet.getByRole('button', { name: 'Create bucket' }).click()
    await expect(page.getByText('Drop files or folders here')).toBeVisible()
  })

  await test.step('drop a folder of 200 files and watch it go', async () => {
    await drop(page, page.getByTestId('drop-zone'), [folder.path])
    await expect(dock.getByRole('progressbar').first()).toBeVisible()
    await expect(dock).toContainText(`${SAMPLE_COUNT} files uploaded`, { timeout: 90_000 })
    await expect(grid.getByRole('row', { name: 'holiday' })).toBeVisible()
  })

  await test.step('a reload shows the same folder', async () => {
    await grid.getByRole('link', { name: 'holiday' }).click()
    await expect(grid.getByText('archive.bin')).toBeVisible()
    await page.reload()
    await expect(page).toHaveURL(/\/files\/holiday$/)
    await expect(grid.getByText('archive.bin')).toBeVisible()
    await expect(grid.getByRole('link', { name: 'notes' })).toBeVisible()
  })

  await test.step('search the whole bucket', async () => {
    await page.getByRole('radio', { name: 'Whole bucket' }).click()
    await page.getByRole('searchbox').fill('NOTE-17')
    await expect(grid.getByRole('row', { name: /note-17\d\.txt/ })).toHaveCount(10)
    await expect(page).toHaveURL(/search=NOTE-17/)
  })

  await test.step('preview text and an image', async () => {
    await grid.getByText('holiday/notes/note-170.txt').click()
    await expect(page.getByRole('region', { name: /Content of/ })).toHaveText('The note of day 170.')
    await page.getByRole('button', { name: 'Close the details' }).click()
    await page.goto(page.url().replace(/\?.*/, '?object=holiday/picture.png'))
    const image = page.getByRole('img', { name: /Preview of/ })
    await expect(image).toBeVisible()
    expect(await image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(1)
  })

  await test.step('the download of 37 MB equals what was dropped', async () => {
    await page.goto(page.url().replace(/\?.*/, '?object=holiday/archive.bin&tab=details'))
    const downloading = page.waitForEvent('download')
    await page.getByRole('dialog').getByRole('link', { name: 'Download' }).click()
    expect(await sha256Of(await (await downloading).path())).toBe(folder.largeSha256)
    await expect(page.getByRole('dialog')).toContainText('Encrypted')
  })

  await test.step('delete everything, told how much it is', async () => {
    await page.goto(page.url().replace(/\/files\/.*/, '/files'))
    await grid.getByRole('checkbox', { name: 'Select all that are loaded' }).click()
    await page.getByRole('button', { name: 'Delete' }).click()
    const dialog = page.getByRole('alertdialog')
    await expect(dialog).toContainText(`Delete ${SAMPLE_COUNT} objects?`)
    await expect(dialog).toContainText('35.3 MiB')
    await dialog.getByRole('button', { name: 'Delete for good' }).click()
    await expect(page.getByText('Drop files or folders here')).toBeVisible({ timeout: 30_000 })
  })

  await test.step('delete the bucket by its name', async () => {
    await page.getByRole('navigation', { name: 'Folder' }).getByRole('link', { name: 'Buckets' }).click()
    await page.getByRole('button', { name: `Actions on ${BUCKET}` }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    const dialog = page.getByRole('alertdialog')
    const confirm = dialog.getByRole('button', { name: 'Delete bucket' })
    await expect(confirm).toBeDisabled()
    await dialog.getByRole('textbox').fill(BUCKET)
    await confirm.click()
    await expect(page.getByText(`Bucket ${BUCKET} deleted`)).toBeVisible()
    await expect(page.getByRole('link', { name: BUCKET, exact: true })).toHaveCount(0)
  })
})

test('language and theme are switched, and kept', async ({ page }) => {
  await signIn(page)
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitemradio', { name: 'Français' }).click()
  await expect(page.getByRole('button', { name: 'Langue' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'fr')

  await page.getByRole('button', { name: 'Thème' }).click()
  await page.getByRole('menuitemradio', { name: 'Sombre' }).click()
  await expect(page.locator('html')).toHaveClass(/dark/)

  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('lang', 'fr')
  await expect(page.locator('html')).toHaveClass(/dark/)
})

test('a wrong password is refused without saying what was wrong', async ({ page }) => {
  await page.goto('/login')
  await page.getByLabel('User name').fill('nobody')
  await page.getByLabel('Password', { exact: true }).fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'not right' })).toBeVisible()
})

test('nobody sees a page without signing in', async ({ page }) => {
  for (const path of ['/', '/n/main/buckets', '/n/main/b/any/files', '/admin/namespaces']) {
    await page.goto(path)
    await expect(page).toHaveURL(/\/login/)
  }
})

test('signing in leads to the page that was asked for', async ({ page }) => {
  await page.goto('/admin/namespaces?search=main')
  await fillSignIn(page)
  await expect(page).toHaveURL(/\/admin\/namespaces\?search=main$/)
  await expect(page.getByRole('switch', { name: 'Encrypt new data of main' })).toBeVisible()
})

test('a session that ends leads to the sign-in page, and back', async ({ page }) => {
  await signIn(page)
  await page.getByRole('searchbox').fill('any')
  await expect(page).toHaveURL(/\?search=any$/)
  await page.context().clearCookies()
  await page.getByRole('searchbox').fill('anything')
  await expect(page).toHaveURL(/\/login\?next=/)
  await fillSignIn(page)
  await expect(page).toHaveURL(/\/buckets\?search=any(thing)?$/)
})

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}
