import { expect, test } from 'vitest'
import { readJunitReport, shortenTraceback } from '#e2e/s3-tests/junit-report.ts'

const report = (cases: string) => `<?xml version="1.0"?><testsuites><testsuite>${cases}</testsuite></testsuites>`

test('tells passed, failed, broken and skipped tests apart, with the first line of why', () => {
  const results = readJunitReport(
    report(`
<testcase classname="a" name="test_one" time="0.1" />
<testcase classname="a" name="test_two"><failure message="assert 1 == 2&#10;more">the trace</failure></testcase>
<testcase classname="a" name="test_three"><error message="no server">x</error></testcase>
<testcase classname="a" name="test_four[a-b]"><skipped type="pytest.skip" message="no classes">y</skipped></testcase>`),
  )
  expect(results).toEqual([
    { name: 'test_one', outcome: 'passed', message: '', details: '' },
    { name: 'test_two', outcome: 'failed', message: 'assert 1 == 2', details: 'the trace' },
    { name: 'test_three', outcome: 'failed', message: 'no server', details: 'x' },
    { name: 'test_four[a-b]', outcome: 'skipped', message: 'no classes', details: 'y' },
  ])
})

test('counts a test whose clean-up fails as failed, once', () => {
  const results = readJunitReport(
    report(`<testcase name="test_one" /><testcase name="test_one"><error message="left">x</error></testcase>`),
  )
  expect(results).toEqual([{ name: 'test_one', outcome: 'failed', message: 'left', details: 'x' }])
})

test('refuses a report that was cut off', () => {
  expect(() => readJunitReport('<testsuites><testcase name="test_one">')).toThrow()
})

test('leaves the frames of libraries out of a traceback', () => {
  const details = `s3tests/functional/test_s3.py:1: in test_one
    client.put()
/usr/lib/python3/site-packages/botocore/client.py:606: in _api_call
    return self._call()
E   botocore.exceptions.ClientError: no`
  expect(shortenTraceback(details)).toBe(`s3tests/functional/test_s3.py:1: in test_one
    client.put()
E   botocore.exceptions.ClientError: no`)
})
