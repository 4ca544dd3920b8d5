import { expect, type Page, test } from '@playwright/test'
import { expectNoBarrier } from '#e2e/console/expect-no-barrier.ts'
import { signIn } from '#e2e/console/sign-in.ts'

/** What an administrator does with keys, on the product that all specs share. */
const STAMP = Date.now().toString(36)
const FILE_COUNT = 40
const KEYS_URL = '/api/v1/admin/namespaces/main/encryption/keys'
const ROOT_URL = '/api/v1/admin/encryption'

test.beforeEach(async ({ page }) => {
  await signIn(page)
})

test('the key of a namespace is rotated, data keys follow, and the old version is destroyed', async ({ page }) => {
  const versions = page.getByRole('list', { name: 'Keys of this namespace' }).getByRole('listitem')
  const version = (number: number) => versions.filter({ hasText: new RegExp(`^Version ${number}\\D`) })
  const rewrap = page.getByTestId('rewrap')
  await storeFiles(page)
  await page.goto('/admin/namespaces/main/encryption')
  const active = await versions.filter({ hasText: 'Active' }).textContent()
  const oldest = Number(/Version (\d+)/.exec(active ?? '')?.[1])

  await test.step('a new version for new data; the old one is still needed', async () => {
    await page.getByRole('button', { name: 'Rotate key' }).click()
    await confirmed(page, 'Rotate key')
    await expect(version(oldest + 1)).toContainText('Active')
    await expect(version(oldest)).toContainText('Decrypts only')
    await expect(version(oldest)).toContainText(/wraps \d+ data keys/)
    await expect(version(oldest)).toContainText('It can be retired once it wraps nothing')
    await expect(version(oldest).getByRole('button', { name: 'Retire' })).toBeDisabled()
  })

  await test.step('the data keys are wrapped again, and one sees how far that is', async () => {
    const started = await startRewrap(page)
    expect(started.totalCount).toBeGreaterThanOrEqual(FILE_COUNT)
    await expect(rewrap.getByRole('progressbar', { name: 'Wrapping data keys again' })).toBeVisible()
    await expect(rewrap).toContainText(`0 of ${started.totalCount}`)
    await page.unroute(`**${KEYS_URL}`)
    await expect(rewrap).toContainText(`Last time, ${started.totalCount} keys were wrapped again.`)
    await expect(version(oldest)).toContainText('wraps no data key')
  })

  await test.step('the old version is destroyed by the exact name only', async () => {
    await version(oldest).getByRole('button', { name: 'Retire' }).click()
    const dialog = page.getByRole('alertdialog')
    const destroy = dialog.getByRole('button', { name: 'Retire' })
    await dialog.getByRole('textbox').fill('Main')
    await expect(destroy).toBeDisabled()
    await dialog.getByRole('textbox').fill('main')
    await destroy.click()
    await expect(version(oldest)).toContainText('Destroyed')
    await expect(page.getByText(`Version ${oldest} is destroyed`)).toBeVisible()
  })

  await test.step('the history tells it, in the language of the reader', async () => {
    const entry = (text: string) => historyOf(page).filter({ hasText: text }).first()
    await expect(entry('Key version destroyed')).toContainText(`version ${oldest}`)
    await expect(entry('Data keys wrapped again')).toContainText(/\d+ keys · complete/)
    await page.getByRole('button', { name: 'Language' }).click()
    await page.getByRole('menuitemradio', { name: 'Français' }).click()
    await expect(entry('Version de clé détruite')).toContainText(`version ${oldest}`)
    await expect(entry('Clés de données ré-enveloppées')).toContainText(/\d+ clés · terminé/)
    await expect(entry('Clés de données ré-enveloppées')).toContainText('le service')
  })
})

test('the destruction of all keys is scheduled by the exact name, counts down, and is called off', async ({ page }) => {
  const name = `doomed-${STAMP}`
  const countdown = page.getByTestId('shred-countdown')
  await createNamespace(page, name)
  await page.goto(`/admin/namespaces/${name}/encryption`)

  await test.step('schedule it', async () => {
    await page.getByRole('button', { name: 'Destroy all keys…' }).click()
    const dialog = page.getByRole('alertdialog')
    const schedule = dialog.getByRole('button', { name: 'Schedule destruction' })
    await dialog.getByRole('textbox').last().fill(name)
    await dialog.getByLabel('Days to wait').fill('6')
    await expect(schedule).toBeDisabled()
    await dialog.getByLabel('Days to wait').fill('9')
    await dialog.getByRole('textbox').last().fill('doomed')
    await expect(schedule).toBeDisabled()
    await dialog.getByRole('textbox').last().fill(name)
    await schedule.click()
    await expect(dialog).toHaveCount(0)
  })

  await test.step('it counts down, also after a reload, and nothing else can be changed', async () => {
    await expect(countdown).toContainText('All keys are destroyed in 8 days')
    await page.reload()
    await expect(countdown).toContainText('in 8 days')
    await expect(page.getByText('Scheduled by admin.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Rotate key' })).toHaveCount(0)
    await expect(historyOf(page).filter({ hasText: 'scheduled' })).toContainText('after 9 days')
    await expectNoBarrier(page)
  })

  await test.step('keep the keys', async () => {
    await page.getByRole('button', { name: 'Keep the keys' }).click()
    await expect(countdown).toHaveCount(0)
    await expect(page.getByRole('button', { name: 'Destroy all keys…' })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Rotate key' })).toBeVisible()
    await expect(historyOf(page).filter({ hasText: 'Destruction of all keys called off' })).toBeVisible()
  })
})

test('a client key is created, rotated, disabled, scheduled for deletion, and kept', async ({ page, context }) => {
  const name = `payroll/${STAMP}`
  const row = page.getByRole('row', { name: new RegExp(name) })
  const choose = async (item: string) => {
    await row.getByRole('button', { name: `Actions on ${name}` }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }
  await page.goto('/admin/namespaces/main/named-keys')

  await test.step('create it; its id can be copied by the keyboard', async () => {
    await page.getByRole('button', { name: 'Create key' }).click()
    const sheet = page.getByRole('dialog')
    await sheet.getByLabel('Name').fill('aws/mine')
    await sheet.getByRole('button', { name: 'Create key' }).click()
    await expect(sheet).toContainText('Names that start with “aws/” are reserved')
    await sheet.getByLabel('Name').fill(name)
    await sheet.getByRole('button', { name: 'Create key' }).click()
    await expect(row).toContainText('Enabled')
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await row.getByRole('button', { name: `Copy the id of ${name}` }).press('Enter')
    await expect(row.getByRole('button', { name: 'Copied' })).toBeVisible()
    await expect(row).toContainText(await page.evaluate(() => navigator.clipboard.readText()))
  })

  await test.step('rotate it', async () => {
    await choose('Rotate')
    await expect(page.getByText(`${name} has a new version for new data`)).toBeVisible()
  })

  await test.step('disable it, take that back, and disable it again', async () => {
    await choose('Disable')
    await expect(row).toContainText('Disabled')
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(row).toContainText('Enabled')
    await choose('Disable')
    await expect(row).toContainText('Disabled')
  })

  await test.step('schedule its deletion by the exact name, and keep it', async () => {
    await choose('Delete…')
    const dialog = page.getByRole('alertdialog')
    const confirm = dialog.getByRole('button', { name: 'Delete key' })
    await dialog.getByLabel('Days to wait').fill('12')
    await expect(confirm).toBeDisabled()
    await dialog.getByRole('textbox').last().fill(name)
    await confirm.click()
    await expect(page.getByText(`${name} will be destroyed in 12 days`)).toBeVisible()
    await expect(row).toContainText('Deletion pending')
    await expect(row).toContainText(/destroyed on \w+ \d+, \d+/)
    await choose('Keep this key')
    await expect(row).toContainText('Disabled')
  })

  await test.step('the history of the namespace tells each act', async () => {
    await page.goto('/admin/namespaces/main/encryption')
    const entry = (text: string) => historyOf(page).filter({ hasText: text }).first()
    await expect(entry(`Deletion of client key ${name} scheduled`)).toContainText('after 12 days')
    await expect(entry(`Client key ${name} created`)).toContainText('admin')
  })
})

test('signatures of version 2 are refused for a namespace, and accepted again', async ({ page }) => {
  const name = `strict-${STAMP}`
  const toggle = page.getByRole('switch', { name: 'Accept signatures of version 2' })
  await createNamespace(page, name)
  await page.goto(`/admin/namespaces/${name}`)
  await expect(toggle).toBeChecked()
  await toggle.click()
  await expect(toggle).not.toBeChecked()
  await expect(page.getByText('Only signatures of version 4 are accepted')).toBeVisible()
  await page.reload()
  await expect(toggle).not.toBeChecked()
  await toggle.click()
  await expect(toggle).toBeChecked()
  await page.getByRole('button', { name: 'Undo' }).first().click()
  await expect(toggle).not.toBeChecked()
})

test('the root key is rotated by its id; the old one stays while session tokens may need it', async ({ page }) => {
  await page.goto('/admin/encryption')
  const keys = page.getByRole('list', { name: 'Root keys' }).getByRole('listitem')
  const id = (await keys.filter({ hasText: 'Active' }).locator('.font-mono').first().textContent()) ?? ''

  await test.step('rotate it', async () => {
    await page.getByRole('button', { name: 'Rotate root key' }).click()
    const dialog = page.getByRole('alertdialog')
    const rotate = dialog.getByRole('button', { name: 'Rotate root key' })
    await dialog.getByRole('textbox').fill('main')
    await expect(rotate).toBeDisabled()
    await dialog.getByRole('textbox').fill(id)
    await rotate.click()
    await expect(dialog).toHaveCount(0)
    await expect(keys.filter({ hasText: 'Active' })).not.toContainText(id)
  })

  await test.step('everything goes under the new one, while it can be watched', async () => {
    await expect(page.getByTestId('rewrap').getByRole('progressbar')).toBeVisible()
    await expect(keys.filter({ hasText: id })).toContainText('wraps nothing', { timeout: 60_000 })
    await expect(page.getByTestId('rewrap')).toContainText('Everything is wrapped.')
  })

  await test.step('the old one is not taken away for 36 hours, and the page says until when', async () => {
    const old = keys.filter({ hasText: id })
    await expect(old).toContainText(/Session tokens may need it until \w+ \d+, \d+ at /)
    await expect(old.getByRole('button', { name: 'Take away' })).toBeDisabled()
    const { rootKeys } = await ask(page, 'GET', ROOT_URL)
    const hours =
      (Date.parse(rootKeys.find((key: { id: string }) => key.id === id).neededUntil) - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(36)
    expect(hours).toBeLessThan(36.2)
    const { error } = await ask(page, 'POST', `${ROOT_URL}/rotation`, { action: 'retire', confirm: id })
    expect(error.code).toBe('KeyIsInUse')
    expect(error.notice.code).toMatch(/^root-key-/)
    await page.reload()
    const entry = historyOf(page).filter({ hasText: 'Root key taken away' }).first()
    await expect(entry).toContainText('Failed')
    await expect(entry).toContainText('Something still needs this key')
  })
})

/** Files in a bucket of their own in the namespace `main`: each has a data key. */
async function storeFiles(page: Page): Promise<void> {
  await page.goto('/n/main/buckets')
  await page.getByRole('button', { name: 'Create bucket' }).first().click()
  await page.getByLabel('Bucket name').fill(`keys-${STAMP}`)
  await page.getByRole('dialog').getByRole('button', { name: 'Create bucket' }).click()
  await expect(page.getByText('Drop files or folders here')).toBeVisible()
  const files = Array.from({ length: FILE_COUNT }, (_, index) => ({
    name: `note-${index}.txt`,
    mimeType: 'text/plain',
    buffer: Buffer.from(`The note ${index}.\n`),
  }))
  await page.getByTestId('upload-files').first().setInputFiles(files)
  const dock = page.getByRole('region', { name: 'Upload progress' })
  await expect(dock).toContainText(`${FILE_COUNT} files uploaded`, { timeout: 60_000 })
}

async function createNamespace(page: Page, name: string): Promise<void> {
  await page.goto('/admin/namespaces')
  await page.getByRole('button', { name: 'Create namespace' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel('Name', { exact: true }).fill(name)
  await sheet.getByLabel('Display name').fill(`Namespace ${name}`)
  await sheet.getByRole('button', { name: 'Create namespace' }).click()
  await expect(page.getByText(`Namespace ${name} created`)).toBeVisible()
}

async function confirmed(page: Page, action: string): Promise<void> {
  const dialog = page.getByRole('alertdialog')
  await dialog.getByRole('button', { name: action }).click()
  await expect(dialog).toHaveCount(0)
}

/** What was done, newest first. */
function historyOf(page: Page) {
  return page.getByRole('list', { name: /^(History|Historique)$/ }).getByRole('listitem')
}

/** The page is told again what it was answered at once, until `unroute`: the bar is seen however fast the keys are wrapped. */
async function startRewrap(page: Page): Promise<{ state: string; totalCount: number }> {
  const started = page.waitForResponse((answer) => answer.request().method() === 'POST').then((answer) => answer.text())
  await page.route(`**${KEYS_URL}`, async (route) => {
    if (route.request().method() !== 'GET') return route.continue()
    await route.fulfill({ contentType: 'application/json', body: await started })
  })
  await page.getByRole('button', { name: 'Re-wrap data keys' }).click()
  await confirmed(page, 'Re-wrap data keys')
  return JSON.parse(await started).rewrap
}

/** What the console's own script is told that asks past what the page offers. */
async function ask(page: Page, method: 'GET' | 'POST', url: string, body?: object) {
  const init = { method, headers: { 'content-type': 'application/json' }, ...(body && { body: JSON.stringify(body) }) }
  return page.evaluate(async ({ url, init }) => (await fetch(url, init)).json(), { url, init })
}
