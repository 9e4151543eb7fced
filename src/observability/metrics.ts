/** The metrics of the server, in Prometheus text format. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'

const LAG_RESOLUTION_MS = 20
const LAG_WINDOW_MS = 60_000
const LATENCY_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
/** Label values come from a closed set or match this pattern, so that a caller cannot create unlimited time series. */
const PLAIN_LABEL = /^[a-z][a-z0-9_.:-]{0,63}$/

interface RequestObservation {
  readonly method: string
  /** A route template such as `/interaction/:uid`, never a path. */
  readonly route: string
  /** The HTTP status, or `aborted` when the client disconnected before the answer. */
  readonly status: number | 'aborted'
  readonly seconds: number
}

export interface PoolStats {
  readonly used: number
  readonly free: number
  /** Requests that wait for a connection. */
  readonly pending: number
  readonly max: number
}

/** `delayed`: will be retried; `dropped`: will not be sent. */
export type MailOutcome = 'sent' | 'delayed' | 'dropped'

/** `delayed`: will be retried; `failed`: given up; `dropped`: the client does not want it any more. */
export type NoticeOutcome = 'delivered' | 'delayed' | 'failed' | 'dropped'

/** The metrics of one process as plain data, to be aggregated over workers. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

export interface Metrics {
  observeRequest(observation: RequestObservation): void
  /** Counts a successful token response. */
  tokenIssued(grantType: string): void
  /** Counts a token, among those issued, that did not need the engine. */
  tokenIssuedDirectly(grantType: string): void
  /** Counts a refused token request, by the `error` of the answer. */
  tokenRefused(error: string): void
  /** Counts a request whose forwarding headers were ignored, although its sender may be a proxy. */
  forwardingIgnored(): void
  /** Counts an attempt to send a mail. */
  mailHandled(outcome: MailOutcome): void
  /** Counts an attempt to deliver a logout token. */
  logoutHandled(outcome: NoticeOutcome): void
  /** Counts an attempt to notify a client of a decision (CIBA). */
  pingHandled(outcome: NoticeOutcome): void
  /** Registers the database pool, which is read at each scrape. */
  watchPool(read: () => PoolStats): void
  snapshot(): Promise<MetricsSnapshot>
  /** Returns the metrics of this process as Prometheus text. */
  text(): Promise<string>
  readonly contentType: string
  /** Stops the measurement of the event loop. */
  close(): void
}

/** Creates metrics with their own registry, so that two in one process are independent. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const requests = createRequestMetrics(registry)
  const tokens = createTokenMetrics(registry)
  const eventLoop = measureEventLoop(registry)
  measureProcess(registry)

  return {
    ...requests,
    ...tokens,
    ...createOutboxMetrics(registry),
    watchPool: (read) => measurePool(registry, read),
    snapshot: () => registry.getMetricsAsJSON(),
    text: () => registry.metrics(),
    contentType: registry.contentType,
    close: eventLoop.stop,
  }
}

/**
 * Aggregates several processes into Prometheus text: counters and histograms are summed, each gauge by its own rule.
 */
export async function sumSnapshots(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return Registry.aggregate([...snapshots]).metrics()
}

function createRequestMetrics(registry: Registry): Pick<Metrics, 'observeRequest' | 'forwardingIgnored'> {
  const registers = [registry]
  const total = new Counter({
    name: 'signet_http_requests_total',
    help: 'Requests by method, route template and status class',
    labelNames: ['method', 'route', 'status'] as const,
    registers,
  })
  const duration = new Histogram({
    name: 'signet_http_request_duration_seconds',
    help: 'Time from the request head to the end of the answer, by route template',
    labelNames: ['route'] as const,
    buckets: LATENCY_BUCKETS_SECONDS,
    registers,
  })
  const ignored = new Counter({
    name: 'signet_forwarding_headers_ignored_total',
    help: 'Requests with forwarding headers from a private or loopback address that is not a trusted proxy',
    registers,
  })
  return {
    forwardingIgnored: () => ignored.inc(),
    observeRequest({ method, route, status, seconds }) {
      const statusClass = status === 'aborted' ? status : `${Math.trunc(status / 100)}xx`
      total.inc({ method: METHODS.has(method) ? method : 'other', route, status: statusClass })
      duration.observe({ route }, seconds)
    },
  }
}

function createTokenMetrics(registry: Registry): Pick<Metrics, 'tokenIssued' | 'tokenIssuedDirectly' | 'tokenRefused'> {
  const registers = [registry]
  const issued = new Counter({
    name: 'signet_tokens_issued_total',
    help: 'Successful token responses by grant type',
    labelNames: ['grant_type'] as const,
    registers,
  })
  const issuedDirectly = new Counter({
    name: 'signet_tokens_issued_directly_total',
    help: 'Successful token responses that did not need the engine, by grant type',
    labelNames: ['grant_type'] as const,
    registers,
  })
  const refused = new Counter({
    name: 'signet_tokens_refused_total',
    help: 'Refused token requests by error',
    labelNames: ['error'] as const,
    registers,
  })
  return {
    tokenIssued: (grantType) => issued.inc({ grant_type: plainLabel(grantType) }),
    tokenIssuedDirectly: (grantType) => issuedDirectly.inc({ grant_type: plainLabel(grantType) }),
    tokenRefused: (error) => refused.inc({ error: plainLabel(error) }),
  }
}

function createOutboxMetrics(registry: Registry): Pick<Metrics, 'mailHandled' | 'logoutHandled' | 'pingHandled'> {
  const registers = [registry]
  const labelNames = ['outcome'] as const
  const mails = new Counter({
    name: 'signet_mails_total',
    help: 'Attempts to send a mail by outcome',
    labelNames,
    registers,
  })
  const logouts = new Counter({
    name: 'signet_backchannel_logouts_total',
    help: 'Attempts to deliver a logout token by outcome',
    labelNames,
    registers,
  })
  const pings = new Counter({
    name: 'signet_ciba_pings_total',
    help: 'Attempts to notify a client of the answer to its CIBA request by outcome',
    labelNames,
    registers,
  })
  return {
    mailHandled: (outcome) => mails.inc({ outcome }),
    logoutHandled: (outcome) => logouts.inc({ outcome }),
    pingHandled: (outcome) => pings.inc({ outcome }),
  }
}

function plainLabel(value: string): string {
  return PLAIN_LABEL.test(value) ? value : 'other'
}

function measurePool(registry: Registry, read: () => PoolStats): void {
  const registers = [registry]
  void new Gauge({
    name: 'signet_database_pool_connections',
    help: 'Database connections of the pool by state',
    labelNames: ['state'] as const,
    aggregator: 'sum',
    registers,
    collect() {
      const stats = read()
      this.set({ state: 'used' }, stats.used)
      this.set({ state: 'free' }, stats.free)
      this.set({ state: 'max' }, stats.max)
    },
  })
  void new Gauge({
    name: 'signet_database_pool_pending',
    help: 'Work that waits for a database connection',
    aggregator: 'sum',
    registers,
    collect() {
      this.set(read().pending)
    },
  })
}

/** Measures how late timers run: the 99th percentile over the last one or two minutes. */
function measureEventLoop(registry: Registry): { stop(): void } {
  const delays = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS })
  delays.enable()
  let windowStart = Date.now()
  void new Gauge({
    name: 'signet_event_loop_lag_p99_seconds',
    help: 'How late the event loop ran its timers, 99th percentile of about a minute',
    aggregator: 'max',
    registers: [registry],
    collect() {
      const p99Ms = delays.percentile(99) / 1e6
      this.set(Number.isFinite(p99Ms) ? Math.max(0, p99Ms - LAG_RESOLUTION_MS) / 1000 : 0)
      if (Date.now() - windowStart > LAG_WINDOW_MS) {
        delays.reset()
        windowStart = Date.now()
      }
    },
  })
  return { stop: () => void delays.disable() }
}

function measureProcess(registry: Registry): void {
  const registers = [registry]
  const startSeconds = Math.round(Date.now() / 1000 - process.uptime())
  const gauge = (name: string, help: string, read: () => number, aggregator: 'sum' | 'min' = 'sum') =>
    new Gauge({
      name,
      help,
      aggregator,
      registers,
      collect() {
        this.set(read())
      },
    })
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss())
  gauge('nodejs_heap_used_bytes', 'Heap in use', () => process.memoryUsage().heapUsed)
  gauge('process_start_time_seconds', 'Start, seconds since 1970', () => startSeconds, 'min')
  let reported = 0
  void new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      const seconds = (user + system) / 1e6
      this.inc(seconds - reported)
      reported = seconds
    },
  })
}
