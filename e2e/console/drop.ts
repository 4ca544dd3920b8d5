import type { Locator, Page } from '@playwright/test'

/** Drops files and folders of this machine as a person would: the browser itself reads them. */
export async function drop(page: Page, target: Locator, paths: string[]): Promise<void> {
  const box = await target.boundingBox()
  if (box === null) throw new Error('the drop target is not in view')
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  const data = { items: [], files: paths, dragOperationsMask: 1 }
  const session = await page.context().newCDPSession(page)
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, ...at, data })
  }
  await session.detach()
}
