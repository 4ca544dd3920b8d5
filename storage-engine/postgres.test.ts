import { EventEmitter, once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createLog } from '#storage-engine/log.ts'
import type { Postgres } from '#storage-engine/postgres.ts'
import { connectionUrl, findDatabaseUrl, startPostgres } from '#storage-engine/postgres.ts'
import { SupervisedPostgres } from '#storage-engine/supervisor/supervised-postgres.ts'

const log = createLog({ level: 'fatal', role: 'test' })
let parent: string
const running: Postgres[] = []

beforeAll(() => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-pg-'))
})
afterAll(async () => {
  for (const server of running) await server.stop()
  fs.rmSync(parent, { recursive: true })
})

async function start(name: string): Promise<Postgres> {
  const server = await startPostgres({ directory: path.join(parent, name), log })
  running.push(server)
  return server
}

async function query<Row extends object>(connection: pg.ClientConfig, text: string): Promise<Row[]> {
  const client = new pg.Client(connection)
  // A server that is killed ends idle sessions too.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

describe('startPostgres', () => {
  it('keeps rows over a stop and a start, and takes the password only', async () => {
    const first = await start('kept')
    await query(first.connection, 'create table kept as select 42 as answer')
    await first.stop()
    const second = await start('kept')
    expect(await query(second.connection, 'select answer from kept')).toEqual([{ answer: 42 }])
    expect(await query({ connectionString: findDatabaseUrl(path.join(parent, 'kept')) }, 'select 1 as one')).toEqual([
      { one: 1 },
    ])
    const wrong = { ...second.connection, password: 'guess' }
    await expect(query(wrong, 'select 1')).rejects.toThrow(/password authentication failed/)
  })

  it('acknowledges only what is on disk, listens on no network port, and keeps its files private', async () => {
    const { connection } = await start('settings')
    const names = [
      'synchronous_commit',
      'fsync',
      'full_page_writes',
      'data_checksums',
      'listen_addresses',
      'max_wal_size',
    ]
    const rows = await query<{ value: string }>(
      connection,
      `select current_setting(name) as value from unnest(array['${names.join("','")}']) with ordinality t(name, n) order by n`,
    )
    expect(rows.map(({ value }) => value)).toEqual(['on', 'on', 'on', 'on', '', '8GB'])
    const modes = ['', 'cluster', 'socket'].map((name) => fs.statSync(path.join(parent, 'settings', name)).mode & 0o777)
    expect(modes).toEqual([0o700, 0o700, 0o700])
    expect(fs.statSync(path.join(parent, 'settings', 'password')).mode & 0o777).toBe(0o600)
  })

  it('tells that it is gone, and recovers what was committed after kill -9', async () => {
    const first = await start('killed')
    await query(first.connection, 'create table kept as select 42 as answer')
    process.kill(first.pid, 'SIGKILL')
    expect(await first.exited).toEqual({ reason: 'SIGKILL' })
    const second = await start('killed')
    expect(await query(second.connection, 'select answer from kept')).toEqual([{ answer: 42 }])
  })

  it('stops a server that an earlier run left behind', async () => {
    const left = await start('left')
    const next = await start('left')
    await left.exited
    expect(next.pid).not.toBe(left.pid)
    expect(await query(next.connection, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('starts over a lock file whose process id belongs to something else by now', async () => {
    const first = await start('stale')
    const lockFile = path.join(parent, 'stale', 'cluster', 'postmaster.pid')
    const lines = fs.readFileSync(lockFile, 'utf8').split('\n')
    process.kill(first.pid, 'SIGKILL')
    await first.exited
    fs.writeFileSync(lockFile, [process.ppid, ...lines.slice(1)].join('\n'))
    const second = await start('stale')
    expect(await query(second.connection, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('starts anew after an interrupted preparation', async () => {
    fs.mkdirSync(path.join(parent, 'partial', 'cluster.partial'), { recursive: true })
    fs.writeFileSync(path.join(parent, 'partial', 'cluster.partial', 'PG_VERSION'), '18')
    const server = await start('partial')
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('finds a short place for its socket under a long path', async () => {
    const server = await start(`${'long-'.repeat(25)}path`)
    expect(Buffer.byteLength(server.connection.host)).toBeLessThan(100)
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    await server.stop()
    fs.rmSync(server.connection.host, { recursive: true })
  })

  it.runIf(process.getuid?.() === 0)('runs as nobody for a root without user namespaces', async () => {
    const programs = path.join(parent, 'programs')
    fs.mkdirSync(programs)
    fs.writeFileSync(path.join(programs, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    vi.stubEnv('PATH', `${programs}:${process.env['PATH']}`)
    const { connection } = await start('as-nobody')
    expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(fs.statSync(path.join(parent, 'as-nobody', 'cluster')).uid).toBe(65_534)
  })

  it('says what is wrong with a directory that is no cluster', async () => {
    fs.mkdirSync(path.join(parent, 'broken', 'cluster'), { recursive: true, mode: 0o700 })
    await expect(start('broken')).rejects.toThrow(/Postgres did not start: .*broken\/cluster/)
  })
})

describe('SupervisedPostgres', () => {
  it('brings the server back after kill -9, under the same address', async () => {
    const events = new EventEmitter()
    const postgres = await SupervisedPostgres.start({
      directory: path.join(parent, 'supervised'),
      connectionsMax: 20,
      onStarted: (pid) => events.emit('started', pid),
      log,
    })
    const { connection } = postgres
    await query(connection, 'create table kept as select 42 as answer')
    const restarted = once(events, 'started')
    process.kill(postgres.pid, 'SIGKILL')
    await restarted
    expect(postgres.isUp).toBe(true)
    expect(postgres.connection).toEqual(connection)
    expect(await query(connection, 'select answer from kept')).toEqual([{ answer: 42 }])
    await postgres.stop()
    expect(postgres.isUp).toBe(false)
    await expect(query({ connectionString: connectionUrl(connection) }, 'select 1')).rejects.toThrow()
  })
})
