import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeIam } from '#storage-engine/metadata/iam-epochs.ts'
import { doIam, fieldOf, policyOf } from '#storage-engine/testing/iam-request.ts'
import { startTestGateway, TEST_ACCOUNT_IDS, type TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.stop())

/** Both have read the role, and neither has changed it, when the change of IAM that they wait for ends. */
async function atTheSameTime(...requests: (() => Promise<unknown>)[]): Promise<void> {
  const { engine, namespaceIds } = gateway
  const running = await changeIam(engine.db, { namespaceId: namespaceIds.acme }, async () => {
    const started = requests.map((request) => request())
    while ((await countWaiting()) < requests.length) await new Promise((resolve) => setTimeout(resolve, 10))
    return { started }
  })
  await Promise.all(running.started)
}

async function countWaiting(): Promise<number> {
  const text = `
select count(*)::integer as count from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and query like '%iam_epochs%'`
  const [row] = await gateway.engine.db.query<{ count: number }>({ name: 'count-waiting', text, values: [] })
  return row?.count ?? 0
}

test('a trust that is taken away stays away when somebody describes the role at the same time', async () => {
  const trust = (name: string) =>
    policyOf({ Action: 'sts:AssumeRole', Principal: { AWS: `arn:aws:iam::${TEST_ACCOUNT_IDS.acme}:user/${name}` } })
  const RoleName = 'shared'
  const created = { RoleName, AssumeRolePolicyDocument: trust('before'), Description: 'before' }
  await doIam(gateway, { action: 'CreateRole', parameters: created })
  await atTheSameTime(
    () =>
      doIam(gateway, { action: 'UpdateAssumeRolePolicy', parameters: { RoleName, PolicyDocument: trust('after') } }),
    () => doIam(gateway, { action: 'UpdateRole', parameters: { RoleName, MaxSessionDuration: '7200' } }),
    () => doIam(gateway, { action: 'UpdateRoleDescription', parameters: { RoleName, Description: 'after' } }),
  )
  const role = await doIam(gateway, { action: 'GetRole', parameters: { RoleName } })
  expect(decodeURIComponent(fieldOf(role, 'AssumeRolePolicyDocument'))).toBe(trust('after'))
  expect([fieldOf(role, 'Description'), fieldOf(role, 'MaxSessionDuration')]).toEqual(['after', '7200'])
})
