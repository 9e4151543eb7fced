import { afterEach, describe, expect, test } from 'vitest'
import { createMetrics, sumSnapshots, type Metrics } from '#observability/metrics.ts'

const made: Metrics[] = []

function metrics(): Metrics {
  const one = createMetrics()
  made.push(one)
  return one
}

afterEach(() => {
  for (const one of made.splice(0)) one.close()
})

describe('metrics', () => {
  test('count requests by method, route template and status class, and measure how long they took', async () => {
    const one = metrics()
    one.observeRequest({ method: 'POST', route: '/token', status: 200, seconds: 0.004 })
    one.observeRequest({ method: 'POST', route: '/token', status: 201, seconds: 0.04 })
    one.observeRequest({ method: 'POST', route: '/token', status: 401, seconds: 0.4 })
    const text = await one.text()
    expect(text).toContain('signet_http_requests_total{method="POST",route="/token",status="2xx"} 2')
    expect(text).toContain('signet_http_requests_total{method="POST",route="/token",status="4xx"} 1')
    expect(text).toContain('signet_http_request_duration_seconds_bucket{le="0.005",route="/token"} 1')
    expect(text).toContain('signet_http_request_duration_seconds_count{route="/token"} 3')
  })

  test('count tokens issued by grant type and refused by error', async () => {
    const one = metrics()
    one.tokenIssued('client_credentials')
    one.tokenIssued('urn:ietf:params:oauth:grant-type:device_code')
    one.tokenRefused('invalid_client')
    const text = await one.text()
    expect(text).toContain('signet_tokens_issued_total{grant_type="client_credentials"} 1')
    expect(text).toContain('signet_tokens_issued_total{grant_type="urn:ietf:params:oauth:grant-type:device_code"} 1')
    expect(text).toContain('signet_tokens_refused_total{error="invalid_client"} 1')
  })

  test('let no caller make series: strange methods and words become "other"', async () => {
    const one = metrics()
    for (let count = 0; count < 50; count += 1) {
      one.observeRequest({ method: `M${count}`, route: 'other', status: 400, seconds: 0 })
      one.tokenIssued(`Grant "${count}"\n`)
      one.tokenRefused(`<${count}>`)
    }
    const text = await one.text()
    expect(text).toContain('signet_http_requests_total{method="other",route="other",status="4xx"} 50')
    expect(text).toContain('signet_tokens_issued_total{grant_type="other"} 50')
    expect(text).toContain('signet_tokens_refused_total{error="other"} 50')
  })

  test('read the pool at each scrape', async () => {
    const one = metrics()
    let used = 1
    one.watchPool(() => ({ used, free: 2, pending: 7, max: 10 }))
    expect(await one.text()).toContain('signet_database_pool_connections{state="used"} 1')
    used = 9
    const text = await one.text()
    expect(text).toContain('signet_database_pool_connections{state="used"} 9')
    expect(text).toContain('signet_database_pool_connections{state="max"} 10')
    expect(text).toContain('signet_database_pool_pending 7')
  })

  test('show that the event loop was held up', async () => {
    const one = metrics()
    const lag = async () => Number(/^signet_event_loop_lag_p99_seconds (\S+)$/m.exec(await one.text())?.[1])
    await expect.poll(lag, { interval: 5 }).toBeGreaterThan(0) // it has begun to look
    const end = Date.now() + 400
    while (Date.now() < end);
    await expect.poll(lag).toBeGreaterThan(0.25)
    expect(await lag(), 'in seconds').toBeLessThan(60)
  })

  test('tell memory, CPU and start of the process', async () => {
    const text = await metrics().text()
    const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(20_000_000)
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0)
    const startedAt = Date.now() / 1000 - process.uptime()
    expect(Math.abs(value('process_start_time_seconds') - startedAt)).toBeLessThan(60)
  })

  test('are summed over processes', async () => {
    const [one, two] = [metrics(), metrics()]
    one.observeRequest({ method: 'GET', route: '/jwks', status: 200, seconds: 0.001 })
    two.observeRequest({ method: 'GET', route: '/jwks', status: 200, seconds: 0.001 })
    const text = await sumSnapshots([await one.snapshot(), await two.snapshot()])
    expect(text).toContain('signet_http_requests_total{method="GET",route="/jwks",status="2xx"} 2')
    expect(text).toContain('signet_http_request_duration_seconds_count{route="/jwks"} 2')
  })
})
